/* SPDX-License-Identifier: Apache-2.0
 * The entry points: memory running out is an error like any other, phases in the wrong order are refused, the dump comes when asked for. */
#include "compiler/compile.h"
#include "tests/unit/onnx/importing.h"

static const char *write_relu(importing *f)
{
    add_input(&f->writer, "x", ONNX_FLOAT, "1,3");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Relu", "relu", "x", "y");
    const itgc_text file = finish_model(&f->writer);
    return write_file(f, "relu.onnx", file.bytes, file.count);
}

static void import_gives_two_graphs_and_a_dump(void **state)
{
    importing *const f = *state;
    itgc_compilation *const c = itgc_new_compilation(0);
    c->dump_phase = "import";
    assert_true(itgc_import(c, write_relu(f), &f->options));
    assert_ptr_not_equal(c->graph, c->imported.graph);
    assert_int_equal(c->graph->level, ITGC_IMPORTED);
    assert_string_equal(c->dump, "graph \"test\" imported, 1 nodes\n"
                                 "input \"x\" float32[1,3]\n"
                                 "node Relu \"relu\" (\"x\") -> \"y\" float32[1,3]\n"
                                 "output \"y\" float32[1,3]\n");
    itgc_release_compilation(c);
}

static void memory_limit_is_an_error(void **state)
{
    importing *const f = *state;
    const char *const path = write_relu(f);
    itgc_compilation *const c = itgc_new_compilation(8000);
    assert_false(itgc_import(c, path, &f->options));
    assert_int_equal(c->diag.code, 901);
    assert_string_equal(c->diag.error, "memory ran out; raise --max-memory, or use a smaller model or input shape [E901]");
    itgc_release_compilation(c);
}

static void every_failing_allocation_ends_in_an_error(void **state)
{
    importing *const f = *state;
    const char *const path = write_relu(f);
    bool done = false;
    for (uint64_t n = 1; !done && n < 10000; n++) {
        itgc_compilation *const c = itgc_new_compilation(0);
        itgc_fail_allocation(c->arena, n);
        done = itgc_import(c, path, &f->options);
        assert_int_equal(c->diag.code, done ? 0 : 901);
        itgc_release_compilation(c);
    }
    assert_true(done);
}

static bool allocate_too_much(void *argument)
{
    (void)itgc_alloc(argument, 2000000);
    return true;
}

typedef struct nested_call {
    itgc_compilation *c;
    bool came_back;
} nested_call;

static bool protect_again(void *argument)
{
    nested_call *const call = argument;
    (void)itgc_protect(call->c, allocate_too_much, call->c->arena);
    call->came_back = true;
    return true;
}

static void the_outermost_protection_counts(void **state)
{
    (void)state;
    nested_call call = {.c = itgc_new_compilation(1000000)};
    assert_false(itgc_protect(call.c, protect_again, &call));
    assert_false(call.came_back);
    assert_int_equal(call.c->diag.code, 901);
    assert_false(itgc_is_armed(call.c->arena));
    itgc_release_compilation(call.c);
}

static void phases_out_of_order_are_refused(void **state)
{
    importing *const f = *state;
    itgc_compilation *const c = itgc_new_compilation(0);
    const itgc_quantize_options options = {0};
    assert_false(itgc_quantize(c, &options));
    assert_int_equal(c->diag.code, 900);
    itgc_clear_error(&c->diag);
    assert_true(itgc_import(c, write_relu(f), &f->options));
    assert_false(itgc_quantize(c, &options));
    assert_int_equal(c->diag.code, 900);
    itgc_release_compilation(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(import_gives_two_graphs_and_a_dump),        IMPORT_TEST(memory_limit_is_an_error),
        IMPORT_TEST(every_failing_allocation_ends_in_an_error), IMPORT_TEST(the_outermost_protection_counts),
        IMPORT_TEST(phases_out_of_order_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
