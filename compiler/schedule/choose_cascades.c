/* SPDX-License-Identifier: Apache-2.0
 * Steps of which each alone reads what the one before it writes become one step, a cascade, that computes some rows of each at a time: what lies
 * between them never takes a place in the arena as a whole. The codes stay those of the steps. In: a graph whose steps are packed. Out: fewer steps,
 * where the arena is no larger for it: bands, one a worker, and the first one's input, which lives until the last one runs, take memory as well.
 * Called by schedule.c. */
#include "compiler/schedule/cascade.h"
#include "compiler/ops/op.h"

#include <string.h>

#define MOST_TRIALS 256 /* edges that are tried by themselves: each time the whole arena is laid out */

typedef struct candidate {
    itgc_edge edge;
    bool is_chosen;
} candidate;

typedef struct candidates {
    itgc_graph *graph;
    itgc_step **steps; /* as they were */
    int step_count;
    candidate *list;
    int count;
    const candidate **into; /* by step: the chosen edge that ends there; NULL: none */
    bool *is_inside;        /* by step: a chosen edge begins there */
} candidates;

#define MOST_TERMS 2 /* other operands of sums: what a step has inputs for beside the first */

/* A cascade's steps, first to last. */
typedef struct path {
    itgc_step *steps[ITG_MOST_TIERS];
    int operand[ITG_MOST_TIERS];
    int count;
} path;

static void find_candidates(candidates *all)
{
    for (int i = 0; i < all->step_count; i++) {
        all->count += itgc_find_edge(all->graph, i, &all->list[all->count].edge);
    }
}

/* The cascade that ends at step `last`, first step first. */
static path trace_path(const candidates *all, int last)
{
    path found = {.count = 1};
    for (int i = last; all->into[i]; i = all->into[i]->edge.from) {
        found.count++;
    }
    for (int i = last, at = found.count - 1; at >= 0; at--) {
        const candidate *into = all->into[i];
        found.steps[at] = all->steps[i];
        found.operand[at] = into ? into->edge.operand : 0;
        i = into ? into->edge.from : i;
    }
    return found;
}

/* Tiers and sums of the cascade that ends at step `last`. */
static void measure_path(const candidates *all, int last, int *tiers, int *sums)
{
    *tiers = *sums = 0;
    for (int i = last;; i = all->into[i]->edge.from) {
        *tiers += 1;
        *sums += all->steps[i]->kind->run == itg_op_add;
        if (!all->into[i]) {
            return;
        }
    }
}

/* Chosen edges in order of where they end, unless a cascade would be longer than a plan can say: MOST_TERMS other terms, ITG_MOST_TIERS tiers. */
static void join_edges(candidates *all)
{
    memset(all->into, 0, (size_t)all->step_count * sizeof *all->into);
    memset(all->is_inside, 0, (size_t)all->step_count * sizeof *all->is_inside);
    for (int i = 0; i < all->count; i++) {
        const itgc_edge *edge = &all->list[i].edge;
        int tiers, sums;
        measure_path(all, edge->from, &tiers, &sums);
        if (all->list[i].is_chosen && tiers < ITG_MOST_TIERS && sums + (all->steps[edge->to]->kind->run == itg_op_add) <= MOST_TERMS) {
            all->into[edge->to] = &all->list[i];
            all->is_inside[edge->from] = true;
        }
    }
}

/* Makes the graph's steps those of what is chosen. */
static void apply_chosen(candidates *all)
{
    itgc_graph *graph = all->graph;
    join_edges(all);
    graph->step_count = 0;
    for (int i = 0; i < all->step_count; i++) {
        if (all->is_inside[i]) {
            continue;
        }
        itgc_step *step = all->steps[i];
        if (all->into[i]) {
            const path found = trace_path(all, i);
            step = itgc_make_cascade(graph, found.steps, found.operand, found.count);
        }
        graph->steps[graph->step_count++] = step;
    }
}

static uint64_t measure(candidates *all)
{
    apply_chosen(all);
    return itgc_measure_arena(all->graph);
}

static candidates start_candidates(itgc_graph *graph)
{
    candidates all = {.graph = graph, .step_count = graph->step_count};
    all.steps = ITGC_NEW_ARRAY(graph->arena, itgc_step *, graph->step_count + 1);
    all.list = ITGC_NEW_ARRAY(graph->arena, candidate, graph->step_count + 1);
    all.into = ITGC_NEW_ARRAY(graph->arena, const candidate *, graph->step_count + 1);
    all.is_inside = ITGC_NEW_ARRAY(graph->arena, bool, graph->step_count + 1);
    memcpy(all.steps, graph->steps, (size_t)graph->step_count * sizeof *all.steps);
    return all;
}

/* All edges, those that cost time too or not, or none; then each turned over. Returns the bytes of the arena. */
static uint64_t choose_edges(candidates *all, uint64_t none, bool with_costly)
{
    for (int i = 0; i < all->count; i++) {
        all->list[i].is_chosen = with_costly || !all->list[i].edge.is_costly;
    }
    uint64_t least = measure(all);
    if (least > none) {
        for (int i = 0; i < all->count; i++) {
            all->list[i].is_chosen = false;
        }
        least = none;
    }
    for (int i = 0; i < all->count && i < MOST_TRIALS; i++) {
        candidate *one = &all->list[i];
        if (one->edge.is_costly && !with_costly) {
            continue;
        }
        one->is_chosen = !one->is_chosen;
        const uint64_t bytes = measure(all);
        if (bytes < least || (bytes == least && one->is_chosen == one->edge.is_preferred)) {
            least = bytes;
        } else {
            one->is_chosen = !one->is_chosen;
        }
    }
    return least;
}

void itgc_choose_cascades(itgc_graph *graph, uint64_t most)
{
    if (graph->step_count == 0) {
        return;
    }
    candidates all = start_candidates(graph);
    find_candidates(&all);
    const uint64_t none = measure(&all), cheap = choose_edges(&all, none, false);
    if (cheap > most) {
        const void *without = itgc_copy_bytes(graph->arena, all.list, (size_t)all.count * sizeof *all.list);
        if (choose_edges(&all, none, true) >= cheap) {
            memcpy(all.list, without, (size_t)all.count * sizeof *all.list);
        }
    }
    apply_chosen(&all);
}
