/* SPDX-License-Identifier: Apache-2.0
 * Times one ideal convolution with a kernel table, packed as the table reads it. Called by bench.c. */
#include "tools/cli/peak.h"

#include "compiler/schedule/schedule.h"
#include "tools/cli/print.h"

/* Long sums of a few pixels: what is neither multiplying nor adding hardly shows, and everything stays in the second-level cache. */
enum { DEPTH = 1024, OUTPUTS = 64, PIXELS = 56, RUNS = 60 };

static itg_conv make_product(itgc_arena *arena, const itg_kernels *kernels)
{
    int8_t *weights = itgc_alloc(arena, (size_t)DEPTH * OUTPUTS);
    int32_t *bias = ITGC_NEW_ARRAY(arena, int32_t, OUTPUTS), *multiplier = ITGC_NEW_ARRAY(arena, int32_t, OUTPUTS);
    for (int i = 0; i < DEPTH * OUTPUTS; i++)
        weights[i] = (int8_t)(i * 37 % 255 - 127);
    for (int i = 0; i < OUTPUTS; i++)
        multiplier[i] = 1 << 19;
    return (itg_conv){.in = {1, PIXELS, DEPTH},
                      .out = {1, PIXELS, OUTPUTS},
                      .kernel = {1, 1},
                      .stride = {1, 1},
                      .dilation = {1, 1},
                      .groups = 1,
                      .weights = weights,
                      .epilogue = {.bias = bias, .multiplier = multiplier, .low = -128, .high = 127},
                      .in_type = kernels->storage,
                      .out_type = kernels->storage,
                      .packing = ITG_PACK_ROWS};
}

double cli_measure_peak(itgc_arena *arena, const itg_kernels *kernels)
{
    itgc_diag diag = {.arena = arena};
    itgc_graph *graph = itgc_new_graph(arena, &diag);
    itg_conv conv = make_product(arena, kernels);
    const itgc_step_kind kind = {.run = itg_op_conv, .params_bytes = sizeof(itg_conv)};
    itgc_step planned = {.kind = &kind, .params = &conv}, *steps[] = {&planned};
    graph->steps = steps;
    graph->step_count = 1;
    graph->packings[0] = (itg_packing)kernels->packing;
    graph->packing_count = 1;
    itgc_pack_weights(graph);
    const uint32_t in_bytes = PIXELS * DEPTH, out_bytes = PIXELS * OUTPUTS;
    const itg_step step = {.run = itg_op_conv,
                           .params = planned.params,
                           .out = in_bytes,
                           .scratch = in_bytes + out_bytes,
                           .scratch_bytes = planned.scratch_bytes,
                           .rows = 1};
    const itg_work work = {.kernels = kernels, .arena = itgc_alloc(arena, in_bytes + out_bytes + planned.scratch_bytes + 64), .row_end = 1};
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        const double start = cli_seconds();
        itg_op_conv(&work, &step);
        const double seconds = cli_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    return (double)PIXELS * DEPTH * OUTPUTS / best;
}
