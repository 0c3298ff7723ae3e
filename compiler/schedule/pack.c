/* SPDX-License-Identifier: Apache-2.0
 * Re-stores weights in the layout the target's kernels stream (runtime/kernels/packing.h) and reserves the scratch those kernels ask for.
 * In: a quantized graph, every conv in ITG_PACK_ROWS. Out: for each of the graph's packings, params that point to packed constants. Called by
 * schedule.c. */
#include "compiler/schedule/parts.h"

#include "runtime/kernels/column.h"
#include "runtime/kernels/pairs.h"
#include "runtime/kernels/stage.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

static void *copy_params(itgc_graph *graph, const void *params, size_t bytes)
{
    return memcpy(itgc_alloc(graph->arena, bytes), params, bytes);
}

static const void *keep_packed(itgc_graph *graph, int8_t *bytes, size_t count)
{
    itgc_constant *constant = ITGC_NEW(graph->arena, itgc_constant);
    *constant = (itgc_constant){.bytes = bytes, .suffix = "packed", .element_bytes = 1, .is_signed = true, .count = count, .align = 64};
    itgc_push(graph->arena, (void ***)&graph->constants, &graph->constant_count, &graph->constant_capacity, constant);
    return bytes;
}

/* 16c4s and 8c4s: steps of `channels` channels go in fours, then two, then one; within them the vectors of a quarter of the channels come one
 * after the other. */
static size_t place_in_group(int32_t channels, int32_t steps, int32_t lane, int32_t i)
{
    const int32_t step = i / 4, fours = steps / 4 * 4, twos = steps / 2 * 2;
    const int32_t start = step < fours ? step / 4 * 4 : step < twos ? fours : twos, count = step < fours ? 4 : step < twos ? 2 : 1;
    const int32_t width = channels / 4, vector = lane / width * count + step - start;
    return (size_t)(start * channels * 4 + vector * channels + lane % width * 4 + i % 4);
}

/* How one packing lays out a block's 16 channels: where input `i` of segment s of channel `lane` lies. */
static size_t place_weight(itg_packing packing, const itg_runs *runs, int32_t lane, int32_t s, int32_t i)
{
    const size_t segment = (size_t)s * (size_t)runs->steps; /* in steps */
    switch (packing) {
    case ITG_PACK_16C8S:
        return segment * 128 + (size_t)i / 8 * 128 + (size_t)lane * 8 + (size_t)i % 8;
    case ITG_PACK_16C4S:
        return segment * 64 + place_in_group(16, runs->steps, lane, i);
    case ITG_PACK_8C4S:
        return ((size_t)(lane / 8 * runs->segments * runs->steps) + segment) * 32 + place_in_group(8, runs->steps, lane % 8, i);
    default:
        return segment * 64 + (size_t)i / 4 * 64 + (size_t)lane * 4 + (size_t)i % 4;
    }
}

/* True if no int16 lane that sums the products of four steps can overflow: the weights it meets sum to at most 255 in magnitude. */
static bool sums_four_steps(const itg_runs *runs, const int8_t *weights)
{
    for (int32_t s = 0; s < runs->segments; s++, weights += runs->run) {
        for (int32_t first = 0; first < runs->run; first += 16) {
            int32_t sums[4] = {0};
            for (int32_t i = first; i < runs->run && i < first + 16; i++) {
                sums[i % 4] += weights[i] < 0 ? -weights[i] : weights[i];
            }
            if (sums[0] > 255 || sums[1] > 255 || sums[2] > 255 || sums[3] > 255) {
                return false;
            }
        }
    }
    return true;
}

/* One output channel's runs into its lane of a block; returns the sum of its weights. */
static int32_t pack_channel(const itg_conv *conv, const itg_runs *runs, int8_t *block, int32_t lane, const int8_t *weights)
{
    int32_t sum = 0;
    for (int32_t s = 0; s < runs->segments; s++) {
        for (int32_t i = 0; i < runs->run; i++) {
            const int8_t weight = weights[(size_t)s * (size_t)runs->run + (size_t)i];
            block[place_weight(conv->packing, runs, lane, s, i)] = weight;
            sum += weight;
        }
    }
    return sum;
}

