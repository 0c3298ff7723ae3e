/* SPDX-License-Identifier: Apache-2.0
 * Where everything lies in the arena: the tensors that have a place of their own, then the steps' scratch memory, a slot for each worker.
 * In: steps in order, graph->workers, graph->arena_align. Called by schedule.c and choose_cascades.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

typedef struct block_list {
    itgc_block *blocks;
    int count;
    itgc_block **of; /* by tensor id; NULL: it has none */
} block_list;

static bool has_place(const itgc_tensor *tensor)
{
    return !tensor->alias_of && tensor->place.bytes > 0;
}

/* What lies over another tensor takes its place when that one is read for the last time. */
static void link_blocks(const itgc_graph *graph, const block_list *list)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_tensor *tensor = graph->tensors[i];
        if (tensor->overwrites) {
            list->of[tensor->overwrites->id]->next = list->of[i];
            list->of[i]->is_next = true;
            list->of[i]->first_step = tensor->overwrites->place.last_step + 1;
        }
    }
}

static block_list collect_blocks(itgc_arena *scratch, const itgc_graph *graph)
{
    block_list list = {.blocks = ITGC_NEW_ARRAY(scratch, itgc_block, graph->tensor_count + graph->step_count + 1),
                       .of = ITGC_NEW_ARRAY(scratch, itgc_block *, graph->tensor_count + 1)};
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_place *place = &graph->tensors[i]->place;
        if (has_place(graph->tensors[i])) {
            list.of[i] = &list.blocks[list.count++];
            *list.of[i] = (itgc_block){.bytes = place->bytes, .first_step = place->first_step, .last_step = place->last_step};
        }
    }
    link_blocks(graph, &list);
    for (int i = 0; i < graph->step_count; i++) {
        if (graph->steps[i]->scratch_bytes) {
            const uint64_t bytes = (uint64_t)graph->steps[i]->scratch_bytes * graph->workers;
            list.blocks[list.count++] = (itgc_block){.bytes = bytes, .first_step = i, .last_step = i};
        }
    }
    return list;
}

static void store_offsets(itgc_graph *graph, const block_list *list)
{
    const itgc_block *block = list->blocks;
    for (int i = 0; i < graph->tensor_count; i++) {
        if (has_place(graph->tensors[i])) {
            graph->tensors[i]->place.offset = (uint32_t)(block++)->offset;
        }
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        itgc_tensor *tensor = graph->tensors[i];
        if (tensor->alias_of) {
            tensor->place = itgc_place_owner(tensor)->place;
        }
    }
    for (int i = 0; i < graph->step_count; i++) {
        if (graph->steps[i]->scratch_bytes) {
            graph->steps[i]->scratch_offset = (uint32_t)(block++)->offset;
        }
    }
}

/* Of what a cascade reads, the first tensor that nobody reads later and that its results may lie over; NULL: none. */
static itgc_tensor *find_overwritten(const itgc_graph *graph, int index)
{
    const itgc_step *step = graph->steps[index];
    for (int i = 2; step->tiers && i >= 0; i--) {
        itgc_tensor *place = step->in[i] ? itgc_place_owner(step->in[i]) : NULL;
        const bool is_last = place && place->place.last_step == index && (place->place.first_step < index || index == 0);
        if (is_last && itgc_may_overwrite(step, place, graph->workers)) {
            return place;
        }
    }
    return NULL;
}

static void overwrite_inputs(itgc_graph *graph)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        graph->tensors[i]->overwrites = NULL;
    }
    for (int i = 0; i < graph->step_count; i++) {
        itgc_tensor *out = itgc_place_owner(graph->steps[i]->out);
        if (out->place.first_step == i) {
            out->overwrites = find_overwritten(graph, i);
        }
    }
}

static void place_blocks(const itgc_graph *graph, itgc_arena *scratch, block_list *list, uint64_t *end)
{
    *list = collect_blocks(scratch, graph);
    *end = itgc_place_first_fit(scratch, list->blocks, list->count, graph->arena_align);
}

/* A tensor that is overwritten and reaches to the end of the arena might find a lower place without the one that has to lie there after it. True if
 * the arena is smaller for it. */
static bool part_highest(const itgc_graph *graph, itgc_arena *scratch, block_list *list, uint64_t *end)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        itgc_tensor *tensor = graph->tensors[i], *below = tensor->overwrites;
        if (!below || list->of[below->id]->offset + list->of[below->id]->bytes != *end) {
            continue;
        }
        block_list parted;
        uint64_t lower;
        tensor->overwrites = NULL;
        place_blocks(graph, scratch, &parted, &lower);
        if (lower < *end) {
            *list = parted;
            *end = lower;
            return true;
        }
        tensor->overwrites = below;
    }
    return false;
}

/* Lifetimes, which tensors take over a place, and an offset for each block. */
static bool lay_out(itgc_graph *graph, itgc_arena *scratch, block_list *list, uint64_t *end)
{
    if (!itgc_find_lifetimes(graph)) {
        return false;
    }
    overwrite_inputs(graph);
    place_blocks(graph, scratch, list, end);
    while (part_highest(graph, scratch, list, end)) {
    }
    return true;
}

uint64_t itgc_measure_arena(itgc_graph *graph)
{
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    itgc_diag *const diag = graph->diag;
    itgc_diag unheard = {.arena = scratch};
    block_list list;
    uint64_t end = UINT64_MAX;
    graph->diag = &unheard; /* an order that is only tried fails nobody */
    (void)lay_out(graph, scratch, &list, &end);
    graph->diag = diag;
    itgc_release_arena(scratch);
    return end;
}

static bool store_layout(itgc_graph *graph, itgc_arena *scratch, const block_list *list, uint64_t end)
{
    const uint32_t align = graph->arena_align;
    if (end > UINT32_MAX - align) {
        return itgc_fail(graph->diag, 503, "the arena would take %llu bytes, more than a plan can address; give a smaller --input-shape",
                         (unsigned long long)end);
    }
    store_offsets(graph, list);
    graph->arena_bytes = (uint32_t)((end + align - 1) / align * align);
    graph->arena_lower_bound_bytes = (uint32_t)itgc_place_lower_bound(scratch, list->blocks, list->count);
    return true;
}

bool itgc_place_tensors(itgc_graph *graph)
{
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    block_list list;
    uint64_t end;
    const bool is_placed = lay_out(graph, scratch, &list, &end) && store_layout(graph, scratch, &list, end);
    itgc_release_arena(scratch);
    return is_placed;
}
