/* SPDX-License-Identifier: Apache-2.0
 * One ONNX backend test folder through the float executor, compared as ONNX's own runner does (rtol 1e-3, atol 1e-7; integers exactly).
 * Inputs that the importer needs as constants (shapes, axes) are handed to it as initialisers: a serialized message appended to another
 * merges with it, so a graph with one initializer more is the file with a few bytes behind. Called by conformance.c. */
#include "tools/cli/conformance.h"
#include "tools/cli/pipeline.h"
#include "tools/cli/wire.h"

#include "compiler/base/files.h"
#include "compiler/reference/reference.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RELATIVE       1e-3
#define ABSOLUTE       1e-7
#define RELATIVE_BF16  0x1p-6 /* two units, as ONNX's runner allows */
#define MAX_INPUTS     16
#define NOT_A_CONSTANT 213
#define NOT_DECIDED    242 /* the condition of an If */
#define NOT_A_TENSOR   218
#define NOT_AN_OP      201

/* Field numbers of onnx.proto. */
enum { MODEL_GRAPH = 7, GRAPH_NODE = 1, GRAPH_INITIALIZER = 5, NODE_OP = 4, TENSOR_NAME = 8 };
#define BYTES_FIELD(number) ((number) << 3 | 2)

/* Which inputs the importer is given as initialisers. */
typedef enum constant_inputs { NO_INPUTS, INTEGER_INPUTS, ALL_INPUTS } constant_inputs;

typedef struct backend_test {
    itgc_compilation *c;
    const char *dir, *set; /* set: test_data_set_N */
    int threads;
    itgc_value *input[MAX_INPUTS];
    const char *input_name[MAX_INPUTS];
    int input_count;
    const char *ops;
    bool skip;
    const char *why;
} backend_test;

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

/* "" if there is none. */
static const char *tensor_name(itgc_arena *arena, const uint8_t *bytes, size_t count)
{
    cli_message tensor = {bytes, bytes + count};
    cli_field name;
    return cli_find_field(&tensor, TENSOR_NAME, &name) ? itgc_copy_bytes(arena, name.bytes, name.count) : "";
}

