/* SPDX-License-Identifier: Apache-2.0
 * Refusals that no whole model leads to, because what stands before such a node is refused already or its format is never chosen so. */
#include "tests/support/quantizing.h"

static void expect_refusal(bench *b, itgc_node *node, int code)
{
    itgc_quantizer quantizer = {.graph = b->graph, .diag = &b->diag, .arena = b->arena, .options = &b->options};
    assert_false(itgc_quantize_node(&quantizer, node));
    assert_int_equal(b->diag.code, code);
    assert_non_null(strstr(b->diag.fact, "; "));
    end_bench(b);
}

static void test_computed_indices(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(2, 6), 0x1p-5, 0);
    itgc_tensor *indices = itgc_new_tensor(b.graph, "i", ITGC_I64, &(itgc_shape){.rank = 1, .dim = {3}});
    itgc_node *node = add_node(&b, "Gather", x, indices, NULL);
    finish_node(&b, node);
    expect_refusal(&b, node, 420);
}

static void test_coarse_scores(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 6), 1.0, 0);
    x->format = (itgc_format){.type = ITG_S8, .scale = 1e6};
    itgc_node *node = add_node(&b, "Softmax", x, NULL, NULL);
    ((itgc_axis_params *)node->params)->axis = 1;
    finish_node(&b, node)->format = (itgc_format){.type = ITG_U8, .scale = 0x1p-8, .zero = -128};
    expect_refusal(&b, node, 417);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_computed_indices), cmocka_unit_test(test_coarse_scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
