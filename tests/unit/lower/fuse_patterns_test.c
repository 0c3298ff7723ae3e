/* SPDX-License-Identifier: Apache-2.0
 * fuse_patterns: activations spelled as products, in the orders exporters write them. */
#include "tests/unit/lower/lowering.h"

static itgc_tensor *add_input_conv(fixture *f)
{
    return add_conv(f, add_input(f, "x", DIMS(1, 3, 6, 6)), 4, 1, 0, 1);
}

static itgc_tensor *scale(fixture *f, itgc_tensor *x, double number)
{
    return add_product(f, x, add_number(f, (float)number));
}

static itgc_tensor *add_shifted_clip(fixture *f, itgc_tensor *x)
{
    return add_unary(f, "Clip", ITGC_CLIP, 0, 6, add_sum(f, x, add_number(f, 3)));
}

static void expect(fixture *f, itgc_tensor *out, const char *type, itgc_unary_kind kind)
{
    add_output(f, out);
    const itgc_graph *after = run_and_compare(f, "fuse_patterns");
    assert_int_equal(after->node_count, 2);
    assert_int_equal(((const itgc_unary_params *)find_node(after, type)->params)->kind, kind);
}

static void finds_swish(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, add_product(f, add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, x), x), "Swish", ITGC_SWISH);
}

static void finds_quick_gelu(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, add_product(f, x, add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, scale(f, x, 1.702))), "Swish", ITGC_SWISH);
}

static void finds_hard_swish_of_hard_sigmoid(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, add_product(f, x, add_unary(f, "HardSigmoid", ITGC_HARD_SIGMOID, 1.0 / 6.0, 0.5, x)), "HardSwish", ITGC_HARD_SWISH);
}

static void finds_hard_swish_of_clip(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, scale(f, add_product(f, x, add_shifted_clip(f, x)), 1.0 / 6.0), "HardSwish", ITGC_HARD_SWISH);
}

static void finds_hard_swish_of_scaled_clip(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, add_product(f, x, scale(f, add_shifted_clip(f, x), 1.0 / 6.0)), "HardSwish", ITGC_HARD_SWISH);
}

static void finds_hard_sigmoid(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, scale(f, add_shifted_clip(f, x), 1.0 / 6.0), "HardSigmoid", ITGC_HARD_SIGMOID);
}

static void finds_mish(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    itgc_tensor *softplus = add_unary(f, "Softplus", ITGC_SOFTPLUS, 0, 0, x);
    expect(f, add_product(f, x, add_unary(f, "Tanh", ITGC_TANH, 0, 0, softplus)), "Mish", ITGC_MISH);
}

static itgc_tensor *add_erf(fixture *f, itgc_tensor *x)
{
    return add_sum(f, add_unary(f, "Erf", ITGC_ERF, 0, 0, scale(f, x, 0.7071067811865476)), add_number(f, 1));
}

static void finds_gelu(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, scale(f, add_product(f, x, add_erf(f, x)), 0.5), "Gelu", ITGC_GELU);
}

static void finds_gelu_with_half_first(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    expect(f, add_product(f, scale(f, x, 0.5), add_erf(f, x)), "Gelu", ITGC_GELU);
}

static void finds_gelu_tanh(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    itgc_tensor *cube = scale(f, add_product(f, add_product(f, x, x), x), 0.044715);
    itgc_tensor *argument = scale(f, add_sum(f, x, cube), 0.7978845608028654);
    itgc_tensor *gate = add_sum(f, add_unary(f, "Tanh", ITGC_TANH, 0, 0, argument), add_number(f, 1));
    expect(f, add_product(f, scale(f, x, 0.5), gate), "Gelu", ITGC_GELU_TANH);
}

/* A gate computed from another tensor is a product, not an activation. */
static void keeps_other_gates(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input_conv(f);
    itgc_tensor *gate = add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_relu(f, x));
    add_output(f, add_product(f, x, gate));
    const itgc_graph *after = run_and_compare(f, "fuse_patterns");
    assert_int_equal(count_nodes(after, "Mul"), 1);
    assert_int_equal(count_nodes(after, "Swish"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_swish, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_quick_gelu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_hard_swish_of_hard_sigmoid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_hard_swish_of_clip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_hard_swish_of_scaled_clip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_hard_sigmoid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_mish, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_gelu, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_gelu_with_half_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_gelu_tanh, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_other_gates, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
