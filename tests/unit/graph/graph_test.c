/* SPDX-License-Identifier: Apache-2.0
 * The graph: uses, dead nodes, order, replacing, shapes, checks of each level, the dump. */
#include "compiler/graph/graph.h"
#include "compiler/base/text.h"
#include "compiler/ops/op.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const itgc_op any_op = {.family = "any"};
static const itgc_shape pair = {2, {1, 3}};

typedef struct fixture {
    itgc_diag diag;
    itgc_graph *graph;
    itgc_tensor *x, *a, *b, *y;
} fixture;

static itgc_node *join(itgc_graph *graph, const char *name, itgc_tensor *from, itgc_tensor *to)
{
    return itgc_append_node(graph, &any_op, "Any", name, &from, 1, &to, 1);
}

/* x -> first -> a -> second -> y, and a -> unread -> b. */
static int open_fixture(void **state)
{
    itgc_arena *const arena = itgc_new_arena(0);
    fixture *const f = ITGC_NEW(arena, fixture);
    f->diag.arena = arena;
    f->graph = itgc_new_graph(arena, &f->diag);
    f->x = itgc_new_tensor(f->graph, "x", ITGC_F32, &pair);
    f->a = itgc_new_tensor(f->graph, "a", ITGC_F32, &pair);
    f->b = itgc_new_tensor(f->graph, "b", ITGC_F32, &pair);
    f->y = itgc_new_tensor(f->graph, "y", ITGC_F32, &pair);
    join(f->graph, "first", f->x, f->a);
    join(f->graph, "unread", f->a, f->b);
    join(f->graph, "second", f->a, f->y);
    f->graph->inputs = ITGC_NEW(arena, itgc_tensor *);
    f->graph->outputs = ITGC_NEW(arena, itgc_tensor *);
    f->graph->inputs[0] = f->x;
    f->graph->outputs[0] = f->y;
    f->graph->input_count = f->graph->output_count = 1;
    f->y->is_output = true;
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    itgc_release_arena(((fixture *)*state)->graph->arena);
    return 0;
}

static void uses_count_every_reading(void **state)
{
    fixture *const f = *state;
    itgc_tensor *const twice[2] = {f->a, f->a};
    itgc_node *const node = itgc_append_node(f->graph, &any_op, "Any", "double", twice, 2, &f->b, 1);
    itgc_fill_uses(f->graph);
    assert_int_equal(f->a->use_count, 4);
    assert_ptr_equal(f->a->uses[2], node);
    assert_ptr_equal(f->a->uses[3], node);
    assert_int_equal(f->y->use_count, 0);
    itgc_fill_uses(f->graph);
    assert_int_equal(f->a->use_count, 4);
}

static void dead_nodes_go(void **state)
{
    fixture *const f = *state;
    assert_int_equal(itgc_remove_dead(f->graph), 1);
    assert_int_equal(f->graph->node_count, 2);
    assert_string_equal(f->graph->nodes[1]->name, "second");
    assert_int_equal(itgc_remove_dead(f->graph), 0);
}

static void sorting_keeps_the_order_where_free(void **state)
{
    fixture *const f = *state;
    itgc_node *const first = f->graph->nodes[0];
    f->graph->nodes[0] = f->graph->nodes[2];
    f->graph->nodes[2] = first;
    assert_false(itgc_check_graph(f->graph));
    itgc_clear_error(&f->diag);
    assert_true(itgc_sort(f->graph));
    assert_string_equal(f->graph->nodes[0]->name, "first");
    assert_string_equal(f->graph->nodes[1]->name, "second");
    assert_string_equal(f->graph->nodes[2]->name, "unread");
    assert_true(itgc_check_graph(f->graph));
}

static void cycles_are_named(void **state)
{
    fixture *const f = *state;
    f->graph->nodes[0]->in[0] = f->y;
    assert_false(itgc_sort(f->graph));
    assert_int_equal(f->diag.code, 204);
    assert_true(strstr(f->diag.error, "\"first\"") != NULL || strstr(f->diag.error, "\"second\"") != NULL);
}

static void replacing_an_output_keeps_its_name(void **state)
{
    fixture *const f = *state;
    itgc_tensor *map[4] = {NULL};
    map[f->y->id] = f->b;
    map[f->b->id] = f->a;
    itgc_replace_all(f->graph, map);
    assert_ptr_equal(f->graph->outputs[0], f->a);
    assert_string_equal(f->a->name, "y");
    assert_true(f->a->is_output);
    assert_false(f->y->is_output);
    itgc_replace(f->graph, f->a, f->x);
    assert_ptr_equal(f->graph->outputs[0], f->x);
    assert_string_equal(f->x->name, "x");
    assert_ptr_equal(f->graph->nodes[2]->in[0], f->x);
}

