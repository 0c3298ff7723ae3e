/* SPDX-License-Identifier: Apache-2.0
 * A convolution whose result one sum alone reads is computed inside the sum's step, some rows at a time (itg_op_conv_add): the result never lies
 * in the arena as a whole, and the sum may overwrite its other term. The codes stay those of the two steps. In: a quantized graph; later its
 * lifetimes, and its packed steps. Called by schedule.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

#define LIST_PIXELS 240 /* that packed kernels take at a time at most (runtime/kernels/neon/walk.h) */

/* Readers of every place, by its owner's id; graph outputs count as read once more. */
static int *count_readers(const itgc_graph *graph)
{
    int *readers = ITGC_NEW_ARRAY(graph->arena, int, graph->tensor_count + 1);
    for (int i = 0; i < graph->step_count; i++) {
        for (int k = 0; k < 3; k++) {
            if (graph->steps[i]->in[k]) {
                readers[itgc_place_owner(graph->steps[i]->in[k])->id]++;
            }
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        readers[itgc_place_owner(graph->outputs[i])->id]++;
    }
    return readers;
}

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

/* The convolution before step `index` that writes all of this tensor; NULL: none, or others write there too. */
static itgc_step *find_writer(const itgc_graph *graph, const itgc_tensor *tensor, int index)
{
    itgc_step *writer = NULL;
    for (int i = 0; i < index; i++) {
        itgc_step *step = graph->steps[i];
        if (itgc_place_owner(step->out) == tensor) {
            const bool fits = !writer && step->out == tensor && step->kind->run == itg_op_conv && !step->partial;
            if (!fits || ((const itg_conv *)step->params)->out_pitch) {
                return NULL;
            }
            writer = step;
        }
    }
    return writer;
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

void itgc_fuse_sums(itgc_graph *graph)
{
    const int *readers = count_readers(graph);
    for (int i = 0; i < graph->step_count; i++) {
        itgc_step *sum = graph->steps[i];
        if (sum->kind->run != itg_op_add || !sum->in[1] || !is_dense(sum->params, itgc_elements(&sum->out->shape))) {
            continue;
        }
        const itgc_tensor *term = sum->in[0];
        itgc_step *conv = term->alias_of || readers[term->id] != 1 ? NULL : find_writer(graph, term, i);
        const bool has_bands = conv && ((const itg_conv *)conv->params)->out[0] > 1;
        if (has_bands && itgc_place_owner(sum->in[1]) != term) {
            fuse_step(graph, sum, conv);
            remove_step(graph, conv);
            i--;
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
