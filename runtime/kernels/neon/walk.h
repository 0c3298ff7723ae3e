/* SPDX-License-Identifier: Apache-2.0
 * Walks a convolution in a signed packing: a band's output pixels are one list, cut into tiles that may cross the ends of rows, times one
 * block of 16 output channels after the other. Each table brings its tiles (itg_pixel_set); this file owns groups, bands and lists.
 * int16 activations run as two planes of signed bytes, a = 256 * high + low + 128, over the same weights. */
#ifndef ITG_NEON_WALK_H
#define ITG_NEON_WALK_H

#include "runtime/kernels/conv.h"
#include "runtime/kernels/neon/requantize.h"
#include "runtime/kernels/stage.h"

#define ITG_PIXEL_SUMS 128 /* of the largest tile of any table */

/* What one tile reads. */
typedef struct itg_pixel_tile {
    const uint8_t *const *segment; /* where the runs of the list's pixel at offset 0 start */
    const ptrdiff_t *pixels;       /* bytes from there to each pixel's runs */
    const int8_t *weights;         /* of the block: [segment][step] */
    const int32_t *start;          /* the sums' first values: 16, or 32 as arranged */
    int64_t segments, steps;
} itg_pixel_tile;

/* sums: [pixel][16]. */
typedef void itg_pixel_function(const itg_pixel_tile *tile, int32_t *sums);

/* `tiles` tiles one after the other, to plain int8 codes at out and every finish->pixel_bytes on: 16 or 8 channels of each pixel. */
typedef void itg_direct_function(const itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles);

typedef struct itg_pixel_set {
    itg_pixel_function *const *compute; /* [pixels - 1]; may compute one pixel more, the list's last twice */
    itg_direct_function *const *direct_16, *const *direct_8;
    int32_t pixels;                           /* of the largest tile */
    int32_t unit;                             /* pixels that cost as much as one */
    void (*arrange_start)(int32_t start[32]); /* from 16 first values to the order of the tiles' sums; NULL: as they are */
    const struct itg_pixel_set *safe;         /* for blocks whose products of four steps may leave int16; NULL: the same */
} itg_pixel_set;

/* One group of output channels of one call. */
typedef struct itg_pixel_layer {
    const itg_conv *conv;
    const itg_pixel_set *set;
    itg_runs runs;
    const int8_t *packed; /* head, then blocks */
    size_t head_bytes;
    ptrdiff_t block_stride;
    int32_t group;
    int32_t blocks[2]; /* those to compute, of a group */
} itg_pixel_layer;

/* A list of output pixels of one band. */
typedef struct itg_pixel_list {
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    const uint8_t *high[ITG_MAX_SEGMENTS]; /* the same in the high plane */
    ptrdiff_t offset[ITG_PIXEL_LIST + 1];
    int32_t count;
    uint8_t *out; /* the first pixel's first channel */
} itg_pixel_list;

/* Pixels [first, first + count) of the rows that `staged` holds, row by row. */
static inline void itg_list_pixels(itg_pixel_list *list, const itg_conv *conv, const itg_staged *staged, int32_t first, int32_t count)
{
    const ptrdiff_t right = (ptrdiff_t)conv->stride[1] * conv->in[2], down = conv->stride[0] * staged->row_bytes;
    int32_t x = first % conv->out[1];
    ptrdiff_t row = first / conv->out[1] * down;
    for (int32_t i = 0; i < count; row += down, x = 0) {
        const int32_t end = count - i < conv->out[1] - x ? count : i + conv->out[1] - x;
        for (ptrdiff_t offset = row + x * right; i < end; i++, offset += right)
            list->offset[i] = offset;
    }
    list->offset[count] = list->offset[count - 1];
    list->count = count;
}

/* sums += 256 * high, modulo 2^32. */
static inline void itg_add_high_sums(int32_t *sums, const int32_t *high, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        sums[i] = (int32_t)((uint32_t)sums[i] + ((uint32_t)high[i] << 8));
}

/* `tiles` tiles of `pixels` pixels, from the tile's first pixel, which they move on. */
static inline uint8_t *itg_run_direct(const itg_pixel_layer *layer, itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int32_t pixels,
                                      int32_t tiles)
{
    if (tiles == 0)
        return out;
    (finish->count == 16 ? layer->set->direct_16 : layer->set->direct_8)[pixels - 1](tile, finish, out, tiles);
    tile->pixels += pixels * tiles;
    return out + pixels * tiles * finish->pixel_bytes;
}

/* Tiles of nearly one size, the larger ones first; where units are pairs, the last one of an odd list has a pixel less. */
static inline void itg_compute_direct(const itg_pixel_layer *layer, itg_pixel_tile *tile, const itg_pixel_list *list, const itg_neon_finish *finish)
{
    const int32_t unit = layer->set->unit, most = layer->set->pixels / unit, units = (list->count + unit - 1) / unit;
    const int32_t tiles = (units + most - 1) / most, size = units / tiles * unit, larger = units % tiles, missing = units * unit - list->count;
    uint8_t *out = itg_run_direct(layer, tile, finish, list->out, size + unit, larger);
    out = itg_run_direct(layer, tile, finish, out, size, tiles - larger - missing);
    itg_run_direct(layer, tile, finish, out, size - 1, missing);
}

