/* SPDX-License-Identifier: Apache-2.0
 * LRN in int8 and int16 against the float evaluator: windows inside and wider than the channels, powers, steps fine and coarse against the
 * bias. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

static itgc_tensor *add_lrn(bench *b, itgc_tensor *x, itgc_lrn_params params)
{
    itgc_node *node = add_node(b, "LRN", x, NULL, NULL);
    *(itgc_lrn_params *)node->params = params;
    return finish_node(b, node);
}

static void test_powers(void **state)
{
    (void)state;
    static const itgc_lrn_params cases[] = {
        {.alpha = 1e-4f, .beta = 0.75f, .bias = 1.0f, .size = 5, .channels_last = true},
        {.alpha = 2.0f, .beta = 0.75f, .bias = 2.0f, .size = 5, .channels_last = true},
        {.alpha = 1.0f, .beta = 0.5f, .bias = 1e-3f, .size = 2, .channels_last = true},
        {.alpha = 0.5f, .beta = 1.0f, .bias = 1.0f, .size = 1, .channels_last = true},
        {.alpha = 1e-9f, .beta = 0.75f, .bias = 4.0f, .size = 3, .channels_last = true},
        {.alpha = 1.0f, .beta = 0.75f, .bias = 1.0f, .size = 99, .channels_last = true},
        {.alpha = 1e-20f, .beta = 0.3f, .bias = 1.0f, .size = 3, .channels_last = true},
        {.alpha = 1.0f, .beta = 0.0f, .bias = 1.0f, .size = 3, .channels_last = true},
    };
    static const double scales[] = {0x1p-5, 0x1p1, 0x1p-9};
    for (size_t i = 0; i < 2 * 3 * sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        const itgc_lrn_params params = cases[i / 6];
        itgc_tensor *x = add_input(&b, DIMS(1, 5, 7, 24), scales[i / 2 % 3], (int32_t)(i % 5) * 40 - 128);
        add_output(&b, add_lrn(&b, x, params));
        b.options.wide_logits = i % 2;
        const double difference = compare_runs(&b);
        assert_ptr_equal(step_kind(&b, 0), &itgc_step_lrn);
        assert_int_equal(b.graph->outputs[0]->format.type, i % 2 ? ITG_S16 : ITG_S8);
        const double between = (double)params.beta * ((double)params.beta + 1.0) * 0x1p-13; /* entries of the table, numerics.md */
        if (difference > 0.51 + (i % 2 ? 32768.0 : 255.0) * between) {
            fail_msg("alpha %g beta %g bias %g size %d, scale %g: %.3f steps off", (double)params.alpha, (double)params.beta, (double)params.bias,
                     (int)params.size, scales[i / 2 % 3], difference);
        }
        end_bench(&b);
    }
}

/* An int16 input, and two dimensions. */
static void test_wide_input(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(4, 32), 0x1p-5, 9);
    itgc_node *gemm = add_node(&b, "Gemm", x, add_exact_weights(&b, DIMS(48, 32), -9, 0), NULL);
    *(itgc_gemm_params *)gemm->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    gemm->in_gate = true;
    itgc_tensor *sum = finish_node(&b, gemm);
    add_output(&b, add_lrn(&b, sum, (itgc_lrn_params){.alpha = 1.0f, .beta = 0.75f, .bias = 1.0f, .size = 5}));
    b.options.wide_gates = true;
    assert_true(compare_runs(&b) < 0.54);
    assert_int_equal(sum->format.type, ITG_S16);
    end_bench(&b);
}

static void test_refused(void **state)
{
    (void)state;
    static const itgc_lrn_params cases[] = {
        {.alpha = 1.0f, .beta = 0.75f, .bias = 1.0f, .size = 3},
        {.alpha = 1.0f, .beta = 0.75f, .bias = 0.0f, .size = 3, .channels_last = true},
        {.alpha = 1e9f, .beta = 0.75f, .bias = 1e-9f, .size = 3, .channels_last = true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        add_output(&b, add_lrn(&b, add_input(&b, DIMS(1, 4, 5, 6), 0x1p3, 0), cases[i]));
        run_float(&b);
        assert_false(itgc_quantize_graph(b.graph, &b.options));
        assert_non_null(strstr(b.diag.error, "E424"));
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_powers), cmocka_unit_test(test_wide_input), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
