/* SPDX-License-Identifier: Apache-2.0
 * Convolution on AVX-512 VNNI, direct on channels-last rows: u8 activations (the int8 code XOR 0x80) times int8 weights by vpdpbusd, which
 * does not saturate, and 3x3 layers by int16 products of transformed tiles (winograd.c). Contract: runtime/kernels/conv.h; weights
 * ITG_PACK_16C4; the walk: tiles.h; registers: tile.h of this folder. */
#include "runtime/kernels/avx2/planes.h"
#include "runtime/kernels/avx512vnni/requantize.h"
#include "runtime/kernels/avx512vnni/tile.h"
#include "runtime/kernels/avx512vnni/transformed.h"
#include "runtime/kernels/part.h"

static const itg_tile_set set = {.pixels = TILE_PIXELS,
                                 .blocks = TILE_BLOCKS,
                                 .compute = &sum_tiles[0][0],
                                 .finish = itg_avx512_finish_tile,
                                 .direct = &direct_tiles[0][0],
                                 .half = half_tiles,
                                 .words = &word_tiles[0][0],
                                 .half_words = half_word_tiles,
                                 .open_direct = itg_avx512_open_direct,
                                 .gather_tail = gather_tail};

/* blocks: end 0: all. */
static void compute_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    itg_compute_part(&set, itg_avx512_compute_transformed, conv, &(itg_conv_job){out, in, scratch, {rows[0], rows[1]}, {blocks[0], blocks[1]}, 0, 0});
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing == ITG_PACK_16C4)
        itg_compute_part(&set, itg_avx512_compute_transformed, conv, &(itg_conv_job){out, in, scratch, {y0, y1}, {0, 0}, 0, 0});
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

/* An itg_conv_images. */
static bool compute_images(const itg_conv *conv, void *out, const void *in, int32_t images, const int32_t blocks[2], void *scratch)
{
    return itg_compute_images(&set, itg_avx512_compute_transformed, conv,
                              (itg_conv_job){out, in, scratch, {0, 0}, {blocks[0], blocks[1]}, 0, images});
}

const itg_conv_kernels itg_conv_avx512vnni = {
    .rows = compute_rows, .part = compute_part, .images = compute_images, .zip_planes = itg_avx2_zip_planes};
