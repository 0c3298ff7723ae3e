/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX-VNNI: the bytes of up to four kernel rows are interleaved once a column, so that one vpdpbusd does four
 * taps of 8 channels. Contract: runtime/kernels/depthwise.h; weights ITG_PACK_16C4; the walk: runtime/kernels/avx2/columns.h. */
#include "runtime/kernels/avxvnni/dot.h"

#define ITG_QUARTER_WEIGHTS(w)
#define ITG_QUARTER_DOT(acc, bytes) ITG_DOT(acc, bytes, w);
#include "runtime/kernels/avx2/quarter_sums.h"

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (depthwise->packing == ITG_PACK_16C4)
        itg_walk_columns(depthwise, out, in, (const int32_t[2]){y0, y1}, scratch, itg_compute_quarters);
    else
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
}

const itg_depthwise_kernels itg_depthwise_avxvnni = {.rows = compute_rows};
