/* SPDX-License-Identifier: Apache-2.0
 * What the tests of lowering passes share: small graphs built node by node with random constants, a pass run on a copy, and both computed
 * by the float executor on the same random input. */
#ifndef TEST_LOWERING_H
#define TEST_LOWERING_H

#include "compiler/lower/lower.h"
#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct fixture {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_graph *graph;
    uint32_t seed;
} fixture;

static inline int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    f->arena = itgc_new_arena(0);
    if (setjmp(*itgc_arm_arena(f->arena))) {
        return -1;
    }
    f->diag.arena = f->arena;
    f->graph = itgc_new_graph(f->arena, &f->diag);
    f->seed = 12345;
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    fixture *f = *state;
    itgc_release_arena(f->arena);
    free(f);
    return 0;
}

/* In [-1, 1). */
static inline float random_float(fixture *f)
{
    f->seed = f->seed * 1664525u + 1013904223u;
    return (float)(int32_t)f->seed / 2147483648.0f;
}

static inline itgc_shape shape_of(int rank, const int64_t *dims)
{
    itgc_shape shape = {.rank = rank};
    memcpy(shape.dim, dims, (size_t)rank * sizeof dims[0]);
    return shape;
}
#define DIMS(...) shape_of((int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

static inline itgc_tensor *add_input(fixture *f, const char *name, itgc_shape shape)
{
    itgc_tensor *tensor = itgc_new_tensor(f->graph, name, ITGC_F32, &shape);
    itgc_tensor **inputs = ITGC_NEW_ARRAY(f->arena, itgc_tensor *, f->graph->input_count + 1);
    for (int i = 0; i < f->graph->input_count; i++) {
        inputs[i] = f->graph->inputs[i];
    }
    inputs[f->graph->input_count++] = tensor;
    f->graph->inputs = inputs;
    return tensor;
}

static inline void add_output(fixture *f, itgc_tensor *tensor)
{
    itgc_tensor **outputs = ITGC_NEW_ARRAY(f->arena, itgc_tensor *, f->graph->output_count + 1);
    for (int i = 0; i < f->graph->output_count; i++) {
        outputs[i] = f->graph->outputs[i];
    }
    outputs[f->graph->output_count++] = tensor;
    tensor->is_output = true;
    f->graph->outputs = outputs;
}

/* Random values in [low, high). */
static inline itgc_tensor *add_weights(fixture *f, itgc_shape shape, float low, float high)
{
    itgc_value *value = itgc_new_value(f->arena, ITGC_F32, &shape);
    const int64_t count = itgc_elements(&shape);
    for (int64_t i = 0; i < count; i++) {
        value->f[i] = low + (high - low) * (random_float(f) + 1.0f) / 2.0f;
    }
    return itgc_new_constant(f->graph, "weights", value);
}

static inline itgc_tensor *add_number(fixture *f, float number)
{
    const itgc_shape shape = {.rank = 0};
    itgc_value *value = itgc_new_value(f->arena, ITGC_F32, &shape);
    value->f[0] = number;
    return itgc_new_constant(f->graph, "number", value);
}

static inline itgc_tensor *add_ints(fixture *f, itgc_shape values)
{
    const itgc_shape shape = {.rank = 1, .dim = {values.rank}};
    itgc_value *value = itgc_new_value(f->arena, ITGC_I64, &shape);
    memcpy(value->i, values.dim, (size_t)values.rank * sizeof(int64_t));
    return itgc_new_constant(f->graph, "integers", value);
}

