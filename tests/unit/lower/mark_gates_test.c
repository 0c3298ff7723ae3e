/* SPDX-License-Identifier: Apache-2.0
 * mark_gates: the layers between a plane's mean and the product with the plane. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_gate(fixture *f, itgc_tensor *x)
{
    itgc_node *mean = add_node(f, "ReduceMean", x, NULL, NULL);
    *(itgc_reduce_params *)mean->params = (itgc_reduce_params){.kind = ITGC_REDUCE_MEAN, .axis_count = 2, .axes = {2, 3}, .keep = true};
    itgc_tensor *squeezed = add_relu(f, add_conv(f, finish(f, mean), 2, 1, 0, 1));
    return add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_conv(f, squeezed, x->shape.dim[1], 1, 0, 1));
}

static int count_marked(const itgc_graph *graph)
{
    int count = 0;
    for (int i = 0; i < graph->node_count; i++) {
        count += graph->nodes[i]->in_gate;
    }
    return count;
}

static void marks_squeeze_excite(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_conv(f, add_input(f, "x", DIMS(1, 3, 6, 6)), 8, 3, 1, 1);
    add_output(f, add_product(f, x, add_gate(f, x)));
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_marked(after), 5); /* mean, two Convs, Relu, Sigmoid */
    assert_true(find_node(after, "Sigmoid")->in_gate);
    assert_false(find_node(after, "Mul")->in_gate);
}

/* A product of two planes, and a mean that leads to the classifier, are none. */
static void leaves_other_products(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_conv(f, add_input(f, "x", DIMS(1, 3, 6, 6)), 8, 3, 1, 1);
    add_output(f, add_product(f, x, add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_conv(f, x, 8, 1, 0, 1))));
    add_output(f, add_gate(f, x));
    assert_int_equal(count_marked(run_and_compare(f, NULL)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(marks_squeeze_excite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_other_products, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
