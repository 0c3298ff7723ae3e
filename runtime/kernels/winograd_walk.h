/* SPDX-License-Identifier: Apache-2.0
 * Walks a transformed 3x3 convolution (winograd.h) band by band: transforms the tiles of a band, then computes block after block of 16 output
 * channels. Each ISA brings both (itg_winograd_set); this file owns bands, borders and scratch memory. */
#ifndef ITG_KERNELS_WINOGRAD_WALK_H
#define ITG_KERNELS_WINOGRAD_WALK_H

#include "runtime/kernels/stage.h"
#include "runtime/kernels/winograd.h"

/* One call: tiles of output rows [y0, y1), or of several images one after the other, cut into bands of `band`. */
typedef struct itg_winograd_call {
    const itg_conv *conv;
    const uint8_t *in;
    uint8_t *out;
    int32_t y0, y1, columns; /* columns: tiles of a row */
    int32_t image;           /* tiles of one image; 0: there is no other */
    int32_t band;
    ptrdiff_t place; /* elements from one place of transformed inputs to the next */
    int16_t *inputs, *weights;
    int32_t *sums;
} itg_winograd_call;

/* One tile: 6 x 6 pixels as staged, all channels of each; rows are `down` bytes apart. It becomes tile `at` of the band. */
typedef void itg_transform_tile(const itg_winograd_call *call, int32_t at, const uint8_t *codes, ptrdiff_t down);

/* One block over a band: tiles [first, first + tiles) of the call. packed: the block's weights. */
typedef void itg_compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles);

typedef struct itg_winograd_set {
    itg_transform_tile *transform;
    itg_compute_tiles *compute;
} itg_winograd_set;

/* The part of a tile that lies in the output; y counts the rows of all images. */
typedef struct itg_tile_extent {
    int32_t y, x, rows, columns;
} itg_tile_extent;

static inline itg_tile_extent itg_find_tile(const itg_winograd_call *call, int32_t tile)
{
    const int32_t image = call->image ? tile / call->image : 0;
    tile -= image * call->image;
    itg_tile_extent extent = {.y = call->y0 + tile / call->columns * 4, .x = tile % call->columns * 4, .rows = 4, .columns = 4};
    if (call->y1 - extent.y < 4)
        extent.rows = call->y1 - extent.y;
    if (call->conv->out[1] - extent.x < 4)
        extent.columns = call->conv->out[1] - extent.x;
    extent.y += image * call->conv->out[0];
    return extent;
}

static inline int32_t itg_clamp_to(int32_t value, int32_t most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* The 6 x 6 pixels of an image from (y, x) on as staged, padding included. */
static inline void itg_gather_tile(const itg_conv *conv, uint8_t *to, const uint8_t *in, int32_t y, int32_t x)
{
    const int32_t channels = conv->in[2], left = itg_clamp_to(-x, 6), right = itg_clamp_to(x + 6 - conv->in[1], 6 - left);
    for (int32_t row = y; row < y + 6; row++, to += 6 * channels) {
        if (row < 0 || row >= conv->in[0]) {
            itg_stage_padding(conv, to, 6, 0);
            continue;
        }
        const size_t from = ((size_t)row * (size_t)conv->in[1] + (size_t)(x + left)) * (size_t)channels;
        itg_stage_padding(conv, to, left, 0);
        if (left + right < 6)
            itg_stage_run(conv, to + left * channels, in, from, (size_t)(6 - left - right) * (size_t)channels, 0);
        itg_stage_padding(conv, to + (6 - right) * channels, right, 0);
    }
}

/* Reads tile `tile` of the call in place where it can. */
static inline void itg_transform_one(const itg_winograd_call *call, const itg_winograd_set *set, int32_t tile, int32_t at)
{
    const itg_conv *conv = call->conv;
    const uint8_t *in = call->in;
    if (call->image) {
        in += (size_t)(tile / call->image) * itg_in_image_bytes(conv);
        tile %= call->image;
    }
    const int32_t y = call->y0 + tile / call->columns * 4 - conv->before[0], x = tile % call->columns * 4 - conv->before[1];
    const bool inside = y >= 0 && x >= 0 && y + 6 <= conv->in[0] && x + 6 <= conv->in[1];
    if (inside && conv->in_type == itg_staged_type(conv)) {
        set->transform(call, at, in + ((ptrdiff_t)y * conv->in[1] + x) * conv->in[2], (ptrdiff_t)conv->in[1] * conv->in[2]);
    } else {
        itg_gather_tile(conv, (uint8_t *)call->weights, in, y, x);
        set->transform(call, at, (const uint8_t *)call->weights, 6 * (ptrdiff_t)conv->in[2]);
    }
}

/* A marked layer; the job's blocks have an end. */
static inline void itg_walk_transformed(const itg_winograd_set *set, const itg_conv *conv, const itg_conv_job *job)
{
    const itg_runs runs = itg_cut_runs(conv);
    const int32_t rows = job->rows[1] - job->rows[0], image = itg_winograd_tiles(conv, rows), tiles = job->images ? job->images * image : image;
    const int32_t band = tiles ? itg_winograd_band(conv, tiles) : 4;
    uint8_t *inputs = job->scratch, *weights = inputs + itg_winograd_input_bytes(conv, band);
    const itg_winograd_call call = {.conv = conv,
                                    .in = job->in,
                                    .out = job->out,
                                    .y0 = job->rows[0],
                                    .y1 = job->rows[0] + itg_winograd_cover(conv, rows),
                                    .columns = (itg_winograd_cover(conv, conv->out[1]) + 3) / 4,
                                    .image = job->images ? image : 0,
                                    .band = band,
                                    .place = itg_winograd_place(conv, band),
                                    .inputs = (int16_t *)(void *)inputs,
                                    .weights = (int16_t *)(void *)weights,
                                    .sums = (int32_t *)(void *)(weights + ITG_WINOGRAD_PLACES * ITG_WINOGRAD_PLACE)};
    const int8_t *packed = conv->weights + itg_head_bytes(conv, &runs);
    const ptrdiff_t block_bytes = (ptrdiff_t)144 * conv->in[2];
    for (int32_t first = 0; first < tiles; first += band) {
        const int32_t count = tiles - first < band ? tiles - first : band;
        for (int32_t i = 0; i < count; i++)
            itg_transform_one(&call, set, first + i, i);
        for (int32_t block = job->blocks[0]; block < job->blocks[1]; block++)
            set->compute(&call, packed + block * block_bytes, block, first, count);
    }
}

#endif
