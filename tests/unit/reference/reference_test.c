/* SPDX-License-Identifier: Apache-2.0
 * The float executor: values live as long as they are needed, kept ones to the next run, and no run changes the next. */
#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT 1000

typedef struct fixture {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_graph *graph;
    itgc_tensor *x, *doubled, *squared, *sum;
} fixture;

static itgc_tensor *add_node(fixture *f, const char *type, const char *name, itgc_tensor *a, itgc_tensor *b)
{
    itgc_tensor *in[] = {a, b}, *out = itgc_new_tensor(f->graph, name, ITGC_F32, NULL);
    itgc_node *const node = itgc_append_node(f->graph, itgc_find_op(type, 13, NULL), type, name, in, 2, &out, 1);
    node->opset = 13;
    assert_true(itgc_parse_node(f->graph, node) && itgc_infer_node(f->graph, node));
    return out;
}

/* sum = (x + x) + (x + x)^2 after a chain of ten more sums, so that buffers are reused on the way. */
static int set_up(void **state)
{
    fixture *const f = calloc(1, sizeof *f);
    const itgc_shape shape = {.rank = 1, .dim = {COUNT}};
    f->arena = itgc_new_arena(0);
    if (setjmp(*itgc_arm_arena(f->arena)) != 0) {
        return -1;
    }
    f->diag.arena = f->arena;
    f->graph = itgc_new_graph(f->arena, &f->diag);
    f->x = itgc_new_tensor(f->graph, "x", ITGC_F32, &shape);
    f->doubled = add_node(f, "Add", "doubled", f->x, f->x);
    f->squared = add_node(f, "Mul", "squared", f->doubled, f->doubled);
    f->sum = add_node(f, "Add", "sum", f->doubled, f->squared);
    for (int i = 0; i < 10; i++) {
        f->sum = add_node(f, "Add", "more", f->sum, f->x);
    }
    f->graph->inputs = ITGC_NEW_ARRAY(f->arena, itgc_tensor *, 1);
    f->graph->outputs = ITGC_NEW_ARRAY(f->arena, itgc_tensor *, 2);
    f->graph->inputs[0] = f->x;
    f->graph->outputs[0] = f->sum;
    f->graph->outputs[1] = f->x;
    f->graph->input_count = 1;
    f->graph->output_count = 2;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *const f = *state;
    itgc_release_arena(f->arena);
    free(f);
    return 0;
}

static itgc_value *make_input(const fixture *f, float start)
{
    itgc_value *const value = itgc_new_value(f->arena, ITGC_F32, &f->x->shape);
    for (int i = 0; i < COUNT; i++) {
        value->f[i] = start + (float)i;
    }
    return value;
}

static void check_sum(const itgc_value *value, float start)
{
    for (int i = 0; i < COUNT; i++) {
        const float x = start + (float)i;
        assert_true(value->f[i] == 2 * x + 4 * x * x + 10 * x);
    }
}

static void runs_are_independent(void **state)
{
    fixture *const f = *state;
    itgc_executor *const executor = itgc_new_executor(f->graph, 2);
    for (int run = 0; run < 3; run++) {
        const itgc_value *const in = make_input(f, (float)(run * 7));
        assert_true(itgc_run_float(executor, &in, NULL, NULL));
        check_sum(itgc_value_of(executor, f->sum), (float)(run * 7));
        assert_ptr_equal(itgc_value_of(executor, f->x), in);
    }
    itgc_release_executor(executor);
}

static void kept_values_stay(void **state)
{
    fixture *const f = *state;
    itgc_executor *const executor = itgc_new_executor(f->graph, 1);
    const itgc_value *const in = make_input(f, 1);
    assert_true(itgc_run_float(executor, &in, NULL, NULL));
    itgc_keep_value(executor, f->squared);
    assert_true(itgc_run_float(executor, &in, NULL, NULL));
    for (int i = 0; i < COUNT; i++) {
        const float x = 1 + (float)i;
        assert_true(itgc_value_of(executor, f->squared)->f[i] == 4 * x * x);
    }
    check_sum(itgc_value_of(executor, f->sum), 1);
    itgc_release_executor(executor);
}

static void count_tensor(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    assert_true(itgc_same_shape(&tensor->shape, &value->shape));
    (*(int *)argument)++;
}

static void watch_sees_every_tensor(void **state)
{
    fixture *const f = *state;
    itgc_executor *const executor = itgc_new_executor(f->graph, 1);
    const itgc_value *const in = make_input(f, 0);
    int seen = 0;
    assert_true(itgc_run_float(executor, &in, count_tensor, &seen));
    assert_int_equal(seen, f->graph->tensor_count);
    itgc_release_executor(executor);
}

static void wrong_input_is_refused(void **state)
{
    fixture *const f = *state;
    itgc_executor *const executor = itgc_new_executor(f->graph, 1);
    const itgc_shape shape = {.rank = 1, .dim = {COUNT + 1}};
    const itgc_value *const in = itgc_new_value(f->arena, ITGC_F32, &shape);
    assert_false(itgc_run_float(executor, &in, NULL, NULL));
    assert_int_equal(f->diag.code, 315);
    itgc_release_executor(executor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(runs_are_independent, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(kept_values_stay, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(watch_sees_every_tensor, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(wrong_input_is_refused, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
