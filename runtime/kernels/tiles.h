/* SPDX-License-Identifier: Apache-2.0
 * Walks a 16c4 convolution tile by tile: some neighbouring pixels times some blocks of 16 output channels, summed over K in registers.
 * Each ISA brings its tiles and the way from sums to codes (itg_tile_set); this file owns the rest: groups, bands, rows, first sums.
 * The 128 that XOR adds to every code is taken back by the packing's correction. int16 activations run as two planes of bytes,
 * a = 256 * high + low, over the same weights. */
#ifndef ITG_KERNELS_TILES_H
#define ITG_KERNELS_TILES_H

#include "runtime/kernels/band.h"
#include "runtime/kernels/conv.h"
#include "runtime/kernels/epilogue.h"
#include "runtime/kernels/pairs.h"
#include "runtime/kernels/stage.h"
#include "runtime/kernels/tails.h"

#define ITG_TILE_SUMS    1024 /* pixels * blocks * 16 of the largest tile of any ISA */
#define ITG_DIRECT_WORDS 256

/* What one tile reads: `segments` runs of 4 * steps activation bytes for each pixel, and the weights in the same order. */
typedef struct itg_tile {
    const uint8_t *const *segment; /* of the tile's first pixel */
    int32_t segments, steps;
    int32_t pixels, blocks; /* that are asked for */
    ptrdiff_t pixel_stride; /* bytes from a pixel's run to the next pixel's */
    const int8_t *weights;  /* [block][segment][step][16][4] */
    ptrdiff_t block_stride; /* bytes */
    const int32_t *start;   /* the sums' first values, 16 a block */
    const int32_t *crossed; /* of each pixel, to be taken from its sums (avx2/widened_conv.h); NULL: nothing */
    /* ITG_PACK_16C4P: the block's second list; NULL: none. Places and weights are the group's. */
    const itg_pair_head *pairs;
    const int32_t *places;
    const int8_t *extras;
} itg_tile;

/* Where a direct tile stores its codes, and what it needs for that: `constants` is the ISA's own. */
typedef struct itg_direct {
    uint8_t *out;           /* first pixel, first channel of the tile */
    ptrdiff_t pixel_stride; /* bytes */
    int32_t constants[ITG_DIRECT_WORDS];
} itg_direct;

/* Sums and codes of `count` tiles, one after the other along the row, without a way through memory. */
typedef void itg_direct_tiles(const itg_tile *tile, const itg_direct *direct, int32_t count);

/* sums: [pixel][blocks of the largest tile][16]. */
typedef void itg_tile_function(const itg_tile *tile, int32_t *sums);

/* A computed tile: sums of `pixels` pixels from pixel x of the row at `out`, `blocks` blocks of channels from `channel` on. */
typedef struct itg_tile_result {
    const int32_t *sums;
    uint8_t *out;
    int32_t x, pixels, channel, blocks;
} itg_tile_result;

/* From sums to stored codes. */
typedef void itg_finish_tile(const itg_conv *conv, const itg_tile_result *result);

typedef struct itg_tile_set {
    int32_t pixels, blocks;            /* of the largest tile */
    itg_tile_function *const *compute; /* [pixels - 1][blocks - 1] */
    itg_finish_tile *finish;
    itg_direct_tiles *const *direct; /* [pixels - 1][blocks - 1], or NULL */
    itg_direct_tiles *const *half;   /* [pixels - 1]: two blocks, of the second only 8 channels or fewer; NULL: as two whole ones */
    itg_direct_tiles *const *words, *const *half_words; /* the same two for int16 codes (itg_is_plain_words) */
    /* Fills the constants for `count` channels from `channel` on. NULL where direct is. */
    void (*open_direct)(const itg_conv *conv, int32_t channel, int32_t count, int32_t constants[ITG_DIRECT_WORDS]);
    itg_gather_tail *gather_tail; /* NULL: runs are read as they are packed */
} itg_tile_set;

/* One group of output channels of one call. */
typedef struct itg_layer {
    const itg_conv *conv;
    const itg_tile_set *set;
    itg_runs runs;
    uint8_t *tails;            /* room for those of a row (tails.h); NULL: runs are as they are packed */
    const int32_t *correction; /* -128 * sum of weights, 16 a block */
    const int32_t *crossed;    /* of the band's pixels, as a tile has it */
    const int8_t *weights;
    ptrdiff_t block_stride;
    const itg_pair_head *heads; /* of all blocks; NULL without a second list */
    const int32_t *places;
    const int8_t *extras;
    int32_t first_block, end_block; /* what of them is asked for */
    bool wide_input;                /* int16, two planes */
    bool is_column;                 /* a row is one output column, whose pixels are an input and an output row apart: out_pitch, as conv has it */
} itg_layer;

