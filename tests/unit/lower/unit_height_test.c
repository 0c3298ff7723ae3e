/* SPDX-License-Identifier: Apache-2.0
 * unit_height: one-dimensional windows become two-dimensional ones. */
#include "tests/unit/lower/lowering.h"

static void widens_conv_and_pools(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_conv(f, add_input(f, "x", DIMS(2, 3, 9)), 4, 3, 1, 1);
    itgc_conv_params *params = x->producer->params;
    params->window.stride[0] = 2;
    x = add_pool(f, ITGC_POOL_MAX, finish(f, x->producer), 2, 1, 0);
    add_output(f, add_pool(f, ITGC_POOL_AVERAGE, x, 2, 2, 1));
    const itgc_graph *after = run_and_compare(f, "unit_height");
    assert_int_equal(find_node(after, "Conv")->in[0]->shape.rank, 4);
    assert_int_equal(find_node(after, "MaxPool")->in[0]->shape.rank, 4);
    assert_int_equal(find_node(after, "AveragePool")->out[0]->shape.dim[2], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(widens_conv_and_pools, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
