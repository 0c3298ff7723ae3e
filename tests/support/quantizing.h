/* SPDX-License-Identifier: Apache-2.0
 * What the tests of int8 ops share: a small lowered graph whose input reals lie exactly on the input's grid is run in float, quantized,
 * scheduled and run by the integer engine; the difference is given in steps of the output's grid. */
#ifndef TEST_QUANTIZING_H
#define TEST_QUANTIZING_H

#include "compiler/evaluate/engine.h"
#include "compiler/measure/observe.h"
#include "compiler/ops/op.h"
#include "compiler/quantize/quantize.h"
#include "compiler/reference/reference.h"
#include "compiler/schedule/schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct bench {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_graph *graph;
    itgc_quantize_options options;
    itgc_value *inputs[4];
    itgc_histogram **histograms;
    uint32_t seed;
} bench;

static inline void start_bench(bench *b)
{
    *b = (bench){.arena = itgc_new_arena(0), .seed = 2024};
    assert_non_null(b->arena);
    itgc_cut_apart(b->arena); /* weights and the memory plans run in are exactly as long as they say */
    if (setjmp(*itgc_arm_arena(b->arena))) {
        fail_msg("out of memory");
    }
    b->diag.arena = b->arena;
    b->graph = itgc_new_graph(b->arena, &b->diag);
    b->graph->inputs = ITGC_NEW_ARRAY(b->arena, itgc_tensor *, 4);
    b->graph->outputs = ITGC_NEW_ARRAY(b->arena, itgc_tensor *, 4);
}

static inline void end_bench(bench *b)
{
    itgc_release_arena(b->arena);
}

static inline uint32_t next_random(bench *b)
{
    b->seed = b->seed * 1664525u + 1013904223u;
    return b->seed >> 8;
}

static inline itgc_shape shape_of(int rank, const int64_t *dims)
{
    itgc_shape shape = {.rank = rank};
    memcpy(shape.dim, dims, (size_t)rank * sizeof dims[0]);
    return shape;
}
#define DIMS(...) shape_of((int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[]){__VA_ARGS__})

/* Reals (code - zero) * scale with random codes, both ends among them, so that the range found gives this very grid. scale: a power of 2. */
static inline itgc_tensor *add_input(bench *b, itgc_shape shape, double scale, int32_t zero)
{
    itgc_graph *graph = b->graph;
    itgc_tensor *tensor = itgc_new_tensor(graph, itgc_sprint(b->arena, "x%d", graph->input_count), ITGC_F32, &shape);
    itgc_value *value = itgc_new_value(b->arena, ITGC_F32, &shape);
    const int64_t count = itgc_elements(&shape);
    for (int64_t i = 0; i < count; i++) {
        const int32_t code = i == 0 ? -128 : i == 1 ? 127 : (int32_t)(next_random(b) % 256) - 128;
        value->f[i] = (float)((code - zero) * scale);
    }
    b->inputs[graph->input_count] = value;
    graph->inputs[graph->input_count++] = tensor;
    return tensor;
}

/* Weights [channels][taps] that int8 codes hold exactly: each channel has the scale 2^(exponent of its own) and a code of 127. */
static inline itgc_tensor *add_exact_weights(bench *b, itgc_shape shape, int exponent, int spread)
{
    itgc_value *value = itgc_new_value(b->arena, ITGC_F32, &shape);
    const int64_t channels = shape.dim[0];
    const int64_t taps = itgc_elements(&shape) / channels;
    for (int64_t i = 0; i < channels * taps; i++) {
        const int64_t channel = i / taps;
        const int down = channels > 1 ? (int)(spread * channel / (channels - 1)) : 0;
        const int32_t code = i % taps == 0 ? 127 : (int32_t)(next_random(b) % 255) - 127;
        value->f[i] = (float)ldexp(code, exponent - down);
    }
    return itgc_new_constant(b->graph, "weights", value);
}

static inline itgc_tensor *add_reals(bench *b, itgc_shape shape, double low, double high)
{
    itgc_value *value = itgc_new_value(b->arena, ITGC_F32, &shape);
    const int64_t count = itgc_elements(&shape);
    for (int64_t i = 0; i < count; i++) {
        value->f[i] = (float)(low + (high - low) * (next_random(b) % 65536) / 65535.0);
    }
    return itgc_new_constant(b->graph, "reals", value);
}

static inline itgc_tensor *add_integers(bench *b, itgc_shape values)
{
    const itgc_shape shape = {.rank = 1, .dim = {values.rank}};
    itgc_value *value = itgc_new_value(b->arena, ITGC_I64, &shape);
    memcpy(value->i, values.dim, (size_t)values.rank * sizeof(int64_t));
    return itgc_new_constant(b->graph, "integers", value);
}

/* A node whose params are still to be filled; inputs up to the first NULL. */
static inline itgc_node *add_node(bench *b, const char *type, itgc_tensor *x, itgc_tensor *y, itgc_tensor *z)
{
    itgc_tensor *in[3] = {x, y, z};
    char *name = itgc_sprint(b->arena, "%s_%d", type, b->graph->node_count);
    itgc_tensor *out = itgc_new_tensor(b->graph, name, ITGC_F32, NULL);
    itgc_node *node = itgc_make_node(b->graph, type, name, in, z ? 3 : y ? 2 : 1, &out, 1);
    assert_non_null(node);
    return node;
}

static inline itgc_tensor *finish_node(bench *b, itgc_node *node)
{
    if (!itgc_infer_node(b->graph, node)) {
        fail_msg("%s", b->diag.error);
    }
    return node->out[0];
}

