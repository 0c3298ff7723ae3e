/* SPDX-License-Identifier: Apache-2.0
 * fold_input: the chain from pixels to the first layer, in the graph and as options, padding included. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_per_channel(fixture *f, const char *type, itgc_binary_kind kind, itgc_tensor *x, int axis, const float *values)
{
    itgc_shape shape = {.rank = 4, .dim = {1, 1, 1, 1}};
    shape.dim[axis] = 3;
    itgc_value *value = itgc_new_value(f->arena, ITGC_F32, &shape);
    memcpy(value->f, values, 3 * sizeof values[0]);
    return add_binary(f, type, kind, x, itgc_new_constant(f->graph, "values", value));
}

static const float minus_mean[3] = {-0.485f, -0.456f, -0.406f};
static const float inverse_deviation[3] = {1 / 0.229f, 1 / 0.224f, 1 / 0.225f};

static itgc_graph *fold(fixture *f, const itgc_lower_options *options)
{
    itgc_graph *copy = itgc_clone_graph(f->arena, f->graph);
    if (!itgc_run_pass(copy, find_pass("fold_input"), options) || !itgc_check_graph(copy)) {
        fail_msg("%s", f->diag.error);
    }
    return copy;
}

static void folds_the_whole_chain_of_a_channels_last_photo(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {.threads = 1};
    itgc_tensor *x = add_product(f, add_input(f, "photo", DIMS(1, 8, 8, 3)), add_number(f, 1 / 255.0f));
    x = add_transpose(f, x, DIMS(0, 3, 1, 2));
    x = add_per_channel(f, "Add", ITGC_ADD, x, 1, minus_mean);
    x = add_per_channel(f, "Mul", ITGC_MUL, x, 1, inverse_deviation);
    add_output(f, add_conv(f, x, 4, 3, 1, 1));
    const itgc_graph *after = fold(f, &options);
    assert_int_equal(after->node_count, 2);
    assert_true(after->input_is_pixels);
    const itgc_conv_params *params = find_node(after, "Conv")->params;
    for (int i = 0; i < 3; i++) {
        assert_float_equal(params->pad_values[i], -255.0f * minus_mean[i], 1e-3f);
    }
    assert_same_results(f, f->graph, after, 0, 255);
}

static void folds_channel_order(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {.threads = 1};
    itgc_node *gather = add_node(f, "Gather", add_input(f, "photo", DIMS(1, 3, 8, 8)), add_ints(f, DIMS(2, 1, 0)), NULL);
    ((itgc_axis_params *)gather->params)->axis = 1;
    itgc_tensor *x = add_per_channel(f, "Add", ITGC_ADD, finish(f, gather), 1, minus_mean);
    add_output(f, add_conv(f, x, 4, 3, 1, 1));
    add_output(f, add_conv(f, x, 2, 1, 0, 1));
    const itgc_graph *after = fold(f, &options);
    assert_int_equal(after->node_count, 2);
    assert_false(after->input_is_pixels);
    assert_same_results(f, f->graph, after, 0, 1);
}

static void folds_a_slice_backwards(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {.threads = 1};
    itgc_tensor *in[5] = {add_input(f, "photo", DIMS(1, 3, 8, 8)), add_ints(f, DIMS(-1)), add_ints(f, DIMS(-1000)), add_ints(f, DIMS(1)),
                          add_ints(f, DIMS(-1))};
    itgc_tensor *out = itgc_new_tensor(f->graph, "reversed", ITGC_F32, NULL);
    itgc_tensor *x = finish(f, itgc_make_node(f->graph, "Slice", "reversed", in, 5, &out, 1));
    add_output(f, add_conv(f, x, 4, 3, 1, 1));
    const itgc_graph *after = fold(f, &options);
    assert_int_equal(after->node_count, 1);
    assert_same_results(f, f->graph, after, 0, 1);
}

/* x = (pixel * scale - mean) / std as options against the same as nodes. */
static void folds_options_like_nodes(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {
        .scale = 1 / 255.0, .mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}, .mean_count = 3, .bgr = true, .threads = 1};
    itgc_tensor *photo = add_input(f, "photo", DIMS(1, 3, 8, 8));
    add_output(f, add_conv(f, photo, 4, 3, 1, 1));
    const itgc_graph *after = fold(f, &options);
    assert_int_equal(after->node_count, 1);
    assert_true(after->input_is_pixels);
    const itgc_value *pixels = random_value(f, photo, 0, 255);
    itgc_value *values = itgc_new_value(f->arena, ITGC_F32, &photo->shape);
    for (int i = 0; i < 3 * 64; i++) {
        const int channel = i / 64;
        values->f[i] = (float)(((double)pixels->f[(2 - channel) * 64 + i % 64] * options.scale - options.mean[channel]) / options.std[channel]);
    }
    const itgc_value *given = values;
    assert_close(run_graph(f, f->graph, &given, 0), run_graph(f, after, &pixels, 0));
}

/* Something else reads the normalised image: the chain stays, as nodes. */
static void keeps_a_chain_with_other_readers(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {.threads = 1};
    itgc_tensor *x = add_product(f, add_input(f, "photo", DIMS(1, 3, 8, 8)), add_number(f, 1 / 255.0f));
    x = add_per_channel(f, "Add", ITGC_ADD, x, 1, minus_mean);
    add_output(f, add_conv(f, x, 4, 3, 1, 1));
    add_output(f, add_relu(f, x));
    const itgc_graph *after = fold(f, &options);
    assert_int_equal(after->node_count, 4);
    assert_true(after->input_is_pixels);
    assert_same_results(f, f->graph, after, 0, 255);
}

static void refuses_means_without_channels(void **state)
{
    fixture *f = *state;
    const itgc_lower_options options = {.mean_count = 3, .std = {1, 1, 1}, .threads = 1};
    add_output(f, add_conv(f, add_input(f, "photo", DIMS(1, 1, 8, 8)), 4, 3, 1, 1));
    assert_false(itgc_run_pass(f->graph, find_pass("fold_input"), &options));
    assert_int_equal(f->diag.code, 214);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folds_the_whole_chain_of_a_channels_last_photo, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_channel_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_a_slice_backwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_options_like_nodes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_a_chain_with_other_readers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_means_without_channels, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
