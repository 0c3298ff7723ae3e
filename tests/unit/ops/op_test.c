/* SPDX-License-Identifier: Apache-2.0
 * The op table is in order and complete; the helpers that all ops share. */
#include "compiler/ops/op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

static void rows_are_in_order(void **state)
{
    (void)state;
    int count = 0;
    const itgc_op_row *const rows = itgc_op_rows(&count);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        assert_true(rows[i].first_opset >= 1 && rows[i].first_opset <= rows[i].last_opset);
        if (i == 0)
            continue;
        const int order = strcasecmp(rows[i - 1].name, rows[i].name);
        if (order > 0 || (order == 0 && rows[i - 1].last_opset >= rows[i].first_opset))
            fail_msg("%s stands before %s, or their opsets overlap", rows[i - 1].name, rows[i].name);
    }
}

static void records_are_complete(void **state)
{
    (void)state;
    int count = 0;
    const itgc_op_row *const rows = itgc_op_rows(&count);
    for (int i = 0; i < count; i++) {
        const itgc_op *const op = rows[i].op;
        if (op->family == NULL || op->attributes == NULL || op->infer == NULL || op->eval == NULL)
            fail_msg("the record of %s lacks its family, attributes, infer or eval", rows[i].name);
        assert_true(op->max_inputs == -1 || op->max_inputs >= op->min_inputs);
        assert_true(op->parse == NULL || op->params_bytes > 0);
    }
}

static void find_op_says_what_it_knows(void **state)
{
    (void)state;
    bool is_known = true;
    assert_null(itgc_find_op("NoSuchOp", 13, &is_known));
    assert_false(is_known);
    assert_null(itgc_find_op("Relu", 1000, &is_known));
    assert_true(is_known);
    assert_non_null(itgc_find_op("Relu", 13, NULL));
}

static void axes_count_from_the_end(void **state)
{
    (void)state;
    itgc_diag diag = {.arena = itgc_new_arena(0)};
    int64_t axis = -1;
    assert_true(itgc_normalize_axis(&diag, &axis, 3));
    assert_int_equal(axis, 2);
    axis = 3;
    assert_false(itgc_normalize_axis(&diag, &axis, 3));
    assert_int_equal(diag.code, 211);
    itgc_release_arena(diag.arena);
}

static void shapes_broadcast(void **state)
{
    (void)state;
    itgc_diag diag = {.arena = itgc_new_arena(0)};
    const itgc_shape a = {3, {4, 1, 6}}, b = {2, {5, 1}}, empty = {1, {0}}, odd = {1, {7}};
    itgc_shape out;
    assert_true(itgc_broadcast(&diag, &out, &a, &b));
    assert_string_equal(itgc_shape_text(diag.arena, &out), "[4,5,6]");
    assert_true(itgc_broadcast(&diag, &out, &b, &empty));
    assert_string_equal(itgc_shape_text(diag.arena, &out), "[5,0]");
    assert_false(itgc_broadcast(&diag, &out, &a, &odd));
    assert_string_equal(diag.error, "shapes [4,1,6] and [7] do not fit together; check the input shape [E212]");
    itgc_release_arena(diag.arena);
}

static void constant_integers_are_asked_for_by_name(void **state)
{
    (void)state;
    itgc_diag diag = {.arena = itgc_new_arena(0)};
    itgc_graph *const graph = itgc_new_graph(diag.arena, &diag);
    const itgc_shape three = {1, {3}};
    itgc_value *const value = itgc_new_value(diag.arena, ITGC_I64, &three);
    value->i[2] = -5;
    itgc_tensor *in[2] = {itgc_new_tensor(graph, "data", ITGC_I64, &three), itgc_new_constant(graph, "sizes", value)};
    itgc_tensor *out = itgc_new_tensor(graph, "y", ITGC_NO_TYPE, NULL);
    const itgc_node *const node = itgc_make_node(graph, "Add", "sum", in, 2, &out, 1);
    int64_t ints[3];
    int count = 0;
    assert_true(itgc_constant_ints(&diag, node, 1, ints, 3, &count));
    assert_int_equal(count, 3);
    assert_int_equal(ints[2], -5);
    assert_false(itgc_constant_ints(&diag, node, 0, ints, 3, &count));
    assert_int_equal(diag.code, 213);
    assert_non_null(strstr(diag.error, "input 0 (\"data\") must be a constant"));
    itgc_clear_error(&diag);
    assert_false(itgc_constant_ints(&diag, node, 1, ints, 2, &count));
    itgc_release_arena(diag.arena);
}

static void folding_makes_constants(void **state)
{
    (void)state;
    itgc_diag diag = {.arena = itgc_new_arena(0)};
    itgc_graph *const graph = itgc_new_graph(diag.arena, &diag);
    const itgc_shape two = {1, {2}};
    itgc_value *const value = itgc_new_value(diag.arena, ITGC_F32, &two);
    value->f[0] = -3;
    value->f[1] = 4;
    itgc_tensor *x = itgc_new_constant(graph, "x", value), *y = itgc_new_tensor(graph, "y", ITGC_NO_TYPE, NULL);
    itgc_node *const node = itgc_append_node(graph, itgc_find_op("Relu", 13, NULL), "Relu", "r", &x, 1, &y, 1);
    assert_true(itgc_parse_node(graph, node) && itgc_infer_node(graph, node) && itgc_can_fold_node(node) && itgc_fold_node(graph, node, 1));
    assert_true(y->constant->f[0] == 0.0f && y->constant->f[1] == 4.0f);
    assert_null(y->producer);
    assert_int_equal(itgc_remove_dead(graph), 1);
    x->constant = NULL;
    assert_false(itgc_can_fold_node(node));
    itgc_release_arena(diag.arena);
}

static void attributes_come_by_kind(void **state)
{
    (void)state;
    int64_t ints[3] = {7, 8, 9}, copied[3];
    const char *misused = NULL;
    const itgc_attribute attributes[] = {{.name = "axis", .kind = ITGC_ATTR_INT, .count = 1, .ints = ints, .misused = &misused},
                                         {.name = "pads", .kind = ITGC_ATTR_INTS, .count = 3, .ints = ints, .misused = &misused}};
    const itgc_node node = {.attributes = attributes, .attribute_count = 2};
    assert_int_equal(itgc_int_attribute(&node, "axis", 1), 7);
    assert_int_equal(itgc_int_attribute(&node, "other", 1), 1);
    assert_int_equal(itgc_ints_attribute(&node, "pads", copied, 3), 3);
    assert_int_equal(copied[2], 9);
    assert_int_equal(itgc_ints_attribute(&node, "pads", copied, 2), -2);
    assert_int_equal(itgc_ints_attribute(&node, "other", copied, 2), -1);
    assert_null(misused);
    assert_true(itgc_float_attribute(&node, "axis", 0.5f) == 0.5f);
    assert_string_equal(misused, "axis");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_in_order),          cmocka_unit_test(records_are_complete),
        cmocka_unit_test(find_op_says_what_it_knows), cmocka_unit_test(axes_count_from_the_end),
        cmocka_unit_test(shapes_broadcast),           cmocka_unit_test(constant_integers_are_asked_for_by_name),
        cmocka_unit_test(folding_makes_constants),    cmocka_unit_test(attributes_come_by_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