/* By way of sums in memory. */
static inline void itg_compute_sums(const itg_pixel_layer *layer, itg_pixel_tile *tile, const itg_pixel_list *list, const itg_neon_finish *finish)
{
    static const int32_t zeros[32] = {0};
    int32_t sums[ITG_PIXEL_SUMS], high[ITG_PIXEL_SUMS];
    uint8_t *out = list->out;
    for (int32_t left = list->count, pixels = 0; left > 0; left -= pixels) {
        pixels = left < layer->set->pixels ? left : layer->set->pixels;
        itg_pixel_function *compute = layer->set->compute[pixels - 1];
        compute(tile, sums);
        if (layer->conv->in_type == ITG_S16) {
            const itg_pixel_tile over = {list->high, tile->pixels, tile->weights, zeros, tile->segments, tile->steps};
            compute(&over, high);
            itg_add_high_sums(sums, high, 16 * pixels);
        }
        itg_neon_finish_pixels(finish, out, sums, pixels);
        tile->pixels += pixels;
        out += pixels * finish->pixel_bytes;
    }
}

/* One block over the list. */
static inline void itg_compute_list(const itg_pixel_layer *layer, const itg_pixel_list *list, const itg_neon_finish *finish, const int8_t *weights)
{
    itg_pixel_tile tile = {list->segment, list->offset, weights, finish->start, layer->runs.segments, layer->runs.steps};
    if (finish->plain && layer->conv->in_type != ITG_S16 && (finish->count == 16 || finish->count == 8))
        itg_compute_direct(layer, &tile, list, finish);
    else
        itg_compute_sums(layer, &tile, list, finish);
}

static inline void itg_compute_blocks(itg_pixel_layer *layer, itg_pixel_list *list)
{
    const itg_pixel_set *set = layer->set;
    const itg_conv *conv = layer->conv;
    const int32_t group_outputs = conv->out[2] / conv->groups;
    const int32_t *correction = (const int32_t *)(const void *)layer->packed;
    const int8_t *weights = layer->packed + layer->head_bytes + layer->blocks[0] * layer->block_stride;
    uint8_t *out = list->out;
    for (int32_t block = layer->blocks[0]; block < layer->blocks[1]; block++, weights += layer->block_stride) {
        const int32_t channel = layer->group * group_outputs + block * 16;
        itg_neon_finish finish;
        itg_neon_open_block(&finish, &conv->epilogue, conv->out_type, itg_out_pitch(conv), channel, group_outputs - block * 16);
        if (conv->in_type == ITG_S16)
            for (int i = 0; i < 16; i++)
                finish.start[i] = (int32_t)((uint32_t)finish.start[i] + (uint32_t)correction[block * 16 + i]);
        else
            itg_neon_prove_narrow(&finish, &conv->epilogue, layer->runs.segments * layer->runs.run);
        layer->set = set->safe && (layer->packed[layer->runs.blocks * 64 + block] & ITG_SHALLOW_MARK) ? set->safe : set;
        if (set->arrange_start)
            set->arrange_start(finish.start);
        list->out = out + (size_t)channel * itg_element_bytes(conv->out_type);
        itg_compute_list(layer, list, &finish, weights);
    }
    layer->set = set;
}

/* Pixels of a list: with their activations in the first-level cache, every block passes over them. */
static inline int32_t itg_list_size(const itg_conv *conv, int32_t count)
{
    const int32_t fitting = 32768 / conv->in[2], most = fitting < 80 ? 80 : fitting > ITG_PIXEL_LIST ? ITG_PIXEL_LIST : fitting;
    const int32_t lists = (count + most - 1) / most, size = (count + lists - 1) / lists;
    return most - size < 20 ? most : (size + 19) / 20 * 20; /* whole tiles of every table */
}

/* Output rows [y0, y1), all groups, from staged rows. */
static inline void itg_compute_rows(itg_pixel_layer *layer, uint8_t *out, const itg_staged *staged, int32_t y0, int32_t y1)
{
    const itg_conv *conv = layer->conv;
    const int32_t count = (y1 - y0) * conv->out[1], size = itg_list_size(conv, count);
    const size_t pixel_bytes = (size_t)itg_out_pitch(conv) * itg_element_bytes(conv->out_type);
    itg_pixel_list list;
    layer->packed = conv->weights;
    for (layer->group = 0; layer->group < conv->groups; layer->group++) {
        itg_point_segments(list.segment, conv, &layer->runs, staged, y0, layer->group);
        for (int32_t s = 0; s < layer->runs.segments; s++)
            list.high[s] = list.segment[s] + staged->high_plane;
        for (int32_t first = 0; first < count; first += size) {
            itg_list_pixels(&list, conv, staged, first, count - first < size ? count - first : size);
            list.out = out + ((size_t)y0 * (size_t)conv->out[1] + (size_t)first) * pixel_bytes;
            itg_compute_blocks(layer, &list);
        }
        layer->packed += (ptrdiff_t)layer->head_bytes + layer->runs.blocks * layer->block_stride;
    }
}

/* blocks: [first, end) of 16 output channels where there is one group; NULL: all. */
static inline void itg_walk_pixels(const itg_pixel_set *set, const itg_conv *conv, void *out, const void *in, const int32_t rows[2],
                                   const int32_t blocks[2], void *scratch)
{
    itg_pixel_layer layer = {.conv = conv, .set = set, .runs = itg_cut_runs(conv)};
    layer.blocks[0] = blocks ? blocks[0] : 0;
    layer.blocks[1] = blocks ? blocks[1] : layer.runs.blocks;
    const int32_t band = itg_reads_in_place(conv) ? rows[1] - rows[0] : itg_band_rows(conv);
    layer.head_bytes = itg_head_bytes(conv, &layer.runs);
    layer.block_stride = (ptrdiff_t)layer.runs.segments * layer.runs.steps * itg_step_bytes(conv) * 16;
    for (int32_t y = rows[0]; y < rows[1]; y += band) {
        const int32_t end = rows[1] - y < band ? rows[1] : y + band;
        const itg_staged staged = itg_stage_rows(conv, in, y, end, scratch);
        itg_compute_rows(&layer, out, &staged, y, end);
    }
}

#endif
