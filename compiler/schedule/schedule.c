/* SPDX-License-Identifier: Apache-2.0
 * quantized graph → scheduled graph: order, constants as shipped, lifetimes, addresses, budgets. Called by compile.c. */
#include "compiler/schedule/parts.h"

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
        if ((itgc_families_of(graph->steps[i]) & ITG_FAMILY_NORMALIZE) && bytes < ITGC_NORMALIZE_STACK_BYTES) {
            bytes = ITGC_NORMALIZE_STACK_BYTES;
        }
    }
    return bytes;
}

bool itgc_schedule_graph(itgc_graph *graph, const itgc_schedule_options *options)
{
    graph->workers = options->workers ? options->workers : 1;
    graph->arena_align = options->align ? options->align : 16;
    itgc_join_members(graph);
    if (!itgc_order_steps(graph)) {
        return false;
    }
    itgc_choose_storage(graph, options->storage);
    choose_packings(graph, options);
    itgc_pack_weights(graph);
    graph->stack_bytes = find_stack(graph, options);
    if (!options->keep_results) {
        const uint64_t left = options->ram_budget > graph->stack_bytes ? options->ram_budget - graph->stack_bytes : 0;
        itgc_fuse_steps(graph, options->ram_budget ? left : UINT64_MAX);
    }
    itgc_merge_constants(graph);
    if (!itgc_place_tensors(graph) || !check_budgets(graph, options)) {
        return false;
    }
    graph->level = ITGC_SCHEDULED;
    return true;
}
