/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution of the Arm tables without dot products (runtime/kernels/winograd.h): a band of tiles is transformed once,
 * then for each block of 16 output channels its weights, 64 inputs at a time, and 36 products of matrices. The includer brings the products and
 * the order of weights that they want (product.h of its folder). Called by conv.c there. */
#ifndef ITG_NEON_WINOGRAD_H
#define ITG_NEON_WINOGRAD_H

#include "runtime/kernels/neon/requantize.h"
#include "runtime/kernels/neon/transform.h"
#include "runtime/kernels/winograd_walk.h"

/* In groups of four tiles: [group][channels / 8][4 tiles][8]. */
static void itg_neon_transform_tile(const itg_winograd_call *call, int32_t at, const uint8_t *codes, ptrdiff_t down)
{
    const int32_t channels = call->conv->in[2];
    int16_t *to = call->inputs + (ptrdiff_t)(at / 4) * 4 * channels + at % 4 * 8;
    for (int32_t c = 0; c < channels; c += 8)
        itg_transform_input(to + c * 4, call->place, (const int8_t *)codes + c, channels, down);
}

/* Sums += weights of inputs [first, first + depth) times the band's tiles; the first inputs start from the biases. */
static inline void itg_multiply_places(const itg_winograd_call *call, const int32_t starts[2][16], int32_t tiles, int32_t first, int32_t depth)
{
    const int32_t channels = call->conv->in[2], whole = tiles / 4, rest = tiles % 4;
    const int16_t *inputs = call->inputs + 4 * first;
    for (int32_t place = 0; place < ITG_WINOGRAD_PLACES; place++, inputs += call->place) {
        int32_t *sums = call->sums + (ptrdiff_t)place * (ITG_WINOGRAD_PLACE / 4);
        itg_place_product product = {.from = first ? sums : starts[place == ITG_WINOGRAD_BIAS_AT],
                                     .from_bytes = first ? 64 : 0,
                                     .to = sums,
                                     .x = inputs,
                                     .skip_bytes = (int64_t)(channels - depth) * 8,
                                     .weights = call->weights + (ptrdiff_t)place * (ITG_WINOGRAD_PLACE / 2),
                                     .steps = depth / 8,
                                     .groups = whole};
        if (whole)
            itg_multiply_place(&product, 4);
        product.groups = 1;
        if (rest)
            itg_multiply_place(&product, rest);
    }
}

/* Codes of the band's tiles: what of 4 x 4 lies in the image. */
static inline void itg_finish_tiles(const itg_winograd_call *call, const itg_neon_finish *finish, uint8_t *out, int32_t first, int32_t tiles)
{
    const itg_conv *conv = call->conv;
    int32_t sums[16 * 16];
    for (int32_t i = 0; i < tiles; i++) {
        const itg_tile_extent extent = itg_find_tile(call, first + i);
        for (int32_t lanes = 0; lanes < 16; lanes += 4)
            itg_transform_sums(sums + lanes, call->sums + i * 16 + lanes);
        for (int32_t row = 0; row < extent.rows; row++) {
            uint8_t *to = out + ((ptrdiff_t)(extent.y + row) * conv->out[1] + extent.x) * finish->pixel_bytes;
            itg_neon_finish_pixels(finish, to, sums + row * 64, extent.columns);
        }
    }
}

static void itg_neon_compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles)
{
    const itg_conv *conv = call->conv;
    const int32_t channels = conv->in[2], channel = 16 * block;
    itg_neon_finish finish;
    itg_neon_open_block(&finish, &conv->epilogue, conv->out_type, itg_out_pitch(conv), channel, conv->out[2] - channel);
    itg_neon_prove_narrow(&finish, &conv->epilogue, 9 * channels);
    int32_t starts[2][16] = {{0}};
    for (int i = 0; i < finish.count; i++)
        starts[1][i] = (int32_t)((uint32_t)finish.start[i] * ITG_WINOGRAD_BIAS);
    for (int32_t from = 0; from < channels; from += ITG_WINOGRAD_DEPTH) {
        const int32_t depth = channels - from < ITG_WINOGRAD_DEPTH ? channels - from : ITG_WINOGRAD_DEPTH;
        for (int32_t i = 0; i < depth; i += 16)
            itg_transform_block(call->weights, i, packed, channels, from + i);
        itg_multiply_places(call, starts, tiles, from, depth);
    }
    itg_finish_tiles(call, &finish, call->out + (size_t)channel * itg_element_bytes(conv->out_type), first, tiles);
}

static const itg_winograd_set itg_neon_winograd = {itg_neon_transform_tile, itg_neon_compute_tiles};

/* A marked layer; blocks: end 0: all. */
static inline void itg_compute_transformed(const itg_conv *conv, itg_conv_job job)
{
    if (!job.blocks[1])
        job.blocks[1] = (conv->out[2] + 15) / 16;
    itg_walk_transformed(&itg_neon_winograd, conv, &job);
}

/* An itg_conv_images. */
static bool itg_neon_compute_images(const itg_conv *conv, void *out, const void *in, int32_t images, const int32_t blocks[2], void *scratch)
{
    if (!itg_is_transformed(conv))
        return false;
    itg_compute_transformed(conv, (itg_conv_job){out, in, scratch, {0, conv->out[0]}, {blocks[0], blocks[1]}, 0, images});
    return true;
}

#endif