/* A node whose params are still to be filled; inputs up to the first NULL. */
static inline itgc_node *add_node(fixture *f, const char *type, itgc_tensor *a, itgc_tensor *b, itgc_tensor *c)
{
    itgc_tensor *in[3] = {a, b, c};
    char *name = itgc_sprint(f->arena, "%s_%d", type, f->graph->node_count);
    itgc_tensor *out = itgc_new_tensor(f->graph, name, ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(f->graph, type, name, in, c ? 3 : b ? 2 : a ? 1 : 0, &out, 1);
    assert_non_null(node);
    return node;
}

static inline itgc_tensor *finish(fixture *f, itgc_node *node)
{
    if (!itgc_infer_node(f->graph, node)) {
        fail_msg("%s", f->diag.error);
    }
    return node->out[0];
}

static inline itgc_tensor *add_unary(fixture *f, const char *type, itgc_unary_kind kind, double alpha, double beta, itgc_tensor *x)
{
    itgc_node *node = add_node(f, type, x, NULL, NULL);
    *(itgc_unary_params *)node->params = (itgc_unary_params){.kind = kind, .alpha = alpha, .beta = beta};
    return finish(f, node);
}

static inline itgc_tensor *add_relu(fixture *f, itgc_tensor *x)
{
    return add_unary(f, "Relu", ITGC_RELU, 0, 0, x);
}

static inline itgc_tensor *add_binary(fixture *f, const char *type, itgc_binary_kind kind, itgc_tensor *a, itgc_tensor *b)
{
    itgc_node *node = add_node(f, type, a, b, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = kind, .legacy_axis = -1};
    return finish(f, node);
}

static inline itgc_tensor *add_sum(fixture *f, itgc_tensor *a, itgc_tensor *b)
{
    return add_binary(f, "Add", ITGC_ADD, a, b);
}

static inline itgc_tensor *add_product(fixture *f, itgc_tensor *a, itgc_tensor *b)
{
    return add_binary(f, "Mul", ITGC_MUL, a, b);
}

/* Square kernel, stride 1, the same padding all around. Channels and spatial rank are taken from x. */
static inline itgc_tensor *add_conv(fixture *f, itgc_tensor *x, int64_t outputs, int64_t kernel, int64_t padding, int64_t group)
{
    itgc_shape shape = x->shape;
    shape.dim[0] = outputs;
    shape.dim[1] = x->shape.dim[1] / group;
    for (int i = 2; i < shape.rank; i++) {
        shape.dim[i] = kernel;
    }
    itgc_node *node = add_node(f, "Conv", x, add_weights(f, shape, -1, 1), add_weights(f, DIMS(outputs), -1, 1));
    itgc_conv_params *params = node->params;
    params->group = group;
    params->window.rank = shape.rank - 2;
    for (int i = 0; i < params->window.rank; i++) {
        params->window.kernel[i] = kernel;
        params->window.stride[i] = params->window.dilation[i] = 1;
        params->window.before[i] = params->window.after[i] = padding;
    }
    return finish(f, node);
}

static inline itgc_tensor *add_pool(fixture *f, itgc_pool_kind kind, itgc_tensor *x, int64_t kernel, int64_t stride, int64_t padding)
{
    itgc_node *node = add_node(f, kind == ITGC_POOL_MAX ? "MaxPool" : "AveragePool", x, NULL, NULL);
    itgc_pool_params *params = node->params;
    params->kind = kind;
    params->window.rank = x->shape.rank - 2;
    for (int i = 0; i < params->window.rank; i++) {
        params->window.kernel[i] = kernel;
        params->window.stride[i] = stride;
        params->window.dilation[i] = 1;
        params->window.before[i] = params->window.after[i] = padding;
    }
    return finish(f, node);
}

static inline itgc_tensor *add_transpose(fixture *f, itgc_tensor *x, itgc_shape perm)
{
    itgc_node *node = add_node(f, "Transpose", x, NULL, NULL);
    itgc_list_params *params = node->params;
    params->given = true;
    params->count = perm.rank;
    memcpy(params->value, perm.dim, (size_t)perm.rank * sizeof(int64_t));
    return finish(f, node);
}

static inline itgc_tensor *add_reshape(fixture *f, itgc_tensor *x, itgc_shape shape)
{
    return finish(f, add_node(f, "Reshape", x, add_ints(f, shape), NULL));
}

static inline itgc_tensor *add_gemm(fixture *f, itgc_tensor *x, int64_t outputs)
{
    itgc_node *node = add_node(f, "Gemm", x, add_weights(f, DIMS(outputs, x->shape.dim[1]), -1, 1), add_weights(f, DIMS(outputs), -1, 1));
    *(itgc_gemm_params *)node->params = (itgc_gemm_params){.alpha = 1, .beta = 1, .transpose_b = true};
    return finish(f, node);
}

static inline itgc_tensor *add_batchnorm(fixture *f, itgc_tensor *x)
{
    const itgc_shape shape = {.rank = 1, .dim = {x->shape.dim[1]}};
    itgc_tensor *in[5] = {x, add_weights(f, shape, 0.5f, 1.5f), add_weights(f, shape, -1, 1), add_weights(f, shape, -1, 1),
                          add_weights(f, shape, 0.5f, 1.5f)};
    itgc_tensor *out = itgc_new_tensor(f->graph, "norm", ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(f->graph, "BatchNormalization", "norm", in, 5, &out, 1);
    ((itgc_norm_params *)node->params)->epsilon = 1e-5f;
    return finish(f, node);
}

static inline const itgc_pass *find_pass(const char *name)
{
    int count;
    const itgc_pass *passes = itgc_lower_passes(&count);
    for (int i = 0; i < count; i++) {
        if (strcmp(passes[i].name, name) == 0) {
            return &passes[i];
        }
    }
    fail_msg("no pass %s", name);
    return NULL;
}

static inline int count_nodes(const itgc_graph *graph, const char *type)
{
    int count = 0;
    for (int i = 0; i < graph->node_count; i++) {
        count += strcmp(graph->nodes[i]->type, type) == 0;
    }
    return count;
}

static inline itgc_node *find_node(const itgc_graph *graph, const char *type)
{
    for (int i = 0; i < graph->node_count; i++) {
        if (strcmp(graph->nodes[i]->type, type) == 0) {
            return graph->nodes[i];
        }
    }
    fail_msg("no %s is left", type);
    return NULL;
}

/* The values of graph input `input`, which the lowered graph may hold in channels-last order. */
static inline const itgc_value *random_value(fixture *f, const itgc_tensor *input, float low, float high)
{
    itgc_value *value = itgc_new_value(f->arena, ITGC_F32, &input->shape);
    const int64_t count = itgc_elements(&input->shape);
    for (int64_t i = 0; i < count; i++) {
        value->f[i] = low + (high - low) * (random_float(f) + 1.0f) / 2.0f;
    }
    return value;
}

static inline void assert_close(const itgc_value *a, const itgc_value *b)
{
    assert_true(itgc_same_shape(&a->shape, &b->shape));
    const int64_t count = itgc_elements(&a->shape);
    double largest = 0.0, difference = 0.0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)a->f[i]));
        difference = fmax(difference, fabs((double)a->f[i] - (double)b->f[i]));
        assert_true(b->f[i] == b->f[i]);
    }
    if (difference > 1e-5 * largest) {
        fail_msg("largest difference %g of %g", difference, largest);
    }
}

