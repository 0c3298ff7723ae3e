/* SPDX-License-Identifier: Apache-2.0
 * Weights as the compiler packs them (compiler/schedule/pack.c), so that the check covers packer and kernels as one. */
#include "tests/kernels/check.h"

#include "compiler/ops/op.h"
#include "compiler/schedule/parts.h"

#include <stdlib.h>
#include <string.h>

static void *copy_params(check_state *state, const void *params, size_t bytes)
{
    return memcpy(check_new(state, bytes, 8), params, bytes);
}

/* The packed array at its guaranteed alignment, its end next to an unreadable page whenever the size allows. */
static const int8_t *copy_weights(check_state *state, const itgc_graph *graph, const int8_t *weights)
{
    for (int i = 0; i < graph->constant_count; i++)
        if (graph->constants[i]->bytes == weights)
            return memcpy(check_new(state, graph->constants[i]->count, 64), weights, graph->constants[i]->count);
    return weights;
}

static void pack_as(check_state *state, check_case *test, itg_op *run, itg_packing packing)
{
    itgc_arena *arena = itgc_new_arena(0);
    if (!arena || setjmp(*itgc_arm_arena(arena)))
        abort();
    const bool is_conv = run == itg_op_conv;
    const size_t bytes = is_conv ? sizeof(itg_conv) : sizeof(itg_depthwise);
    const itgc_step_kind kind = {.run = run, .params_bytes = bytes};
    itgc_step step = {.kind = &kind, .params = copy_params(state, test->params, bytes)};
    if (test->images)
        step.rows = (uint32_t)(test->images * ((const itg_conv *)test->params)->out[0]);
    itgc_step *steps[] = {&step};
    itgc_graph graph = {.arena = arena, .steps = steps, .step_count = 1, .packings = {packing}, .packing_count = 1};
    itgc_pack_weights(&graph);
    void *packed = copy_params(state, step.params, bytes);
    const int8_t **weights = is_conv ? &((itg_conv *)packed)->weights : &((itg_depthwise *)packed)->weights;
    *weights = copy_weights(state, &graph, *weights);
    test->packed[packing] = packed;
    test->scratch[packing] = step.scratch_bytes ? check_new(state, step.scratch_bytes, 16) : NULL;
    itgc_release_arena(arena);
}

void check_pack(check_state *state, check_case *test, itg_op *run)
{
    for (int packing = 1; packing < CHECK_PACKINGS; packing++)
        pack_as(state, test, run, (itg_packing)packing);
}
