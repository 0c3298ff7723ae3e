/* SPDX-License-Identifier: Apache-2.0
 * Convolution by products of 2 pixels x 8 neighbouring inputs x 2 channels. Contract: runtime/kernels/conv.h; weights ITG_PACK_16C8S. */
#include "runtime/kernels/i8mm/tile.h"

/* Each two neighbours twice, once for each pixel of a pair: a b c d ... -> a b a b c d c d ... */
static void pair_channels(int32_t start[32])
{
    for (int i = 14; i >= 0; i -= 2) {
        const int32_t even = start[i], odd = start[i + 1];
        start[2 * i] = start[2 * i + 2] = even;
        start[2 * i + 1] = start[2 * i + 3] = odd;
    }
}

static void compute_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    static const itg_pixel_set set = {tiles, direct_16, direct_8, TILE_PIXELS, 2, pair_channels, NULL};
    itg_walk_pixels(&set, conv, out, in, rows, blocks, scratch);
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing == ITG_PACK_16C8S)
        compute_part(conv, out, in, (const int32_t[2]){y0, y1}, NULL, scratch);
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

const itg_conv_kernels itg_conv_i8mm = {.rows = compute_rows, .part = compute_part};
