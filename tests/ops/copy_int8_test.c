/* SPDX-License-Identifier: Apache-2.0
 * Ops that only move codes give exactly the float evaluator's values; Concat members of another scale are rescaled. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

static void expect_exact(bench *b, itgc_node *node, const itgc_step_kind *kind)
{
    add_output(b, finish_node(b, node));
    const double difference = compare_runs(b);
    if (difference > 1e-6) {
        fail_msg("%s differs by %.3f steps", node->type, difference);
    }
    assert_ptr_equal(step_kind(b, 0), kind);
    end_bench(b);
}

static void test_transpose(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *node = add_node(&b, "Transpose", add_input(&b, DIMS(2, 3, 4, 5), 0x1p-5, 7), NULL, NULL);
    *(itgc_list_params *)node->params = (itgc_list_params){.given = true, .count = 4, .value = {0, 3, 1, 2}};
    expect_exact(&b, node, &itgc_step_copy);
}

static void test_slice(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *node = add_node(&b, "Slice", add_input(&b, DIMS(2, 9, 4, 5), 0x1p-5, 7), NULL, NULL);
    *(itgc_slice_params *)node->params =
        (itgc_slice_params){.from_attributes = true, .count = 2, .start = {1, 4}, .end = {8, 0}, .axis = {1, 3}, .step = {2, -1}};
    expect_exact(&b, node, &itgc_step_copy);
}

static void test_expand(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(2, 1, 5), 0x1p-5, 7);
    itgc_node *node = add_node(&b, "Expand", x, add_integers(&b, DIMS(3, 2, 4, 5)), NULL);
    expect_exact(&b, node, &itgc_step_copy);
}

static void test_gather(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(2, 6, 5), 0x1p-5, 7);
    itgc_node *node = add_node(&b, "Gather", x, add_integers(&b, DIMS(5, 0, -2, 3)), NULL);
    ((itgc_axis_params *)node->params)->axis = 1;
    expect_exact(&b, node, &itgc_step_gather);
}

static void test_pad(void **state)
{
    (void)state;
    for (int mode = ITGC_PAD_CONSTANT; mode <= ITGC_PAD_WRAP; mode++) {
        bench b;
        start_bench(&b);
        itgc_node *node = add_node(&b, "Pad", add_input(&b, DIMS(1, 6, 5, 3), 0x1p-5, 7), NULL, NULL);
        *(itgc_pad_params *)node->params = (itgc_pad_params){
            .mode = (itgc_pad_mode)mode, .value = mode == ITGC_PAD_CONSTANT ? 1.0f : 0.0f, .count = 8, .before = {0, 2, 1, 0}, .after = {0, 1, 3, 0}};
        expect_exact(&b, node, &itgc_step_gather);
    }
}

static void test_resize(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_shape four = {.rank = 1, .dim = {4}};
    itgc_value *scales = itgc_new_value(b.arena, ITGC_F32, &four);
    const float factors[4] = {1.0f, 2.0f, 1.5f, 1.0f};
    memcpy(scales->f, factors, sizeof factors);
    itgc_tensor *in[3] = {add_input(&b, DIMS(1, 4, 6, 3), 0x1p-5, 7), NULL, itgc_new_constant(b.graph, "scales", scales)};
    itgc_tensor *out = itgc_new_tensor(b.graph, "resized", ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(b.graph, "Resize", "resize", in, 3, &out, 1);
    itgc_resize_params *params = node->params;
    *params = (itgc_resize_params){.mode = ITGC_RESIZE_NEAREST, .coordinates = ITGC_ASYMMETRIC, .nearest = ITGC_NEAREST_FLOOR};
    expect_exact(&b, node, &itgc_step_gather);
}

/* Reshape takes no step and no place of its own. */
static void test_alias(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *transpose = add_node(&b, "Transpose", add_input(&b, DIMS(2, 3, 4), 0x1p-5, 7), NULL, NULL);
    *(itgc_list_params *)transpose->params = (itgc_list_params){.given = true, .count = 3, .value = {2, 1, 0}};
    itgc_node *node = add_node(&b, "Reshape", finish_node(&b, transpose), add_integers(&b, DIMS(6, 4)), NULL);
    *(itgc_list_params *)node->params = (itgc_list_params){.given = true, .count = 2, .value = {6, 4}};
    add_output(&b, finish_node(&b, node));
    assert_true(compare_runs(&b) < 1e-6);
    assert_int_equal(b.graph->step_count, 1);
    assert_ptr_equal(node->out[0]->alias_of, transpose->out[0]);
    end_bench(&b);
}

/* Members within a factor of 4 share the result's format; one far below keeps its own and is rescaled on the way. */
static void test_concat(void **state)
{
    (void)state;
    for (int far = 0; far < 2; far++) {
        bench b;
        start_bench(&b);
        itgc_tensor *member[2];
        for (int i = 0; i < 2; i++) {
            itgc_tensor *x = add_input(&b, DIMS(1, 4, 4, 3), i == 1 && far ? 0x1p-10 : 0x1p-5, 7);
            member[i] = add_unary(&b, "Neg", (itgc_unary_params){.kind = ITGC_NEG}, x, NULL);
        }
        itgc_node *node = add_node(&b, "Concat", member[0], member[1], NULL);
        ((itgc_axis_params *)node->params)->axis = 3;
        add_output(&b, finish_node(&b, node));
        assert_true(compare_runs(&b) < 0.51);
        assert_int_equal(member[1]->format.scale == node->out[0]->format.scale, !far);
        assert_true(b.graph->steps[2]->partial && !b.graph->steps[3]->partial);
        end_bench(&b);
    }
}

/* A constant member lies in the plan, as codes of the result's format. */
static void test_concat_constant(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(1, 5, 6), 0x1p-5, 7);
        itgc_node *node = add_node(&b, "Concat", add_reals(&b, DIMS(1, 2, 6), -1.0, 1.0), x, NULL);
        ((itgc_axis_params *)node->params)->axis = 1;
        itgc_tensor *joined = finish_node(&b, node);
        add_output(&b, add_unary(&b, "Neg", (itgc_unary_params){.kind = ITGC_NEG}, joined, NULL));
        add_output(&b, joined);
        b.options.wide_logits = wide != 0;
        assert_true(compare_runs(&b) < 1.01);
        const itg_copy *copy = b.graph->steps[0]->params;
        assert_ptr_equal(step_kind(&b, 0), &itgc_step_copy);
        assert_non_null(copy->constant);
        assert_null(b.graph->steps[0]->in[0]);
        end_bench(&b);
    }
}

/* Pixels keep their format, so a result that they are part of has one of its own, which the constant can take. */
static void test_concat_pixels(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 3, 5), 1.0, -128);
    itgc_node *node = add_node(&b, "Concat", x, add_reals(&b, DIMS(1, 1, 5), 0.0, 200.0), NULL);
    ((itgc_axis_params *)node->params)->axis = 1;
    add_output(&b, finish_node(&b, node));
    b.graph->input_is_pixels = true;
    assert_true(compare_runs(&b) < 0.51);
    assert_int_equal(x->format.type, ITG_U8);
    assert_int_equal(node->out[0]->format.type, ITG_S8);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_transpose),    cmocka_unit_test(test_slice),  cmocka_unit_test(test_expand),
                                       cmocka_unit_test(test_gather),       cmocka_unit_test(test_pad),    cmocka_unit_test(test_resize),
                                       cmocka_unit_test(test_alias),        cmocka_unit_test(test_concat), cmocka_unit_test(test_concat_constant),
                                       cmocka_unit_test(test_concat_pixels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
