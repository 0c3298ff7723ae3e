/* SPDX-License-Identifier: Apache-2.0
 * A convolution whose result one step alone reads, a sum, a pooling or a depthwise convolution, is computed inside that step, some rows at a time:
 * the result never lies in the arena as a whole. The codes stay those of the two steps. In: a graph whose steps are packed. Out: fewer steps, where
 * the arena is no larger for it: bands, one a worker, and the convolution's input, which lives until the reader runs, take memory as well. Called by
 * schedule.c. */
#include "compiler/schedule/fuse.h"
#include "compiler/ops/op.h"

#include "runtime/kernels/band.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

#define MOST_TRIALS 64 /* fusions that are tried by themselves: each time the whole arena is laid out */

typedef struct candidate {
    itgc_fusion fusion;
    bool is_chosen;
} candidate;

typedef struct candidates {
    itgc_graph *graph;
    itgc_step **steps; /* as they were */
    int step_count;
    candidate *list;
    int count;
} candidates;

int64_t itgc_row_bytes(const itg_conv *conv)
{
    return (int64_t)conv->out[1] * conv->out[2] * (int64_t)itg_element_bytes(conv->out_type);
}

int itgc_find_inner(const itgc_graph *graph, const itgc_step *reader, itgc_tensor *tensor)
{
    const itgc_step *conv = itgc_find_writer(graph, reader, tensor);
    const itg_conv *params = conv ? conv->params : NULL;
    if (!conv || itgc_row_bytes(params) * params->out[0] > INT32_MAX) {
        return -1;
    }
    int i = 0;
    while (graph->steps[i] != conv) {
        i++;
    }
    return i;
}

int32_t itgc_choose_band(const itg_conv *conv)
{
    int32_t rows = 1;
    if (conv->packing != ITG_PACK_ROWS) {
        rows = conv->out[1] < ITG_PIXEL_LIST ? ITG_PIXEL_LIST / conv->out[1] : 1;
    }
    if (itg_is_transformed(conv)) {
        const int32_t columns = (conv->out[1] + 3) / 4;
        rows = columns < ITG_WINOGRAD_TILES ? ITG_WINOGRAD_TILES / columns * 4 : 4;
    }
    return rows < conv->out[0] ? rows : conv->out[0];
}

static const void *plain_of(const itgc_step *step)
{
    return step->plain ? step->plain : step->params;
}

/* The first packing whose params of both are those of packing k; -1: they are the plain ones. */
static int find_equal(const itgc_step *conv, const itgc_step *reader, int k)
{
    int first = conv->variants[k] == plain_of(conv) && reader->variants[k] == plain_of(reader) ? -1 : 0;
    while (first >= 0 && (conv->variants[first] != conv->variants[k] || reader->variants[first] != reader->variants[k])) {
        first++;
    }
    return first;
}

void itgc_join_variants(const itgc_graph *graph, const itgc_step *conv, const itgc_step *reader, itgc_join_params *join, itgc_step *step)
{
    const uint32_t scratch = conv->scratch_bytes > reader->scratch_bytes ? conv->scratch_bytes : reader->scratch_bytes;
    const uint32_t offset = (scratch + 63) / 64 * 64; /* behind what the kernels of any packing use */
    uint32_t most;
    void *plain = join(graph, plain_of(conv), plain_of(reader), offset, &most);
    for (int k = 0; k < graph->packing_count; k++) {
        const int equal = find_equal(conv, reader, k);
        uint32_t bytes = 0;
        if (equal == k) {
            step->variants[k] = join(graph, conv->variants[k], reader->variants[k], offset, &bytes);
        } else {
            step->variants[k] = equal < 0 ? plain : step->variants[equal];
        }
        most = most < bytes ? bytes : most;
    }
    step->params = step->variants[0];
    step->plain = plain;
    step->scratch_bytes = offset + (most + 63) / 64 * 64;
}

static void find_fusions(candidates *all)
{
    const itgc_graph *graph = all->graph;
    for (int i = 0; i < graph->step_count; i++) {
        itgc_fusion fusion = {.step = NULL};
        if (graph->steps[i]->kind->run == itg_op_add && graph->steps[i]->node) {
            fusion = itgc_fuse_sum(graph, i);
        } else if (graph->steps[i]->kind->run == itg_op_pool || graph->steps[i]->kind->run == itg_op_depthwise) {
            fusion = itgc_fuse_windows(graph, i);
        }
        if (fusion.step) {
            all->list[all->count++].fusion = fusion;
        }
    }
}

/* Makes the graph's steps those of what is chosen. */
static void apply_chosen(const candidates *all)
{
    itgc_graph *graph = all->graph;
    memcpy(graph->steps, all->steps, (size_t)all->step_count * sizeof *graph->steps);
    for (int i = 0; i < all->count; i++) {
        if (all->list[i].is_chosen) {
            graph->steps[all->list[i].fusion.conv] = NULL;
            graph->steps[all->list[i].fusion.reader] = all->list[i].fusion.step;
        }
    }
    graph->step_count = 0;
    for (int i = 0; i < all->step_count; i++) {
        if (graph->steps[i]) {
            graph->steps[graph->step_count++] = graph->steps[i];
        }
    }
}

static uint64_t measure(const candidates *all)
{
    apply_chosen(all);
    return itgc_measure_arena(all->graph);
}

static void choose_all(candidates *all, bool is_chosen)
{
    for (int i = 0; i < all->count; i++) {
        all->list[i].is_chosen = is_chosen;
    }
}

void itgc_fuse_steps(itgc_graph *graph)
{
    if (graph->step_count == 0) {
        return;
    }
    candidates all = {.graph = graph, .step_count = graph->step_count};
    all.steps = ITGC_NEW_ARRAY(graph->arena, itgc_step *, graph->step_count + 1);
    all.list = ITGC_NEW_ARRAY(graph->arena, candidate, graph->step_count + 1);
    memcpy(all.steps, graph->steps, (size_t)graph->step_count * sizeof *all.steps);
    find_fusions(&all);
    if (all.count == 0) {
        return;
    }
    const uint64_t none = measure(&all);
    choose_all(&all, true);
    uint64_t least = measure(&all);
    if (least > none) {
        least = none;
        choose_all(&all, false);
    }
    for (int i = 0; i < all.count && i < MOST_TRIALS; i++) {
        candidate *one = &all.list[i];
        one->is_chosen = !one->is_chosen;
        const uint64_t bytes = measure(&all);
        if (bytes < least || (bytes == least && one->is_chosen == one->fusion.is_preferred)) {
            least = bytes;
        } else {
            one->is_chosen = !one->is_chosen;
        }
    }
    apply_chosen(&all);
}
