/* SPDX-License-Identifier: Apache-2.0
 * fuse_movement and fold_movement: shuffled channels, rolled images and blocks of pixels, in the chains that exporters write. */
#include "tests/unit/lower/lowering.h"

#include "compiler/lower/edit.h"

static itgc_tensor *add_slice(fixture *f, itgc_tensor *x, int64_t axis, int64_t start, int64_t step)
{
    itgc_tensor *in[5] = {x, add_ints(f, DIMS(start)), add_ints(f, DIMS(x->shape.dim[axis])), add_ints(f, DIMS(axis)), add_ints(f, DIMS(step))};
    itgc_tensor *out = itgc_new_tensor(f->graph, "slice", ITGC_F32, NULL);
    return finish(f, itgc_make_node(f->graph, "Slice", "slice", in, 5, &out, 1));
}

static itgc_tensor *add_concat(fixture *f, itgc_tensor *const *in, int count, int64_t axis)
{
    itgc_tensor *out = itgc_new_tensor(f->graph, "joined", ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(f->graph, "Concat", "joined", in, count, &out, 1);
    ((itgc_axis_params *)node->params)->axis = axis;
    return finish(f, node);
}

static itgc_tensor *add_shuffle(fixture *f, itgc_tensor *x)
{
    itgc_tensor *split = add_transpose(f, add_reshape(f, x, DIMS(2, 2, 3, 5, 4)), DIMS(0, 2, 1, 3, 4));
    return add_reshape(f, split, DIMS(2, 6, 5, 4));
}

static void finds_channel_shuffle(void **state)
{
    fixture *f = *state;
    add_output(f, add_shuffle(f, add_relu(f, add_input(f, "x", DIMS(2, 6, 5, 4)))));
    const itgc_graph *after = run_and_compare(f, "fuse_movement");
    assert_int_equal(after->node_count, 2);
    assert_int_equal(count_nodes(after, "Gather"), 1);
}

static void joins_slice_of_shuffle(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_shuffle(f, add_relu(f, add_input(f, "x", DIMS(2, 6, 5, 4))));
    add_output(f, itgc_insert_slice(f->graph, "left", x, 1, 0, 3));
    add_output(f, itgc_insert_slice(f->graph, "right", x, 1, 3, 6));
    const itgc_graph *after = run_and_compare(f, "fuse_movement");
    assert_int_equal(count_nodes(after, "Gather"), 2);
    assert_int_equal(count_nodes(after, "Slice"), 0);
}

/* In front of a Conv the order of channels is the order of weights. */
static void folds_shuffle_into_conv(void **state)
{
    fixture *f = *state;
    add_output(f, add_conv(f, add_shuffle(f, add_relu(f, add_input(f, "x", DIMS(2, 6, 5, 4)))), 4, 3, 1, 1));
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "Gather"), 0);
    assert_int_equal(count_nodes(after, "Conv"), 1);
}

static void finds_roll(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 6, 5, 3)));
    itgc_tensor *parts[2] = {itgc_insert_slice(f->graph, "behind", x, 1, 2, 6), itgc_insert_slice(f->graph, "front", x, 1, 0, 2)};
    add_output(f, add_concat(f, parts, 2, 1));
    const itgc_graph *after = run_and_compare(f, "fuse_movement");
    assert_int_equal(after->node_count, 2);
    assert_int_equal(count_nodes(after, "Gather"), 1);
}

static void finds_reversed_channels(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 3, 5, 4)));
    itgc_tensor *parts[3];
    for (int i = 0; i < 3; i++) {
        parts[i] = itgc_insert_slice(f->graph, "channel", x, 1, 2 - i, 3 - i);
    }
    add_output(f, add_conv(f, add_concat(f, parts, 3, 1), 4, 3, 1, 1));
    const itgc_graph *after = run_and_compare(f, "fuse_movement");
    assert_int_equal(count_nodes(after, "Gather"), 1);
    assert_int_equal(count_nodes(run_and_compare(f, NULL), "Gather"), 0);
}

/* The stem of "focus" nets: four images of every second pixel, rows first. */
static void folds_focus_into_conv(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 3, 8, 6)));
    itgc_tensor *parts[4];
    for (int i = 0; i < 4; i++) {
        parts[i] = add_slice(f, add_slice(f, x, 2, i % 2, 2), 3, i / 2, 2);
    }
    itgc_tensor *joined = add_concat(f, parts, 4, 1);
    add_output(f, add_conv(f, joined, 5, 3, 1, 1));
    const itgc_graph *fused = run_and_compare(f, "fuse_movement");
    assert_int_equal(count_nodes(fused, "SpaceToDepth"), 1);
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "SpaceToDepth") + count_nodes(after, "Gather") + count_nodes(after, "Concat"), 0);
    const itgc_conv_params *params = find_node(after, "Conv")->params;
    assert_int_equal(params->window.kernel[0], 6);
    assert_int_equal(params->window.stride[1], 2);
}

static void folds_blocks(fixture *f, itgc_shape perm)
{
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 3, 8, 12)));
    itgc_tensor *moved = add_transpose(f, add_reshape(f, x, DIMS(1, 3, 2, 4, 3, 4)), perm);
    add_output(f, add_conv(f, add_reshape(f, moved, DIMS(1, 48, 2, 3)), 5, 3, 1, 1));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_movement"), "SpaceToDepth"), 1);
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "SpaceToDepth"), 0);
    assert_int_equal(((const itgc_conv_params *)find_node(after, "Conv")->params)->window.kernel[0], 12);
}

static void folds_blocks_in_front(void **state)
{
    folds_blocks(*state, DIMS(0, 3, 5, 1, 2, 4));
}

static void folds_blocks_behind(void **state)
{
    folds_blocks(*state, DIMS(0, 1, 3, 5, 2, 4));
}

/* Slices of different tensors are a Concat. */
static void keeps_concat_of_others(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 6, 5, 3))), *y = add_relu(f, x);
    itgc_tensor *parts[2] = {itgc_insert_slice(f->graph, "behind", x, 1, 2, 6), itgc_insert_slice(f->graph, "front", y, 1, 0, 2)};
    add_output(f, add_concat(f, parts, 2, 1));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_movement"), "Gather"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_channel_shuffle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_slice_of_shuffle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_shuffle_into_conv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_roll, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_reversed_channels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_focus_into_conv, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_blocks_in_front, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_blocks_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_concat_of_others, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
