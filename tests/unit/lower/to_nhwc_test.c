/* SPDX-License-Identifier: Apache-2.0
 * to_nhwc: no transpose is left where none is needed; one where data really must move; results and their order stay. */
#include "tests/unit/lower/lowering.h"

static void runs_convs_channels_last(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 8, 8, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 4, 3, 1, 1);
    itgc_tensor *y = add_conv(f, add_relu(f, x), 4, 3, 1, 2);
    y = add_sum(f, y, x);
    y = add_product(f, y, add_weights(f, DIMS(4, 1, 1), -1, 1));
    y = add_pool(f, ITGC_POOL_MAX, y, 2, 2, 0);
    add_output(f, add_transpose(f, y, DIMS(0, 2, 3, 1)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
    assert_true(((const itgc_conv_params *)find_node(after, "Conv")->params)->window.channels_last);
    assert_int_equal(find_node(after, "Mul")->in[1]->shape.rank, 1);
}

static void transposes_once_at_each_end(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 8, 8));
    itgc_tensor *y = add_conv(f, x, 4, 3, 1, 1);
    add_output(f, add_sum(f, y, add_conv(f, x, 4, 1, 0, 1)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 2);
}

static void reshapes_where_only_units_move(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_conv(f, add_input(f, "x", DIMS(1, 1, 8, 8)), 4, 8, 0, 1);
    add_output(f, add_gemm(f, add_reshape(f, y, DIMS(1, 4)), 3));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
    assert_int_equal(count_nodes(after, "Reshape"), 2);
}

static void permutes_weights_behind_flatten(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 6, 3, 1, 1);
    x = add_reshape(f, x, DIMS(2, 120));
    add_output(f, add_gemm(f, x, 7));
    add_output(f, add_gemm(f, x, 3));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
    assert_int_equal(count_nodes(after, "Reshape"), 1);
}

static void keeps_order_for_other_readers_of_flatten(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 6, 3, 1, 1);
    x = add_reshape(f, x, DIMS(2, 120));
    add_output(f, add_gemm(f, x, 7));
    add_output(f, add_relu(f, x));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 1);
}

/* [N,C,H,W] to tokens [N,HW,C]: the data lie right already. */
static void makes_tokens_without_moving(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(1, 4, 6, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 5, 1, 0, 1);
    x = add_reshape(f, x, DIMS(1, 5, 24));
    add_output(f, add_relu(f, add_transpose(f, x, DIMS(0, 2, 1))));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
}

/* Channel shuffle: one move of the channels where they lie. */
static void shuffles_channels_in_one_move(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 6, 1, 0, 1);
    x = add_transpose(f, add_reshape(f, x, DIMS(2, 2, 3, 4, 5)), DIMS(0, 2, 1, 3, 4));
    x = add_conv(f, add_reshape(f, x, DIMS(2, 6, 4, 5)), 2, 1, 0, 1);
    add_output(f, add_transpose(f, x, DIMS(0, 2, 3, 1)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 1);
}

/* Heads of an attention come together again: tokens outside, features inside. */
static void joins_heads_in_onnx_order(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_transpose(f, add_relu(f, add_input(f, "x", DIMS(2, 3, 4, 5))), DIMS(0, 2, 1, 3));
    add_output(f, add_gemm(f, add_reshape(f, add_reshape(f, x, DIMS(2, 4, 15)), DIMS(8, 15)), 6));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 1);
}