/* One row of `pixels` output pixels for `blocks` blocks of channels from `channel` on. */
typedef struct itg_row_job {
    const uint8_t *const *segment; /* of the row's first pixel, low plane */
    ptrdiff_t high_plane;          /* bytes from the low plane to the high one */
    ptrdiff_t pixel_stride;
    int32_t pixels;
    uint8_t *out; /* the row's first pixel, first channel of the tensor */
    int32_t channel, block, blocks;
    itg_direct *direct;             /* constants of these blocks; NULL: by way of sums */
    itg_direct_tiles *const *tiles; /* that the set has for them: [pixels - 1], `step` apart */
    int32_t step;
    const int32_t *crossed; /* of the row's first pixel on */
} itg_row_job;

/* The sums' first values for the low plane (or the only one) and the high plane of up to four blocks. */
static inline void itg_fill_start(const itg_layer *layer, const itg_row_job *job, int32_t low[64], int32_t high[64])
{
    const int32_t group_outputs = layer->conv->out[2] / layer->conv->groups;
    const int32_t left = group_outputs - job->channel % group_outputs, count = left < job->blocks * 16 ? left : job->blocks * 16;
    const int32_t *corrections = layer->correction + job->block * 16;
    memcpy(high, corrections, (size_t)job->blocks * 64);
    memcpy(low, corrections, (size_t)job->blocks * 64);
    for (int32_t i = 0; i < count; i++)
        low[i] = itg_add_wrap(layer->conv->epilogue.bias[job->channel + i], layer->wide_input ? 0 : corrections[i]);
}

static inline void itg_offset_segments(const uint8_t **moved, const itg_row_job *job, int32_t segments, ptrdiff_t offset)
{
    for (int32_t s = 0; s < segments; s++)
        moved[s] = job->segment[s] + offset;
}

/* sums += 256 * high, modulo 2^32, for the first `count` of each pixel's `stride` sums. */
static inline void itg_add_high_plane(int32_t *sums, const int32_t *high, int32_t pixels, int32_t stride, int32_t count)
{
    for (int32_t p = 0; p < pixels; p++)
        for (int32_t i = 0; i < count; i++)
            sums[p * stride + i] = (int32_t)((uint32_t)sums[p * stride + i] + ((uint32_t)high[p * stride + i] << 8));
}

static inline itg_tile itg_open_tile(const itg_layer *layer, const itg_row_job *job, const uint8_t *const *segment)
{
    return (itg_tile){.segment = segment,
                      .segments = layer->runs.segments,
                      .steps = layer->runs.steps,
                      .blocks = job->blocks,
                      .pixel_stride = job->pixel_stride,
                      .weights = layer->weights + job->block * layer->block_stride,
                      .block_stride = layer->block_stride,
                      .crossed = job->crossed,
                      .pairs = layer->heads ? layer->heads + job->block : NULL,
                      .places = layer->places,
                      .extras = layer->extras};
}

/* Tiles are of nearly one size: no tile of a single pixel at the end. Those of the smaller size, if there are two, come first. */
static inline void itg_compute_directly(const itg_layer *layer, const itg_row_job *job, const int32_t start[64])
{
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    const itg_tile_set *set = layer->set;
    const int32_t tile_count = (job->pixels + set->pixels - 1) / set->pixels, larger = job->pixels % tile_count;
    const int32_t counts[2] = {tile_count - larger, larger};
    itg_tile tile = itg_open_tile(layer, job, segment);
    tile.start = start;
    tile.pixels = job->pixels / tile_count;
    job->direct->out = job->out + (size_t)job->channel * itg_element_bytes(layer->conv->out_type);
    itg_offset_segments(segment, job, tile.segments, 0);
    for (int i = 0; i < 2 && counts[i]; i++, tile.pixels++) {
        job->tiles[(tile.pixels - 1) * job->step](&tile, job->direct, counts[i]);
        const int32_t pixels = counts[i] * tile.pixels;
        itg_offset_segments(segment, job, tile.segments, pixels * job->pixel_stride);
        tile.crossed = job->crossed ? job->crossed + pixels : NULL;
        job->direct->out += pixels * job->direct->pixel_stride;
    }
}

