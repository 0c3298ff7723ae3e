/* SPDX-License-Identifier: Apache-2.0
 * A quantized graph of normalizations written by hand: camera bytes over channels → over space and groups, to int16 → root mean square about
 * a mean → sums of magnitudes, to int8 → neighbouring channels. tests/targets/write_hand_model.c writes it as C for the emulator tests:
 * every measure, width and type of itg_normalize, and itg_lrn, on every target. */
#ifndef NORM_GRAPH_H
#define NORM_GRAPH_H

#include "tests/models/hand_graph.h"

/* Gains of about `gain`, and biases around the middle of the output; one of each where there are no channels. */
static void norm_step(itgc_graph *graph, itg_normalize normalize, int32_t gain, itgc_tensor *in, itgc_tensor *out)
{
    const int channels = normalize.per_channel ? normalize.groups * normalize.width : 1;
    int32_t *gains = hand_constant(graph, "gain", 4, (size_t)channels), *biases = hand_constant(graph, "bias", 4, (size_t)channels);
    for (int c = 0; c < channels; c++) {
        gains[c] = (c % 3 == 2 ? -1 : 1) * (gain + 40009 * c);
        biases[c] = (1 << (normalize.narrow - 1)) + 300 * c;
    }
    normalize.gain = gains;
    normalize.bias = biases;
    normalize.low = normalize.out_type == ITG_S16 ? INT16_MIN : INT8_MIN;
    normalize.high = normalize.out_type == ITG_S16 ? INT16_MAX : INT8_MAX;
    hand_step(graph, &itgc_step_normalize, &normalize, in, out)->rows = (uint32_t)(128 / (normalize.space * normalize.width));
}

static void norm_lrn_step(itgc_graph *graph, itgc_tensor *in, itgc_tensor *out)
{
    const int entries = 6 * 32 + 1;
    int32_t *table = hand_constant(graph, "table", 4, (size_t)entries);
    for (int i = 0; i < entries; i++) {
        table[i] = (1 << 30) - 5000000 * i;
    }
    const itg_lrn lrn = {.channels = 8,
                         .below = 2,
                         .above = 2,
                         .table = table,
                         .in_zero = 3,
                         .zero = 3,
                         .low = INT8_MIN,
                         .high = INT8_MAX,
                         .epsilon = 1 << 29,
                         .requant = {.multiplier = 1 << 24, .shift = 15},
                         .epsilon_shift = 1,
                         .octave = 30,
                         .narrow = 8,
                         .in_type = ITG_S8,
                         .out_type = ITG_S8};
    hand_step(graph, &itgc_step_lrn, &lrn, in, out)->rows = 16;
}

static itgc_graph *norm_graph(itgc_arena *arena, itgc_diag *diag)
{
    itgc_graph *graph = itgc_new_graph(arena, diag);
    static const itg_type types[] = {ITG_U8, ITG_S8, ITG_S16, ITG_S16, ITG_S8, ITG_S8};
    itgc_tensor *t[6];
    for (int i = 0; i < 6; i++) {
        t[i] = hand_tensor(graph, itgc_sprint(arena, "t%d", i), types[i], 4, (const int64_t[]){1, 4, 4, 8});
    }
    graph->name = "norm";
    graph->level = ITGC_QUANTIZED;
    graph->inputs = ITGC_NEW(arena, itgc_tensor *);
    graph->outputs = ITGC_NEW(arena, itgc_tensor *);
    graph->inputs[0] = t[0];
    graph->outputs[0] = t[5];
    graph->input_count = graph->output_count = 1;

    const itg_normalize layer = {.space = 1,
                                 .groups = 1,
                                 .width = 8,
                                 .in_zero = 3,
                                 .epsilon = 1 << 30,
                                 .epsilon_shift = 4,
                                 .fraction = 22,
                                 .exponent = 69,
                                 .narrow = 10,
                                 .measure = ITG_VARIANCE,
                                 .centered = true,
                                 .per_channel = true,
                                 .in_type = ITG_U8,
                                 .out_type = ITG_S8};
    const itg_normalize group = {.space = 16,
                                 .groups = 2,
                                 .width = 4,
                                 .fraction = 22,
                                 .exponent = 68,
                                 .narrow = 6,
                                 .measure = ITG_VARIANCE,
                                 .centered = true,
                                 .per_channel = true,
                                 .in_type = ITG_S8,
                                 .out_type = ITG_S16};
    const itg_normalize about = {.space = 1,
                                 .groups = 1,
                                 .width = 8,
                                 .epsilon = 1 << 30,
                                 .epsilon_shift = 20,
                                 .fraction = 15,
                                 .exponent = 70,
                                 .narrow = 6,
                                 .measure = ITG_VARIANCE,
                                 .per_channel = true,
                                 .in_type = ITG_S16,
                                 .out_type = ITG_S16};
    const itg_normalize sums = {.space = 16,
                                .groups = 8,
                                .width = 1,
                                .epsilon = 7,
                                .fraction = 15,
                                .exponent = 64,
                                .narrow = 10,
                                .measure = ITG_MAGNITUDES,
                                .floored = true,
                                .in_type = ITG_S16,
                                .out_type = ITG_S8};
    norm_step(graph, layer, 1 << 20, t[0], t[1]);
    norm_step(graph, group, 1 << 24, t[1], t[2]);
    norm_step(graph, about, 1 << 29, t[2], t[3]);
    norm_step(graph, sums, 1 << 23, t[3], t[4]);
    norm_lrn_step(graph, t[4], t[5]);
    return graph;
}

#endif
