/* SPDX-License-Identifier: Apache-2.0
 * Which tensor gets which format: 8 bits, pixels, shared ones, int16 logits and pools, and the options that switch them. */
#include "tests/support/quantizing.h"

static void test_ranges(void **state)
{
    (void)state;
    static const double ranges[][2] = {{-1, 1}, {0, 6}, {2, 3}, {-5, -4}, {-0.1, 7}, {0, 0}, {-1e-30, 1e30}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const itgc_format format = itgc_format_s8(ranges[i][0], ranges[i][1]);
        assert_true(format.scale > 0 && isfinite(format.scale));
        assert_int_equal(itgc_code_of(&format, 0.0), format.zero);
        for (int end = 0; end < 2; end++) {
            const double back = (itgc_code_of(&format, ranges[i][end]) - format.zero) * format.scale;
            assert_true(fabs(back - ranges[i][end]) <= format.scale * 0.5000001);
        }
    }
    assert_int_equal(itgc_format_s8(0, 6).zero, -128);
    const itgc_format limited = itgc_format_s16(2.0, 10000);
    assert_int_equal(itgc_code_of(&limited, 5.0), 10000);
    assert_int_equal(itgc_lowest_code(&limited), -10000);
}

/* pixels → Conv → Relu → MaxPool → GlobalAveragePool → Gemm → Softmax. */
static void build_classifier(bench *b, itgc_tensor **tensors)
{
    itgc_tensor *x = add_input(b, DIMS(1, 8, 8, 3), 1.0, -128);
    itgc_node *conv = add_conv(b, x, add_exact_weights(b, DIMS(8, 3, 1, 1), -14, 1), NULL, (conv_window){.stride = 1, .dilation = 1, .group = 1});
    const itgc_window one = {.rank = 2, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .channels_last = true};
    itgc_tensor *relu = add_unary(b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, conv->out[0], conv);
    itgc_node *most = add_node(b, "MaxPool", relu, NULL, NULL);
    *(itgc_pool_params *)most->params = (itgc_pool_params){.kind = ITGC_POOL_MAX, .window = one};
    for (int i = 0; i < 2; i++) {
        ((itgc_pool_params *)most->params)->window.kernel[i] = ((itgc_pool_params *)most->params)->window.stride[i] = 2;
    }
    itgc_node *mean = add_node(b, "GlobalAveragePool", finish_node(b, most), NULL, NULL);
    *(itgc_pool_params *)mean->params = (itgc_pool_params){.kind = ITGC_POOL_AVERAGE, .global = true, .window = one};
    itgc_node *flat = add_node(b, "Reshape", finish_node(b, mean), add_integers(b, DIMS(1, 8)), NULL);
    *(itgc_list_params *)flat->params = (itgc_list_params){.given = true, .count = 2, .value = {1, 8}};
    itgc_node *gemm = add_node(b, "Gemm", finish_node(b, flat), add_exact_weights(b, DIMS(5, 8), -5, 0), NULL);
    *(itgc_gemm_params *)gemm->params = (itgc_gemm_params){.alpha = 1, .beta = 1, .transpose_b = true};
    itgc_node *softmax = add_node(b, "Softmax", finish_node(b, gemm), NULL, NULL);
    ((itgc_axis_params *)softmax->params)->axis = 1;
    add_output(b, finish_node(b, softmax));
    b->graph->input_is_pixels = true;
    itgc_tensor *all[] = {x, relu, most->out[0], mean->out[0], flat->out[0], gemm->out[0], softmax->out[0]};
    memcpy(tensors, all, sizeof all);
}

static void test_classifier(void **state)
{
    (void)state;
    static const itg_type accurate[] = {ITG_U8, ITG_S8, ITG_S8, ITG_S16, ITG_S16, ITG_S16, ITG_U16};
    static const itg_type plain[] = {ITG_U8, ITG_S8, ITG_S8, ITG_S8, ITG_S8, ITG_S8, ITG_U16};
    for (int wide = 0; wide < 2; wide++) {
        bench b;
        itgc_tensor *tensor[7];
        start_bench(&b);
        build_classifier(&b, tensor);
        b.options = (itgc_quantize_options){.wide_pool = wide, .wide_logits = wide, .mse_ranges = wide};
        run_float(&b);
        quantize_graph(&b);
        for (int i = 0; i < 7; i++) {
            assert_int_equal(tensor[i]->format.type, (wide ? accurate : plain)[i]);
        }
        assert_true(tensor[1]->format.scale == tensor[2]->format.scale && tensor[1]->format.zero == -128);
        assert_true(tensor[3]->format.scale == tensor[4]->format.scale);
        assert_true(tensor[0]->format.scale == 1.0 && tensor[0]->format.zero == -128);
        end_bench(&b);
    }
}

