/* SPDX-License-Identifier: Apache-2.0
 * quantized graph → scheduled graph: order, constants as shipped, lifetimes, addresses, budgets. Called by compile.c. */
#include "compiler/schedule/parts.h"

#include <string.h>

/* Blocks to place: the tensors that have a place of their own, then the steps' scratch. */
typedef struct block_list {
    itgc_block *blocks;
    int count;
} block_list;

static bool has_place(const itgc_tensor *tensor)
{
    return !tensor->alias_of && !tensor->overwrites && tensor->place.bytes > 0;
}

/* The tensor that first has the place which others take over. */
static const itgc_tensor *first_in_place(const itgc_tensor *tensor)
{
    while (tensor->overwrites) {
        tensor = tensor->overwrites;
    }
    return tensor;
}

static block_list collect_blocks(itgc_arena *scratch, const itgc_graph *graph, uint32_t workers)
{
    block_list list = {ITGC_NEW_ARRAY(scratch, itgc_block, graph->tensor_count + graph->step_count + 1), 0};
    int *last_step = ITGC_NEW_ARRAY(scratch, int, graph->tensor_count + 1);
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_tensor *tensor = graph->tensors[i];
        int *last = &last_step[first_in_place(tensor)->id];
        *last = tensor->place.last_step > *last ? tensor->place.last_step : *last;
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_place *place = &graph->tensors[i]->place;
        if (has_place(graph->tensors[i])) {
            list.blocks[list.count++] = (itgc_block){.bytes = place->bytes, .first_step = place->first_step, .last_step = last_step[i]};
        }
    }
    for (int i = 0; i < graph->step_count; i++) {
        if (graph->steps[i]->scratch_bytes) {
            const uint64_t bytes = (uint64_t)graph->steps[i]->scratch_bytes * workers;
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
        tensor->place.offset = first_in_place(tensor)->place.offset;
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

static bool place_tensors(itgc_graph *graph, const itgc_schedule_options *options, itgc_placer *placer)
{
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    const uint32_t align = options->align ? options->align : 16;
    const block_list list = collect_blocks(scratch, graph, graph->workers);
    const uint64_t end = placer(scratch, list.blocks, list.count, align);
    const uint64_t bound = itgc_place_lower_bound(scratch, list.blocks, list.count);
    const bool fits = end <= UINT32_MAX - align;
    if (fits) {
        store_offsets(graph, &list);
        graph->arena_bytes = (uint32_t)((end + align - 1) / align * align);
        graph->arena_lower_bound_bytes = (uint32_t)bound;
        graph->arena_align = align;
    }
    itgc_release_arena(scratch);
    return fits || itgc_fail(graph->diag, 503, "the arena would take %llu bytes, more than a plan can address; give a smaller --input-shape",
                             (unsigned long long)end);
}

static bool check_budgets(const itgc_graph *graph, const itgc_schedule_options *options)
{
    const unsigned long long ram = (unsigned long long)graph->arena_bytes + graph->stack_bytes;
    if (options->ram_budget && ram > options->ram_budget) {
        return itgc_fail(graph->diag, 501,
                         "the model needs %llu bytes of RAM (arena %lu of which at least %lu live at once, stack %lu) and %llu are allowed; "
                         "use a smaller input or model, or a target with more RAM",
                         ram, (unsigned long)graph->arena_bytes, (unsigned long)graph->arena_lower_bound_bytes, (unsigned long)graph->stack_bytes,
                         (unsigned long long)options->ram_budget);
    }
    const unsigned long long weights = graph->weights_bytes;
    const unsigned long long plan = itgc_plan_bytes(graph);
    const unsigned long long flash = weights + plan + ITGC_RUNTIME_BYTES;
    if (options->flash_budget && flash > options->flash_budget) {
        return itgc_fail(graph->diag, 502,
                         "the model needs %llu bytes of flash (constants %llu, plan %llu, runtime code up to %u) and %llu are allowed; "
                         "use a smaller model or a target with more flash",
                         flash, weights, plan, ITGC_RUNTIME_BYTES, (unsigned long long)options->flash_budget);
    }
    return true;
}

static void choose_packings(itgc_graph *graph, const itgc_schedule_options *options)
{
    graph->packings[0] = ITG_PACK_ROWS;
    graph->packing_count = 1;
    for (int i = 0; i < ITGC_MOST_PACKINGS && options->packings[i]; i++) {
        graph->packings[i] = options->packings[i];
        graph->packing_count = i + 1;
    }
}

static uint32_t find_stack(const itgc_graph *graph, const itgc_schedule_options *options)
{
    uint32_t bytes = options->stack_bytes ? options->stack_bytes : ITGC_STACK_BYTES;
    for (int i = 0; i < graph->step_count; i++) {
        if ((graph->steps[i]->kind->families & ITG_FAMILY_NORMALIZE) && bytes < ITGC_NORMALIZE_STACK_BYTES) {
            bytes = ITGC_NORMALIZE_STACK_BYTES;
        }
    }
    return bytes;
}

bool itgc_schedule_graph(itgc_graph *graph, const itgc_schedule_options *options)
{
    itgc_join_members(graph);
    if (!options->keep_results) {
        itgc_fuse_sums(graph);
    }
    if (!itgc_order_steps(graph) || !itgc_find_lifetimes(graph)) {
        return false;
    }
    itgc_overwrite_terms(graph);
    itgc_choose_storage(graph, options->storage);
    choose_packings(graph, options);
    itgc_pack_weights(graph);
    itgc_reserve_bands(graph);
    itgc_merge_constants(graph);
    graph->workers = options->workers ? options->workers : 1;
    graph->stack_bytes = find_stack(graph, options);
    if (!place_tensors(graph, options, itgc_place_first_fit) || !check_budgets(graph, options)) {
        return false;
    }
    graph->level = ITGC_SCHEDULED;
    return true;
}