static void checks_name_what_is_wrong(void **state)
{
    fixture *const f = *state;
    assert_true(itgc_check_graph(f->graph));
    f->a->shape.rank = -1;
    assert_false(itgc_check_graph(f->graph));
    assert_non_null(strstr(f->diag.error, "\"a\" (id 1) has no known shape"));
    itgc_clear_error(&f->diag);
    f->a->shape = pair;
    f->graph->level = ITGC_MEASURED;
    assert_false(itgc_check_graph(f->graph));
    assert_non_null(strstr(f->diag.error, "\"x\" (id 0) has no measured range"));
    itgc_clear_error(&f->diag);
    f->graph->level = ITGC_IMPORTED;
    f->graph->nodes[0]->fused = f->graph->nodes[2];
    assert_false(itgc_check_graph(f->graph));
    assert_int_equal(f->diag.code, 900);
}

static void clones_are_separate(void **state)
{
    fixture *const f = *state;
    f->graph->nodes[1]->fused = f->graph->nodes[2];
    f->graph->nodes[2]->is_fused = true;
    itgc_graph *const copy = itgc_clone_graph(f->graph->arena, f->graph);
    assert_int_equal(copy->tensor_count, 4);
    assert_ptr_not_equal(copy->outputs[0], f->y);
    assert_ptr_equal(copy->outputs[0], copy->tensors[f->y->id]);
    assert_ptr_equal(copy->nodes[1]->fused, copy->nodes[2]);
    assert_ptr_equal(copy->tensors[f->y->id]->producer, copy->nodes[2]);
    copy->nodes[0]->in[0] = copy->tensors[f->b->id];
    assert_ptr_equal(f->graph->nodes[0]->in[0], f->x);
    assert_ptr_equal(f->y->producer, f->graph->nodes[2]);
}

static void sizes_do_not_overflow(void **state)
{
    (void)state;
    const itgc_shape large = {4, {65536, 65536, 65536, 65536}}, empty = {3, {INT64_MAX, 0, INT64_MAX}}, scalar = {0, {0}}, negative = {1, {-1}};
    const itgc_shape most = {2, {1 << 20, 1 << 20}}, over = {2, {1 << 20, (1 << 20) + 1}};
    assert_int_equal(itgc_elements(&large), -1);
    assert_int_equal(itgc_elements(&empty), 0);
    assert_int_equal(itgc_elements(&scalar), 1);
    assert_int_equal(itgc_elements(&negative), -1);
    assert_int_equal(itgc_elements(&most), (int64_t)1 << 40);
    assert_int_equal(itgc_elements(&over), -1);
}

static void integers_wrap_to_their_type(void **state)
{
    (void)state;
    assert_int_equal(itgc_wrap(ITGC_I8, 200), -56);
    assert_int_equal(itgc_wrap(ITGC_U8, -1), 255);
    assert_int_equal(itgc_wrap(ITGC_BOOL, 256), 1);
    assert_int_equal(itgc_wrap(ITGC_I32, (int64_t)1 << 31), INT32_MIN);
    assert_int_equal(itgc_wrap(ITGC_I64, INT64_MIN), INT64_MIN);
}

static void dump_is_stable(void **state)
{
    fixture *const f = *state;
    itgc_text text;
    itgc_init_text(&text, f->graph->arena);
    itgc_remove_dead(f->graph);
    f->graph->level = ITGC_MEASURED;
    f->a->range.min = -0.5;
    f->a->range.max = 2;
    itgc_dump_graph(&text, f->graph);
    assert_string_equal(text.bytes, "graph \"\" measured, 2 nodes\n"
                                    "input \"x\" float32[1,3]\n"
                                    "node Any \"first\" (\"x\") -> \"a\" float32[1,3] range -0.5..2\n"
                                    "node Any \"second\" (\"a\") -> \"y\" float32[1,3]\n"
                                    "output \"y\" float32[1,3]\n");
}

#define GRAPH_TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GRAPH_TEST(uses_count_every_reading),
        GRAPH_TEST(dead_nodes_go),
        GRAPH_TEST(sorting_keeps_the_order_where_free),
        GRAPH_TEST(cycles_are_named),
        GRAPH_TEST(replacing_an_output_keeps_its_name),
        GRAPH_TEST(checks_name_what_is_wrong),
        GRAPH_TEST(clones_are_separate),
        GRAPH_TEST(sizes_do_not_overflow),
        GRAPH_TEST(integers_wrap_to_their_type),
        GRAPH_TEST(dump_is_stable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
