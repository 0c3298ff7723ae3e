/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the AVX2 convolution: 1 to 4 pixels times one block of 16 output channels, accumulated over K.
 * Exact for every weight, unlike vpmaddubsw, which saturates: the four bytes of a step are taken as two pairs of int16, the even bytes
 * (x & 0x00ff00ff) and the odd ones (x >> 8), activations and weights alike, and multiplied by vpmaddwd. No shuffles.
 * Every accumulator is a named scalar, because GCC 12 keeps arrays of them in memory. Included by conv.c of this folder alone. */
#ifndef ITG_AVX2_TILE_H
#define ITG_AVX2_TILE_H

#include "runtime/kernels/tiles.h"

#include <immintrin.h>

#define TILE_PIXELS 4
#define TILE_BLOCKS 1

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define START(p)      __m256i a##p##0 = LOAD(t->start), a##p##1 = LOAD(t->start + 8);
#define STORE(p)                                                                                                                                     \
    _mm256_storeu_si256((__m256i *)(void *)(sums + p * 16), a##p##0);                                                                                \
    _mm256_storeu_si256((__m256i *)(void *)(sums + p * 16 + 8), a##p##1);
/* Sign-extended even bytes, and odd ones, of 8 channels. */
#define WEIGHTS(h)                                                                                                                                   \
    const __m256i w##h = LOAD(w + 32 * h), odd##h = _mm256_srai_epi16(w##h, 8), even##h = _mm256_srai_epi16(_mm256_slli_epi16(w##h, 8), 8);
#define ADD(acc, x, weights) acc = _mm256_add_epi32(acc, _mm256_madd_epi16(x, weights));
#define PIXEL(p)                                                                                                                                     \
    {                                                                                                                                                \
        const __m256i both = _mm256_broadcastd_epi32(_mm_loadu_si32(x + p * stride)), high = _mm256_srli_epi16(both, 8);                             \
        const __m256i low = _mm256_and_si256(both, mask);                                                                                            \
        ADD(a##p##0, low, even0)                                                                                                                     \
        ADD(a##p##1, low, even1)                                                                                                                     \
        ADD(a##p##0, high, odd0)                                                                                                                     \
        ADD(a##p##1, high, odd1)                                                                                                                     \
    }

#define EACH_1(X) X(0)
#define EACH_2(X) EACH_1(X) X(1)
#define EACH_3(X) EACH_2(X) X(2)
#define EACH_4(X) EACH_3(X) X(3)

#define DEFINE_TILE(PIXELS)                                                                                                                          \
    static void tile_##PIXELS(const itg_tile *t, int32_t *sums)                                                                                      \
    {                                                                                                                                                \
        const ptrdiff_t stride = t->pixel_stride;                                                                                                    \
        const __m256i mask = _mm256_set1_epi32(0x00ff00ff);                                                                                          \
        const int8_t *w = t->weights;                                                                                                                \
        EACH_##PIXELS(START) for (int32_t s = 0; s < t->segments; s++)                                                                               \
        {                                                                                                                                            \
            const uint8_t *x = t->segment[s];                                                                                                        \
            for (int32_t k = 0; k < t->steps; k++, x += 4, w += 64) {                                                                                \
                WEIGHTS(0) WEIGHTS(1) EACH_##PIXELS(PIXEL)                                                                                           \
            }                                                                                                                                        \
        }                                                                                                                                            \
        EACH_##PIXELS(STORE)                                                                                                                         \
    }
DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)

static itg_tile_function *const tiles[TILE_PIXELS][TILE_BLOCKS] = {{tile_1}, {tile_2}, {tile_3}, {tile_4}};

#endif
