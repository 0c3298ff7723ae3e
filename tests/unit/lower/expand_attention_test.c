/* SPDX-License-Identifier: Apache-2.0
 * expand_attention: the same values from two products and a Softmax; what needs more than that stays. */
#include "tests/unit/lower/lowering.h"

static itgc_node *add_attention(fixture *f, itgc_tensor *q, itgc_tensor *k, itgc_tensor *v, itgc_tensor *mask)
{
    itgc_tensor *in[4] = {q, k, v, mask};
    char *name = itgc_sprint(f->arena, "attention_%d", f->graph->node_count);
    itgc_tensor *out = itgc_new_tensor(f->graph, name, ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(f->graph, "Attention", name, in, mask ? 4 : 3, &out, 1);
    *(itgc_attention_params *)node->params = (itgc_attention_params){.scale = NAN, .left = -1, .right = -1};
    return node;
}

static void expect(fixture *f, itgc_node *node, bool is_expanded)
{
    add_output(f, finish(f, node));
    const itgc_graph *after = run_and_compare(f, "expand_attention");
    assert_int_equal(count_nodes(after, "Attention"), is_expanded ? 0 : 1);
    assert_int_equal(count_nodes(after, "MatMul"), is_expanded ? 2 : 0);
    if (is_expanded) {
        assert_true(find_node(after, "Softmax")->is_precise && find_node(after, "MatMul")->is_precise);
    }
}

static void expands_heads_apart(void **state)
{
    fixture *f = *state;
    itgc_node *node =
        add_attention(f, add_input(f, "q", DIMS(2, 3, 5, 4)), add_input(f, "k", DIMS(2, 3, 6, 4)), add_input(f, "v", DIMS(2, 3, 6, 7)), NULL);
    expect(f, node, true);
}

static void expands_packed_heads_with_a_mask(void **state)
{
    fixture *f = *state;
    itgc_tensor *mask = add_weights(f, DIMS(3, 5, 6), -1, 1);
    mask->constant->f[1] = -INFINITY;
    mask->constant->f[8] = -1e9f;
    itgc_node *node = add_attention(f, add_input(f, "q", DIMS(2, 5, 12)), add_input(f, "k", DIMS(2, 6, 12)), add_input(f, "v", DIMS(2, 6, 21)), mask);
    itgc_attention_params *params = node->params;
    params->q_heads = params->kv_heads = 3;
    params->scale = 0.25;
    expect(f, node, true);
}

static void expands_shared_keys(void **state)
{
    fixture *f = *state;
    itgc_node *node =
        add_attention(f, add_input(f, "q", DIMS(2, 4, 5, 4)), add_input(f, "k", DIMS(2, 1, 6, 4)), add_input(f, "v", DIMS(2, 1, 6, 4)), NULL);
    expect(f, node, true);
}

/* Rows that see no key, and causal windows. */
static void leaves_others(void **state)
{
    fixture *f = *state;
    itgc_tensor *mask = add_weights(f, DIMS(5, 6), -1, 1);
    for (int i = 0; i < 6; i++) {
        mask->constant->f[6 + i] = -INFINITY;
    }
    itgc_tensor *q = add_input(f, "q", DIMS(1, 2, 5, 4)), *k = add_input(f, "k", DIMS(1, 2, 6, 4));
    expect(f, add_attention(f, q, k, k, mask), false);
}

static void leaves_causal(void **state)
{
    fixture *f = *state;
    itgc_tensor *q = add_input(f, "q", DIMS(1, 2, 5, 4));
    itgc_node *node = add_attention(f, q, q, q, NULL);
    ((itgc_attention_params *)node->params)->is_causal = true;
    expect(f, node, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(expands_heads_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_packed_heads_with_a_mask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(expands_shared_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_others, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_causal, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