/* For each group the corrections of all blocks' channels, then [block][segment][step] of 16 channels (packing.h). */
static void pack_conv_blocks(itgc_graph *graph, itg_conv *conv, int32_t images)
{
    const itg_runs runs = itg_cut_runs(conv);
    const size_t block_bytes = (size_t)runs.segments * (size_t)runs.steps * (size_t)itg_step_bytes(conv) * 16;
    const size_t head = itg_head_bytes(conv, &runs), group_bytes = head + (size_t)runs.blocks * block_bytes;
    const int32_t group_outputs = conv->out[2] / conv->groups, offset = itg_staged_type(conv) == ITG_U8 ? -128 : 128;
    const bool is_signed = conv->packing == ITG_PACK_16C4S || conv->packing == ITG_PACK_8C4S, transform = itgc_can_transform(conv, images);
    int8_t *packed = ITGC_NEW_ARRAY(graph->arena, int8_t, group_bytes * (size_t)conv->groups);
    for (int32_t channel = 0; channel < conv->out[2]; channel++) {
        const int32_t group = channel / group_outputs, block = channel % group_outputs / 16, lane = channel % group_outputs % 16;
        int8_t *start = packed + (size_t)group * group_bytes;
        const int8_t *weights = conv->weights + (size_t)channel * (size_t)runs.segments * (size_t)runs.run;
        const int32_t correction = offset * pack_channel(conv, &runs, start + head + (size_t)block * block_bytes, lane, weights);
        memcpy(start + ((size_t)block * 16 + (size_t)lane) * sizeof correction, &correction, sizeof correction);
        if (is_signed && !sums_four_steps(&runs, weights)) {
            start[(size_t)runs.blocks * 64 + (size_t)block] |= ITG_SHALLOW_MARK;
        }
    }
    if (transform) {
        packed[runs.blocks * 64] |= ITG_WINOGRAD_MARK;
    }
    conv->weights = keep_packed(graph, packed, group_bytes * (size_t)conv->groups);
}

/* Packings of tables that multiply unsigned codes: corrections, and depthwise weights by 32 channels. */
static bool is_unsigned(itg_packing packing)
{
    return packing == ITG_PACK_16C4 || packing == ITG_PACK_16C4P;
}

static void need_scratch(itgc_step *step, uint32_t bytes)
{
    step->scratch_bytes = step->scratch_bytes < bytes ? bytes : step->scratch_bytes;
}

static bool can_pack_conv(const itg_conv *conv, itg_packing packing)
{
    return packing != ITG_PACK_ROWS && !conv->epilogue.wide && itg_cut_runs(conv).segments <= ITG_MAX_SEGMENTS;
}

static void pack_conv(itgc_graph *graph, itgc_step *step, itg_conv *conv)
{
    const int32_t images = (int32_t)(step->rows / (uint32_t)conv->out[0]); /* that kernels may take together */
    pack_conv_blocks(graph, conv, images);
    if (conv->packing == ITG_PACK_16C4P) {
        size_t bytes;
        int8_t *split = itgc_split_pairs(graph->arena, conv, &bytes);
        conv->weights = keep_packed(graph, split, bytes);
    }
    step->blocks = conv->groups == 1 ? (uint32_t)itg_cut_runs(conv).blocks : 0;
    need_scratch(step, itg_band_scratch_bytes(conv));
    if (itg_is_widened(conv)) {
        need_scratch(step, itg_widened_scratch_bytes(conv));
    }
    if (itg_is_transformed(conv)) {
        need_scratch(step, itg_winograd_scratch_bytes(conv, images));
    }
}

/* 16c4: corrections -128 * sum(w) of all blocks' channels, then [block][row group][kx][quarter][8][4]. */
static void pack_depthwise_16c4(itgc_graph *graph, itg_depthwise *depthwise)
{
    const int32_t blocks = itg_column_blocks(depthwise), channels = depthwise->in[2];
    const size_t head = (size_t)blocks * ITG_COLUMN_CHANNELS * sizeof(int32_t);
    const size_t block_bytes = (size_t)itg_row_groups(depthwise) * (size_t)depthwise->kernel[1] * ITG_COLUMN_BYTES;
    int8_t *packed = ITGC_NEW_ARRAY(graph->arena, int8_t, head + (size_t)blocks * block_bytes);
    for (int32_t channel = 0; channel < channels; channel++) {
        int8_t *block = packed + head + (size_t)(channel / ITG_COLUMN_CHANNELS) * block_bytes;
        int32_t correction = 0;
        for (int32_t tap = 0; tap < depthwise->kernel[0] * depthwise->kernel[1]; tap++) {
            const int8_t weight = depthwise->weights[tap * channels + channel];
            block[itg_column_weight_offset(depthwise, tap / depthwise->kernel[1], tap % depthwise->kernel[1], channel % ITG_COLUMN_CHANNELS)] =
                weight;
            correction -= 128 * weight;
        }
        memcpy(packed + (size_t)channel * sizeof correction, &correction, sizeof correction);
    }
    depthwise->weights = keep_packed(graph, packed, head + (size_t)blocks * block_bytes);
}