static void resizes_and_normalizes_channels_last(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 8, 3, 1, 1);
    itgc_tensor *norm_in[3] = {x, add_weights(f, DIMS(8), 0.5f, 1.5f), add_weights(f, DIMS(8), -1, 1)};
    itgc_tensor *norm_out = itgc_new_tensor(f->graph, "norm", ITGC_F32, NULL);
    itgc_node *norm = itgc_make_node(f->graph, "InstanceNormalization", "norm", norm_in, 3, &norm_out, 1);
    *(itgc_norm_params *)norm->params = (itgc_norm_params){.epsilon = 1e-3f};
    x = finish(f, norm);
    itgc_node *block = add_node(f, "DepthToSpace", x, NULL, NULL);
    *(itgc_block_params *)block->params = (itgc_block_params){.size = 2, .column_first = true, .to_space = true};
    x = finish(f, block);
    itgc_tensor *resize_in[4] = {x, NULL, NULL, add_ints(f, DIMS(2, 2, 12, 25))};
    itgc_tensor *resize_out = itgc_new_tensor(f->graph, "resize", ITGC_F32, NULL);
    itgc_node *resize = itgc_make_node(f->graph, "Resize", "resize", resize_in, 4, &resize_out, 1);
    *(itgc_resize_params *)resize->params =
        (itgc_resize_params){.mode = ITGC_RESIZE_NEAREST, .coordinates = ITGC_ASYMMETRIC, .nearest = ITGC_NEAREST_FLOOR};
    add_output(f, add_transpose(f, finish(f, resize), DIMS(0, 2, 3, 1)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
}

static void renames_axes(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 6, 3, 1, 1);
    itgc_node *concat = add_node(f, "Concat", x, add_relu(f, x), NULL);
    ((itgc_axis_params *)concat->params)->axis = 1;
    itgc_tensor *y = finish(f, concat);
    itgc_tensor *in[5] = {y, add_ints(f, DIMS(1, -1)), add_ints(f, DIMS(11, -1000)), add_ints(f, DIMS(1, 3)), add_ints(f, DIMS(3, -2))};
    itgc_tensor *out = itgc_new_tensor(f->graph, "slice", ITGC_F32, NULL);
    y = finish(f, itgc_make_node(f->graph, "Slice", "slice", in, 5, &out, 1));
    y = finish(f, add_node(f, "Pad", y, add_ints(f, DIMS(0, 1, 2, 0, 0, 0, 0, 1)), add_number(f, 0.5f)));
    itgc_node *gather = add_node(f, "Gather", y, add_ints(f, DIMS(0, 3, 3)), NULL);
    ((itgc_axis_params *)gather->params)->axis = -2;
    y = finish(f, gather);
    itgc_node *softmax = add_node(f, "Softmax", y, NULL, NULL);
    ((itgc_axis_params *)softmax->params)->axis = 1;
    y = finish(f, softmax);
    itgc_node *reduce = add_node(f, "ReduceMax", y, add_ints(f, DIMS(2)), NULL);
    ((itgc_reduce_params *)reduce->params)->kind = ITGC_REDUCE_MAX;
    add_output(f, add_transpose(f, finish(f, reduce), DIMS(0, 2, 1)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
    assert_int_equal(((const itgc_axis_params *)find_node(after, "Concat")->params)->axis, 3);
    assert_int_equal(((const itgc_axis_params *)find_node(after, "Softmax")->params)->axis, 3);
}

static void broadcasts_lower_ranks(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 6, 3, 1, 1);
    x = add_sum(f, x, add_input(f, "row", DIMS(4, 1)));
    x = add_product(f, x, add_input(f, "gate", DIMS(2, 6, 1, 1)));
    x = add_binary(f, "PRelu", ITGC_PRELU, x, add_weights(f, DIMS(6, 1, 1), 0, 1));
    add_output(f, add_transpose(f, x, DIMS(0, 2, 3, 1)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 0);
    assert_int_equal(find_node(after, "PRelu")->in[1]->shape.rank, 1);
}

static void takes_means_where_the_data_lie(void **state)
{
    fixture *f = *state;
    itgc_tensor *photo = add_input(f, "photo", DIMS(2, 4, 5, 3));
    itgc_tensor *x = add_conv(f, add_transpose(f, photo, DIMS(0, 3, 1, 2)), 6, 3, 1, 1);
    x = add_transpose(f, x, DIMS(0, 2, 3, 1));
    itgc_node *mean = add_node(f, "ReduceMean", x, add_ints(f, DIMS(1, 2)), NULL);
    ((itgc_reduce_params *)mean->params)->kind = ITGC_REDUCE_MEAN;
    add_output(f, finish(f, mean));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "GlobalAveragePool"), 1);
    assert_int_equal(count_nodes(after, "Transpose"), 0);
}

static void gives_matmul_the_onnx_order(void **state)
{
    fixture *f = *state;
    itgc_tensor *a = add_transpose(f, add_input(f, "a", DIMS(2, 4, 3)), DIMS(0, 2, 1));
    add_output(f, finish(f, add_node(f, "MatMul", a, add_input(f, "b", DIMS(2, 4, 5)), NULL)));
    const itgc_graph *after = run_and_compare(f, "to_nhwc");
    assert_int_equal(count_nodes(after, "Transpose"), 1);
}

/* Asked for, the graph input is handed over channels last. */
static void turns_the_input_on_request(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {.input_channels_last = true, .threads = 1};
    itgc_tensor *photo = add_input(f, "photo", DIMS(1, 3, 4, 5));
    add_output(f, add_transpose(f, add_conv(f, photo, 6, 3, 1, 1), DIMS(0, 2, 3, 1)));
    itgc_graph *after = itgc_clone_graph(f->arena, f->graph);
    assert_true(itgc_run_pass(after, find_pass("to_nhwc"), &options));
    assert_int_equal(after->node_count, 1);
    const itgc_value *first = random_value(f, photo, -1, 1);
    itgc_value *turned = itgc_new_value(f->arena, ITGC_F32, &after->inputs[0]->shape);
    for (int i = 0; i < 60; i++) {
        turned->f[i % 20 * 3 + i / 20] = first->f[i];
    }
    const itgc_value *last = turned;
    assert_close(run_graph(f, f->graph, &first, 0), run_graph(f, after, &last, 0));
}

static void gives_every_output_its_own_tensor(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    itgc_tensor *y = add_relu(f, add_transpose(f, x, DIMS(0, 2, 1)));
    add_output(f, y);
    add_output(f, add_transpose(f, y, DIMS(0, 2, 1)));
    add_output(f, add_transpose(f, add_transpose(f, x, DIMS(2, 0, 1)), DIMS(1, 2, 0)));
    run_and_compare(f, "to_nhwc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_convs_channels_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(transposes_once_at_each_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reshapes_where_only_units_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(permutes_weights_behind_flatten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_order_for_other_readers_of_flatten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_tokens_without_moving, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shuffles_channels_in_one_move, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_heads_in_onnx_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(resizes_and_normalizes_channels_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(renames_axes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(broadcasts_lower_ranks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_means_where_the_data_lie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_matmul_the_onnx_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(turns_the_input_on_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_every_output_its_own_tensor, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
