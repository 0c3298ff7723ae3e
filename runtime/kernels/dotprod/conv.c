/* SPDX-License-Identifier: Apache-2.0
 * Convolution by dot products of four neighbouring inputs. Contract: runtime/kernels/conv.h; weights ITG_PACK_16C4S. */
#include "runtime/kernels/dotprod/tile.h"

static void compute_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    static const itg_pixel_set set = {tiles, direct_16, direct_8, TILE_PIXELS, 1, NULL, NULL};
    itg_walk_pixels(&set, conv, out, in, rows, blocks, scratch);
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing == ITG_PACK_16C4S)
        compute_part(conv, out, in, (const int32_t[2]){y0, y1}, NULL, scratch);
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

const itg_conv_kernels itg_conv_dotprod = {.rows = compute_rows, .part = compute_part};