static void test_types_asked_for(void **state)
{
    (void)state;
    static const itg_type types[] = {ITG_U8, ITG_U16, ITG_S16};
    for (int i = 0; i < 3; i++) {
        bench b;
        itgc_tensor *tensor[7];
        start_bench(&b);
        build_classifier(&b, tensor);
        b.options = (itgc_quantize_options){.input_type = ITG_S8, .output_type = types[i]};
        run_float(&b);
        quantize_graph(&b);
        assert_int_equal(tensor[0]->format.type, ITG_S8);
        assert_int_equal(tensor[6]->format.type, types[i]);
        end_bench(&b);
    }
    bench b;
    itgc_tensor *tensor[7];
    start_bench(&b);
    build_classifier(&b, tensor);
    b.options = (itgc_quantize_options){.output_type = ITG_S32};
    run_float(&b);
    assert_false(itgc_quantize_graph(b.graph, &b.options));
    assert_int_equal(b.diag.code, 408);
    end_bench(&b);
}

/* Same input, same integers: every step's constants of two runs are equal. */
static void test_repeatable(void **state)
{
    (void)state;
    bench b[2];
    itgc_tensor *tensor[7];
    for (int i = 0; i < 2; i++) {
        start_bench(&b[i]);
        build_classifier(&b[i], tensor);
        b[i].options = (itgc_quantize_options){.wide_pool = true, .wide_logits = true, .mse_ranges = true, .mse_weights = true};
        run_float(&b[i]);
        quantize_graph(&b[i]);
    }
    assert_int_equal(b[0].graph->constant_count, b[1].graph->constant_count);
    for (int i = 0; i < b[0].graph->constant_count; i++) {
        const itgc_constant *first = b[0].graph->constants[i];
        const itgc_constant *second = b[1].graph->constants[i];
        assert_int_equal(first->count, second->count);
        assert_memory_equal(first->bytes, second->bytes, first->count * (size_t)first->element_bytes);
    }
    end_bench(&b[0]);
    end_bench(&b[1]);
}

/* Rare large values are cut off where many samples show how rare they are; with few samples they are not. */
static double clipped_share(int64_t samples)
{
    bench b;
    start_bench(&b);
    const int64_t each = 262144 / samples;
    itgc_tensor *x = add_input(&b, DIMS(samples, each), 0x1p-4, 0);
    for (int64_t i = 2; i < samples * each; i++) {
        b.inputs[0]->f[i] = (float)((int)(next_random(&b) % 33) - 16) * 0x1p-5f;
    }
    itgc_tensor *middle = add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, x, NULL);
    add_output(&b, add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, middle, NULL));
    b.options.mse_ranges = b.options.wide_logits = true;
    (void)run_float(&b);
    quantize_graph(&b);
    const double share = 255.0 * middle->format.scale / middle->range.max;
    end_bench(&b);
    return share;
}

static void test_few_samples(void **state)
{
    (void)state;
    assert_true(fabs(clipped_share(8) - 1.0) < 1e-6);
    assert_true(clipped_share(64) < 0.9);
}

static itgc_node *add_difference(bench *b, itgc_tensor *x, itgc_tensor *y)
{
    itgc_node *node = add_node(b, "Sub", x, y, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = ITGC_SUB, .legacy_axis = -1};
    return node;
}

/* A tensor less its own average: all three are int16, and what reads the difference is not. */
static void test_own_average(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        bench b;
        start_bench(&b);
        itgc_tensor *input = add_input(&b, DIMS(1, 8, 8, 3), 0x1p-5, 3);
        itgc_tensor *x = add_unary(&b, "Neg", (itgc_unary_params){.kind = ITGC_NEG}, input, NULL);
        itgc_tensor *other = add_unary(&b, "Abs", (itgc_unary_params){.kind = ITGC_ABS}, input, NULL);
        itgc_node *pool = add_node(&b, "AveragePool", x, NULL, NULL);
        *(itgc_pool_params *)pool->params = (itgc_pool_params){
            .kind = ITGC_POOL_AVERAGE, .window = {.rank = 2, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {1, 1}, .channels_last = true}};
        for (int i = 0; i < 2; i++) {
            ((itgc_pool_params *)pool->params)->window.before[i] = ((itgc_pool_params *)pool->params)->window.after[i] = 1;
        }
        itgc_tensor *average = finish_node(&b, pool);
        itgc_tensor *difference = finish_node(&b, add_difference(&b, average, own ? x : other));
        add_output(&b, add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, difference, NULL));
        (void)compare_runs(&b);
        const itg_type wanted = own ? ITG_S16 : ITG_S8;
        assert_true(average->format.type == wanted && difference->format.type == wanted && x->format.type == wanted);
        assert_int_equal(b.graph->outputs[0]->format.type, ITG_S8);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_few_samples),     cmocka_unit_test(test_ranges),     cmocka_unit_test(test_classifier),
                                       cmocka_unit_test(test_types_asked_for), cmocka_unit_test(test_repeatable), cmocka_unit_test(test_own_average)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
