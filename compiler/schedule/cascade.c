/* SPDX-License-Identifier: Apache-2.0
 * itg_op_cascade: one step for several, its tiers: how many rows of each are computed at a time, and the bands that hold what the next tier sees.
 * Scalar kernels take a row; packed weights are worth more, since each call stages its input anew. Called by choose_cascades.c. */
#include "compiler/ops/op.h"
#include "compiler/schedule/cascade.h"

#include "runtime/kernels/band.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

#define RESULT_BYTES 98304 /* of a tier that are made at a time for windows, if its kernels stage: they stay in a 512 KB second-level cache */
#define SUM_BYTES    32768 /* the same for a sum: fewer calls, and band and other term still fit that cache (decisions/0015) */

#define BEGINS_WITH_WINDOWS(params)                                                                                                                  \
    _Static_assert(offsetof(params, in) == offsetof(itgc_windows, in) && offsetof(params, before) == offsetof(itgc_windows, before),                 \
                   #params " begins with an itgc_windows")
BEGINS_WITH_WINDOWS(itg_conv);
BEGINS_WITH_WINDOWS(itg_depthwise);
BEGINS_WITH_WINDOWS(itg_pool);

const itgc_step_kind itgc_step_cascade = {
    .op_name = "itg_op_cascade", .params_name = "itg_cascade", .run = itg_op_cascade, .params_bytes = sizeof(itg_cascade)};

itgc_windows itgc_windows_of(const itgc_step *step)
{
    itgc_windows windows = {.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    if (step->kind->run != itg_op_add && step->kind->run != itg_op_reduce) {
        memcpy(&windows, step->params, sizeof windows);
        return windows;
    }
    for (int i = 0; i < 3; i++) {
        windows.in[i] = (int32_t)step->in[0]->shape.dim[1 + i];
        windows.out[i] = i == 0 || step->kind->run == itg_op_add ? windows.in[i] : 0;
    }
    return windows;
}

static bool is_sum(const itgc_step *step)
{
    return step->kind->run == itg_op_add;
}

/* A sum as a tier: dense, its second operand the one that is in the arena. */
static itgc_step *make_sum(const itgc_graph *graph, const itgc_step *given, int operand)
{
    itgc_step *step = ITGC_NEW(graph->arena, itgc_step);
    itg_add *add = ITGC_NEW(graph->arena, itg_add);
    const itg_add *from = given->params;
    *step = *given;
    *add = *from;
    add->walk = (itg_walk){.dim = {0, 0, (int32_t)given->out->shape.dim[2], (int32_t)given->out->shape.dim[3]}};
    if (operand) {
        add->multiplier_a = from->multiplier_b;
        add->multiplier_b = from->multiplier_a;
        add->a_type = from->b_type;
        add->b_type = from->a_type;
        step->in[0] = given->in[1];
        step->in[1] = given->in[0];
    }
    step->params = add;
    for (int k = 0; k < graph->packing_count; k++) {
        step->variants[k] = add;
    }
    return step;
}

/* Of a tier for packing k; -1: those with weights in rows. */
static const void *params_of(const itgc_step *tier, int k)
{
    return k >= 0 ? tier->variants[k] : tier->plain ? tier->plain : tier->params;
}

/* Rows that the kernels of a convolution want to compute at a time: whole groups of tiles, or a list of pixels; scalar ones take a row. */
static int32_t count_wanted(const itgc_step *tier, int k)
{
    const itg_conv *conv = params_of(tier, k);
    if (tier->kind->run != itg_op_conv || conv->packing == ITG_PACK_ROWS) {
        return 1;
    }
    if (itg_is_transformed(conv)) {
        const int32_t columns = (conv->out[1] + 3) / 4;
        return columns < ITG_WINOGRAD_TILES ? ITG_WINOGRAD_TILES / columns * 4 : 4;
    }
    return conv->out[1] < ITG_PIXEL_LIST ? ITG_PIXEL_LIST / conv->out[1] : 1;
}

static int32_t row_bytes_of(const itgc_step *tier)
{
    const itgc_windows shape = itgc_windows_of(tier);
    return shape.out[1] * shape.out[2] * (int32_t)itgc_code_bytes(tier->out->format.type);
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Rows of tier `index`, not the first, that are computed at a time: as many as make up for a call of the tier before it, whose own are rows_before. A
 * sum behind several tiers takes what the last of them gives; right behind a convolution, whole groups of its tiles, or it computes some twice. */
static int32_t choose_rows(const itgc_graph *graph, const itgc_step *cascade, int index, int k, int32_t rows_before)
{
    const itgc_step *tier = cascade->tiers[index], *seen = cascade->tiers[index - 1];
    const itgc_windows shape = itgc_windows_of(tier);
    const bool is_packed = k >= 0 && graph->packings[k] != ITG_PACK_ROWS;
    int32_t wanted = count_wanted(seen, k);
    if (is_packed && is_sum(tier)) {
        const int32_t fitting = SUM_BYTES / row_bytes_of(seen);
        wanted = index > 1 ? larger(wanted, rows_before) : larger(wanted, fitting - fitting % wanted);
    } else if (is_packed) {
        wanted = larger(wanted, RESULT_BYTES / row_bytes_of(seen));
    }
    const int64_t rows = ((int64_t)wanted + shape.stride[0] - 1) / shape.stride[0];
    return smaller(larger((int32_t)rows, count_wanted(tier, k)), shape.out[0]);
}

static void fill_tier(const itgc_step *step, int k, itg_tier *tier)
{
    const itgc_windows shape = itgc_windows_of(step);
    *tier = (itg_tier){.run = step->kind->tier,
                       .params = params_of(step, k),
                       .rows = shape.out[0],
                       .row_bytes = row_bytes_of(step),
                       .reach = (shape.kernel[0] - 1) * shape.dilation[0] + 1,
                       .stride = shape.stride[0],
                       .before = shape.before[0]};
}

static bool is_reduce(const itg_tier *tier)
{
    return tier->run == itg_tier_reduce;
}

/* Bands lie behind `offset` bytes of scratch memory; returns where they end. */
static uint64_t place_bands(itg_tier *tiers, int count, uint64_t offset)
{
    for (int i = 0; i + 1 < count; i++) {
        const itg_tier *next = &tiers[i + 1];
        const int64_t seen = (int64_t)(next->most_rows - 1) * next->stride + next->reach;
        tiers[i].band_rows = (int32_t)(seen < tiers[i].rows ? seen : tiers[i].rows);
        tiers[i].band_offset = (int32_t)offset;
        offset += ((uint64_t)tiers[i].band_rows * (uint64_t)tiers[i].row_bytes + 63) / 64 * 64;
    }
    itg_tier *last = &tiers[count - 1];
    if (is_reduce(last)) {
        const itg_reduce *reduce = last->params;
        last->band_offset = (int32_t)offset;
        offset += ((uint64_t)reduce->inner * sizeof(int32_t) + 63) / 64 * 64;
    }
    return offset;
}

/* The params for packing k. Bands lie behind what the kernels of any packing use; scratch_bytes grows to where they end. */
static itg_cascade *make_params(const itgc_graph *graph, itgc_step *cascade, int k, uint32_t offset)
{
    itg_cascade *params = ITGC_NEW(graph->arena, itg_cascade);
    itg_tier *tiers = ITGC_NEW_ARRAY(graph->arena, itg_tier, cascade->tier_count);
    const itgc_windows first = itgc_windows_of(cascade->tiers[0]);
    *params = (itg_cascade){.tiers = tiers,
                            .count = cascade->tier_count,
                            .in_image_bytes = first.in[0] * first.in[1] * first.in[2] * (int32_t)itgc_code_bytes(cascade->in[0]->format.type)};
    for (int i = 0, term = 1; i < cascade->tier_count; i++) {
        fill_tier(cascade->tiers[i], k, &tiers[i]);
        tiers[i].term = is_sum(cascade->tiers[i]) ? term++ : 0;
        tiers[i].most_rows = i ? choose_rows(graph, cascade, i, k, tiers[i - 1].most_rows) : tiers[i].rows;
    }
    const itg_tier *last = &tiers[cascade->tier_count - 1];
    params->out_rows = is_reduce(last) ? 1 : last->rows;
    const uint64_t end = place_bands(tiers, cascade->tier_count, offset);
    const uint32_t bytes = end <= INT32_MAX ? (uint32_t)end : UINT32_MAX; /* more than band_offset can say is more than any arena has */
    cascade->scratch_bytes = bytes > cascade->scratch_bytes ? bytes : cascade->scratch_bytes;
    return params;
}

/* The first packing whose params of all tiers are those of packing k; -1: they are the plain ones. */
static int find_equal(const itgc_step *cascade, int k)
{
    for (int other = -1; other < k; other++) {
        int i = 0;
        while (i < cascade->tier_count && params_of(cascade->tiers[i], other) == params_of(cascade->tiers[i], k)) {
            i++;
        }
        if (i == cascade->tier_count) {
            return other;
        }
    }
    return k;
}

static void make_variants(const itgc_graph *graph, itgc_step *cascade)
{
    uint32_t kernels = 0;
    for (int i = 0; i < cascade->tier_count; i++) {
        kernels = cascade->tiers[i]->scratch_bytes > kernels ? cascade->tiers[i]->scratch_bytes : kernels;
    }
    const uint32_t offset = (kernels + 63) / 64 * 64;
    itg_cascade *plain = make_params(graph, cascade, -1, offset);
    for (int k = 0; k < graph->packing_count; k++) {
        const int equal = find_equal(cascade, k);
        cascade->variants[k] = equal == k ? make_params(graph, cascade, k, offset) : equal < 0 ? plain : cascade->variants[equal];
    }
    cascade->params = cascade->variants[0];
    cascade->plain = plain;
}

itgc_step *itgc_make_cascade(const itgc_graph *graph, itgc_step *const *steps, const int *operand, int count)
{
    itgc_step *cascade = ITGC_NEW(graph->arena, itgc_step);
    const itgc_step *last = steps[count - 1];
    *cascade = (itgc_step){
        .kind = &itgc_step_cascade, .node = last->node, .in = {steps[0]->in[0]}, .out = last->out, .rows = last->rows, .tier_count = count};
    cascade->tiers = ITGC_NEW_ARRAY(graph->arena, itgc_step *, count);
    bool is_layer_with_sums = true;
    for (int i = 0, term = 1; i < count; i++) {
        cascade->tiers[i] = is_sum(steps[i]) ? make_sum(graph, steps[i], operand[i]) : steps[i];
        cascade->macs += steps[i]->macs;
        is_layer_with_sums = is_layer_with_sums && is_sum(steps[i]) == (i > 0);
        if (is_sum(steps[i])) {
            cascade->in[term++] = cascade->tiers[i]->in[1];
        }
    }
    cascade->rows = is_sum(last) ? (uint32_t)(last->out->shape.dim[0] * last->out->shape.dim[1]) : last->rows;
    cascade->blocks = is_layer_with_sums ? steps[0]->blocks : 0;
    make_variants(graph, cascade);
    return cascade;
}

/* The next row of an image in the arena, a term or what the first tier reads, that the tier reads once `done` rows of its own are there. */
static int64_t find_next(const itg_tier *tier, bool is_term, int32_t done)
{
    if (done == tier->rows) {
        return INT32_MAX;
    }
    const int64_t next = is_term ? done : (int64_t)done * tier->stride - tier->before;
    return next > 0 ? next : 0;
}

/* Rows of the tier before it that are there once `done` rows of this one are: none as long as windows see padding alone. */
static int32_t count_seen(const itg_tier *tier, int32_t done)
{
    const int64_t end = done ? (int64_t)(done - 1) * tier->stride - tier->before + tier->reach : 0;
    return end < 0 ? 0 : end < tier[-1].rows ? (int32_t)end : tier[-1].rows;
}

/* Whether the last tier's rows [0, done) may lie over `place`: nothing there is read after they are written. */
static bool is_read_before(const itgc_step *step, const itgc_tensor *place, int32_t done)
{
    const itg_cascade *cascade = step->params;
    const int64_t written = (int64_t)done * cascade->tiers[cascade->count - 1].row_bytes;
    for (int i = cascade->count - 1; i >= 0; i--) {
        const itg_tier *tier = &cascade->tiers[i];
        if (tier->term && i < cascade->count - 1 && itgc_place_owner(step->in[tier->term]) == place) {
            const int64_t bytes = row_bytes_of(step->tiers[i]) / (int64_t)itgc_code_bytes(step->tiers[i]->out->format.type) *
                                  itgc_code_bytes(step->in[tier->term]->format.type);
            if (written > find_next(tier, true, done) * bytes) {
                return false;
            }
        }
        if (i == 0 && itgc_place_owner(step->in[0]) == place) {
            const int64_t bytes = cascade->in_image_bytes / itgc_windows_of(step->tiers[0]).in[0];
            return written <= find_next(tier, false, done) * bytes;
        }
        if (i > 0) {
            done = count_seen(tier, done);
        }
    }
    return true;
}

bool itgc_may_overwrite(const itgc_step *step, const itgc_tensor *place, uint32_t workers)
{
    const itg_cascade *cascade = step->params;
    const itg_tier *last = &cascade->tiers[cascade->count - 1];
    const itgc_tensor *out = itgc_place_owner(step->out);
    int readers = 0;
    for (int i = 0; i < 3; i++) {
        readers += step->in[i] && itgc_place_owner(step->in[i]) == place;
    }
    const bool is_term = last->term && itgc_place_owner(step->in[last->term]) == place;
    if (readers == 0 || out->place.bytes > place->place.bytes || (is_term && out->place.bytes != place->place.bytes)) {
        return false;
    }
    if (workers > 1) {
        return is_term && readers == 1;
    }
    for (int32_t done = 1; done <= last->rows; done++) {
        if (!is_read_before(step, place, done)) {
            return false;
        }
    }
    return true;
}
