/* SPDX-License-Identifier: Apache-2.0
 * Convolution on 32-bit Arm by 8-bit multiplications whose sums the packer proved to fit 16 bits, and of 3x3 layers by 16-bit ones of
 * transformed tiles. Contract: runtime/kernels/conv.h; weights ITG_PACK_8C4S; the walks are those of 64-bit Arm, the registers of this folder. */
#include "runtime/kernels/neon32/product.h"
#include "runtime/kernels/neon32/tile.h"

#include "runtime/kernels/neon/winograd.h"

static void compute_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    static const itg_pixel_set safe = {tiles_SAFE, direct_SAFE, direct_SAFE, TILE_PIXELS, 1, itg_spread_start, NULL};
    static const itg_pixel_set deep = {tiles_DEEP, direct_DEEP, direct_DEEP, TILE_PIXELS, 1, itg_spread_start, &safe};
    if (itg_is_transformed(conv))
        itg_compute_transformed(conv, (itg_conv_job){out, in, scratch, {rows[0], rows[1]}, {blocks ? blocks[0] : 0, blocks ? blocks[1] : 0}, 0, 0});
    else
        itg_walk_pixels(&deep, conv, out, in, rows, blocks, scratch);
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing == ITG_PACK_8C4S)
        compute_part(conv, out, in, (const int32_t[2]){y0, y1}, NULL, scratch);
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

const itg_conv_kernels itg_conv_neon32 = {.rows = compute_rows, .part = compute_part, .images = itg_neon_compute_images};
