/* SPDX-License-Identifier: Apache-2.0
 * fuse_normalization and absorb_affine: norms spelled out, in the orders exporters write them, leave one node. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_reduce(fixture *f, const char *type, itgc_reduce_kind kind, itgc_tensor *x, int64_t axis)
{
    itgc_node *node = add_node(f, type, x, NULL, NULL);
    *(itgc_reduce_params *)node->params = (itgc_reduce_params){.kind = kind, .axis_count = 1, .axes = {axis}, .keep = true};
    return finish(f, node);
}

static itgc_tensor *add_mean(fixture *f, itgc_tensor *x, int64_t axis)
{
    return add_reduce(f, "ReduceMean", ITGC_REDUCE_MEAN, x, axis);
}

static itgc_tensor *add_difference(fixture *f, itgc_tensor *x, itgc_tensor *y)
{
    return add_binary(f, "Sub", ITGC_SUB, x, y);
}

static itgc_tensor *add_quotient(fixture *f, itgc_tensor *x, itgc_tensor *y)
{
    return add_binary(f, "Div", ITGC_DIV, x, y);
}

static itgc_tensor *add_root(fixture *f, itgc_tensor *mean_square)
{
    return add_unary(f, "Sqrt", ITGC_SQRT, 0, 0, add_sum(f, mean_square, add_number(f, 1e-3f)));
}

static const itgc_graph *expect(fixture *f, itgc_tensor *out, const char *type, int others)
{
    add_output(f, out);
    const itgc_graph *after = run_and_compare(f, "fuse_normalization");
    assert_int_equal(count_nodes(after, type), 1);
    assert_int_equal(after->node_count, 1 + others);
    return after;
}

static itgc_tensor *add_layer_norm(fixture *f, itgc_tensor *x, int64_t axis)
{
    itgc_tensor *d = add_difference(f, x, add_mean(f, x, axis));
    return add_quotient(f, d, add_root(f, add_mean(f, add_product(f, d, d), axis)));
}

static void finds_layer_norm(void **state)
{
    fixture *f = *state;
    const itgc_graph *after = expect(f, add_layer_norm(f, add_input(f, "x", DIMS(2, 5, 8)), 2), "LayerNormalization", 0);
    assert_int_equal(((const itgc_norm_params *)find_node(after, "LayerNormalization")->params)->axis, 2);
}

/* Over channels of an image: transposed there and back, and to_nhwc takes that out again. */
static void finds_layer_norm_of_channels(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_conv(f, add_input(f, "x", DIMS(1, 3, 5, 6)), 8, 1, 0, 1);
    add_output(f, add_conv(f, add_layer_norm(f, x, 1), 4, 1, 0, 1));
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "LayerNormalization"), 1);
    assert_int_equal(count_nodes(after, "Transpose"), 2); /* of the graph's input and output */
}

static void finds_rms_norm(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8));
    itgc_tensor *inverse = add_unary(f, "Reciprocal", ITGC_RECIPROCAL, 0, 0, add_root(f, add_mean(f, add_product(f, x, x), 2)));
    expect(f, add_product(f, x, inverse), "RMSNormalization", 0);
}

/* timm's: the variance about the mean, rescaled to n-1, under x itself. */
static void finds_rms_norm_about_mean(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8));
    itgc_tensor *d = add_difference(f, x, add_mean(f, x, 2));
    itgc_tensor *variance = add_product(f, add_mean(f, add_product(f, d, d), 2), add_number(f, 8.0f / 7.0f));
    itgc_tensor *inverse = add_quotient(f, add_number(f, 1), add_root(f, variance));
    const itgc_graph *after = expect(f, add_product(f, x, inverse), "RMSNormalization", 0);
    assert_true(((const itgc_norm_params *)find_node(after, "RMSNormalization")->params)->about_mean);
}

