/* SPDX-License-Identifier: Apache-2.0
 * Products of the transformed 3x3 convolution (winograd.h) by vpmaddwd: 1 to 4 tiles times 16 output channels, 8 sums, 2 weights and an
 * activation in 16 registers. Included by conv.c of this folder and of those that share it. */
#ifndef ITG_AVX2_PRODUCTS_H
#define ITG_AVX2_PRODUCTS_H

#include "runtime/kernels/avx2/add.h"
#include "runtime/kernels/avx2/winograd.h"

#ifndef ITG_PLACE_TILES
#define ITG_PLACE_TILES 4
#endif

#define LOAD_WORDS(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define BEGIN_SUMS(t)       __m256i a##t##0 = LOAD_WORDS(from + t * p->next), a##t##1 = LOAD_WORDS(from + t * p->next + 8);
#define END_SUMS(t)                                                                                                                                  \
    _mm256_storeu_si256((__m256i *)(void *)(to + t * 16), a##t##0);                                                                                  \
    _mm256_storeu_si256((__m256i *)(void *)(to + t * 16 + 8), a##t##1);
#define ADD_TILE(t)                                                                                                                                  \
    {                                                                                                                                                \
        const __m256i inputs = _mm256_broadcastd_epi32(_mm_loadu_si32(x + t * tile));                                                                \
        ITG_ADD_PRODUCT(a##t##0, inputs, w0)                                                                                                         \
        ITG_ADD_PRODUCT(a##t##1, inputs, w1)                                                                                                         \
    }
#define TILES_1(X) X(0)
#define TILES_2(X) TILES_1(X) X(1)
#define TILES_3(X) TILES_2(X) X(2)
#define TILES_4(X) TILES_3(X) X(3)
#define DEFINE_PRODUCT(TILES)                                                                                                                        \
    static void multiply_place_##TILES(const itg_place_product *p)                                                                                   \
    {                                                                                                                                                \
        const ptrdiff_t tile = p->tile;                                                                                                              \
        const int32_t *from = p->from;                                                                                                               \
        int32_t *to = p->to;                                                                                                                         \
        for (int32_t group = 0; group < p->groups; group++, from += TILES * p->next, to += TILES * 16) {                                             \
            const int16_t *x = p->x + group * TILES * tile, *w = p->weights;                                                                         \
            TILES_##TILES(BEGIN_SUMS) for (int32_t i = 0; i < p->pairs; i++, x += 2, w += 32)                                                        \
            {                                                                                                                                        \
                const __m256i w0 = LOAD_WORDS(w), w1 = LOAD_WORDS(w + 16);                                                                           \
                TILES_##TILES(ADD_TILE)                                                                                                              \
            }                                                                                                                                        \
            TILES_##TILES(END_SUMS)                                                                                                                  \
        }                                                                                                                                            \
    }
DEFINE_PRODUCT(1)
DEFINE_PRODUCT(2)
#if ITG_PLACE_TILES == 4
DEFINE_PRODUCT(3)
DEFINE_PRODUCT(4)
static itg_multiply_place *const multiply_place[] = {multiply_place_1, multiply_place_2, multiply_place_3, multiply_place_4};
#else
static itg_multiply_place *const multiply_place[] = {multiply_place_1, multiply_place_2};
#endif

static void compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles)
{
    static const itg_place_set set = {multiply_place, ITG_PLACE_TILES, itg_avx2_finish_tiles};
    itg_avx2_compute_tiles(call, &set, packed, block, first, tiles);
}

/* An itg_transformed_part. */
static void compute_transformed(const itg_conv *conv, const itg_conv_job *job)
{
    static const itg_winograd_set set = {itg_avx2_transform_tile, compute_tiles};
    itg_walk_transformed(&set, conv, job);
}

#endif
