/* SPDX-License-Identifier: Apache-2.0
 * fuse_attention: the spellings of exporters become one Attention node; to_nhwc then needs no transposition around it. */
#include "tests/unit/lower/lowering.h"

#include "compiler/lower/edit.h"

static itgc_tensor *add_matmul(fixture *f, itgc_tensor *a, itgc_tensor *b)
{
    return finish(f, add_node(f, "MatMul", a, b, NULL));
}

static itgc_tensor *add_softmax(fixture *f, itgc_tensor *x)
{
    itgc_node *node = add_node(f, "Softmax", x, NULL, NULL);
    ((itgc_axis_params *)node->params)->axis = -1;
    return finish(f, node);
}

static itgc_tensor *scale(fixture *f, itgc_tensor *x, float number)
{
    return add_product(f, x, add_number(f, number));
}

typedef struct operands {
    itgc_tensor *q, *k, *v; /* k transposed */
} operands;

static operands add_operands(fixture *f)
{
    return (operands){add_relu(f, add_input(f, "q", DIMS(2, 3, 5, 4))), add_relu(f, add_input(f, "k", DIMS(2, 3, 4, 6))),
                      add_relu(f, add_input(f, "v", DIMS(2, 3, 6, 7)))};
}

static const itgc_graph *expect_attention(fixture *f, itgc_tensor *out)
{
    add_output(f, out);
    const itgc_graph *after = run_and_compare(f, "fuse_attention");
    assert_int_equal(count_nodes(after, "Attention"), 1);
    assert_int_equal(count_nodes(after, "Softmax") + count_nodes(after, "MatMul"), 0);
    return after;
}

static double scale_of(const itgc_graph *graph)
{
    return ((const itgc_attention_params *)find_node(graph, "Attention")->params)->scale;
}

static void finds_scaled_scores(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, scale(f, add_matmul(f, o.q, o.k), 0.5f)), o.v));
    assert_true(scale_of(after) == 0.5);
    assert_int_equal(count_nodes(after, "Mul"), 0);
}

/* The default exporter scales both sides, keys before they are transposed. */
static void finds_scaled_operands(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    itgc_tensor *k = add_transpose(f, scale(f, add_transpose(f, o.k, DIMS(0, 1, 3, 2)), 0.5f), DIMS(0, 1, 3, 2));
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, add_matmul(f, scale(f, o.q, 0.25f), k)), o.v));
    assert_true(scale_of(after) == 0.125);
    assert_int_equal(count_nodes(after, "Mul"), 0);
}

/* One head of keys and values for all queries: the heads become rows. */
static void finds_shared_keys(void **state)
{
    fixture *f = *state;
    itgc_tensor *q = add_relu(f, add_input(f, "q", DIMS(2, 3, 5, 4))), *k = add_relu(f, add_input(f, "k", DIMS(2, 1, 4, 6)));
    itgc_tensor *v = add_relu(f, add_input(f, "v", DIMS(2, 1, 6, 7)));
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, scale(f, add_matmul(f, q, k), 0.5f)), v));
    const itgc_shape rows = DIMS(2, 1, 15, 7);
    assert_true(itgc_same_shape(&find_node(after, "Attention")->out[0]->shape, &rows));
}

static void joins_constant_biases(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    itgc_tensor *scores = add_sum(f, add_matmul(f, o.q, o.k), add_weights(f, DIMS(3, 5, 6), -1, 1));
    scores = add_sum(f, scale(f, scores, 0.5f), add_weights(f, DIMS(1, 1, 1, 6), -1, 1));
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, scores), o.v));
    const itgc_tensor *mask = find_node(after, "Attention")->in[3];
    const itgc_shape whole = DIMS(1, 3, 5, 6);
    assert_true(itgc_same_shape(&mask->shape, &whole));
    assert_int_equal(count_nodes(after, "Add"), 0);
}

/* Windows of two images: the mask depends on the window, the bias on the head. */
static void joins_biases_of_windows(void **state)
{
    fixture *f = *state;
    itgc_tensor *q = add_relu(f, add_input(f, "q", DIMS(4, 3, 5, 4))), *k = add_relu(f, add_input(f, "k", DIMS(4, 3, 4, 5)));
    itgc_tensor *v = add_relu(f, add_input(f, "v", DIMS(4, 3, 5, 4)));
    itgc_tensor *scores = add_sum(f, add_matmul(f, q, k), add_weights(f, DIMS(1, 3, 5, 5), -1, 1));
    scores = add_sum(f, add_reshape(f, scores, DIMS(2, 2, 3, 5, 5)), add_weights(f, DIMS(1, 2, 1, 5, 5), -1, 1));
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, add_reshape(f, scores, DIMS(4, 3, 5, 5))), v));
    const itgc_shape whole = DIMS(4, 3, 5, 5);
    assert_true(itgc_same_shape(&find_node(after, "Attention")->in[3]->shape, &whole));
}

