/* SPDX-License-Identifier: Apache-2.0
 * normalize_linear: every product with constants becomes Gemm with weights [N,K]. */
#include "tests/unit/lower/lowering.h"

static void folds_matmul(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 5, 6));
    add_output(f, finish(f, add_node(f, "MatMul", x, add_weights(f, DIMS(6, 4), -1, 1), NULL)));
    const itgc_graph *after = run_and_compare(f, "normalize_linear");
    const itgc_node *gemm = find_node(after, "Gemm");
    assert_int_equal(gemm->in[1]->shape.dim[0], 4);
    assert_int_equal(gemm->in[0]->shape.dim[0], 10);
    assert_int_equal(count_nodes(after, "Reshape"), 2);
    assert_int_equal(count_nodes(after, "MatMul"), 0);
}

static void keeps_matmul_of_two_activations(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(2, 3, 4));
    add_output(f, finish(f, add_node(f, "MatMul", x, add_input(f, "y", DIMS(2, 4, 3)), NULL)));
    const itgc_graph *after = run_and_compare(f, "normalize_linear");
    assert_int_equal(count_nodes(after, "MatMul"), 1);
}

static void check_gemm(fixture *f, itgc_gemm_params params, itgc_shape bias, int additions)
{
    itgc_tensor *x = add_input(f, "x", params.transpose_a ? DIMS(5, 3) : DIMS(3, 5));
    itgc_tensor *weights = add_weights(f, params.transpose_b ? DIMS(4, 5) : DIMS(5, 4), -1, 1);
    itgc_node *node = add_node(f, "Gemm", x, weights, add_weights(f, bias, -1, 1));
    *(itgc_gemm_params *)node->params = params;
    add_output(f, finish(f, node));
    const itgc_graph *after = run_and_compare(f, "normalize_linear");
    const itgc_gemm_params *left = find_node(after, "Gemm")->params;
    assert_true(left->alpha == 1.0f && left->beta == 1.0f && left->transpose_b && !left->transpose_a);
    assert_int_equal(count_nodes(after, "Add"), additions);
    assert_int_equal(count_nodes(after, "Transpose"), params.transpose_a);
}

static void folds_alpha_and_beta(void **state)
{
    check_gemm(*state, (itgc_gemm_params){0.5f, 2.0f, false, false}, DIMS(1, 4), 0);
}

static void transposes_both(void **state)
{
    check_gemm(*state, (itgc_gemm_params){2.0f, 1.0f, true, true}, DIMS(1), 0);
}

static void keeps_a_bias_per_row_apart(void **state)
{
    check_gemm(*state, (itgc_gemm_params){1.0f, 0.5f, false, true}, DIMS(3, 1), 1);
}

static void turns_constant_on_the_left(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_relu(f, add_input(f, "x", DIMS(2, 6, 5)));
    add_output(f, finish(f, add_node(f, "MatMul", add_weights(f, DIMS(4, 6), -1, 1), x, NULL)));
    const itgc_graph *after = run_and_compare(f, "normalize_linear");
    assert_int_equal(count_nodes(after, "Gemm"), 1);
    assert_int_equal(count_nodes(after, "MatMul"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(turns_constant_on_the_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_matmul, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_matmul_of_two_activations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folds_alpha_and_beta, set_up, tear_down),
        cmocka_unit_test_setup_teardown(transposes_both, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_a_bias_per_row_apart, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