static inline void itg_compute_sums(const itg_layer *layer, const itg_row_job *job, const int32_t low_start[64], const int32_t high_start[64])
{
    int32_t sums[ITG_TILE_SUMS], high[ITG_TILE_SUMS];
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    const itg_tile_set *set = layer->set;
    const int32_t tile_count = (job->pixels + set->pixels - 1) / set->pixels;
    itg_tile tile = itg_open_tile(layer, job, segment);
    for (int32_t i = 0, x = 0; i < tile_count; i++) {
        const int32_t pixels = (job->pixels - x) / (tile_count - i); /* of nearly one size as well */
        itg_tile_function *compute = set->compute[(pixels - 1) * set->blocks + job->blocks - 1];
        itg_offset_segments(segment, job, tile.segments, x * job->pixel_stride);
        tile.start = low_start;
        tile.pixels = pixels;
        tile.crossed = job->crossed ? job->crossed + x : NULL;
        compute(&tile, sums);
        if (layer->wide_input) {
            itg_offset_segments(segment, job, tile.segments, x * job->pixel_stride + job->high_plane);
            tile.start = high_start;
            compute(&tile, high);
            itg_add_high_plane(sums, high, pixels, set->blocks * 16, job->blocks * 16);
        }
        set->finish(layer->conv, &(itg_tile_result){sums, job->out, x, pixels, job->channel, job->blocks});
        x += pixels;
    }
}

/* What nearly all layers have, asked of `count` channels from `channel` on: bytes in and out, one slope, no table, no shift, no large multiplier. */
static inline bool itg_is_plain(const itg_conv *conv, int32_t channel, int32_t count)
{
    const itg_epilogue *epilogue = &conv->epilogue;
    const bool bytes = conv->in_type != ITG_S16 && (conv->out_type == ITG_S8 || conv->out_type == ITG_U8);
    const bool straight = bytes && !epilogue->table && !epilogue->negative_multiplier && epilogue->shift == 0 && epilogue->left == 0;
    return straight && itg_leaves_two_bits(epilogue->multiplier + channel, count);
}

/* The same where codes are int16: their bounds, the zero point and a shift to the left cost little there. */
static inline bool itg_is_plain_words(const itg_conv *conv)
{
    const itg_epilogue *epilogue = &conv->epilogue;
    return conv->in_type != ITG_S16 && conv->out_type == ITG_S16 && !epilogue->table && !epilogue->negative_multiplier && epilogue->shift == 0;
}

/* Finds the set's tiles that make codes of the job's `count` channels directly; constants: what they need. */
static inline void itg_choose_direct(const itg_layer *layer, itg_row_job *job, int32_t count, itg_direct *constants)
{
    const itg_tile_set *set = layer->set;
    const bool words = itg_is_plain_words(layer->conv), is_half = job->blocks == 2 && count <= 24;
    itg_direct_tiles *const *whole = words ? set->words : set->direct, *const *half = words ? set->half_words : set->half;
    if (!whole || !(words || itg_is_plain(layer->conv, job->channel, count)))
        return;
    set->open_direct(layer->conv, job->channel, count, constants->constants);
    job->direct = constants;
    job->tiles = is_half && half ? half : whole + job->blocks - 1;
    job->step = is_half && half ? 1 : set->blocks;
}

/* Output rows [y0, y1) of one group from staged rows. */
static inline void itg_compute_band(const itg_layer *layer, uint8_t *out, const itg_staged *staged, int32_t group, int32_t y0, int32_t y1)
{
    const itg_conv *conv = layer->conv;
    const int32_t most = layer->set->blocks, group_outputs = conv->out[2] / conv->groups;
    const bool at_once = layer->is_column || itg_is_flat(conv);
    const int32_t width = layer->is_column ? 1 : conv->out[1];
    const ptrdiff_t pixel_stride = layer->is_column ? conv->stride[0] * staged->row_bytes : (ptrdiff_t)conv->stride[1] * conv->in[2];
    const itg_runs packed_runs = layer->tails ? itg_cut_runs(conv) : layer->runs;
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    int32_t low_start[64], high_start[64];
    itg_direct direct = {.pixel_stride = itg_out_pitch(conv) * (ptrdiff_t)itg_element_bytes(conv->out_type)};
    const size_t row_bytes = (size_t)width * (size_t)direct.pixel_stride;
    for (int32_t block = layer->first_block, turns = (layer->end_block - block + most - 1) / most; turns > 0; turns--) {
        const int32_t blocks = (layer->end_block - block) / turns; /* of nearly one size */
        itg_row_job job = {segment, staged->high_plane, pixel_stride, at_once ? width * (y1 - y0) : width, out, 0, block, blocks, NULL, NULL, 0,
                           NULL};
        job.channel = group * group_outputs + block * 16;
        itg_fill_start(layer, &job, low_start, high_start);
        const int32_t left = group_outputs - block * 16;
        itg_choose_direct(layer, &job, left < blocks * 16 ? left : blocks * 16, &direct);
        block += blocks;
        for (int32_t y = y0; y < (at_once ? y0 + 1 : y1); y++) {
            itg_point_segments(segment, conv, &packed_runs, staged, y, group);
            if (layer->tails)
                itg_split_segments(conv, segment, layer->tails, layer->set->gather_tail);
            job.out = out + (size_t)y * row_bytes;
            job.crossed = layer->crossed ? layer->crossed + (y - y0) * width : NULL;
            if (job.direct)
                itg_compute_directly(layer, &job, low_start);
            else
                itg_compute_sums(layer, &job, low_start, high_start);
        }
    }
}