/* Signed packings: [block of 16 channels][kx][row group][16][4]. */
static void pack_depthwise_signed(itgc_graph *graph, itg_depthwise *depthwise)
{
    const int32_t channels = depthwise->in[2], columns = depthwise->kernel[1];
    const size_t block_bytes = itg_signed_column_weight_bytes(depthwise), bytes = (size_t)((channels + 15) / 16) * block_bytes;
    int8_t *packed = ITGC_NEW_ARRAY(graph->arena, int8_t, bytes);
    for (int32_t channel = 0; channel < channels; channel++) {
        int8_t *lane = packed + (size_t)(channel / 16) * block_bytes + (size_t)(channel % 16) * 4;
        for (int32_t tap = 0; tap < depthwise->kernel[0] * columns; tap++) {
            const int32_t ky = tap / columns, kx = tap % columns;
            lane[(size_t)(kx * itg_row_groups(depthwise) + ky / 4) * 64 + (size_t)ky % 4] = depthwise->weights[tap * channels + channel];
        }
    }
    depthwise->weights = keep_packed(graph, packed, bytes);
}

static bool can_pack_depthwise(const itg_depthwise *depthwise, itg_packing packing)
{
    return packing != ITG_PACK_ROWS && (is_unsigned(packing) ? itg_fits_columns(depthwise) : itg_fits_signed_columns(depthwise));
}

static void pack_depthwise(itgc_graph *graph, itgc_step *step, itg_depthwise *depthwise)
{
    if (is_unsigned(depthwise->packing)) {
        pack_depthwise_16c4(graph, depthwise);
        need_scratch(step, itg_column_scratch_bytes(depthwise));
    } else {
        pack_depthwise_signed(graph, depthwise);
        need_scratch(step, itg_signed_column_scratch_bytes(depthwise));
    }
}

static bool is_conv(const itgc_step *step)
{
    return step->kind->run == itg_op_conv;
}

/* The step's params for one packing, made of plain ones; plain itself where they stay as they are. */
static void *pack_step(itgc_graph *graph, itgc_step *step, void *plain, itg_packing packing)
{
    if (is_conv(step) ? !can_pack_conv(plain, packing) : !can_pack_depthwise(plain, packing)) {
        return plain;
    }
    void *params = copy_params(graph, plain, step->kind->params_bytes);
    if (is_conv(step)) {
        ((itg_conv *)params)->packing = packing;
        pack_conv(graph, step, params);
    } else {
        ((itg_depthwise *)params)->packing = packing;
        pack_depthwise(graph, step, params);
    }
    return params;
}

/* One array for two packings, where it can be. */
static void share_arrays(const itgc_graph *graph, const itgc_step *step)
{
    for (int i = 0; i < graph->packing_count; i++) {
        for (int k = 0; k < graph->packing_count; k++) {
            const itg_conv *pairs = step->variants[i];
            itg_conv *dots = step->variants[k];
            if (pairs->packing == ITG_PACK_16C4P && dots->packing == ITG_PACK_16C4) {
                itgc_share_weights(pairs, dots);
            }
        }
    }
}

void itgc_pack_weights(itgc_graph *graph)
{
    for (int i = 0; i < graph->step_count; i++) {
        itgc_step *step = graph->steps[i];
        void *const plain = step->params;
        const bool has_weights = is_conv(step) || step->kind->run == itg_op_depthwise;
        for (int k = 0; k < graph->packing_count; k++) {
            step->variants[k] = has_weights ? pack_step(graph, step, plain, graph->packings[k]) : plain;
        }
        if (is_conv(step)) {
            share_arrays(graph, step);
        }
        step->params = step->variants[0];
        step->plain = has_weights ? plain : NULL;
    }
}
