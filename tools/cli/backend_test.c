/* SPDX-License-Identifier: Apache-2.0
 * One ONNX backend test folder through the float executor, compared as ONNX's own runner does (rtol 1e-3, atol 1e-7; integers exactly).
 * Inputs that the importer needs as constants (shapes, axes) are handed to it as initialisers: a serialized message appended to another
 * merges with it, so a graph with one initializer more is the file with a few bytes behind. Called by conformance.c. */
#include "tools/cli/conformance.h"
#include "tools/cli/pipeline.h"

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

typedef struct backend_test {
    itgc_compilation *c;
    const char *dir, *set; /* set: test_data_set_N */
    int threads;
    itgc_value *input[MAX_INPUTS];
    const char *input_name[MAX_INPUTS];
    int input_count;
    bool skip;
    const char *why;
} backend_test;

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        const uint8_t byte = *(*at)++;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return true;
    }
    return false;
}

/* Field 8 of a TensorProto: its name. "" if there is none. */
static const char *tensor_name(itgc_arena *arena, const uint8_t *bytes, size_t count)
{
    const uint8_t *at = bytes, *const end = bytes + count;
    uint64_t key, length;
    while (at < end && read_varint(&at, end, &key)) {
        const unsigned wire = (unsigned)key & 7;
        if (wire == 0 ? !read_varint(&at, end, &length) : wire != 2 && wire != 5 && wire != 1)
            break;
        if (wire == 0)
            continue;
        length = wire == 5 ? 4 : 8;
        if ((wire == 2 && !read_varint(&at, end, &length)) || length > (uint64_t)(end - at))
            break;
        if (key == (8 << 3 | 2))
            return itgc_copy_bytes(arena, at, (size_t)length);
        at += length;
    }
    return "";
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
    add_varint(&graph, 5 << 3 | 2);
    add_varint(&graph, count);
    add_varint(model, 7 << 3 | 2);
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
        if (!test->input[i]) {
            test->skip = true;
            return false;
        }
        test->input_name[i] = tensor_name(test->c->arena, bytes, count);
        test->input_count++;
    }
    return true;
}

/* constants: inputs that become initialisers: integers and all but the first. */
static bool import(backend_test *test, bool constants)
{
    itgc_compilation *c = test->c;
    size_t count;
    const char *path = itgc_sprint(c->arena, "%s/model.onnx", test->dir);
    const uint8_t *bytes = itgc_read_file(c->arena, &c->diag, path, 0, &count);
    if (!bytes)
        return false;
    itgc_text model;
    itgc_init_text(&model, c->arena);
    itgc_add_bytes(&model, (const char *)bytes, count);
    itgc_input_shape shapes[MAX_INPUTS];
    int shape_count = 0;
    for (int i = 0; i < test->input_count; i++) {
        if (constants && (i > 0 || test->input[i]->i)) {
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

static bool run_set(backend_test *test)
{
    itgc_diag *diag = &test->c->diag;
    if (!read_inputs(test))
        return false;
    bool fine = import(test, false);
    if (!fine && diag->code == NOT_A_CONSTANT) {
        itgc_clear_error(diag);
        fine = import(test, true);
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

void cli_run_backend_test(const char *dir, int threads, char *verdict, size_t size)
{
    backend_test test = {.c = itgc_new_compilation(0), .dir = dir, .threads = threads};
    if (!test.c) {
        snprintf(verdict, size, "FAIL: out of memory");
        return;
    }
    if (itgc_protect(test.c, run_sets, &test))
        snprintf(verdict, size, "PASS");
    else
        snprintf(verdict, size, "%s: %s", test.skip ? "SKIP" : "FAIL", test.why ? test.why : test.c->diag.error ? test.c->diag.error : "unknown");
    for (char *at = verdict; *at; at++)
        if (*at == '\n')
            *at = ' ';
    itgc_release_compilation(test.c);
}
