/* SPDX-License-Identifier: Apache-2.0
 * fold_batchnorm: scales and shifts into the weights before or behind them. */
#include "tests/unit/lower/lowering.h"

static void folds_into_conv_before(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_batchnorm(f, add_conv(f, add_input(f, "x", DIMS(1, 3, 5, 5)), 4, 3, 1, 1));
    y = add_product(f, y, add_weights(f, DIMS(4, 1, 1), -2, 2));
    y = add_sum(f, y, add_number(f, 0.5f));
    add_output(f, add_relu(f, y));
    assert_int_equal(run_and_compare(f, "fold_batchnorm")->node_count, 2);
}

static void folds_into_depthwise_and_grouped(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 4, 5, 5));
    add_output(f, add_batchnorm(f, add_conv(f, x, 8, 3, 1, 4)));
    add_output(f, add_batchnorm(f, add_conv(f, x, 6, 3, 1, 2)));
    assert_int_equal(run_and_compare(f, "fold_batchnorm")->node_count, 2);
}

static void folds_into_conv_transpose(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 4, 3, 3));
    itgc_node *node = add_node(f, "ConvTranspose", x, add_weights(f, DIMS(4, 3, 2, 2), -1, 1), NULL);
    itgc_conv_params *params = node->params;
    params->group = 2;
    params->window.rank = 2;
    for (int i = 0; i < 2; i++) {
        params->window.kernel[i] = params->window.stride[i] = 2;
        params->window.dilation[i] = 1;
    }
    add_output(f, add_batchnorm(f, finish(f, node)));
    assert_int_equal(run_and_compare(f, "fold_batchnorm")->node_count, 1);
}

static void folds_into_gemm_through_reshape(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_reshape(f, add_gemm(f, add_input(f, "x", DIMS(6, 5)), 4), DIMS(2, 3, 4));
    y = add_product(f, y, add_weights(f, DIMS(4), -2, 2));
    add_output(f, add_sum(f, y, add_weights(f, DIMS(1, 4), -2, 2)));
    const itgc_graph *after = run_and_compare(f, "fold_batchnorm");
    assert_int_equal(after->node_count, 2);
}

/* Both Convs behind take it: neither pads. */
static void folds_into_convs_behind(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_batchnorm(f, add_relu(f, add_input(f, "x", DIMS(1, 4, 5, 5))));
    add_output(f, add_conv(f, y, 3, 3, 0, 1));
    add_output(f, add_conv(f, y, 8, 1, 0, 2));
    const itgc_graph *after = run_and_compare(f, "fold_batchnorm");
    assert_int_equal(after->node_count, 3);
    assert_int_equal(count_nodes(after, "Conv"), 2);
}

/* Zeros around the normalised image are not zeros around the image. */
static void becomes_depthwise_before_padding(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_batchnorm(f, add_relu(f, add_input(f, "x", DIMS(1, 4, 5, 5))));
    add_output(f, add_conv(f, y, 3, 3, 1, 1));
    const itgc_graph *after = run_and_compare(f, "fold_batchnorm");
    assert_int_equal(count_nodes(after, "Conv"), 2);
    assert_int_equal(((const itgc_conv_params *)find_node(after, "Conv")->params)->group, 4);
}

static void becomes_one_depthwise_for_mul_and_add(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_relu(f, add_input(f, "x", DIMS(1, 4, 5, 5)));
    y = add_product(f, y, add_weights(f, DIMS(1, 4, 1, 1), -1, 1));
    y = add_sum(f, y, add_weights(f, DIMS(4, 1, 1), -1, 1));
    add_output(f, add_relu(f, y));
    const itgc_graph *after = run_and_compare(f, "fold_batchnorm");
    assert_int_equal(after->node_count, 3);
}

static void spells_out_on_rows(void **state)
{
    fixture *f = *state;
    add_output(f, add_batchnorm(f, add_relu(f, add_input(f, "x", DIMS(3, 4)))));
    const itgc_graph *after = run_and_compare(f, "fold_batchnorm");
    assert_int_equal(count_nodes(after, "BatchNormalization"), 0);
    assert_int_equal(after->node_count, 3);
}

/* The Conv's own result is read elsewhere: its weights must stay. */
static void keeps_weights_of_shared_results(void **state)
{
    fixture *f = *state;
    itgc_tensor *y = add_conv(f, add_input(f, "x", DIMS(1, 3, 5, 5)), 4, 3, 1, 1);
    add_output(f, add_sum(f, y, add_batchnorm(f, y)));
    assert_int_equal(count_nodes(run_and_compare(f, "fold_batchnorm"), "Conv"), 2);
}

/* Two convolutions, joined and normalized; returns the second one's result. */
static itgc_tensor *add_joined(fixture *f)
{
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 6, 6));
    itgc_tensor *a = add_conv(f, x, 4, 3, 1, 1), *b = add_conv(f, x, 5, 1, 0, 1);
    itgc_node *concat = add_node(f, "Concat", a, b, NULL);
    ((itgc_axis_params *)concat->params)->axis = 1;
    add_output(f, add_batchnorm(f, finish(f, concat)));
    return b;
}

static void folds_over_concat(void **state)
{
    fixture *f = *state;
    (void)add_joined(f);
    const itgc_graph *after = run_and_compare(f, "fold_batchnorm");
    assert_int_equal(after->node_count, 3);
    assert_int_equal(count_nodes(after, "Conv"), 2);
}

/* A member that somebody else reads as it is keeps its values. */
static void keeps_shared_member_of_concat(void **state)
{
    fixture *f = *state;
    itgc_tensor *b = add_joined(f);
    add_output(f, add_relu(f, b));
    assert_int_equal(count_nodes(run_and_compare(f, "fold_batchnorm"), "Conv"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folds_over_concat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_shared_member_of_concat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_into_conv_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_into_depthwise_and_grouped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_into_conv_transpose, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_into_gemm_through_reshape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_into_convs_behind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(becomes_depthwise_before_padding, set_up, tear_down),
        cmocka_unit_test_setup_teardown(becomes_one_depthwise_for_mul_and_add, set_up, tear_down),
        cmocka_unit_test_setup_teardown(spells_out_on_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_weights_of_shared_results, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
