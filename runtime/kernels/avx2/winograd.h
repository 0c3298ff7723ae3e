/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution of the x86 tables (runtime/kernels/winograd.h): for each block of 16 output channels its weights, 64 inputs
 * at a time, and 36 products of matrices of int16, two inputs at once. Transformed inputs are [36][tile][channel]. Each ISA brings the
 * products: products.h of this folder, winograd.c of avx512vnni. */
#ifndef ITG_AVX2_WINOGRAD_H
#define ITG_AVX2_WINOGRAD_H

#include "runtime/kernels/avx2/direct.h"
#include "runtime/kernels/avx2/requantize.h"
#include "runtime/kernels/avx2/transform.h"
#include "runtime/kernels/winograd_walk.h"

#include <intaglio/fixed.h>

/* Products of one place: `groups` times some tiles x 16 output channels, over `pairs` times two inputs. */
typedef struct itg_place_product {
    const int32_t *from; /* first sums of a tile: 16, the next tile's `next` elements on */
    ptrdiff_t next;
    int32_t *to;      /* [tile][16] */
    const int16_t *x; /* [tile][input], tiles `tile` elements apart */
    ptrdiff_t tile;
    const int16_t *weights; /* [pair][16][2] */
    int32_t pairs, groups;
} itg_place_product;

typedef void itg_multiply_place(const itg_place_product *product);

/* Codes of the 16 channels from `channel` on of tiles [first, first + tiles) of the call, whose sums are the call's. */
typedef void itg_finish_block(const itg_winograd_call *call, int32_t channel, int32_t first, int32_t tiles);

/* Products of 1 to `tiles` tiles at once, and what is made of them. */
typedef struct itg_place_set {
    itg_multiply_place *const *multiply; /* [tiles - 1] */
    int32_t tiles;
    itg_finish_block *finish;
} itg_place_set;

static void itg_avx2_transform_tile(const itg_winograd_call *call, int32_t at, const uint8_t *codes, ptrdiff_t down)
{
    const int32_t channels = call->conv->in[2];
    for (int32_t c = 0; c < channels; c += 16)
        itg_transform_input(call->inputs + (ptrdiff_t)at * channels + c, call->place, codes + c, channels, down);
}

/* Sums += weights of inputs [first, first + depth) times the band's tiles; the first inputs start from the biases. Groups of tiles are of nearly
 * one size: a small one at the end would wait for its own sums. */
static inline void itg_multiply_places(const itg_winograd_call *call, const itg_place_set *set, const int32_t starts[2][16], int32_t tiles,
                                       int32_t first, int32_t depth)
{
    const int32_t channels = call->conv->in[2], groups = (tiles + set->tiles - 1) / set->tiles, size = tiles / groups, larger = tiles % groups;
    for (int32_t place = 0; place < ITG_WINOGRAD_PLACES; place++) {
        int32_t *sums = call->sums + (ptrdiff_t)place * (ITG_WINOGRAD_PLACE / 4);
        itg_place_product product = {.from = first ? sums : starts[place == ITG_WINOGRAD_BIAS_AT],
                                     .next = first ? 16 : 0,
                                     .to = sums,
                                     .x = call->inputs + place * call->place + first,
                                     .tile = channels,
                                     .weights = call->weights + (ptrdiff_t)place * (ITG_WINOGRAD_PLACE / 2),
                                     .pairs = depth / 2,
                                     .groups = groups - larger};
        set->multiply[size - 1](&product);
        if (!larger)
            continue;
        const int32_t done = product.groups * size;
        product.from += done * product.next;
        product.to += done * 16;
        product.x += (ptrdiff_t)done * channels;
        product.groups = larger;
        set->multiply[size](&product);
    }
}

#define LOAD_SUMS(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))

/* An itg_finish_block: what of 4 x 4 lies in the image. */
static inline void itg_avx2_finish_tiles(const itg_winograd_call *call, int32_t channel, int32_t first, int32_t tiles)
{
    const itg_conv *conv = call->conv;
    const size_t row_bytes = (size_t)conv->out[1] * (size_t)itg_out_pitch(conv) * itg_element_bytes(conv->out_type);
    const int32_t left = conv->out[2] - channel, count = left < 16 ? left : 16;
    const bool is_direct = itg_is_plain(conv, channel, count);
    int32_t sums[16 * 16];
    itg_direct direct = {.pixel_stride = itg_out_pitch(conv)};
    if (is_direct)
        itg_avx2_open_direct(conv, channel, count, direct.constants);
    const bool is_whole = itg_avx2_is_whole(&direct);
    for (int32_t i = 0; i < tiles; i++) {
        const itg_tile_extent extent = itg_find_tile(call, first + i);
        itg_transform_sums(sums, call->sums + i * 16);
        itg_transform_sums(sums + 8, call->sums + i * 16 + 8);
        for (int32_t row = 0; row < extent.rows; row++) {
            uint8_t *out = call->out + (size_t)(extent.y + row) * row_bytes;
            if (!is_direct) {
                itg_avx2_finish_tile(conv, &(itg_tile_result){sums + row * 64, out, extent.x, extent.columns, channel, 1});
                continue;
            }
            direct.out = out + (ptrdiff_t)extent.x * direct.pixel_stride + channel;
            for (int32_t p = 0; p < extent.columns; p += 2) {
                const int32_t *pair = sums + (4 * row + p) * 16; /* 4 columns are computed even where fewer are asked for */
                const __m256i codes = itg_avx2_sort_direct(itg_avx2_round_direct(&direct, LOAD_SUMS(pair), LOAD_SUMS(pair + 8)),
                                                           itg_avx2_round_direct(&direct, LOAD_SUMS(pair + 16), LOAD_SUMS(pair + 24)));
                itg_avx2_store_pixels(direct.out + p * direct.pixel_stride, direct.pixel_stride, &direct, codes, p + 1 < extent.columns, is_whole);
            }
        }
    }
}

/* What an itg_compute_tiles does, by one ISA's products. */
static inline void itg_avx2_compute_tiles(const itg_winograd_call *call, const itg_place_set *set, const int8_t *packed, int32_t block, int32_t first,
                                          int32_t tiles)
{
    const itg_conv *conv = call->conv;
    const int32_t channels = conv->in[2], channel = 16 * block;
    const int32_t *corrections = (const int32_t *)(const void *)conv->weights;
    int32_t starts[2][16] = {{0}};
    for (int32_t i = 0; i < 16 && channel + i < conv->out[2]; i++)
        starts[1][i] = (int32_t)((uint32_t)itg_add_wrap(conv->epilogue.bias[channel + i], corrections[channel + i]) * ITG_WINOGRAD_BIAS);
    for (int32_t from = 0; from < channels; from += ITG_WINOGRAD_DEPTH) {
        const int32_t depth = channels - from < ITG_WINOGRAD_DEPTH ? channels - from : ITG_WINOGRAD_DEPTH;
        for (int32_t i = 0; i < depth; i += 4)
            itg_transform_step(call->weights + i * 16, packed + (ptrdiff_t)(from + i) * 16, (ptrdiff_t)channels * 16);
        itg_multiply_places(call, set, starts, tiles, from, depth);
    }
    set->finish(call, channel, first, tiles);
}

#endif
