/* SPDX-License-Identifier: Apache-2.0
 * Convolution on AMX-INT8, direct on channels-last rows: u8 activations (the int8 code XOR 0x80) times int8 weights by TDPBUSD, which does not
 * saturate. Contract: runtime/kernels/conv.h; weights ITG_PACK_16C4; the walk: tiles.h; registers: tile.h of this folder. Layers too small to
 * fill tiles are those of AVX-512 VNNI. Checked against a model of the tile instructions (tests/kernels/amx_model.h). */
#include "runtime/kernels/avx2/planes.h"
#include "runtime/kernels/amx/tile.h"
#include "runtime/kernels/avx512vnni/requantize.h"

#define LEAST_STEPS  8 /* of a run: half of a tile's rows of weights */
#define LEAST_PIXELS 7 /* of a row, or of all rows where they follow one another */

static bool fills_tiles(const itg_conv *conv)
{
    const int32_t pixels = itg_is_flat(conv) ? conv->out[0] * conv->out[1] : conv->out[1];
    return itg_cut_runs(conv).steps >= LEAST_STEPS && pixels >= LEAST_PIXELS;
}

/* blocks: end 0: all. */
static void compute_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    static const itg_tile_set set = {.pixels = TILE_PIXELS,
                                     .blocks = TILE_BLOCKS,
                                     .compute = sum_tiles,
                                     .finish = itg_avx512_finish_tile,
                                     .direct = code_tiles,
                                     .open_direct = itg_avx512_open_direct};
    if (!fills_tiles(conv)) {
        itg_conv_avx512vnni.part(conv, out, in, rows, blocks, scratch);
        return;
    }
    itg_walk_tiles(&set, conv, &(itg_conv_job){out, in, scratch, {rows[0], rows[1]}, {blocks[0], blocks[1]}, 0, 0});
    _tile_release();
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (conv->packing == ITG_PACK_16C4)
        compute_part(conv, out, in, (const int32_t[2]){y0, y1}, (const int32_t[2]){0, 0}, scratch);
    else
        itg_conv_scalar.rows(conv, out, in, y0, y1, scratch);
}

const itg_conv_kernels itg_conv_amx = {.rows = compute_rows, .part = compute_part, .zip_planes = itg_avx2_zip_planes};