/* Whether the space or comma separated list has the word already. */
static bool list_has(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at++)
        if ((at == list || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

/* "Cast, Add": the ops of the main graph, each once. */
static const char *list_ops(itgc_arena *arena, const uint8_t *bytes, size_t count)
{
    cli_message model = {bytes, bytes + count};
    cli_field graph, node, op;
    itgc_text list;
    itgc_init_text(&list, arena);
    if (!cli_find_field(&model, MODEL_GRAPH, &graph))
        return "";
    for (cli_message nodes = {graph.bytes, graph.bytes + graph.count}; cli_find_field(&nodes, GRAPH_NODE, &node);) {
        cli_message fields = {node.bytes, node.bytes + node.count};
        if (!cli_find_field(&fields, NODE_OP, &op))
            continue;
        const char *const name = itgc_copy_bytes(arena, op.bytes, op.count);
        if (!list_has(list.bytes, name))
            itgc_addf(&list, "%s%s", list.count == 0 ? "" : ", ", name);
    }
    return list.bytes;
}

static void add_varint(itgc_text *text, uint64_t value)
{
    for (; value > 127; value >>= 7) {
        const char byte = (char)((value & 127) | 128);
        itgc_add_bytes(text, &byte, 1);
    }
    const char last = (char)value;
    itgc_add_bytes(text, &last, 1);
}

/* Appends ModelProto { graph: GraphProto { initializer: tensor } }. */
static void add_initializer(itgc_text *model, const uint8_t *tensor, size_t count)
{
    itgc_text graph;
    itgc_init_text(&graph, model->arena);
    add_varint(&graph, BYTES_FIELD(GRAPH_INITIALIZER));
    add_varint(&graph, count);
    add_varint(model, BYTES_FIELD(MODEL_GRAPH));
    add_varint(model, graph.count + count);
    itgc_add_bytes(model, graph.bytes, graph.count);
    itgc_add_bytes(model, (const char *)tensor, count);
}

static const char *input_path(const backend_test *test, const char *what, int index)
{
    return itgc_sprint(test->c->arena, "%s/%s_%d.pb", test->set, what, index);
}

static bool read_inputs(backend_test *test)
{
    itgc_diag *diag = &test->c->diag;
    for (int i = 0; i < MAX_INPUTS; i++) {
        const char *path = input_path(test, "input", i);
        size_t count;
        if (!exists(path))
            return true;
        const uint8_t *bytes = itgc_read_file(test->c->arena, diag, path, 0, &count);
        test->input[i] = bytes ? itgc_read_tensor_file(test->c->arena, diag, path) : NULL;
        if (!test->input[i])
            return false;
        test->input_name[i] = tensor_name(test->c->arena, bytes, count);
        test->input_count++;
    }
    return true;
}

static bool is_constant(const backend_test *test, int input, constant_inputs constants)
{
    return constants == ALL_INPUTS || (constants == INTEGER_INPUTS && (input > 0 || test->input[input]->i));
}

static bool import(backend_test *test, constant_inputs constants)
{
    itgc_compilation *c = test->c;
    size_t count;
    const char *path = itgc_sprint(c->arena, "%s/model.onnx", test->dir);
    const uint8_t *bytes = itgc_read_file(c->arena, &c->diag, path, 0, &count);
    if (!bytes)
        return false;
    test->ops = list_ops(c->arena, bytes, count);
    itgc_text model;
    itgc_init_text(&model, c->arena);
    itgc_add_bytes(&model, (const char *)bytes, count);
    itgc_input_shape shapes[MAX_INPUTS];
    int shape_count = 0;
    for (int i = 0; i < test->input_count; i++) {
        if (is_constant(test, i, constants)) {
            const uint8_t *tensor = itgc_read_file(c->arena, &c->diag, input_path(test, "input", i), 0, &count);
            if (tensor)
                add_initializer(&model, tensor, count);
        } else
            shapes[shape_count++] = (itgc_input_shape){test->input_name[i], test->input[i]->shape};
    }
    const itgc_import_options options = {.shapes = shapes, .shape_count = shape_count, .threads = test->threads};
    return itgc_import_bytes(c->arena, &c->diag, path, (const uint8_t *)model.bytes, model.count, &options, &c->imported);
}

static bool is_close(double expected, double actual, double relative)
{
    if (expected != expected || actual != actual)
        return expected != expected && actual != actual;
    return expected == actual || fabs(expected - actual) <= ABSOLUTE + relative * fabs(expected);
}

static bool compare(backend_test *test, int output, const itgc_value *expected, const itgc_value *actual)
{
    itgc_arena *arena = test->c->arena;
    if (!itgc_same_shape(&expected->shape, &actual->shape) || !expected->f != !actual->f) {
        test->why = itgc_sprint(arena, "output %d is %s %s, expected %s %s", output, itgc_type_name(actual->type),
                                itgc_shape_text(arena, &actual->shape), itgc_type_name(expected->type), itgc_shape_text(arena, &expected->shape));
        return false;
    }
    const int64_t count = itgc_elements(&expected->shape);
    const double relative = expected->type == ITGC_BF16 ? RELATIVE_BF16 : RELATIVE;
    for (int64_t i = 0; i < count; i++) {
        const bool same = expected->f ? is_close((double)expected->f[i], (double)actual->f[i], relative) : expected->i[i] == actual->i[i];
        if (same)
            continue;
        test->why = expected->f ? itgc_sprint(arena, "output %d differs at %lld: %.9g, expected %.9g", output, (long long)i, (double)actual->f[i],
                                              (double)expected->f[i])
                                : itgc_sprint(arena, "output %d differs at %lld: %lld, expected %lld", output, (long long)i, (long long)actual->i[i],
                                              (long long)expected->i[i]);
        return false;
    }
    return true;
}

static const itgc_value *input_named(const backend_test *test, const char *name, int index)
{
    for (int i = 0; i < test->input_count; i++)
        if (strcmp(test->input_name[i], name) == 0)
            return test->input[i];
    return index < test->input_count ? test->input[index] : NULL;
}

static bool run_graph(backend_test *test)
{
    const itgc_graph *graph = test->c->imported.graph;
    itgc_executor *executor = itgc_new_executor(graph, test->threads);
    const itgc_value *inputs[MAX_INPUTS];
    test->skip = graph->input_count > MAX_INPUTS;
    for (int i = 0; !test->skip && i < graph->input_count; i++) {
        inputs[i] = input_named(test, graph->inputs[i]->name, i);
        test->skip = !inputs[i];
    }
    if (test->skip) {
        test->why = "an input has no data";
        return false;
    }
    if (!itgc_run_float(executor, inputs, NULL, NULL))
        return false;
    bool same = true;
    for (int o = 0; same && o < graph->output_count; o++) {
        const char *path = input_path(test, "output", o);
        const itgc_value *expected = exists(path) ? itgc_read_tensor_file(test->c->arena, &test->c->diag, path) : NULL;
        test->skip = exists(path) && !expected;
        const itgc_tensor *tensor = graph->outputs[o];
        same = !exists(path) || (expected && compare(test, o, expected, tensor->constant ? tensor->constant : itgc_value_of(executor, tensor)));
    }
    itgc_release_executor(executor);
    return same;
}

/* Why an input cannot be read: what the model says of it tells more than the bytes of the file. */
static void explain_unread(backend_test *test)
{
    itgc_diag *const diag = &test->c->diag;
    const char *const error = diag->error;
    itgc_clear_error(diag);
    test->skip = true;
    if (!import(test, NO_INPUTS) && (diag->code == NOT_A_TENSOR || diag->code == NOT_AN_OP))
        return;
    diag->error = error;
}

static bool run_set(backend_test *test)
{
    itgc_diag *const diag = &test->c->diag;
    if (!read_inputs(test)) {
        explain_unread(test);
        return false;
    }
    bool fine = import(test, NO_INPUTS);
    for (int constants = INTEGER_INPUTS; !fine && constants <= ALL_INPUTS && (diag->code == NOT_A_CONSTANT || diag->code == NOT_DECIDED);
         constants++) {
        itgc_clear_error(diag);
        fine = import(test, (constant_inputs)constants);
    }
    /* What we say we do not support is no failure of what we do support. */
    test->skip = !fine && (diag->code / 100 == 2 || diag->code / 100 == 1);
    return fine && run_graph(test);
}

static bool run_sets(void *argument)
{
    backend_test *test = argument;
    for (int set = 0;; set++) {
        test->set = itgc_sprint(test->c->arena, "%s/test_data_set_%d", test->dir, set);
        if (!exists(test->set)) {
            test->skip = set == 0;
            test->why = set == 0 ? "no test_data_set_0" : NULL;
            return set > 0;
        }
        test->input_count = 0;
        if (!run_set(test))
            return false;
    }
}

/* The error without the model's path: the test's name says that. */
static const char *reason_of(const backend_test *test)
{
    const itgc_diag *const diag = &test->c->diag;
    if (test->why || !diag->error)
        return test->why ? test->why : "unknown";
    const size_t length = diag->file ? strlen(diag->file) : 0;
    return length > 0 && strncmp(diag->error, diag->file, length) == 0 ? diag->error + length + strlen(": ") : diag->error;
}

void cli_run_backend_test(const char *dir, int threads, char *verdict, size_t size)
{
    backend_test test = {.c = itgc_new_compilation(0), .dir = dir, .threads = threads};
    if (!test.c) {
        snprintf(verdict, size, "FAIL: out of memory");
        return;
    }
    const bool passed = itgc_protect(test.c, run_sets, &test);
    const char *const why = reason_of(&test);
    if (passed)
        snprintf(verdict, size, "PASS");
    else if (test.skip && strncmp(why, "node ", 5) != 0)
        snprintf(verdict, size, "SKIP: %s: %s", test.ops ? test.ops : "no model", why);
    else
        snprintf(verdict, size, "%s: %s", test.skip ? "SKIP" : "FAIL", why);
    for (char *at = verdict; *at; at++)
        if (*at == '\n')
            *at = ' ';
    itgc_release_compilation(test.c);
}
