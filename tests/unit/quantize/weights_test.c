/* SPDX-License-Identifier: Apache-2.0
 * Weights of channels and whole layers: scales, the bias rule, dead channels, spread, and the proofs of sums. */
#include "tests/support/quantizing.h"

static double squared_error(const float *weights, const int8_t *codes, double scale, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double error = (double)weights[i] - scale * codes[i];
        sum += error * error;
    }
    return sum;
}

static void test_channel(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    float weights[4096];
    int8_t codes[4096];
    for (int i = 0; i < 4096; i++) {
        /* A sum of uniforms is about normal; one outlier, which so many weights are worth clipping for. */
        weights[i] = (float)((next_random(&b) % 1000) + (next_random(&b) % 1000) + (next_random(&b) % 1000)) / 1500.0f - 1.0f;
    }
    weights[100] = 1.5f;
    const itgc_channel channel = {.weights = weights, .count = 4096, .stride = 1, .in_scale = 0.01};
    const double plain = itgc_quantize_channel(&channel, false, 0.0, codes);
    assert_true(fabs(plain - 1.5 / 127) < 1e-9);
    assert_int_equal(codes[100], 127);
    const double before = squared_error(weights, codes, plain, 4096);
    const double searched = itgc_quantize_channel(&channel, true, 0.0, codes);
    assert_true(searched < plain && squared_error(weights, codes, searched, 4096) < before);
    assert_true(itgc_quantize_channel(&channel, true, 1.0, codes) >= 1.0);
    end_bench(&b);
}

static void quantize_layer(bench *b, const itgc_linear *linear, const itgc_format *in, itg_type type, itgc_linear_codes *codes)
{
    const itgc_quantizer quantizer = {.graph = b->graph, .diag = &b->diag, .arena = b->arena, .options = &b->options};
    if (!itgc_quantize_linear(&quantizer, linear, in, type, codes)) {
        fail_msg("%s", b->diag.error);
    }
}

static void test_bias_rule(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const float weights[6] = {1e-12f, -1e-12f, 0.0f, 0.0f, 0.5f, 1.0f};
    const float bias[3] = {300.0f, -0.37f, 0.25f};
    const itgc_linear linear = {.weights = weights, .bias = bias, .channels = 3, .taps = 2, .channel_stride = 2, .tap_stride = 1};
    const itgc_format in = itgc_format_s8(0.0, 1.0);
    itgc_linear_codes codes;
    quantize_layer(&b, &linear, &in, ITG_S8, &codes);
    for (int c = 0; c < 3; c++) {
        assert_true(llabs((long long)codes.bias[c]) <= 1LL << 30);
        const double step = in.scale * codes.scale[c];
        assert_true(fabs((double)codes.bias[c] * step - (double)bias[c]) <= step / 2 * 1.0001);
    }
    assert_true(codes.scale[1] * in.scale < 1e-4); /* the dead channel's bias is kept finely */
    assert_true(codes.max_acc <= INT32_MAX && !codes.wide);
    end_bench(&b);
}

static void test_spread(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const float weights[3] = {1.0f, 0x1p-10f, 0x1p-30f};
    const itgc_linear linear = {.weights = weights, .channels = 3, .taps = 1, .channel_stride = 1, .tap_stride = 1};
    const itgc_format in = itgc_format_s8(0.0, 1.0);
    itgc_linear_codes codes;
    quantize_layer(&b, &linear, &in, ITG_S8, &codes);
    assert_int_equal(codes.weights[1], 127); /* 2^10 below is within int8's spread */
    assert_true(codes.scale[0] / codes.scale[2] <= 0x1.0001p14);
    quantize_layer(&b, &linear, &in, ITG_S16, &codes);
    assert_true(codes.scale[0] / codes.scale[1] <= 0x1.0001p7);
    assert_true(codes.weights[1] > 0);
    end_bench(&b);
}

static void test_proofs(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const int64_t taps = 200000;
    float *weights = ITGC_NEW_ARRAY(b.arena, float, taps);
    for (int64_t i = 0; i < taps; i++) {
        weights[i] = 1.0f;
    }
    const int8_t few[4] = {127, -127, 1, 0};
    assert_int_equal(itgc_bound_channel(few, 4, 10, -128, 127), 10 + 128 * 127 + 127 * 128);
    itgc_linear linear = {.weights = weights, .channels = 1, .taps = 4608, .channel_stride = 4608, .tap_stride = 1};
    const itgc_format in = itgc_format_s8(-1.0, 1.0);
    itgc_linear_codes codes;
    quantize_layer(&b, &linear, &in, ITG_S8, &codes);
    assert_int_equal(codes.max_acc, 4608LL * 127 * (127 - in.zero > 128 + in.zero ? 127 - in.zero : 128 + in.zero));
    const itgc_format words = itgc_format_s16(1.0, 0);
    quantize_layer(&b, &linear, &words, ITG_S16, &codes);
    assert_true(codes.wide && codes.narrow > 0 && codes.max_acc <= 1 << 30);
    linear.taps = taps;
    const itgc_quantizer quantizer = {.graph = b.graph, .diag = &b.diag, .arena = b.arena, .options = &b.options};
    assert_false(itgc_quantize_linear(&quantizer, &linear, &in, ITG_S8, &codes));
    assert_int_equal(b.diag.code, 402);
    end_bench(&b);
}

static void test_infinite_weight(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bench b;
        start_bench(&b);
        float values[4] = {1.0f, -0.5f, 0.25f, 0.125f}; /* weights of two channels, a bias each */
        values[i] = i % 2 ? INFINITY : NAN;
        const itgc_linear linear = {.weights = values, .bias = values + 2, .channels = 2, .taps = 1, .channel_stride = 1, .tap_stride = 1};
        const itgc_quantizer quantizer = {.graph = b.graph, .diag = &b.diag, .arena = b.arena, .options = &b.options};
        const itgc_format in = itgc_format_s8(0.0, 1.0);
        itgc_linear_codes codes;
        assert_false(itgc_quantize_linear(&quantizer, &linear, &in, ITG_S8, &codes));
        assert_int_equal(b.diag.code, 401);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_channel), cmocka_unit_test(test_infinite_weight), cmocka_unit_test(test_bias_rule),
                                       cmocka_unit_test(test_spread), cmocka_unit_test(test_proofs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
