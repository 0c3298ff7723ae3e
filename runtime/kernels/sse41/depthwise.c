/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on SSE4.1: the columns of AVX2 (avx2/columns.h) on pairs of registers (wide.h). Contract: runtime/kernels/depthwise.h;
 * weights ITG_PACK_16C4P. */
#include "runtime/kernels/sse41/wide.h"

#include "runtime/kernels/avx2/words.h"

#include "runtime/kernels/avx2/quarter_sums.h"

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (depthwise->packing == ITG_PACK_16C4P)
        itg_walk_columns(depthwise, out, in, (const int32_t[2]){y0, y1}, scratch, itg_compute_quarters);
    else
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
}

const itg_depthwise_kernels itg_depthwise_sse41 = {.rows = compute_rows};
