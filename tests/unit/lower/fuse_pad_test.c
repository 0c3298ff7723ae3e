/* SPDX-License-Identifier: Apache-2.0
 * fuse_pad: where a Pad means the same as the window's own padding, and where it does not. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_pad(fixture *f, itgc_tensor *x, itgc_shape pads, float value)
{
    return finish(f, add_node(f, "Pad", x, add_ints(f, pads), add_number(f, value)));
}

static void fuses_into_conv(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_pad(f, add_input(f, "x", DIMS(1, 3, 5, 5)), DIMS(0, 0, 0, 1, 0, 0, 2, 0), 0);
    add_output(f, add_conv(f, x, 4, 3, 1, 1));
    const itgc_graph *after = run_and_compare(f, "fuse_pad");
    assert_int_equal(after->node_count, 1);
    const itgc_conv_params *params = find_node(after, "Conv")->params;
    assert_int_equal(params->window.after[0], 3);
    assert_int_equal(params->window.before[1], 2);
}

static void keeps_other_values_and_channel_padding(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 5, 5));
    add_output(f, add_conv(f, add_pad(f, x, DIMS(0, 0, 1, 1, 0, 0, 1, 1), 0.5f), 4, 3, 0, 1));
    add_output(f, add_conv(f, add_pad(f, x, DIMS(0, 1, 1, 1, 0, 0, 1, 1), 0), 4, 3, 0, 1));
    const itgc_graph *after = run_and_compare(f, "fuse_pad");
    assert_int_equal(count_nodes(after, "Pad"), 2);
}

static void fuses_into_average_that_counts_padding(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_pad(f, add_input(f, "x", DIMS(1, 3, 6, 6)), DIMS(0, 0, 1, 1, 0, 0, 1, 1), 0);
    add_output(f, add_pool(f, ITGC_POOL_AVERAGE, x, 2, 2, 0));
    const itgc_graph *after = run_and_compare(f, "fuse_pad");
    assert_int_equal(after->node_count, 1);
    assert_true(((const itgc_pool_params *)find_node(after, "AveragePool")->params)->include_pad);
}

static void keeps_before_average_that_does_not(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_pad(f, add_input(f, "x", DIMS(1, 3, 6, 6)), DIMS(0, 0, 1, 1, 0, 0, 1, 1), 0);
    add_output(f, add_pool(f, ITGC_POOL_AVERAGE, x, 3, 2, 1));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_pad"), "Pad"), 1);
}

static void fuses_zeros_into_maximum_of_positives_only(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 6, 6));
    const itgc_shape pads = DIMS(0, 0, 1, 1, 0, 0, 1, 1);
    add_output(f, add_pool(f, ITGC_POOL_MAX, add_pad(f, add_relu(f, x), pads, 0), 3, 2, 0));
    add_output(f, add_pool(f, ITGC_POOL_MAX, add_pad(f, x, pads, -INFINITY), 3, 2, 0));
    add_output(f, add_pool(f, ITGC_POOL_MAX, add_pad(f, x, pads, 0), 3, 2, 0));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_pad"), "Pad"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fuses_into_conv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_other_values_and_channel_padding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fuses_into_average_that_counts_padding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_before_average_that_does_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fuses_zeros_into_maximum_of_positives_only, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
