/* SPDX-License-Identifier: Apache-2.0
 * Local functions and branches of If: written out where they are called, bounded in depth and number; and every allocation failing. */
#include "tests/unit/onnx/importing.h"

static void functions_are_written_out(void **state)
{
    importing *const f = *state;
    begin_node(&f->writer, "LeakyRelu", "inner", "in", "out");
    set_reference(&f->writer, "alpha", 1, "slope");
    end_function(&f->writer, "local", "Soft", "in", "out");
    begin_node(&f->writer, "Soft", "call", "b", "a");
    set_domain(&f->writer, "local");
    end_function(&f->writer, "local", "Twice", "b", "a");
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "Soft", "one", "x", "m");
    set_domain(&f->writer, "local");
    set_float(&f->writer, "slope", 0.25f);
    end_node(&f->writer);
    begin_node(&f->writer, "Twice", "two", "m", "y");
    set_domain(&f->writer, "local");
    end_node(&f->writer);
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(graph->node_count, 2);
    assert_string_equal(graph->nodes[0]->name, "one/inner");
    assert_string_equal(graph->nodes[1]->name, "two/call/inner");
    assert_string_equal(graph->nodes[0]->out[0]->name, "m");
    assert_string_equal(graph->outputs[0]->name, "y");
    assert_true(((const itgc_unary_params *)graph->nodes[0]->params)->alpha == 0.25);
    assert_int_equal(graph->nodes[1]->attribute_count, 0);
}

/* y = cond ? Relu(outer) : outer + outer, cond computed from the rank. */
static void add_branches(importing *f, int64_t wanted_size)
{
    model_writer then_branch, else_branch;
    start_model(&then_branch, f->arena, 13);
    start_model(&else_branch, f->arena, 13);
    add_node(&then_branch, "Relu", "then", "outer", "r");
    add_output(&then_branch, "r");
    add_node(&else_branch, "Add", "else", "outer|outer", "r");
    add_output(&else_branch, "r");
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    add_ints(&f->writer, "wanted", "", &wanted_size, 1);
    add_node(&f->writer, "Abs", "before", "x", "outer");
    add_node(&f->writer, "Size", "size", "x", "n");
    add_node(&f->writer, "Equal", "test", "n|wanted", "cond");
    begin_node(&f->writer, "If", "choice", "cond", "y");
    set_graph(&f->writer, "then_branch", &then_branch);
    set_graph(&f->writer, "else_branch", &else_branch);
    end_node(&f->writer);
}

static void the_branch_taken_is_written_out(void **state)
{
    importing *const f = *state;
    add_branches(f, 3);
    const itgc_graph *const graph = import_good(f);
    assert_int_equal(graph->node_count, 2);
    assert_string_equal(graph->nodes[1]->name, "choice/then");
    assert_string_equal(graph->outputs[0]->name, "y");
}

static void the_other_branch_too(void **state)
{
    importing *const f = *state;
    add_branches(f, 4);
    const itgc_graph *const graph = import_good(f);
    assert_string_equal(graph->nodes[1]->name, "choice/else");
    assert_string_equal(graph->nodes[1]->in[0]->name, "outer");
}

static void functions_that_call_themselves(void **state)
{
    importing *const f = *state;
    begin_node(&f->writer, "Loop1", "in1", "a", "b");
    set_domain(&f->writer, "local");
    end_function(&f->writer, "local", "Loop2", "a", "b");
    begin_node(&f->writer, "Loop2", "in2", "a", "b");
    set_domain(&f->writer, "local");
    end_function(&f->writer, "local", "Loop1", "a", "b");
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "Loop1", "call", "x", "y");
    set_domain(&f->writer, "local");
    end_node(&f->writer);
    import_bad(f, 241, "calls itself");
}

/* Each function calls the one before twice: 2^17 nodes and more if written out. */
static void functions_that_explode(void **state)
{
    importing *const f = *state;
    for (int i = 0; i < 20; i++) {
        itgc_text function;
        itgc_init_text(&function, f->arena);
        put_string(&function, 1, itgc_sprint(f->arena, "F%d", i));
        put_string(&function, 4, "a");
        put_string(&function, 5, "c");
        for (int half = 0; half < 2; half++) {
            begin_node(&f->writer, i == 0 ? "Relu" : itgc_sprint(f->arena, "F%d", i - 1), "", half == 0 ? "a" : "b", half == 0 ? "b" : "c");
            set_domain(&f->writer, i == 0 ? "" : "local");
            put_bytes(&function, 7, f->writer.node.bytes, f->writer.node.count);
        }
        put_string(&function, 10, "local");
        put_bytes(&f->writer.model, 25, function.bytes, function.count);
    }
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_output(&f->writer, "y");
    begin_node(&f->writer, "F19", "call", "x", "y");
    set_domain(&f->writer, "local");
    end_node(&f->writer);
    import_bad(f, 103, "more than 131072 nodes");
}

static void deep_branches(void **state)
{
    importing *const f = *state;
    const uint8_t yes = 1;
    model_writer inner;
    start_model(&inner, f->arena, 13);
    add_output(&inner, "x");
    for (int i = 0; i < 100; i++) {
        model_writer outer;
        start_model(&outer, f->arena, 13);
        begin_node(&outer, "If", "", "yes", "r");
        set_graph(&outer, "then_branch", &inner);
        end_node(&outer);
        add_output(&outer, "r");
        inner = outer;
    }
    add_input(&f->writer, "x", ONNX_FLOAT, "3");
    add_initializer(&f->writer, "yes", ONNX_BOOL, "", &yes, 1);
    begin_node(&f->writer, "If", "top", "yes", "y");
    set_graph(&f->writer, "then_branch", &inner);
    end_node(&f->writer);
    add_output(&f->writer, "y");
    import_bad(f, 241, "nested deeper than 32");
}

static void branches_on_values(void **state)
{
    importing *const f = *state;
    model_writer branch;
    start_model(&branch, f->arena, 13);
    add_output(&branch, "x");
    add_input(&f->writer, "x", ONNX_BOOL, "1");
    begin_node(&f->writer, "If", "choice", "x", "y");
    set_graph(&f->writer, "then_branch", &branch);
    end_node(&f->writer);
    add_output(&f->writer, "y");
    import_bad(f, 242, "node \"choice\" (If, opset 13): its condition depends on the input's values");
}

static void every_failing_allocation_is_survived(void **state)
{
    importing *const f = *state;
    add_branches(f, 3);
    const itgc_text file = finish_model(&f->writer);
    bool done = false;
    for (uint64_t n = 1; !done; n++) {
        itgc_arena *const arena = itgc_new_arena(0);
        itgc_diag diag = {.arena = arena};
        itgc_import_result result = {0};
        itgc_fail_allocation(arena, n);
        if (setjmp(*itgc_arm_arena(arena)) == 0) {
            assert_true(itgc_import_bytes(arena, &diag, "m.onnx", (const uint8_t *)file.bytes, file.count, &f->options, &result));
            done = true;
        }
        itgc_release_arena(arena);
        assert_true(n < 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(functions_are_written_out), IMPORT_TEST(the_branch_taken_is_written_out),
        IMPORT_TEST(the_other_branch_too),      IMPORT_TEST(functions_that_call_themselves),
        IMPORT_TEST(functions_that_explode),    IMPORT_TEST(deep_branches),
        IMPORT_TEST(branches_on_values),        IMPORT_TEST(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
