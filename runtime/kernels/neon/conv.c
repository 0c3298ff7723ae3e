/* SPDX-License-Identifier: Apache-2.0
 * Convolution by 8-bit multiplications whose sums the packer proved to fit 16 bits. Contract: runtime/kernels/conv.h; weights
 * ITG_PACK_16C4S. */
#include "runtime/kernels/neon/tile.h"

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    static const itg_pixel_set safe = {tiles_SAFE, direct_16_SAFE, direct_8_SAFE, TILE_PIXELS, 1, itg_spread_start, NULL};
    static const itg_pixel_set deep = {tiles_DEEP, direct_16_DEEP, direct_8_DEEP, TILE_PIXELS, 1, itg_spread_start, &safe};
    if (conv->packing == ITG_PACK_16C4S)
        itg_walk_pixels(&deep, conv, out, in, (const int32_t[2]){y0, y1}, scratch);
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

const itg_conv_kernels itg_conv_neon = {.rows = compute_rows};
