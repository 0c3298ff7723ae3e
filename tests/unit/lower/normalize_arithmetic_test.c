/* SPDX-License-Identifier: Apache-2.0
 * normalize_arithmetic: one spelling for elementwise arithmetic. */
#include "tests/unit/lower/lowering.h"

static void turns_sub_and_div_around(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    itgc_tensor *y = add_binary(f, "Sub", ITGC_SUB, x, add_weights(f, DIMS(3, 1), -1, 1));
    y = add_binary(f, "Div", ITGC_DIV, y, add_weights(f, DIMS(4), 1, 2));
    y = add_binary(f, "Sub", ITGC_SUB, add_number(f, 0.25f), y);
    y = add_sum(f, add_number(f, 3), y);
    add_output(f, y);
    const itgc_graph *after = run_and_compare(f, "normalize_arithmetic");
    assert_int_equal(count_nodes(after, "Sub") + count_nodes(after, "Div"), 0);
    assert_int_equal(count_nodes(after, "Add"), 3);
    assert_int_equal(count_nodes(after, "Mul"), 2);
    for (int i = 0; i < after->node_count; i++) {
        assert_non_null(after->nodes[i]->in[1]->constant);
    }
}

static void keeps_sub_of_two_activations(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3));
    add_output(f, add_binary(f, "Sub", ITGC_SUB, x, add_input(f, "y", DIMS(2, 3))));
    const itgc_graph *after = run_and_compare(f, "normalize_arithmetic");
    assert_int_equal(count_nodes(after, "Sub"), 1);
}

static void finds_relu_and_clip(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3));
    itgc_tensor *y = add_binary(f, "Max", ITGC_MAX, add_number(f, 0), x);
    y = add_binary(f, "Min", ITGC_MIN, y, add_number(f, 0.5f));
    y = add_binary(f, "PRelu", ITGC_PRELU, y, add_weights(f, DIMS(1), 0.25f, 0.5f));
    add_output(f, y);
    const itgc_graph *after = run_and_compare(f, "normalize_arithmetic");
    assert_int_equal(count_nodes(after, "Relu"), 1);
    assert_int_equal(count_nodes(after, "Clip"), 1);
    assert_int_equal(count_nodes(after, "LeakyRelu"), 1);
    assert_int_equal(after->node_count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(turns_sub_and_div_around, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_sub_of_two_activations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_relu_and_clip, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