static void adds_computed_bias(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    itgc_tensor *bias = add_relu(f, add_input(f, "bias", DIMS(3, 5, 6)));
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, add_sum(f, bias, scale(f, add_matmul(f, o.q, o.k), 0.5f))), o.v));
    assert_int_equal(find_node(after, "Attention")->in_count, 4);
}

static void takes_factor_of_heads(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    itgc_tensor *scores = add_product(f, add_matmul(f, o.q, o.k), add_weights(f, DIMS(3, 1, 1), 1, 2));
    const itgc_graph *after = expect_attention(f, add_matmul(f, add_softmax(f, scores), o.v));
    assert_int_equal(count_nodes(after, "Mul"), 1);
}

static void finds_values_in_front(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    itgc_tensor *v = add_transpose(f, o.v, DIMS(0, 1, 3, 2));
    itgc_tensor *p = add_transpose(f, add_softmax(f, add_matmul(f, o.q, o.k)), DIMS(0, 1, 3, 2));
    expect_attention(f, add_matmul(f, v, p));
}

static void finds_three_dimensions(void **state)
{
    fixture *f = *state;
    itgc_tensor *q = add_relu(f, add_input(f, "q", DIMS(3, 5, 4))), *k = add_relu(f, add_input(f, "k", DIMS(3, 4, 6)));
    expect_attention(f, add_matmul(f, add_softmax(f, scale(f, add_matmul(f, q, k), 0.5f)), add_relu(f, add_input(f, "v", DIMS(3, 6, 7)))));
}

/* Probabilities that somebody else reads stay. */
static void keeps_probabilities_in_use(void **state)
{
    fixture *f = *state;
    const operands o = add_operands(f);
    itgc_tensor *p = add_softmax(f, add_matmul(f, o.q, o.k));
    add_output(f, add_relu(f, p));
    add_output(f, add_matmul(f, p, o.v));
    assert_int_equal(count_nodes(run_and_compare(f, "fuse_attention"), "Attention"), 0);
}

static itgc_tensor *add_part(fixture *f, itgc_tensor *qkv, int64_t index)
{
    itgc_tensor *part = itgc_insert_slice(f->graph, "part", qkv, 0, index, index + 1);
    return add_reshape(f, part, DIMS(1, 2, 5, 4));
}

/* All passes before the one that takes Attention apart again. */
static const itgc_graph *lower_up_to(fixture *f, const char *name)
{
    static const itgc_lower_options options = {.threads = 1};
    int count;
    const itgc_pass *passes = itgc_lower_passes(&count);
    itgc_graph *copy = itgc_clone_graph(f->arena, f->graph);
    for (int i = 0; i < count && strcmp(passes[i].name, name) != 0; i++) {
        assert_true(itgc_run_pass(copy, &passes[i], &options));
    }
    assert_same_results(f, f->graph, copy, -1.0f, 1.0f);
    return copy;
}

/* A whole attention block as torch spells it, lowered: projections in and out, and nothing is moved in between. */
static void block_needs_no_transposition(void **state)
{
    fixture *f = *state;
    itgc_tensor *rows = add_gemm(f, add_relu(f, add_input(f, "x", DIMS(5, 8))), 24);
    itgc_tensor *qkv = add_transpose(f, add_reshape(f, rows, DIMS(1, 5, 3, 2, 4)), DIMS(2, 0, 3, 1, 4));
    itgc_tensor *q = scale(f, add_part(f, qkv, 0), 0.7f);
    itgc_tensor *k = add_transpose(f, add_reshape(f, add_part(f, qkv, 1), DIMS(2, 5, 4)), DIMS(0, 2, 1));
    k = scale(f, add_reshape(f, k, DIMS(1, 2, 4, 5)), 0.7f);
    itgc_tensor *p = add_softmax(f, add_matmul(f, q, k));
    itgc_tensor *out = add_transpose(f, add_matmul(f, p, add_part(f, qkv, 2)), DIMS(0, 2, 1, 3));
    add_output(f, add_gemm(f, add_reshape(f, out, DIMS(5, 8)), 8));
    const itgc_graph *after = lower_up_to(f, "expand_attention");
    assert_int_equal(count_nodes(after, "Attention"), 1);
    assert_int_equal(count_nodes(after, "Transpose") + count_nodes(after, "Mul"), 0);
    assert_int_equal(find_node(after, "Attention")->in[0]->shape.rank, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_scaled_scores, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_scaled_operands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_shared_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_constant_biases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(joins_biases_of_windows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(adds_computed_bias, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_factor_of_heads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_values_in_front, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finds_three_dimensions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_probabilities_in_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(block_needs_no_transposition, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
