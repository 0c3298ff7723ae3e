/* SPDX-License-Identifier: Apache-2.0
 * Gemm in integers against the float evaluator: rows, widths, int8 and int16 outputs, and an int16 pool in front of a classifier. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

static itgc_node *add_gemm(bench *b, itgc_tensor *x, itgc_tensor *weights, itgc_tensor *bias)
{
    itgc_node *node = add_node(b, "Gemm", x, weights, bias);
    *(itgc_gemm_params *)node->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    finish_node(b, node);
    return node;
}

static void test_shapes(void **state)
{
    (void)state;
    static const struct {
        int64_t rows, in, out;
        int zero, spread;
        bool wide;
    } cases[] = {
        {1, 2, 1, -128, 0, false}, {3, 40, 12, 5, 3, false}, {1, 640, 64, -20, 1, true}, {2, 4608, 3, 0, 0, true}, {1, 64, 10, 127, 14, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(cases[i].rows, cases[i].in), 0x1p-6, cases[i].zero);
        itgc_tensor *weights = add_exact_weights(&b, DIMS(cases[i].out, cases[i].in), -9, cases[i].spread);
        add_output(&b, add_gemm(&b, x, weights, add_reals(&b, DIMS(cases[i].out), -0.01, 0.01))->out[0]);
        b.options.wide_logits = cases[i].wide;
        const double difference = compare_runs(&b);
        assert_int_equal(b.graph->outputs[0]->format.type, cases[i].wide ? ITG_S16 : ITG_S8);
        if (difference > (cases[i].wide ? 0.8 : 0.52)) {
            fail_msg("case %zu differs by %.3f steps", i, difference);
        }
        end_bench(&b);
    }
}

/* Global pool in int16, then the classifier: int32 sums where they are proven to fit, 64-bit ones for 4608 inputs. */
static void test_wide_input(void **state)
{
    (void)state;
    for (int64_t channels = 32; channels <= 4608; channels *= 144) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(1, 4, 4, channels), 0x1p-6, -128);
        itgc_node *pool = add_node(&b, "GlobalAveragePool", x, NULL, NULL);
        itgc_pool_params *params = pool->params;
        *params = (itgc_pool_params){
            .kind = ITGC_POOL_AVERAGE, .global = true, .window = {.rank = 2, .channels_last = true, .stride = {1, 1}, .dilation = {1, 1}}};
        itgc_node *reshape = add_node(&b, "Reshape", finish_node(&b, pool), add_integers(&b, DIMS(1, channels)), NULL);
        *(itgc_list_params *)reshape->params = (itgc_list_params){.given = true, .count = 2, .value = {1, channels}};
        itgc_tensor *weights = add_exact_weights(&b, DIMS(10, channels), -9, 0);
        add_output(&b, add_gemm(&b, finish_node(&b, reshape), weights, add_reals(&b, DIMS(10), -1, 1))->out[0]);
        b.options = (itgc_quantize_options){.wide_logits = true, .wide_pool = true};
        const itgc_value *expected = run_float(&b);
        const itgc_value *actual = run_integers(&b);
        assert_int_equal(pool->out[0]->format.type, ITG_S16);
        assert_ptr_equal(step_kind(&b, 1), &itgc_step_conv);
        const itg_conv *conv = b.graph->steps[1]->params;
        assert_int_equal(conv->epilogue.wide, channels == 4608);
        double noise = 0.0;
        double signal = 0.0;
        for (int i = 0; i < 10; i++) {
            const double difference = (double)expected->f[i] - (double)actual->f[i];
            noise += difference * difference;
            signal += (double)expected->f[i] * (double)expected->f[i];
        }
        assert_true(10.0 * log10(signal / noise) > 70.0);
        end_bench(&b);
    }
}

static void test_no_rule(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(4, 4), 0x1p-6, 0);
    itgc_tensor *y = add_input(&b, DIMS(4, 4), 0x1p-6, 0);
    itgc_node *node = add_node(&b, "Gemm", x, y, NULL);
    *(itgc_gemm_params *)node->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    add_output(&b, finish_node(&b, node));
    run_float(&b);
    assert_false(itgc_quantize_graph(b.graph, &b.options));
    assert_int_equal(b.diag.code, 403);
    assert_non_null(strstr(b.diag.error, "Gemm"));
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_wide_input), cmocka_unit_test(test_no_rule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
