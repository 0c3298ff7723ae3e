/* SPDX-License-Identifier: Apache-2.0
 * Convolution on AVX2, direct on channels-last rows: u8 activations (the int8 code XOR 0x80) times int8 weights, exact, and 3x3
 * layers by int16 products of transformed tiles. Contract: runtime/kernels/conv.h; weights ITG_PACK_16C4P; the walk: tiles.h; registers: tile.h of
 * this folder. */
#include "runtime/kernels/avx2/planes.h"
#include "runtime/kernels/avx2/products.h"
#include "runtime/kernels/avx2/requantize.h"
#include "runtime/kernels/avx2/tile.h"
#include "runtime/kernels/avx2/widened_conv.h"
#include "runtime/kernels/part.h"

static const itg_tile_set set = {.pixels = TILE_PIXELS,
                                 .blocks = TILE_BLOCKS,
                                 .compute = &sum_tiles[0][0],
                                 .finish = itg_avx2_finish_tile,
                                 .direct = &direct_tiles[0][0],
                                 .words = &word_tiles[0][0],
                                 .open_direct = itg_avx2_open_direct};

static void compute_job(const itg_conv *conv, const itg_conv_job *job)
{
    if (itg_is_widened(conv))
        compute_widened(conv, job);
    else
        itg_compute_part(&set, compute_transformed, conv, job);
}

/* blocks: end 0: all. */
static void compute_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    compute_job(conv, &(itg_conv_job){out, in, scratch, {rows[0], rows[1]}, {blocks[0], blocks[1]}, 0, 0});
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing == ITG_PACK_16C4P)
        compute_job(conv, &(itg_conv_job){out, in, scratch, {y0, y1}, {0, 0}, 0, 0});
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

/* An itg_conv_images. */
static bool compute_images(const itg_conv *conv, void *out, const void *in, int32_t images, const int32_t blocks[2], void *scratch)
{
    return itg_compute_images(&set, compute_transformed, conv, (itg_conv_job){out, in, scratch, {0, 0}, {blocks[0], blocks[1]}, 0, images});
}

const itg_conv_kernels itg_conv_avx2 = {.rows = compute_rows, .part = compute_part, .images = compute_images, .zip_planes = itg_avx2_zip_planes};
