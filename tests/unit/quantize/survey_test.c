/* SPDX-License-Identifier: Apache-2.0
 * The survey of a lowered graph: ready graphs have nothing missing, refused nodes are counted by op and reason, the rest is tried all the same. */
#include "tests/support/quantizing.h"

static itgc_survey survey_graph(bench *b)
{
    itgc_survey survey;
    b->graph->level = ITGC_LOWERED;
    itgc_survey_integers(b->graph, &b->options, &survey);
    assert_null(b->diag.error);
    assert_null(b->diag.node);
    return survey;
}

static itgc_tensor *add_equal(bench *b, itgc_tensor *x, itgc_tensor *y)
{
    itgc_node *node = add_node(b, "Equal", x, y, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = ITGC_EQUAL, .legacy_axis = -1};
    return finish_node(b, node);
}

static itgc_tensor *add_gemm(bench *b, itgc_tensor *x, int64_t channels, int64_t taps)
{
    itgc_node *node = add_node(b, "Gemm", x, add_exact_weights(b, DIMS(channels, taps), -8, 2), NULL);
    *(itgc_gemm_params *)node->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
    return finish_node(b, node);
}

/* A graph that quantizes has nothing missing, whatever was or was not measured. */
static void test_ready(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 8), 0x1p-5, 0);
    add_output(&b, add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, add_gemm(&b, x, 4, 8), NULL));
    const itgc_survey survey = survey_graph(&b);
    assert_int_equal(survey.count, 0);
    assert_int_equal(survey.refused, 0);
    assert_int_equal(survey.nodes, 2);
    end_bench(&b);
}

/* Two nodes refused alike are one line; what is behind them is still tried. */
static void test_missing(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 8), 0x1p-5, 0);
    itgc_tensor *y = add_input(&b, DIMS(1, 8), 0x1p-5, 0);
    add_output(&b, add_equal(&b, x, y));
    add_output(&b, add_equal(&b, y, x));
    itgc_node *sum = add_node(&b, "ReduceProd", add_gemm(&b, x, 4, 8), NULL, NULL);
    *(itgc_reduce_params *)sum->params = (itgc_reduce_params){.kind = ITGC_REDUCE_PROD, .axis_count = 1, .axes = {1}, .keep = true, .resolved = true};
    add_output(&b, finish_node(&b, sum));
    const itgc_survey survey = survey_graph(&b);
    assert_int_equal(survey.nodes, 4);
    assert_int_equal(survey.refused, 3);
    assert_int_equal(survey.count, 2);
    assert_string_equal(survey.missing[0]->op, "Equal");
    assert_int_equal(survey.missing[0]->nodes, 2);
    assert_string_equal(survey.missing[0]->node, b.graph->nodes[0]->name);
    assert_string_equal(survey.missing[1]->op, "ReduceProd");
    assert_int_equal(survey.missing[1]->nodes, 1);
    assert_int_equal(survey.missing[1]->code, 413);
    assert_non_null(strstr(survey.missing[1]->reason, "; "));
    end_bench(&b);
}

/* A model that no plan can hold is one reason without a node; notes of the trial are not left behind. */
static void test_whole(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    add_input(&b, DIMS(1, 8), 0x1p-5, 0);
    itgc_tensor *constant = add_reals(&b, DIMS(1, 8), -1.0, 1.0);
    add_output(&b, constant);
    const itgc_survey survey = survey_graph(&b);
    assert_int_equal(survey.count, 1);
    assert_int_equal(survey.missing[0]->code, 423);
    assert_string_equal(survey.missing[0]->op, "");
    assert_int_equal(b.diag.warning_count, 0);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ready), cmocka_unit_test(test_missing), cmocka_unit_test(test_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
