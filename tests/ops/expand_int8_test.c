/* SPDX-License-Identifier: Apache-2.0
 * Ops that lowering expresses by others, in integers against the float evaluator of the op itself: reductions, bounds of two tensors, LogSoftmax,
 * windows' norms, transposed convolutions, blended resizes, chains of functions. */
#include "compiler/lower/lower.h"
#include "tests/support/quantizing.h"

static void run_pass(bench *b, const char *name)
{
    static const itgc_lower_options options = {.threads = 1};
    int count;
    const itgc_pass *passes = itgc_lower_passes(&count);
    for (int i = 0; i < count; i++) {
        if (strcmp(passes[i].name, name) == 0) {
            assert_true(itgc_run_pass(b->graph, &passes[i], &options));
            return;
        }
    }
    fail_msg("no pass %s", name);
}

/* Largest difference from the op's own float result, in steps of the integer result. */
static double compare_expanded(bench *b, itgc_tensor *out)
{
    add_output(b, out);
    const itgc_value *expected = run_float(b);
    b->graph->level = ITGC_IMPORTED;
    run_pass(b, "expand_spatial");
    run_pass(b, "expand_arithmetic");
    run_pass(b, "fold_functions");
    run_pass(b, "fuse_activation");
    run_float(b);
    const itgc_value *actual = run_integers(b);
    double largest = 0.0;
    for (int64_t i = 0; i < itgc_elements(&expected->shape); i++) {
        largest = fmax(largest, fabs((double)expected->f[i] - (double)actual->f[i]));
    }
    return largest / b->graph->outputs[0]->format.scale;
}

static void expect(bench *b, itgc_tensor *out, double steps)
{
    const char *type = out->producer->type;
    const double difference = compare_expanded(b, out);
    if (difference > steps) {
        fail_msg("%s differs by %.3f steps", type, difference);
    }
    end_bench(b);
}

static void test_reductions(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        itgc_reduce_kind kind;
        double steps;
    } reductions[] = {{"ReduceMean", ITGC_REDUCE_MEAN, 0.6},
                      {"ReduceSum", ITGC_REDUCE_SUM, 0.6},
                      {"ReduceMax", ITGC_REDUCE_MAX, 0.01},
                      {"ReduceMin", ITGC_REDUCE_MIN, 1.01},
                      {"ReduceL1", ITGC_REDUCE_L1, 0.6},
                      {"ReduceL2", ITGC_REDUCE_L2, 0.7},
                      {"ReduceSumSquare", ITGC_REDUCE_SUM_SQUARE, 0.6},
                      {"ReduceLogSumExp", ITGC_REDUCE_LOG_SUM_EXP, 1.5}};
    for (size_t i = 0; i < sizeof reductions / sizeof reductions[0]; i++) {
        bench b;
        start_bench(&b);
        itgc_node *node = add_node(&b, reductions[i].type, add_input(&b, DIMS(2, 3, 4, 5, 6), 0x1p-6, 20), NULL, NULL);
        *(itgc_reduce_params *)node->params =
            (itgc_reduce_params){.kind = reductions[i].kind, .axis_count = 3, .axes = {1, 2, 4}, .keep = true, .resolved = true};
        expect(&b, finish_node(&b, node), reductions[i].steps);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    for (int is_min = 0; is_min < 2; is_min++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(2, 4, 5), 0x1p-6, 11), *y = add_input(&b, DIMS(4, 1), 0x1p-7, -30);
        itgc_node *node = add_node(&b, is_min ? "Min" : "Max", x, y, NULL);
        *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = is_min ? ITGC_MIN : ITGC_MAX, .legacy_axis = -1};
        expect(&b, finish_node(&b, node), is_min ? 1.6 : 0.6);
    }
}

static void test_log_softmax(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *node = add_node(&b, "LogSoftmax", add_input(&b, DIMS(3, 10), 0x1p-4, 0), NULL, NULL);
    ((itgc_axis_params *)node->params)->axis = 1;
    b.options.wide_logits = true;
    expect(&b, finish_node(&b, node), 40.0); /* of 32767 */
}

static void test_norm_pool(void **state)
{
    (void)state;
    for (int64_t p = 1; p <= 3; p++) {
        bench b;
        start_bench(&b);
        itgc_node *node = add_node(&b, "LpPool", add_input(&b, DIMS(1, 8, 8, 3), 0x1p-6, -9), NULL, NULL);
        *(itgc_pool_params *)node->params = (itgc_pool_params){
            .kind = ITGC_POOL_LP,
            .p = p,
            .window = {.rank = 2, .kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}, .after = {1, 1}, .channels_last = true}};
        expect(&b, finish_node(&b, node), p == 1 ? 0.6 : 1.2); /* roots are interpolated */
    }
}

/* Weights that int8 holds exactly: the integers are those of one convolution, rounded once. */
static void test_transposed(void **state)
{
    (void)state;
    for (int64_t kernel = 2; kernel <= 4; kernel++) {
        bench b;
        start_bench(&b);
        itgc_tensor *weights = add_exact_weights(&b, DIMS(4, 6, kernel, kernel), -7, 0);
        itgc_node *node = add_node(&b, "ConvTranspose", add_input(&b, DIMS(1, 5, 4, 4), 0x1p-6, 9), weights, NULL);
        itgc_convtranspose_params *params = node->params;
        params->conv = (itgc_conv_params){
            .group = 1,
            .window = {.rank = 2, .kernel = {kernel, kernel}, .stride = {2, 2}, .dilation = {1, 1}, .before = {1, 0}, .channels_last = true}};
        expect(&b, finish_node(&b, node), 1.5);
    }
}

static void test_resize(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *in[4] = {add_input(&b, DIMS(1, 5, 4, 3), 0x1p-6, 9), NULL, NULL, add_integers(&b, DIMS(1, 10, 7, 3))};
    itgc_tensor *out = itgc_new_tensor(b.graph, "resized", ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(b.graph, "Resize", "resize", in, 4, &out, 1);
    ((itgc_resize_params *)node->params)->mode = ITGC_RESIZE_LINEAR;
    expect(&b, finish_node(&b, node), 2.0); /* two roundings, and weights in 127 steps */
}

static void test_chain(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, add_input(&b, DIMS(2, 4, 6), 0x1p-6, -20), NULL);
    itgc_node *node = add_node(&b, "Mul", x, x, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = ITGC_MUL, .legacy_axis = -1};
    itgc_tensor *out = finish_node(&b, node);
    const double difference = compare_expanded(&b, out);
    assert_true(difference < 0.51);
    assert_int_equal(b.graph->step_count, 1);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reductions), cmocka_unit_test(test_bounds),     cmocka_unit_test(test_log_softmax),
                                       cmocka_unit_test(test_norm_pool),  cmocka_unit_test(test_transposed), cmocka_unit_test(test_resize),
                                       cmocka_unit_test(test_chain)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
