/* SPDX-License-Identifier: Apache-2.0
 * A convolution whose result one sum alone reads is computed inside the sum's step, some rows at a time (itg_op_conv_add): the result never lies
 * in the arena as a whole, and the sum may overwrite its other term. The codes, int16 or not, stay those
 * of the two steps. In: a quantized graph; later its
 * lifetimes, and its packed steps. Called by schedule.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#define LIST_PIXELS 240 /* that packed kernels take at a time at most (runtime/kernels/neon/walk.h) */

/* Both operands walk as the result does. */
static bool is_dense(const itg_add *add, int64_t elements)
{
    int64_t count = 1;
    for (int i = 3; i >= 0; i--) {
        if (add->walk.dim[i] > 1 && (add->walk.stride_a[i] != count || add->walk.stride_b[i] != count)) {
            return false;
        }
        count *= add->walk.dim[i];
    }
    return count == elements && !add->b_constant;
}

/* What the step computes as a sum's; a is the convolution's result. */
static void fuse_step(const itgc_graph *graph, itgc_step *sum, const itgc_step *conv)
{
    itg_conv_add *params = ITGC_NEW(graph->arena, itg_conv_add);
    params->conv = *(const itg_conv *)conv->params;
    params->add = *(const itg_add *)sum->params;
    params->add.walk = (itg_walk){{0}, {0}, {0}};
    sum->kind = &itgc_step_conv_add;
    sum->params = params;
    sum->in[0] = conv->in[0];
    sum->rows = conv->rows;
    sum->macs = conv->macs;
    sum->inner = conv->node;
}

static void remove_step(itgc_graph *graph, const itgc_step *step)
{
    int kept = 0;
    for (int i = 0; i < graph->step_count; i++) {
        if (graph->steps[i] != step) {
            graph->steps[kept++] = graph->steps[i];
        }
    }
    graph->step_count = kept;
}

/* The convolution whose result is the sum's first term, if it can be computed inside: more than one row, so that a band is not all of it. */
static itgc_step *find_inner(const itgc_graph *graph, const itgc_step *sum)
{
    if (sum->kind->run != itg_op_add || !sum->in[1] || itgc_place_owner(sum->in[1]) == sum->in[0] ||
        !is_dense(sum->params, itgc_elements(&sum->out->shape))) {
        return NULL;
    }
    itgc_step *conv = itgc_find_writer(graph, sum, sum->in[0]);
    const itg_conv *params = conv ? conv->params : NULL;
    return params && params->out[0] > 1 && !params->out_pitch ? conv : NULL;
}

void itgc_fuse_sums(itgc_graph *graph)
{
    for (int i = 0; i < graph->step_count; i++) {
        itgc_step *conv = find_inner(graph, graph->steps[i]);
        if (conv) {
            fuse_step(graph, graph->steps[i], conv);
            remove_step(graph, conv);
            i--; /* it stood before the sum */
        }
    }
}

/* The sum may overwrite its other term where nobody reads that later and the convolution does not read it. */
void itgc_overwrite_terms(itgc_graph *graph)
{
    for (int i = 0; i < graph->step_count; i++) {
        const itgc_step *step = graph->steps[i];
        if (step->kind->run != itg_op_conv_add) {
            continue;
        }
        itgc_tensor *out = itgc_place_owner(step->out);
        itgc_tensor *term = itgc_place_owner(step->in[1]);
        const bool is_last = term->place.last_step == i && term->place.first_step < i && out->place.first_step == i;
        if (is_last && term->place.bytes == out->place.bytes && itgc_place_owner(step->in[0]) != term) {
            out->overwrites = term;
        }
    }
}

/* Rows that the kernels of one variant want to compute at a time: whole groups of tiles, or a list of pixels; scalar ones take a row. */
static int32_t choose_rows(const itg_conv *conv)
{
    int32_t rows = 1;
    if (conv->packing != ITG_PACK_ROWS) {
        rows = conv->out[1] < LIST_PIXELS ? LIST_PIXELS / conv->out[1] : 1;
    }
    if (itg_is_transformed(conv)) {
        const int32_t columns = (conv->out[1] + 3) / 4;
        rows = columns < ITG_WINOGRAD_TILES ? ITG_WINOGRAD_TILES / columns * 4 : 4;
    }
    return rows < conv->out[0] ? rows : conv->out[0];
}

static void reserve_band(const itgc_graph *graph, itgc_step *step)
{
    const uint32_t offset = (step->scratch_bytes + 63) / 64 * 64;
    uint32_t most = 0;
    for (int k = 0; k < graph->packing_count; k++) {
        itg_conv_add *params = step->variants[k];
        params->band_rows = choose_rows(&params->conv);
        params->band_offset = (int32_t)offset;
        const uint32_t pixels = (uint32_t)(params->band_rows * params->conv.out[1]);
        const uint32_t bytes = pixels * (uint32_t)params->conv.out[2] * (uint32_t)itg_element_bytes(params->conv.out_type);
        most = most < bytes ? bytes : most;
    }
    itg_conv_add *plain = (itg_conv_add *)(uintptr_t)step->plain;
    plain->band_rows = plain->band_rows ? plain->band_rows : 1;
    plain->band_offset = (int32_t)offset;
    step->scratch_bytes = offset + (most + 63) / 64 * 64;
}

void itgc_reserve_bands(itgc_graph *graph)
{
    for (int i = 0; i < graph->step_count; i++) {
        if (graph->steps[i]->kind->run == itg_op_conv_add) {
            reserve_band(graph, graph->steps[i]);
        }
    }
}
