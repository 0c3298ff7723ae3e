/* SPDX-License-Identifier: Apache-2.0
 * fold_functions: what follows one another becomes one node, what others read does not. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_power(fixture *f, itgc_tensor *x, float exponent)
{
    return add_binary(f, "Pow", ITGC_POW, x, add_number(f, exponent));
}

static const itgc_chain *chain_of(const itgc_graph *graph)
{
    const itgc_unary_params *params = find_node(graph, "Function")->params;
    assert_int_equal(params->kind, ITGC_CHAIN);
    return params->chain;
}

static void folds_star_relu(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 3, 4)));
    itgc_tensor *scaled = add_product(f, add_power(f, x, 2.0f), add_number(f, 0.9f));
    add_output(f, add_sum(f, scaled, add_number(f, -0.4f)));
    const itgc_graph *after = run_and_compare(f, "fold_functions");
    assert_int_equal(after->node_count, 1);
    assert_int_equal(chain_of(after)->count, 4);
    assert_int_equal(chain_of(after)->link[0].kind, ITGC_RELU);
}

static void folds_square_spelled_as_product(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_input(f, "x", DIMS(2, 3, 4)));
    add_output(f, add_product(f, x, x));
    const itgc_graph *after = run_and_compare(f, "fold_functions");
    assert_int_equal(after->node_count, 1);
    assert_int_equal(chain_of(after)->count, 2);
}

/* The whole way down, the chain is the table of the layer before it. */
static void becomes_the_table_of_a_layer(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_conv(f, add_input(f, "x", DIMS(1, 3, 6, 6)), 4, 3, 1, 1));
    add_output(f, add_product(f, add_power(f, x, 2.0f), add_number(f, 0.5f)));
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_true(find_node(after, "Function")->is_fused);
}

static void keeps_what_others_read(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    itgc_tensor *inner = add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, x);
    add_output(f, inner);
    add_output(f, add_product(f, add_power(f, inner, 3.0f), add_number(f, 2.0f)));
    const itgc_graph *after = run_and_compare(f, "fold_functions");
    assert_int_equal(count_nodes(after, "Sigmoid"), 1);
    assert_int_equal(chain_of(after)->count, 2);
}

/* A multiple and an offset are a layer of their own kind; a long row of functions is cut. */
static void leaves_affine_and_cuts_long_chains(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    add_output(f, add_sum(f, add_product(f, x, add_number(f, 3.0f)), add_number(f, 1.0f)));
    itgc_tensor *deep = x;
    for (int i = 0; i < ITGC_MAX_LINKS + 3; i++) {
        deep = add_unary(f, "Tanh", ITGC_TANH, 0, 0, deep);
    }
    add_output(f, deep);
    const itgc_graph *after = run_and_compare(f, "fold_functions");
    assert_int_equal(count_nodes(after, "Mul") + count_nodes(after, "Add"), 2);
    assert_int_equal(count_nodes(after, "Function"), 2);
    assert_int_equal(count_nodes(after, "Tanh"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folds_star_relu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_square_spelled_as_product, set_up, tear_down),
        cmocka_unit_test_setup_teardown(becomes_the_table_of_a_layer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_others_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_affine_and_cuts_long_chains, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