static inline const itgc_value *run_graph(fixture *f, const itgc_graph *graph, const itgc_value *const *inputs, int output)
{
    itgc_executor *executor = itgc_new_executor(graph, 1);
    if (!itgc_run_float(executor, inputs, NULL, NULL)) {
        fail_msg("%s", f->diag.error);
    }
    return itgc_value_of(executor, graph->outputs[output]);
}

/* Compares two graphs on random inputs in [low, high); same layout of inputs and outputs. */
static inline void assert_same_results(fixture *f, const itgc_graph *before, const itgc_graph *after, float low, float high)
{
    const itgc_value *inputs[4];
    for (int i = 0; i < before->input_count; i++) {
        inputs[i] = random_value(f, before->inputs[i], low, high);
    }
    for (int i = 0; i < before->output_count; i++) {
        assert_string_equal(before->outputs[i]->name, after->outputs[i]->name);
        assert_close(run_graph(f, before, inputs, i), run_graph(f, after, inputs, i));
    }
}

/* Runs one pass (NULL: all of them) on a copy and checks that the copy computes the same. */
static inline itgc_graph *run_and_compare(fixture *f, const char *pass)
{
    static const itgc_lower_options options = {.threads = 1};
    itgc_graph *copy = itgc_clone_graph(f->arena, f->graph);
    const bool done = pass ? itgc_run_pass(copy, find_pass(pass), &options) : itgc_lower_graph(copy, &options);
    if (!done) {
        fail_msg("%s", f->diag.error ? f->diag.error : "a pass failed without a reason");
    }
    if (!itgc_check_graph(copy)) {
        fail_msg("%s", f->diag.error);
    }
    assert_same_results(f, f->graph, copy, -1.0f, 1.0f);
    return copy;
}

#endif
