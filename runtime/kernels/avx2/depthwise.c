/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX2, exact, weights ITG_PACK_16C4P. Layers of 3x3 taps that fit (strip.h) run in registers (depthwise3.h). For all
 * others the bytes of up to four kernel rows are interleaved once a column (columns.h), and four taps of 8 channels are two vpmaddwd, of the
 * even bytes and of the odd ones (words.h). Contract: runtime/kernels/depthwise.h. */
#include "runtime/kernels/avx2/columns.h"
#include "runtime/kernels/avx2/depthwise3.h"
#include "runtime/kernels/avx2/words.h"

#include "runtime/kernels/avx2/quarter_sums.h"

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    const int32_t rows[2] = {y0, y1};
    if (depthwise->packing != ITG_PACK_16C4P)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else if (itg_fits_taps(depthwise) && depthwise->in[2] >= 16 && depthwise->in[2] % 4 == 0)
        itg_walk_strips(depthwise, out, in, rows, compute_block, 16);
    else
        itg_walk_columns(depthwise, out, in, rows, scratch, itg_compute_quarters);
}

const itg_depthwise_kernels itg_depthwise_avx2 = {.rows = compute_rows};