static inline itgc_tensor *add_unary(bench *b, const char *type, itgc_unary_params params, itgc_tensor *x, itgc_node *fused_into)
{
    itgc_node *node = add_node(b, type, x, NULL, NULL);
    *(itgc_unary_params *)node->params = params;
    if (fused_into) {
        fused_into->fused = node;
        node->is_fused = true;
    }
    return finish_node(b, node);
}

/* How a convolution walks, the same along both axes. */
typedef struct conv_window {
    int64_t stride, pad, dilation, group;
} conv_window;

/* weights: [outputs][inputs of a group][height][width] */
static inline itgc_node *add_conv(bench *b, itgc_tensor *x, itgc_tensor *weights, itgc_tensor *bias, conv_window window)
{
    itgc_node *node = add_node(b, "Conv", x, weights, bias);
    itgc_conv_params *params = node->params;
    params->group = window.group;
    params->window = (itgc_window){.rank = 2, .channels_last = true};
    for (int i = 0; i < 2; i++) {
        params->window.kernel[i] = weights->shape.dim[2 + i];
        params->window.stride[i] = window.stride;
        params->window.dilation[i] = window.dilation;
        params->window.before[i] = params->window.after[i] = window.pad;
    }
    finish_node(b, node);
    return node;
}

/* kernel, stride, dilation and padding: the same along both axes. */
static inline itgc_tensor *add_pool(bench *b, itgc_tensor *x, itgc_pool_kind kind, int64_t kernel, conv_window window)
{
    itgc_node *node = add_node(b, kind == ITGC_POOL_MAX ? "MaxPool" : "AveragePool", x, NULL, NULL);
    itgc_pool_params *params = node->params;
    *params = (itgc_pool_params){.kind = kind, .window = {.rank = 2, .channels_last = true}};
    for (int i = 0; i < 2; i++) {
        params->window.kernel[i] = kernel;
        params->window.stride[i] = window.stride;
        params->window.dilation[i] = window.dilation;
        params->window.before[i] = params->window.after[i] = window.pad;
    }
    return finish_node(b, node);
}

static inline void add_output(bench *b, itgc_tensor *tensor)
{
    tensor->is_output = true;
    b->graph->outputs[b->graph->output_count++] = tensor;
}

/* The quantizer refuses the graph, whose tensors x and `out` have ranges but no float run, with this code. */
static inline void refuse_graph(bench *b, itgc_tensor *x, itgc_tensor *out, int code)
{
    add_output(b, out);
    x->range = out->range = (itgc_range){.min = -1.0, .max = 1.0};
    assert_false(itgc_quantize_graph(b->graph, &b->options));
    assert_int_equal(b->diag.code, code);
}

static inline void observe_tensor(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    bench *b = argument;
    if (value->f) {
        if (!b->histograms[tensor->id]) {
            b->histograms[tensor->id] = ITGC_NEW(b->arena, itgc_histogram);
        }
        itgc_observe(b->histograms[tensor->id], value->f, itgc_elements(&value->shape));
    }
}

/* Float run of the inputs; ranges from it. Returns the first output's values. */
static inline const itgc_value *run_float(bench *b)
{
    itgc_graph *graph = b->graph;
    itgc_fill_uses(graph);
    graph->level = ITGC_LOWERED;
    b->histograms = ITGC_NEW_ARRAY(b->arena, itgc_histogram *, graph->tensor_count);
    itgc_executor *executor = itgc_new_executor(graph, 1);
    assert_true(itgc_run_float(executor, (const itgc_value *const *)b->inputs, observe_tensor, b));
    const itgc_value *out = itgc_value_of(executor, graph->outputs[0]);
    itgc_value *copy = itgc_new_value(b->arena, ITGC_F32, &out->shape);
    memcpy(copy->f, out->f, (size_t)itgc_elements(&out->shape) * sizeof(float));
    itgc_release_executor(executor);
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_histogram *seen = b->histograms[i];
        if (seen) {
            graph->tensors[i]->range = (itgc_range){.min = seen->min, .max = seen->max, .histogram = seen};
        }
    }
    graph->level = ITGC_MEASURED;
    return copy;
}

static inline void quantize_graph(bench *b)
{
    if (!itgc_quantize_graph(b->graph, &b->options)) {
        fail_msg("%s", b->diag.error);
    }
    const itgc_schedule_options schedule = {.align = 16, .workers = 1};
    if (!itgc_schedule_graph(b->graph, &schedule)) {
        fail_msg("%s", b->diag.error);
    }
}

/* Integer run of the same inputs: the first output as reals. */
static inline const itgc_value *run_integers(bench *b)
{
    quantize_graph(b);
    const itg_model *model = itgc_build_plan(b->graph, &itg_kernels_scalar);
    assert_non_null(model);
    itgc_engine *engine = itgc_new_engine(b->arena, b->graph, model, NULL);
    assert_non_null(engine);
    itgc_tap *tap = ITGC_NEW(b->arena, itgc_tap);
    assert_true(itgc_make_tap(engine, b->graph->outputs[0], tap));
    itgc_run_engine(engine, (const itgc_value *const *)b->inputs, &tap, 1);
    return tap->value;
}

/* Largest difference between the integer and the float result, in steps of the output. */
static inline double compare_runs(bench *b)
{
    const itgc_value *expected = run_float(b);
    const itgc_value *actual = run_integers(b);
    const int64_t count = itgc_elements(&expected->shape);
    assert_int_equal(count, itgc_elements(&actual->shape));
    double largest = 0.0;
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)expected->f[i] - (double)actual->f[i]));
    }
    return largest / b->graph->outputs[0]->format.scale;
}

static inline const itgc_step_kind *step_kind(const bench *b, int index)
{
    assert_true(index < b->graph->step_count);
    return b->graph->steps[index]->kind;
}

#endif
