/* SPDX-License-Identifier: Apache-2.0
 * merge_branches: sums of linear branches of one input leave one Conv. */
#include "tests/unit/lower/lowering.h"

static const itgc_graph *expect_convs(fixture *f, itgc_tensor *out, int convs, int sums)
{
    add_output(f, out);
    const itgc_graph *after = run_and_compare(f, NULL);
    assert_int_equal(count_nodes(after, "Conv"), convs);
    assert_int_equal(count_nodes(after, "Add"), sums);
    return after;
}

static void merges_repvgg(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 7, 5)));
    itgc_tensor *sum = add_sum(f, add_sum(f, add_conv(f, x, 6, 3, 1, 1), add_conv(f, x, 6, 1, 0, 1)), add_batchnorm(f, x));
    expect_convs(f, sum, 1, 0);
}

/* The identity branch first, groups in the others. */
static void merges_grouped_branches(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 7, 5)));
    itgc_tensor *sum = add_sum(f, add_batchnorm(f, x), add_sum(f, add_conv(f, x, 6, 3, 1, 2), add_conv(f, x, 6, 5, 2, 2)));
    const itgc_graph *after = expect_convs(f, sum, 1, 0);
    assert_int_equal(((const itgc_conv_params *)find_node(after, "Conv")->params)->group, 2);
}

static void keeps_larger_depthwise(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 4, 7, 5)));
    expect_convs(f, add_sum(f, add_conv(f, x, 4, 3, 1, 4), add_conv(f, x, 4, 1, 0, 1)), 2, 1); /* 3x3 does not fit into 1x1 */
}

/* A residual in between does not keep the branches apart. */
static void merges_past_residual(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 4, 7, 5)));
    expect_convs(f, add_sum(f, add_sum(f, x, add_conv(f, x, 4, 3, 1, 1)), add_conv(f, x, 4, 1, 0, 1)), 1, 1);
}

static void merges_gemms(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(3, 8)));
    add_output(f, add_sum(f, add_gemm(f, x, 5), add_gemm(f, x, 5)));
    assert_int_equal(count_nodes(run_and_compare(f, NULL), "Gemm"), 1);
}

static void keeps_branches_of_other_inputs(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 4, 7, 5)));
    expect_convs(f, add_sum(f, add_conv(f, x, 4, 3, 1, 1), add_conv(f, add_relu(f, add_conv(f, x, 4, 1, 0, 1)), 4, 1, 0, 1)), 3, 1);
}

/* Both padded by one more than their size asks for. */
static void merges_padded_kernels(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(1, 4, 7, 7)));
    itgc_tensor *small = add_conv(f, x, 4, 1, 1, 1);
    itgc_tensor *large = add_conv(f, x, 4, 3, 2, 1);
    expect_convs(f, add_sum(f, large, small), 1, 0);
    assert_true(itgc_same_shape(&large->shape, &small->shape));
}

/* A mixer minus its norm, scaled: all of it is one Conv. */
static void merges_difference_and_its_scale(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 7, 5)));
    itgc_tensor *difference = add_binary(f, "Sub", ITGC_SUB, add_conv(f, x, 6, 3, 1, 6), add_batchnorm(f, x));
    expect_convs(f, add_product(f, difference, add_weights(f, DIMS(6, 1, 1), 1, 2)), 1, 0);
    assert_int_equal(count_nodes(run_and_compare(f, NULL), "Mul"), 0);
}

/* RepViT: two convs and x itself, then BatchNormalization. */
static void merges_identity_in_front_of_scale(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 7, 5)));
    itgc_tensor *sum = add_sum(f, add_sum(f, add_conv(f, x, 6, 3, 1, 6), add_conv(f, x, 6, 1, 0, 6)), x);
    expect_convs(f, add_batchnorm(f, sum), 1, 0);
}

static void merges_identity_of_groups(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 7, 5)));
    expect_convs(f, add_batchnorm(f, add_sum(f, x, add_conv(f, x, 6, 3, 1, 2))), 1, 0);
}

/* A plain residual stays: see docs/decisions/0008. */
static void keeps_residual(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 7, 5)));
    expect_convs(f, add_sum(f, x, add_conv(f, x, 6, 3, 1, 1)), 1, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(merges_identity_in_front_of_scale, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_identity_of_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_residual, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_difference_and_its_scale, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_repvgg, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_grouped_branches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_larger_depthwise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_past_residual, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_gemms, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_branches_of_other_inputs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(merges_padded_kernels, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
