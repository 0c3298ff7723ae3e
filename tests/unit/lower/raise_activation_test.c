/* SPDX-License-Identifier: Apache-2.0
 * raise_activation: up to where an activation can fuse, and not where it would gain nothing. */
#include "tests/unit/lower/lowering.h"

static void moves_relu_before_max_pool(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_conv(f, add_input(f, "x", DIMS(1, 3, 6, 6)), 4, 3, 1, 1);
    add_output(f, add_relu(f, add_pool(f, ITGC_POOL_MAX, y, 3, 2, 1)));
    const itgc_graph *after = run_and_compare(f, "raise_activation");
    assert_int_equal(after->node_count, 3);
    assert_string_equal(after->nodes[1]->type, "Relu");
    assert_string_equal(after->nodes[2]->type, "MaxPool");
}

static void moves_any_function_before_reshape(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_conv(f, add_input(f, "x", DIMS(1, 3, 6, 6)), 4, 3, 1, 1);
    y = add_reshape(f, add_pool(f, ITGC_POOL_MAX, y, 2, 2, 0), DIMS(1, 36));
    y = add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_relu(f, y));
    add_output(f, y);
    const itgc_graph *after = run_and_compare(f, "raise_activation");
    assert_string_equal(after->nodes[1]->type, "Relu");
    assert_string_equal(after->nodes[after->node_count - 1]->type, "Sigmoid");
}

static void splits_relu_over_concat(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 6, 6));
    itgc_node *concat = add_node(f, "Concat", add_conv(f, x, 4, 3, 1, 1), add_conv(f, x, 2, 1, 0, 1), NULL);
    ((itgc_axis_params *)concat->params)->axis = 1;
    add_output(f, add_relu(f, finish(f, concat)));
    const itgc_graph *after = run_and_compare(f, "raise_activation");
    assert_int_equal(count_nodes(after, "Relu"), 2);
    assert_string_equal(after->nodes[after->node_count - 1]->type, "Concat");
}

static void stays_behind_members_that_others_read(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 6, 6));
    itgc_node *concat = add_node(f, "Concat", add_conv(f, x, 4, 3, 1, 1), x, NULL);
    ((itgc_axis_params *)concat->params)->axis = 1;
    add_output(f, add_relu(f, finish(f, concat)));
    const itgc_graph *after = run_and_compare(f, "raise_activation");
    assert_string_equal(after->nodes[after->node_count - 1]->type, "Relu");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moves_relu_before_max_pool, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moves_any_function_before_reshape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splits_relu_over_concat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stays_behind_members_that_others_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
