/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX-512 VNNI: the bytes of up to four kernel rows are interleaved once a column, so that one vpdpbusd does four
 * taps of 8 channels. Contract: runtime/kernels/depthwise.h; weights ITG_PACK_16C4; the walk: runtime/kernels/avx2/columns.h. */
#define ITG_DOT(acc, activation, weight) __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(activation), "v"(weight))
#define ITG_LOOK_UP_1024                 itg_avx512_look_up_quarters
#include "runtime/kernels/avx512vnni/fused_table.h"

#include "runtime/kernels/avx2/dots.h"
#include "runtime/kernels/avx512vnni/depthwise3.h"

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    const int32_t rows[2] = {y0, y1};
    if (depthwise->packing != ITG_PACK_16C4)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else if (itg_fits_taps(depthwise))
        itg_walk_strips(depthwise, out, in, rows, compute_block, 64);
    else
        itg_walk_columns(depthwise, out, in, rows, scratch, itg_compute_dots);
}

const itg_depthwise_kernels itg_depthwise_avx512vnni = {.rows = compute_rows};