/* Points the layer at one group's weights; returns where the next group's begin. */
static inline const int8_t *itg_open_group(itg_layer *layer, const int8_t *packed)
{
    layer->correction = (const int32_t *)(const void *)packed;
    layer->weights = packed + itg_head_bytes(layer->conv, &layer->runs);
    const int8_t *end = layer->weights + layer->runs.blocks * layer->block_stride;
    if (layer->conv->packing != ITG_PACK_16C4P)
        return end;
    layer->heads = (const itg_pair_head *)(const void *)end;
    layer->places = (const int32_t *)(const void *)(end + itg_pair_heads_bytes(&layer->runs));
    const size_t extras = itg_pair_extras(&layer->runs, layer->heads);
    layer->extras = (const int8_t *)(layer->places + extras);
    return layer->extras + extras * 32;
}

/* Runs and weights of a layer with tails, which has one group; scratch: behind the band. */
static inline void itg_open_tails(itg_layer *layer, uint8_t *scratch)
{
    int8_t *weights = (int8_t *)scratch + itg_tail_row_bytes(layer->conv);
    itg_split_weights(layer->conv, weights, layer->weights);
    layer->tails = scratch;
    layer->weights = weights;
    layer->runs = itg_split_runs(layer->conv);
    layer->block_stride = (ptrdiff_t)layer->runs.segments * 64;
}

static inline void itg_walk_tiles(const itg_tile_set *set, const itg_conv *conv, const itg_conv_job *job)
{
    const int32_t *rows = job->rows;
    itg_conv apart = *conv; /* its pixels may be rows apart */
    itg_layer layer = {.conv = &apart, .set = set, .runs = itg_cut_runs(conv), .wide_input = conv->in_type == ITG_S16, .is_column = job->column != 0};
    const bool has_tails = set->gather_tail && itg_tail_steps(conv) > 0; /* then no run is padded */
    const bool in_place = itg_reads_in_place(conv) || (has_tails && itg_stays_inside(conv));
    const int32_t band = in_place ? rows[1] - rows[0] : itg_band_rows(conv);
    uint8_t *out = (uint8_t *)job->out + (size_t)job->column * (size_t)itg_out_pitch(conv) * itg_element_bytes(conv->out_type);
    if (layer.is_column)
        apart.out_pitch = conv->out[1] * itg_out_pitch(conv);
    layer.block_stride = (ptrdiff_t)layer.runs.segments * layer.runs.steps * 64;
    layer.first_block = job->blocks[0];
    layer.end_block = job->blocks[1] ? job->blocks[1] : layer.runs.blocks;
    for (int32_t y = rows[0]; y < rows[1]; y += band) {
        const int32_t end = rows[1] - y < band ? rows[1] : y + band;
        itg_staged staged = in_place ? itg_read_rows(conv, job->in) : itg_copy_rows(conv, job->in, y, end, job->scratch);
        staged.rows += (ptrdiff_t)job->column * conv->stride[1] * conv->in[2];
        const int8_t *packed = conv->weights;
        for (int32_t group = 0; group < conv->groups; group++) {
            packed = itg_open_group(&layer, packed);
            if (has_tails)
                itg_open_tails(&layer, (uint8_t *)job->scratch + itg_band_plane_bytes(conv));
            itg_compute_band(&layer, out, &staged, group, y, end);
        }
    }
}

#endif
