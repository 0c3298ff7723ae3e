/* SPDX-License-Identifier: Apache-2.0
 * Functions that no layer fuses, in int8 (256 entries) and int16 (interpolated), and the final Softmax, against the float evaluator. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

static const struct {
    const char *type;
    itgc_unary_params params;
} functions[] = {
    {"Relu", {.kind = ITGC_RELU}},
    {"Clip", {.kind = ITGC_CLIP, .alpha = 0, .beta = 1}},
    {"LeakyRelu", {.kind = ITGC_LEAKY_RELU, .alpha = 0.1}},
    {"Sigmoid", {.kind = ITGC_SIGMOID}},
    {"Tanh", {.kind = ITGC_TANH}},
    {"HardSigmoid", {.kind = ITGC_HARD_SIGMOID, .alpha = 0.2, .beta = 0.5}},
    {"HardSwish", {.kind = ITGC_HARD_SWISH}},
    {"Elu", {.kind = ITGC_ELU, .alpha = 1}},
    {"Exp", {.kind = ITGC_EXP}},
    {"Abs", {.kind = ITGC_ABS}},
    {"Neg", {.kind = ITGC_NEG}},
    {"Softplus", {.kind = ITGC_SOFTPLUS}},
};

static void test_lookups(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        for (int wide = 0; wide < 2; wide++) {
            bench b;
            start_bench(&b);
            itgc_tensor *x = add_input(&b, DIMS(2, 300), 0x1p-5, 9);
            add_output(&b, add_unary(&b, functions[i].type, functions[i].params, x, NULL));
            b.options.wide_logits = wide;
            const double difference = compare_runs(&b);
            assert_ptr_equal(step_kind(&b, 0), &itgc_step_lookup);
            if (difference > 0.51) {
                fail_msg("%s (int16: %d) differs by %.3f steps", functions[i].type, wide, difference);
            }
            end_bench(&b);
        }
    }
}

/* A layer whose activation's result is int16: the sum is int16 too, then an interpolated table. */
static void test_interpolated(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 32), 0x1p-5, 9);
    itgc_node *gemm = add_node(&b, "Gemm", x, add_exact_weights(&b, DIMS(16, 32), -9, 0), NULL);
    *(itgc_gemm_params *)gemm->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    itgc_tensor *sum = finish_node(&b, gemm);
    add_output(&b, add_unary(&b, "Sigmoid", (itgc_unary_params){.kind = ITGC_SIGMOID}, sum, gemm));
    b.options.wide_logits = true;
    const double difference = compare_runs(&b);
    assert_ptr_equal(step_kind(&b, 1), &itgc_step_lookup);
    assert_int_equal(sum->format.type, ITG_S16);
    assert_true(difference * b.graph->outputs[0]->format.scale < 2e-4);
    end_bench(&b);
}

static void test_softmax(void **state)
{
    (void)state;
    static const int64_t lengths[] = {2, 10, 1000};
    for (size_t i = 0; i < 3; i++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(3, lengths[i]), 0x1p-4, 0);
        itgc_node *node = add_node(&b, "Softmax", x, NULL, NULL);
        ((itgc_axis_params *)node->params)->axis = -1;
        add_output(&b, finish_node(&b, node));
        assert_true(compare_runs(&b) < 1.1); /* of 2^-16: 0.57, and 65535 for a certain 1 */
        assert_int_equal(b.graph->outputs[0]->format.type, ITG_U16);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lookups), cmocka_unit_test(test_interpolated), cmocka_unit_test(test_softmax)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
