/* SPDX-License-Identifier: Apache-2.0
 * The walk of Add and Mul over two operands, cut into the longest runs that have one stride per operand. */
#ifndef ITG_OPS_BROADCAST_H
#define ITG_OPS_BROADCAST_H

#include "runtime/kernels/elementwise.h"

/* One work row is an index into dim[0] * dim[1]; it holds `runs` runs of `length` elements, `step` elements of a, b apart. */
typedef struct itg_row_runs {
    size_t first_a, first_b; /* elements before the row's first run */
    int32_t runs, length;
    int32_t stride_a, stride_b; /* within a run */
    int32_t step_a, step_b;     /* from run to run */
} itg_row_runs;

static inline itg_row_runs itg_runs_of_row(const itg_walk *walk, uint32_t row)
{
    const uint32_t outer = row / (uint32_t)walk->dim[1], inner = row % (uint32_t)walk->dim[1];
    itg_row_runs runs = {
        .first_a = outer * (size_t)walk->stride_a[0] + inner * (size_t)walk->stride_a[1],
        .first_b = outer * (size_t)walk->stride_b[0] + inner * (size_t)walk->stride_b[1],
        .runs = walk->dim[2],
        .length = walk->dim[3],
        .stride_a = walk->stride_a[3],
        .stride_b = walk->stride_b[3],
        .step_a = walk->stride_a[2],
        .step_b = walk->stride_b[2],
    };
    if (runs.step_a == runs.length * runs.stride_a && runs.step_b == runs.length * runs.stride_b) {
        runs.length *= runs.runs;
        runs.runs = 1;
    }
    return runs;
}

#endif
