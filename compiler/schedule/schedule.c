/* SPDX-License-Identifier: Apache-2.0
 * quantized graph → scheduled graph: order, constants as shipped, lifetimes, addresses, budgets. Called by compile.c. */
#include "compiler/schedule/parts.h"
#include "compiler/ops/op.h"

/* Runtime code in flash, rounded up from the objects of Cortex-M0, where it is largest: checks, runs and copies, what a kernel family adds with its
 * ops, and ops that have no family. */
#define BASE_BYTES 3584u
static const struct {
    uint32_t family, bytes;
} family_code[] = {{ITG_FAMILY_CONV, 2560},  {ITG_FAMILY_DEPTHWISE, 2304}, {ITG_FAMILY_POOL, 2816},      {ITG_FAMILY_ELEMENTWISE, 3328},
                   {ITG_FAMILY_LOOKUP, 512}, {ITG_FAMILY_SOFTMAX, 2304},   {ITG_FAMILY_NORMALIZE, 4352}, {ITG_FAMILY_MATMUL, 1792}};
static const struct {
    itg_op *run;
    uint32_t bytes;
} op_code[] = {{itg_op_cascade, 1024}, {itg_op_lrn, 1280}, {itg_op_div, 1152}};

static unsigned long long count_code_bytes(const itgc_graph *graph)
{
    unsigned long long bytes = BASE_BYTES;
    const uint32_t families = itgc_families_of(graph);
    for (size_t f = 0; f < sizeof family_code / sizeof family_code[0]; f++) {
        bytes += families & family_code[f].family ? family_code[f].bytes : 0;
    }
    for (size_t o = 0; o < sizeof op_code / sizeof op_code[0]; o++) {
        int i = 0;
        while (i < graph->step_count && graph->steps[i]->kind->run != op_code[o].run) {
            i++;
        }
        bytes += i < graph->step_count ? op_code[o].bytes : 0;
    }
    return bytes;
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
    const unsigned long long code = count_code_bytes(graph), flash = weights + plan + code;
    if (options->flash_budget && flash > options->flash_budget) {
        return itgc_fail(graph->diag, 502,
                         "the model needs %llu bytes of flash (constants %llu, plan %llu, runtime code up to %llu) and %llu are allowed; "
                         "use a smaller model or a target with more flash",
                         flash, weights, plan, code, (unsigned long long)options->flash_budget);
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
    const uint32_t bytes = options->stack_bytes ? options->stack_bytes : ITGC_STACK_BYTES;
    const bool normalizes = (itgc_families_of(graph) & ITG_FAMILY_NORMALIZE) != 0;
    return normalizes && bytes < ITGC_NORMALIZE_STACK_BYTES ? ITGC_NORMALIZE_STACK_BYTES : bytes;
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
        itgc_choose_cascades(graph, options->ram_budget ? left / graph->arena_align * graph->arena_align : UINT64_MAX); /* as arenas are rounded up */
    }
    itgc_merge_constants(graph);
    if (!itgc_place_tensors(graph) || !check_budgets(graph, options)) {
        return false;
    }
    graph->level = ITGC_SCHEDULED;
    return true;
}