/* The sum of squares instead of their mean. */
static void finds_rms_norm_of_sum(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8));
    itgc_tensor *sum = add_reduce(f, "ReduceSum", ITGC_REDUCE_SUM, add_product(f, x, x), 2);
    expect(f, add_quotient(f, x, add_root(f, sum)), "RMSNormalization", 0);
}

static void finds_length(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8));
    itgc_tensor *length = add_unary(f, "Clip", ITGC_CLIP, 0.5, INFINITY, add_reduce(f, "ReduceL2", ITGC_REDUCE_L2, x, 1));
    itgc_tensor *spread = finish(f, add_node(f, "Expand", length, add_ints(f, DIMS(2, 5, 8)), NULL));
    const itgc_graph *after = expect(f, add_quotient(f, x, spread), "LpNormalization", 0);
    assert_true(((const itgc_norm_params *)find_node(after, "LpNormalization")->params)->epsilon == 0.5f);
}

/* The root of another tensor's mean square is a product like any. */
static void keeps_other_quotients(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8)), *y = add_relu(f, x);
    add_output(f, add_quotient(f, y, add_root(f, add_mean(f, add_product(f, x, x), 2))));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_normalization"), "RMSNormalization"), 0);
}

/* x less another mean than its own is no centered x, nor x itself. */
static void keeps_quotients_about_another_mean(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8));
    itgc_tensor *d = add_difference(f, x, add_mean(f, add_relu(f, x), 2));
    add_output(f, add_quotient(f, x, add_root(f, add_mean(f, add_product(f, d, d), 2))));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_normalization"), "RMSNormalization"), 0);
}

static void keeps_pow_with_other_exponent(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 8));
    itgc_tensor *cube = finish(f, add_node(f, "Pow", add_relu(f, x), add_number(f, 3), NULL));
    add_output(f, add_quotient(f, x, add_root(f, add_mean(f, cube, 2))));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_normalization"), "RMSNormalization"), 0);
}

static void absorbs_scale_and_shift(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_layer_norm(f, add_input(f, "x", DIMS(2, 5, 8)), 2);
    x = add_sum(f, add_product(f, x, add_weights(f, DIMS(8), 1, 2)), add_weights(f, DIMS(8), -1, 1));
    add_output(f, x);
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(after->node_count, 1);
    assert_int_equal(find_node(after, "LayerNormalization")->in_count, 3);
}

/* A constant that varies along positions is no scale of the norm. */
static void keeps_scale_of_positions(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_layer_norm(f, add_input(f, "x", DIMS(2, 8, 8)), 2);
    add_output(f, add_product(f, x, add_weights(f, DIMS(8, 1), 1, 2)));
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(find_node(after, "LayerNormalization")->in_count, 2);
    assert_int_equal(count_nodes(after, "Conv"), 1); /* what is left of the scale */
}

static void finds_group_norm(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_conv(f, add_input(f, "x", DIMS(2, 3, 5, 4)), 6, 1, 0, 1);
    itgc_node *norm =
        add_node(f, "InstanceNormalization", add_reshape(f, x, DIMS(2, 3, 40)), add_weights(f, DIMS(3), 1, 2), add_weights(f, DIMS(3), -1, 1));
    ((itgc_norm_params *)norm->params)->epsilon = 1e-5f;
    x = add_product(f, add_reshape(f, finish(f, norm), DIMS(2, 6, 5, 4)), add_weights(f, DIMS(6, 1, 1), 1, 2));
    add_output(f, add_sum(f, x, add_weights(f, DIMS(6, 1, 1), -1, 1)));
    const itgc_graph *after = run_and_compare(f, "absorb_affine");
    assert_int_equal(after->node_count, 2);
    assert_int_equal(((const itgc_norm_params *)find_node(after, "GroupNormalization")->params)->groups, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_layer_norm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_layer_norm_of_channels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_rms_norm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_rms_norm_about_mean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_rms_norm_of_sum, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_other_quotients, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_quotients_about_another_mean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_pow_with_other_exponent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(absorbs_scale_and_shift, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_scale_of_positions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_group_norm, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
