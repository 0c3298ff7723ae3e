/* SPDX-License-Identifier: Apache-2.0
 * fuse_activation: what shares a step with its producer. */
#include "tests/unit/lower/lowering.h"

static void fuses_into_conv_gemm_and_add(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 5, 5));
    itgc_tensor *a = add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_conv(f, x, 4, 3, 1, 1));
    itgc_tensor *b = add_unary(f, "Clip", ITGC_CLIP, 0, 6, add_conv(f, x, 4, 3, 1, 1));
    add_output(f, add_relu(f, add_sum(f, a, b)));
    const itgc_graph *after = run_and_compare(f, "fuse_activation");
    assert_int_equal(after->node_count, 6);
    for (int i = 0; i < 6; i += 2) {
        assert_ptr_equal(after->nodes[i]->fused, after->nodes[i + 1]);
        assert_true(after->nodes[i + 1]->is_fused);
    }
}

static void leaves_tables_apart_from_add_and_shared_results(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 3, 5, 5));
    itgc_tensor *y = add_conv(f, x, 3, 3, 1, 1);
    itgc_tensor *gate = add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, add_sum(f, x, y));
    add_output(f, add_product(f, add_relu(f, y), gate));
    const itgc_graph *after = run_and_compare(f, "fuse_activation");
    for (int i = 0; i < after->node_count; i++) {
        assert_null(after->nodes[i]->fused);
        assert_false(after->nodes[i]->is_fused);
    }
}

/* A clamp costs a normalization nothing; a table is a step of its own. */
static void fuses_clamps_into_normalizations(void **state)
{
    fixture *f = *state;
    itgc_tensor *x = add_input(f, "x", DIMS(1, 4, 5, 5));
    itgc_node *norm = add_node(f, "LpNormalization", x, NULL, NULL);
    *(itgc_norm_params *)norm->params = (itgc_norm_params){.axis = 1, .p = 2};
    itgc_tensor *first = add_relu(f, finish(f, norm));
    norm = add_node(f, "LpNormalization", first, NULL, NULL);
    *(itgc_norm_params *)norm->params = (itgc_norm_params){.axis = 1, .p = 1};
    add_output(f, add_unary(f, "Sigmoid", ITGC_SIGMOID, 0, 0, finish(f, norm)));
    const itgc_graph *after = run_and_compare(f, "fuse_activation");
    assert_ptr_equal(after->nodes[0]->fused, after->nodes[1]);
    assert_null(after->nodes[2]->fused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fuses_into_conv_gemm_and_add, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fuses_clamps_into_normalizations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_tables_apart_from_add_and_shared_results, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
