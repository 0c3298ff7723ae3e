/* SPDX-License-Identifier: Apache-2.0
 * drop_identity: what goes, and what looks like nothing but is not. */
#include "tests/unit/lower/lowering.h"

static void drops_what_changes_nothing(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 4, 4));
    itgc_tensor *y = add_conv(f, x, 4, 3, 1, 1);
    y = finish(f, add_node(f, "Identity", y, NULL, NULL));
    y = finish(f, add_node(f, "Dropout", y, NULL, NULL));
    y = add_transpose(f, y, DIMS(0, 1, 2, 3));
    y = add_product(f, y, add_number(f, 1));
    y = add_sum(f, y, add_number(f, 0));
    y = add_pool(f, ITGC_POOL_AVERAGE, y, 1, 1, 0);
    itgc_node *cast = add_node(f, "Cast", y, NULL, NULL);
    ((itgc_cast_params *)cast->params)->to = ITGC_F32;
    y = finish(f, cast);
    itgc_node *concat = add_node(f, "Concat", y, NULL, NULL);
    ((itgc_axis_params *)concat->params)->axis = 1;
    y = finish(f, concat);
    y = add_reshape(f, y, DIMS(1, 4, 4, 4));
    y = finish(f, add_node(f, "Expand", y, add_ints(f, DIMS(1, 4, 1, 1)), NULL));
    add_output(f, y);
    const itgc_graph *after = run_and_compare(f, "drop_identity");
    assert_int_equal(after->node_count, 1);
    assert_int_equal(count_nodes(after, "Conv"), 1);
}

static void keeps_what_changes_something(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 4, 4, 1));
    itgc_tensor *y = add_transpose(f, x, DIMS(0, 2, 1, 3));
    itgc_node *gather = add_node(f, "Gather", y, add_ints(f, DIMS(3, 1, 2, 0)), NULL);
    ((itgc_axis_params *)gather->params)->axis = 1;
    y = finish(f, gather);
    y = add_sum(f, y, add_weights(f, DIMS(4, 1), -1, 1));
    add_output(f, y);
    const itgc_graph *after = run_and_compare(f, "drop_identity");
    assert_int_equal(after->node_count, 3);
}

static void joins_reshapes(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 12));
    itgc_tensor *y = add_reshape(f, add_reshape(f, x, DIMS(2, 3, 4)), DIMS(0, 6, -1));
    add_output(f, add_reshape(f, y, DIMS(4, 6)));
    const itgc_graph *after = run_and_compare(f, "drop_identity");
    assert_int_equal(after->node_count, 1);
}

static itgc_tensor *add_slice(fixture *f, itgc_tensor *x, itgc_shape starts, itgc_shape ends, itgc_shape axes, itgc_shape steps)
{
    itgc_tensor *in[5] = {x, add_ints(f, starts), add_ints(f, ends), add_ints(f, axes), add_ints(f, steps)};
    itgc_tensor *out = itgc_new_tensor(f->graph, "slice", ITGC_F32, NULL);
    return finish(f, itgc_make_node(f->graph, "Slice", "slice", in, 5, &out, 1));
}

static void joins_slices(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(11, 9, 4));
    itgc_tensor *y = add_slice(f, x, DIMS(1, 2), DIMS(10, 1000), DIMS(0, 2), DIMS(2, 1));
    add_output(f, add_slice(f, y, DIMS(1, 3), DIMS(1000, -1), DIMS(0, 1), DIMS(2, 2)));
    const itgc_graph *after = run_and_compare(f, "drop_identity");
    assert_int_equal(after->node_count, 1);
}

/* An Identity between a graph input and a graph output stays: both names are the caller's. */
static void keeps_output_apart_from_input(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3));
    add_output(f, finish(f, add_node(f, "Identity", x, NULL, NULL)));
    const itgc_graph *after = run_and_compare(f, "drop_identity");
    assert_int_equal(after->node_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(drops_what_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_what_changes_something, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_reshapes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_output_apart_from_input, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
