/* SPDX-License-Identifier: Apache-2.0
 * A convolution whose result one sum alone reads is computed inside the sum's step, some rows at a time (itg_op_conv_add): the result never lies
 * in the arena as a whole, and the sum may overwrite its other term. The codes stay those of the two steps. In: a graph whose steps are
 * packed. Out: fewer steps, where the arena is no larger for it: bands, one a worker, and the convolution's input, which lives until the sum, take
 * memory as well. Called by schedule.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

#include "runtime/kernels/band.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

#define MOST_TRIALS 64 /* sums that are tried by themselves: each time the whole arena is laid out */

/* Two steps, by their places in the list, and the one that may stand for both. */
typedef struct fusion {
    int conv, sum;
    itgc_step *step;
    bool is_chosen;
} fusion;

typedef struct fusions {
    itgc_graph *graph;
    itgc_step **steps; /* as they were */
    int step_count;
    fusion *list;
    int count;
} fusions;

static int find_step(const itgc_graph *graph, const itgc_step *step)
{
    int i = 0;
    while (graph->steps[i] != step) {
        i++;
    }
    return i;
}

/* The convolution that alone writes the sum's operand `index`, -1 if it is none or cannot be computed inside. */
static int find_conv(const itgc_graph *graph, const itgc_step *sum, int index)
{
    const itg_add *add = sum->params;
    const bool is_finer = itg_element_bytes(add->a_type) != itg_element_bytes(add->b_type); /* it is the first, for the kernels */
    itgc_tensor *term = sum->in[index];
    if ((is_finer && index > 0) || !itgc_is_inner_term(sum->node, term)) {
        return -1;
    }
    itgc_step *conv = itgc_find_writer(graph, sum, term);
    return conv ? find_step(graph, conv) : -1;
}

/* Rows that the kernels of one variant want to compute at a time: whole groups of tiles, or a list of pixels; scalar ones take a row. */
static int32_t choose_rows(const itg_conv *conv)
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

static itg_conv_add *make_params(const itgc_graph *graph, const itg_conv *conv, const itg_add *add, uint32_t offset)
{
    itg_conv_add *params = ITGC_NEW(graph->arena, itg_conv_add);
    *params = (itg_conv_add){.conv = *conv, .add = *add, .band_rows = choose_rows(conv), .band_offset = (int32_t)offset};
    return params;
}

static uint32_t count_band_bytes(const itg_conv_add *params)
{
    const uint32_t pixels = (uint32_t)(params->band_rows * params->conv.out[1]);
    return pixels * (uint32_t)params->conv.out[2] * (uint32_t)itg_element_bytes(params->conv.out_type);
}

/* The convolution's params of every packing with the sum's; the band lies behind the scratch memory of any of them. */
static void join_params(const itgc_graph *graph, const itgc_step *conv, const itg_add *add, itgc_step *step)
{
    const uint32_t offset = (conv->scratch_bytes + 63) / 64 * 64;
    itg_conv_add *plain = make_params(graph, conv->plain, add, offset);
    uint32_t most = count_band_bytes(plain);
    for (int k = 0; k < graph->packing_count; k++) {
        step->variants[k] = plain;
        for (int first = 0; conv->variants[k] != conv->plain && first <= k; first++) {
            if (conv->variants[first] == conv->variants[k]) {
                step->variants[k] = first < k ? step->variants[first] : make_params(graph, conv->variants[k], add, offset);
                break;
            }
        }
        const uint32_t bytes = count_band_bytes(step->variants[k]);
        most = most < bytes ? bytes : most;
    }
    step->params = step->variants[0];
    step->plain = plain;
    step->scratch_bytes = offset + (most + 63) / 64 * 64;
}

/* Both in one step; the sum's operand `index` is the convolution's result. */
static itgc_step *make_step(const itgc_graph *graph, const itgc_step *conv, const itgc_step *sum, int index)
{
    itgc_step *step = ITGC_NEW(graph->arena, itgc_step);
    itg_add add = *(const itg_add *)sum->params;
    add.walk = (itg_walk){{0}, {0}, {0}};
    if (index > 0) {
        const itg_add given = add;
        add.multiplier_a = given.multiplier_b;
        add.multiplier_b = given.multiplier_a;
        add.a_type = given.b_type;
        add.b_type = given.a_type;
    }
    *step = (itgc_step){.kind = &itgc_step_conv_add,
                        .node = sum->node,
                        .inner = conv->node,
                        .in = {conv->in[0], sum->in[1 - index]},
                        .out = sum->out,
                        .rows = conv->rows,
                        .blocks = conv->blocks,
                        .macs = conv->macs};
    join_params(graph, conv, &add, step);
    return step;
}

/* Of two convolutions the later one, before which the other's result is there. */
static void find_fusions(fusions *all)
{
    const itgc_graph *graph = all->graph;
    for (int i = 0; i < graph->step_count; i++) {
        const itgc_step *sum = graph->steps[i];
        if (sum->kind->run != itg_op_add || !sum->node) {
            continue;
        }
        const int first = find_conv(graph, sum, 0), second = sum->in[1] ? find_conv(graph, sum, 1) : -1;
        if (first >= 0 || second >= 0) {
            const int index = second > first, conv = index ? second : first;
            all->list[all->count++] = (fusion){.conv = conv, .sum = i, .step = make_step(graph, graph->steps[conv], sum, index)};
        }
    }
}

/* Makes the graph's steps those of what is chosen. */
static void apply_fusions(const fusions *all)
{
    itgc_graph *graph = all->graph;
    memcpy(graph->steps, all->steps, (size_t)all->step_count * sizeof *graph->steps);
    for (int i = 0; i < all->count; i++) {
        if (all->list[i].is_chosen) {
            graph->steps[all->list[i].conv] = NULL;
            graph->steps[all->list[i].sum] = all->list[i].step;
        }
    }
    graph->step_count = 0;
    for (int i = 0; i < all->step_count; i++) {
        if (graph->steps[i]) {
            graph->steps[graph->step_count++] = graph->steps[i];
        }
    }
}

static uint64_t measure(const fusions *all)
{
    apply_fusions(all);
    return itgc_measure_arena(all->graph);
}

static void choose_all(fusions *all, bool is_chosen)
{
    for (int i = 0; i < all->count; i++) {
        all->list[i].is_chosen = is_chosen;
    }
}

void itgc_fuse_sums(itgc_graph *graph)
{
    if (graph->step_count == 0) {
        return;
    }
    fusions all = {.graph = graph, .step_count = graph->step_count};
    all.steps = ITGC_NEW_ARRAY(graph->arena, itgc_step *, graph->step_count + 1);
    all.list = ITGC_NEW_ARRAY(graph->arena, fusion, graph->step_count + 1);
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
        fusion *one = &all.list[i];
        one->is_chosen = !one->is_chosen;
        const uint64_t bytes = measure(&all);
        if (bytes < least || (bytes == least && one->is_chosen)) {
            least = bytes;
        } else {
            one->is_chosen = !one->is_chosen;
        }
    }
    apply_fusions(&all);
}
