/* SPDX-License-Identifier: Apache-2.0
 * What the op tests share: one node made from a type, an opset, attributes and random inputs, run through its record's parse, infer and
 * eval, and compared with a naive loop of the test's. */
#ifndef TEST_OP_RUN_H
#define TEST_OP_RUN_H

#include "compiler/ops/op.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct op_run {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_graph *graph;
    uint32_t seed;
    itgc_attribute attributes[16];
    itgc_tensor *in[8];
    int attribute_count, in_count;
    itgc_node *node;
} op_run;

static inline int set_up(void **state)
{
    op_run *const run = calloc(1, sizeof *run);
    run->arena = itgc_new_arena(0);
    if (setjmp(*itgc_arm_arena(run->arena)) != 0) {
        return -1;
    }
    run->diag.arena = run->arena;
    run->graph = itgc_new_graph(run->arena, &run->diag);
    run->seed = 20241;
    *state = run;
    return 0;
}

static inline int tear_down(void **state)
{
    op_run *const run = *state;
    itgc_release_arena(run->arena);
    free(run);
    return 0;
}

/* Forgets the last node, its inputs and what it failed with. */
static inline void start_node(op_run *run)
{
    run->attribute_count = run->in_count = 0;
    run->diag.error = NULL;
}

static inline itgc_shape make_shape(int rank, const int64_t *dim)
{
    itgc_shape shape = {.rank = rank};
    memcpy(shape.dim, dim, (size_t)rank * sizeof *dim);
    return shape;
}
#define SHAPE(...) make_shape((int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

static inline void add_attribute(op_run *run, itgc_attribute attribute)
{
    run->attributes[run->attribute_count++] = attribute;
}

static inline void add_int(op_run *run, const char *name, int64_t value)
{
    int64_t *const copy = ITGC_NEW(run->arena, int64_t);
    *copy = value;
    add_attribute(run, (itgc_attribute){.name = name, .kind = ITGC_ATTR_INT, .count = 1, .ints = copy});
}

static inline void add_float(op_run *run, const char *name, float value)
{
    float *const copy = ITGC_NEW(run->arena, float);
    *copy = value;
    add_attribute(run, (itgc_attribute){.name = name, .kind = ITGC_ATTR_FLOAT, .count = 1, .floats = copy});
}

static inline void add_string(op_run *run, const char *name, const char *value)
{
    const char **const copy = ITGC_NEW(run->arena, const char *);
    *copy = value;
    add_attribute(run, (itgc_attribute){.name = name, .kind = ITGC_ATTR_STRING, .count = 1, .strings = copy});
}

static inline void add_ints(op_run *run, const char *name, int count, const int64_t *values)
{
    int64_t *const copy = ITGC_NEW_ARRAY(run->arena, int64_t, count + 1);
    memcpy(copy, values, (size_t)count * sizeof *values);
    add_attribute(run, (itgc_attribute){.name = name, .kind = ITGC_ATTR_INTS, .count = count, .ints = copy});
}
#define ADD_INTS(run, name, ...) add_ints(run, name, (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

static inline itgc_value *add_value(op_run *run, itgc_type type, itgc_shape shape)
{
    itgc_value *const value = itgc_new_value(run->arena, type, &shape);
    run->in[run->in_count++] = itgc_new_constant(run->graph, "in", value);
    return value;
}

/* The next input: random floats in [-1, 1). */
static inline const float *add_random(op_run *run, itgc_shape shape)
{
    itgc_value *const value = add_value(run, ITGC_F32, shape);
    for (int64_t i = 0; i < itgc_elements(&shape); i++) {
        run->seed = run->seed * 1664525u + 1013904223u;
        value->f[i] = (float)(int32_t)run->seed / 2147483648.0f;
    }
    return value->f;
}

static inline void add_float_list(op_run *run, int count, const float *values)
{
    memcpy(add_value(run, ITGC_F32, SHAPE(count))->f, values, (size_t)count * sizeof *values);
}

static inline void add_int_list(op_run *run, int count, const int64_t *values)
{
    memcpy(add_value(run, ITGC_I64, SHAPE(count))->i, values, (size_t)count * sizeof *values);
}

static inline void leave_out_input(op_run *run)
{
    run->in[run->in_count++] = NULL;
}

