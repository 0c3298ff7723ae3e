/* SPDX-License-Identifier: Apache-2.0
 * A small quantized graph written by hand: camera bytes → convolution → pool → concatenation of two copies → reshape → fully connected.
 * It exercises an alias, a partial step, shared and unused constants; used by the unit tests of schedule and emit and, written as C by
 * tests/targets/write_hand_model.c, by the emulator tests. */
#ifndef HAND_GRAPH_H
#define HAND_GRAPH_H

#include "compiler/ops/quantizers.h"

#include <string.h>

static itgc_tensor *hand_tensor(itgc_graph *graph, const char *name, itg_type type, int rank, const int64_t *dims)
{
    itgc_shape shape = {.rank = rank};
    memcpy(shape.dim, dims, (size_t)rank * sizeof *dims);
    itgc_tensor *tensor = itgc_new_tensor(graph, name, ITGC_F32, &shape);
    tensor->format = (itgc_format){.type = type, .scale = 0.0625, .zero = 3};
    return tensor;
}

/* Bytes that look random and are the same everywhere. */
static void hand_fill(void *bytes, size_t count, uint32_t seed)
{
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        ((uint8_t *)bytes)[i] = (uint8_t)(seed >> 24);
    }
}

static void *hand_constant(itgc_graph *graph, const char *suffix, int element_bytes, size_t count)
{
    itgc_constant *constant = ITGC_NEW(graph->arena, itgc_constant);
    void *bytes = itgc_alloc(graph->arena, count * (size_t)element_bytes);
    *constant = (itgc_constant){.bytes = bytes, .suffix = suffix, .element_bytes = element_bytes, .is_signed = true, .count = count};
    itgc_push(graph->arena, (void ***)&graph->constants, &graph->constant_count, &graph->constant_capacity, constant);
    return bytes;
}

static itgc_step *hand_step(itgc_graph *graph, const itgc_step_kind *kind, const void *params, itgc_tensor *in, itgc_tensor *out)
{
    itgc_step *step = ITGC_NEW(graph->arena, itgc_step);
    step->kind = kind;
    step->params = itgc_copy_bytes(graph->arena, params, kind->params_bytes);
    step->in[0] = in;
    step->out = out;
    step->rows = 1;
    itgc_push(graph->arena, (void ***)&graph->steps, &graph->step_count, &graph->step_capacity, step);
    return step;
}

static const int8_t *hand_weights(itgc_graph *graph, size_t count, uint32_t seed)
{
    int8_t *weights = hand_constant(graph, "weights", 1, count);
    hand_fill(weights, count, seed);
    for (size_t i = 0; i < count; i++) {
        weights[i] = weights[i] == -128 ? -127 : weights[i];
    }
    return weights;
}

/* Each convolution gets its own multipliers; equal ones are merged by schedule. */
static itg_epilogue hand_epilogue(itgc_graph *graph, int channels, uint8_t shift, int32_t low, int32_t high)
{
    int32_t *bias = hand_constant(graph, "bias", 4, (size_t)channels);
    int32_t *multiplier = hand_constant(graph, "multiplier", 4, 8);
    for (int i = 0; i < channels; i++) {
        bias[i] = 400 * i - 900;
    }
    for (int i = 0; i < 8; i++) {
        multiplier[i] = (1 << 29) + 1000003 * i;
    }
    return (itg_epilogue){.bias = bias, .multiplier = multiplier, .zero = low == -128 ? 3 : 0, .low = low, .high = high, .shift = shift};
}

static void hand_convolution(itgc_graph *graph, itgc_tensor *in, itgc_tensor *out)
{
    (void)hand_constant(graph, "unused", 2, 100);
    itg_conv conv = {.in = {6, 6, 3},
                     .out = {6, 6, 8},
                     .kernel = {3, 3},
                     .stride = {1, 1},
                     .dilation = {1, 1},
                     .before = {1, 1},
                     .groups = 1,
                     .packing = ITG_PACK_ROWS};
    conv.weights = hand_weights(graph, 8 * 27, 1);
    conv.pad_code = -7;
    conv.epilogue = hand_epilogue(graph, 8, 9, -128, 127);
    conv.in_type = ITG_U8;
    conv.out_type = ITG_S8;
    itgc_step *step = hand_step(graph, &itgc_step_conv, &conv, in, out);
    step->rows = 6;
    step->macs = 36 * 8 * 27;
}

static void hand_dense(itgc_graph *graph, itgc_tensor *in, itgc_tensor *out)
{
    itg_conv dense = {
        .in = {1, 1, 144}, .out = {1, 1, 4}, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}, .groups = 1, .packing = ITG_PACK_ROWS};
    dense.weights = hand_weights(graph, 144 * 4, 2);
    dense.epilogue = hand_epilogue(graph, 4, 4, -32768, 32767);
    dense.in_type = ITG_S8;
    dense.out_type = ITG_S16;
    hand_step(graph, &itgc_step_conv, &dense, in, out)->macs = 576;
}

static itgc_graph *hand_graph(itgc_arena *arena, itgc_diag *diag)
{
    itgc_graph *graph = itgc_new_graph(arena, diag);
    graph->name = "hand";
    graph->level = ITGC_QUANTIZED;
    itgc_tensor *t[6] = {hand_tensor(graph, "pixels", ITG_U8, 4, (const int64_t[]){1, 6, 6, 3}),
                         hand_tensor(graph, "conv", ITG_S8, 4, (const int64_t[]){1, 6, 6, 8}),
                         hand_tensor(graph, "pool", ITG_S8, 4, (const int64_t[]){1, 3, 3, 8}),
                         hand_tensor(graph, "concat", ITG_S8, 4, (const int64_t[]){1, 3, 3, 16}),
                         hand_tensor(graph, "flat", ITG_S8, 2, (const int64_t[]){1, 144}),
                         hand_tensor(graph, "logits", ITG_S16, 2, (const int64_t[]){1, 4})};
    t[4]->alias_of = t[3];
    static const char *const labels[] = {"first", "second \"two\"", "third ?\?/", "vierte \xc3\xa4"};
    graph->labels = labels;
    graph->label_count = 4;
    graph->inputs = ITGC_NEW(arena, itgc_tensor *);
    graph->outputs = ITGC_NEW(arena, itgc_tensor *);
    graph->inputs[0] = t[0];
    graph->outputs[0] = t[5];
    graph->input_count = graph->output_count = 1;

    hand_convolution(graph, t[0], t[1]);
    const itg_pool pool = {.in = {6, 6, 8},
                           .out = {3, 3, 8},
                           .kernel = {2, 2},
                           .stride = {2, 2},
                           .dilation = {1, 1},
                           .low = -128,
                           .high = 127,
                           .in_type = ITG_S8,
                           .out_type = ITG_S8};
    hand_step(graph, &itgc_step_pool, &pool, t[1], t[2])->rows = 3;
    itg_copy copy = {.dim = {1, 1, 1, 1, 9, 8}, .in_stride = {0, 0, 0, 0, 8, 1}, .out_stride = {0, 0, 0, 0, 16, 1}, .element_bytes = 1};
    hand_step(graph, &itgc_step_copy, &copy, t[2], t[3])->partial = true;
    copy.out_start = 8;
    hand_step(graph, &itgc_step_copy, &copy, t[2], t[3]);
    hand_dense(graph, t[4], t[5]);
    return graph;
}

#endif
