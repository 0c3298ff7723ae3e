/* SPDX-License-Identifier: Apache-2.0
 * Times one ideal convolution with a kernel table. Called by bench.c. */
#include "tools/cli/peak.h"

#include "tools/cli/print.h"

#define CHANNELS 256
#define SIDE     14

/* The best of ten; int8 in and out, no padding, weights that fill the accumulators evenly. */
double cli_measure_peak(itgc_arena *arena, const itg_kernels *kernels)
{
    int8_t *weights = itgc_alloc(arena, (size_t)CHANNELS * CHANNELS);
    int32_t *bias = ITGC_NEW_ARRAY(arena, int32_t, CHANNELS), *multiplier = ITGC_NEW_ARRAY(arena, int32_t, CHANNELS);
    for (int i = 0; i < CHANNELS * CHANNELS; i++)
        weights[i] = (int8_t)(i * 37 % 255 - 127);
    for (int i = 0; i < CHANNELS; i++)
        multiplier[i] = 1 << 21;
    const itg_conv conv = {.in = {SIDE, SIDE, CHANNELS},
                           .out = {SIDE, SIDE, CHANNELS},
                           .kernel = {1, 1},
                           .stride = {1, 1},
                           .dilation = {1, 1},
                           .groups = 1,
                           .weights = weights,
                           .packing = (itg_packing)kernels->packing,
                           .epilogue = {.bias = bias, .multiplier = multiplier, .low = -128, .high = 127},
                           .in_type = ITG_S8,
                           .out_type = ITG_S8};
    const uint32_t bytes = SIDE * SIDE * CHANNELS;
    const itg_step step = {.run = itg_op_conv, .params = &conv, .out = bytes, .scratch = 2 * bytes, .rows = SIDE};
    uint8_t *memory = itgc_alloc(arena, 3 * (size_t)bytes + 65536);
    const itg_work work = {.kernels = kernels, .arena = memory, .row_end = SIDE};
    double best = 1e9;
    for (int run = 0; run < 10; run++) {
        const double start = cli_seconds();
        itg_op_conv(&work, &step);
        const double seconds = cli_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    return (double)SIDE * SIDE * CHANNELS * CHANNELS / best;
}
