/* SPDX-License-Identifier: Apache-2.0
 * Cases that break quantizers, each against the float result: channels 2^14 apart, ReLU6 at its cap, one sample far larger than the others,
 * sums of one product and of more than 60,000, one pixel. Others stand where their code is tested: dead channels, constant inputs and huge
 * biases in conv_int8_test.c, sums of 4608 int16 products in gemm_int8_test.c, nets of zeros in unit/refine. */
#include "tests/support/quantizing.h"

static itgc_tensor *add_gemm(bench *b, itgc_tensor *x, itgc_tensor *weights, itgc_node **node)
{
    *node = add_node(b, "Gemm", x, weights, NULL);
    *(itgc_gemm_params *)(*node)->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    return finish_node(b, *node);
}

static double error_of_gemm(int64_t rows, int64_t taps, int64_t outputs, int spread, bool wide)
{
    bench b;
    start_bench(&b);
    itgc_node *node;
    itgc_tensor *x = add_input(&b, DIMS(rows, taps), 0x1p-7, -3);
    add_output(&b, add_gemm(&b, x, add_exact_weights(&b, DIMS(outputs, taps), -9, spread), &node));
    b.options.wide_logits = wide;
    const double error = compare_runs(&b);
    end_bench(&b);
    return error;
}

/* int16 outputs of so different channels have multipliers of 2^-14 of the largest, which round by up to 2 steps. */
static void test_spread(void **state)
{
    (void)state;
    assert_true(error_of_gemm(4, 64, 15, 14, false) < 0.55);
    assert_true(error_of_gemm(4, 64, 15, 14, true) < 2.6);
}

static void test_taps(void **state)
{
    (void)state;
    assert_true(error_of_gemm(3, 1, 5, 0, false) < 0.55);
    assert_true(error_of_gemm(1, 61000, 2, 0, false) < 0.55);
    assert_true(error_of_gemm(1, 61000, 2, 0, true) < 0.75);
}

/* More products of 8 bits than 32 bits hold in the worst case: refused, as nothing could be proven. */
static void test_too_many_taps(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *node;
    itgc_tensor *x = add_input(&b, DIMS(1, 140000), 0x1p-7, 0);
    itgc_value *weights = itgc_new_value(b.arena, ITGC_F32, &(itgc_shape){.rank = 2, .dim = {1, 140000}});
    for (int64_t i = 0; i < 140000; i++) {
        weights->f[i] = 0x1p-9f;
    }
    add_output(&b, add_gemm(&b, x, itgc_new_constant(b.graph, "w", weights), &node));
    (void)run_float(&b);
    assert_false(itgc_quantize_graph(b.graph, &b.options));
    assert_int_equal(b.diag.code, 402);
    end_bench(&b);
}

/* Most results are cut off at 6: the cap is a code of its own, so that all of them are exact. */
static void test_cap(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *node;
    itgc_tensor *x = add_input(&b, DIMS(16, 8), 1.0, -128);
    itgc_tensor *sums = add_gemm(&b, x, add_exact_weights(&b, DIMS(6, 8), -5, 0), &node);
    add_output(&b, add_unary(&b, "Clip", (itgc_unary_params){.kind = ITGC_CLIP, .alpha = 0.0, .beta = 6.0}, sums, node));
    const itgc_value *expected = run_float(&b);
    const itgc_value *actual = run_integers(&b);
    int capped = 0;
    for (int64_t i = 0; i < 96; i++) {
        capped += expected->f[i] == 6.0f;
        assert_true(expected->f[i] != 6.0f || fabs((double)actual->f[i] - 6.0) < 1e-5);
        assert_true(actual->f[i] >= 0.0f && actual->f[i] < 6.00001f);
    }
    assert_true(capped > 32);
    end_bench(&b);
}

/* SQNR of rows [first, first + count) of 8 outputs each. */
static double sqnr_of_rows(const itgc_value *expected, const itgc_value *actual, int64_t first, int64_t count)
{
    double noise = 1e-30;
    double signal = 0.0;
    for (int64_t i = 8 * first; i < 8 * (first + count); i++) {
        const double error = (double)actual->f[i] - (double)expected->f[i];
        noise += error * error;
        signal += (double)expected->f[i] * (double)expected->f[i];
    }
    return 10.0 * log10(signal / noise);
}

/* One of 64 samples is 8 times as large: it is not lost, and the others keep what the wider range leaves them. */
static void test_outlier(void **state)
{
    (void)state;
    for (int mse = 0; mse < 2; mse++) {
        bench b;
        start_bench(&b);
        itgc_node *node;
        itgc_tensor *x = add_input(&b, DIMS(64, 16), 0x1p-7, 0);
        for (int64_t i = 63 * 16; i < 64 * 16; i++) {
            b.inputs[0]->f[i] *= 8.0f;
        }
        itgc_tensor *sums = add_gemm(&b, x, add_reals(&b, DIMS(32, 16), -0.5, 0.5), &node);
        itgc_tensor *hidden = add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, sums, node);
        add_output(&b, add_gemm(&b, hidden, add_reals(&b, DIMS(8, 32), -0.5, 0.5), &node));
        b.options.mse_ranges = mse == 1;
        b.options.wide_logits = true;
        const itgc_value *expected = run_float(&b);
        const itgc_value *actual = run_integers(&b);
        assert_true(sqnr_of_rows(expected, actual, 0, 63) > 20.0);
        assert_true(sqnr_of_rows(expected, actual, 63, 1) > 20.0);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spread), cmocka_unit_test(test_taps), cmocka_unit_test(test_too_many_taps),
                                       cmocka_unit_test(test_cap), cmocka_unit_test(test_outlier)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
