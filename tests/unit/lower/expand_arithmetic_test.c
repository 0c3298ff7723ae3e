/* SPDX-License-Identifier: Apache-2.0
 * expand_arithmetic: the same values from ops that have integer steps. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_reduce(fixture *f, const char *type, itgc_reduce_params params, itgc_tensor *x)
{
    itgc_node *node = add_node(f, type, x, NULL, NULL);
    *(itgc_reduce_params *)node->params = params;
    return finish(f, node);
}

static void expands_reductions(void **state)
{
    static const struct {
        const char *type;
        itgc_reduce_kind kind;
    } reductions[] = {{"ReduceMean", ITGC_REDUCE_MEAN},
                      {"ReduceSum", ITGC_REDUCE_SUM},
                      {"ReduceMax", ITGC_REDUCE_MAX},
                      {"ReduceMin", ITGC_REDUCE_MIN},
                      {"ReduceL1", ITGC_REDUCE_L1},
                      {"ReduceL2", ITGC_REDUCE_L2},
                      {"ReduceSumSquare", ITGC_REDUCE_SUM_SQUARE},
                      {"ReduceLogSumExp", ITGC_REDUCE_LOG_SUM_EXP}};
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4, 5, 6));
    for (size_t i = 0; i < sizeof reductions / sizeof reductions[0]; i++) {
        for (int keep = 0; keep < 2; keep++) {
            const itgc_reduce_params apart = {.kind = reductions[i].kind, .axis_count = 3, .axes = {1, 2, 4}, .keep = keep != 0};
            const itgc_reduce_params together = {.kind = reductions[i].kind, .axis_count = 2, .axes = {2, 3}, .keep = keep != 0};
            add_output(f, add_reduce(f, reductions[i].type, apart, x));
            add_output(f, add_reduce(f, reductions[i].type, together, x));
        }
    }
    const itgc_graph *after = run_and_compare(f, "expand_arithmetic");
    for (size_t i = 3; i < sizeof reductions / sizeof reductions[0]; i++) {
        assert_int_equal(count_nodes(after, reductions[i].type), 0);
    }
    for (int i = 0; i < after->node_count; i++) {
        const itgc_reduce_params *params = after->nodes[i]->params;
        const bool is_reduce = strcmp(after->nodes[i]->op->family, "reduce") == 0;
        assert_true(!is_reduce || params->axes[params->axis_count - 1] - params->axes[0] + 1 == params->axis_count);
    }
}

static void expands_bounds_of_two(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4)), *y = add_input(f, "y", DIMS(3, 1));
    add_output(f, add_binary(f, "Max", ITGC_MAX, x, y));
    add_output(f, add_binary(f, "Min", ITGC_MIN, y, x));
    const itgc_graph *after = run_and_compare(f, "expand_arithmetic");
    assert_int_equal(count_nodes(after, "Max") + count_nodes(after, "Min"), 0);
}

static itgc_tensor *add_softmax(fixture *f, const char *type, itgc_tensor *x, int64_t axis)
{
    itgc_node *node = add_node(f, type, x, NULL, NULL);
    ((itgc_axis_params *)node->params)->axis = axis;
    return finish(f, node);
}

static void turns_softmax(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4, 5));
    for (int64_t axis = -4; axis < 4; axis++) {
        add_output(f, add_softmax(f, "Softmax", x, axis));
        add_output(f, add_softmax(f, "LogSoftmax", x, axis));
    }
    const itgc_graph *after = run_and_compare(f, "expand_arithmetic");
    assert_int_equal(count_nodes(after, "LogSoftmax"), 0);
    for (int i = 0; i < after->node_count; i++) {
        const itgc_axis_params *params = after->nodes[i]->params;
        assert_true(strcmp(after->nodes[i]->type, "Softmax") != 0 || params->axis == 3 || params->axis == -1);
    }
}

static void expands_norm_pools(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 7, 8, 3));
    for (int64_t p = 1; p <= 3; p++) {
        itgc_node *node = add_node(f, "LpPool", x, NULL, NULL);
        *(itgc_pool_params *)node->params = (itgc_pool_params){
            .kind = ITGC_POOL_LP,
            .p = p,
            .window = {.rank = 2, .kernel = {3, 2}, .stride = {2, 1}, .dilation = {1, 1}, .before = {1, 0}, .after = {1, 1}, .channels_last = true}};
        add_output(f, finish(f, node));
        node = add_node(f, "GlobalLpPool", x, NULL, NULL);
        *(itgc_pool_params *)node->params =
            (itgc_pool_params){.kind = ITGC_POOL_LP, .p = p, .global = true, .window = {.stride = {1, 1}, .dilation = {1, 1}, .channels_last = true}};
        add_output(f, finish(f, node));
    }
    const itgc_graph *after = run_and_compare(f, "expand_arithmetic");
    assert_int_equal(count_nodes(after, "LpPool") + count_nodes(after, "GlobalLpPool"), 0);
}

static void expands_quotients_and_products(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(4, 5));
    itgc_tensor *shifted = add_sum(f, x, add_number(f, 3.0f));
    add_output(f, add_binary(f, "Div", ITGC_DIV, add_weights(f, DIMS(5), -1, 1), shifted));
    for (int i = 0; i < 4; i++) {
        itgc_tensor *const square = add_product(f, x, x);
        itgc_node *node = add_node(f, "Gemm", x, i == 0 ? square : shifted,
                                   i == 3 ? add_reduce(f, "ReduceMean", (itgc_reduce_params){.axis_count = 1, .axes = {0}}, x) : NULL);
        const bool a = i > 1, b = i == 0 || i == 1;
        *(itgc_gemm_params *)node->params =
            (itgc_gemm_params){.alpha = i == 1 ? 0.5f : 1.0f, .beta = i == 3 ? 2.0f : 1.0f, .transpose_a = a, .transpose_b = b};
        add_output(f, finish(f, node));
    }
    const itgc_graph *after = run_and_compare(f, "expand_arithmetic");
    assert_int_equal(count_nodes(after, "Gemm"), 0);
    assert_int_equal(count_nodes(after, "Div"), 0);
    assert_int_equal(count_nodes(after, "MatMul"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expands_reductions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_bounds_of_two, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turns_softmax, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_norm_pools, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_quotients_and_products, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