/* Parses and infers; false with run->diag.error. */
static inline bool prepare_node(op_run *run, const char *type, int opset, int out_count)
{
    itgc_tensor *out[4];
    const itgc_op *const op = itgc_find_op(type, opset, NULL);
    assert_non_null(op);
    for (int i = 0; i < out_count; i++) {
        out[i] = itgc_new_tensor(run->graph, "out", ITGC_NO_TYPE, NULL);
    }
    run->node = itgc_append_node(run->graph, op, type, type, run->in, run->in_count, out, out_count);
    run->node->opset = opset;
    itgc_attribute *const attributes = ITGC_NEW_ARRAY(run->arena, itgc_attribute, run->attribute_count + 1);
    memcpy(attributes, run->attributes, (size_t)run->attribute_count * sizeof *attributes);
    run->node->attributes = attributes;
    run->node->attribute_count = run->attribute_count;
    return itgc_parse_node(run->graph, run->node) && itgc_infer_node(run->graph, run->node);
}

/* Evaluates the prepared node on these inputs; returns its outputs. */
static inline itgc_value **eval_node(op_run *run, const itgc_value *const *in, int threads)
{
    itgc_value **const out = ITGC_NEW_ARRAY(run->arena, itgc_value *, run->node->out_count);
    for (int i = 0; i < run->node->out_count; i++) {
        out[i] = itgc_new_value(run->arena, run->node->out[i]->type, &run->node->out[i]->shape);
    }
    const itgc_eval eval = {.node = run->node, .in = in, .out = out, .scratch = run->arena, .diag = &run->diag, .threads = threads};
    assert_true(run->node->op->eval(&eval));
    return out;
}

static inline itgc_value **run_node(op_run *run, const char *type, int opset, int out_count)
{
    const itgc_value **const in = ITGC_NEW_ARRAY(run->arena, const itgc_value *, run->in_count + 1);
    if (!prepare_node(run, type, opset, out_count)) {
        fail_msg("%s", run->diag.error);
    }
    for (int i = 0; i < run->in_count; i++) {
        in[i] = run->in[i] == NULL ? NULL : run->in[i]->constant;
    }
    return eval_node(run, in, 1);
}

static inline void assert_shape(const itgc_value *value, itgc_shape shape)
{
    if (!itgc_same_shape(&value->shape, &shape)) {
        fail_msg("shape %d: [%ld, %ld, …], expected %d: [%ld, %ld, …]", value->shape.rank, (long)value->shape.dim[0], (long)value->shape.dim[1],
                 shape.rank, (long)shape.dim[0], (long)shape.dim[1]);
    }
}

static inline void assert_floats(const itgc_value *value, const float *expected, int64_t count)
{
    assert_int_equal(itgc_elements(&value->shape), count);
    for (int64_t i = 0; i < count; i++) {
        const float difference = fabsf(value->f[i] - expected[i]);
        if (!(difference <= 1e-5f + 1e-5f * fabsf(expected[i])) && value->f[i] != expected[i]) {
            fail_msg("element %ld is %g, expected %g", (long)i, (double)value->f[i], (double)expected[i]);
        }
    }
}
#define ASSERT_FLOATS(value, ...) assert_floats(value, (const float[]){__VA_ARGS__}, (int64_t)(sizeof((const float[]){__VA_ARGS__}) / sizeof(float)))

/* The same values with the channel axis moved to the end. */
static inline itgc_value *move_channels_last(op_run *run, const itgc_value *value)
{
    const int rank = value->shape.rank;
    const int64_t channels = value->shape.dim[1], space = itgc_elements(&value->shape) / value->shape.dim[0] / channels;
    itgc_shape shape = value->shape;
    for (int i = 1; i < rank - 1; i++) {
        shape.dim[i] = value->shape.dim[i + 1];
    }
    shape.dim[rank - 1] = channels;
    itgc_value *const moved = itgc_new_value(run->arena, value->type, &shape);
    for (int64_t i = 0; i < itgc_elements(&shape); i++) {
        const int64_t image = i / (channels * space), channel = i / space % channels, at = i % space;
        moved->f[(image * space + at) * channels + channel] = value->f[i];
    }
    return moved;
}

#endif
