/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the AVX2 convolution: 1 to 4 pixels times one block of 16 output channels, accumulated over K, exact for every
 * weight. Pairs of byte products by vpmaddubsw where the packer proved that they cannot saturate, the rest from its second list (pairs.h);
 * blocks it left whole as two pairs of int16, the even bytes (x & 0x00ff00ff) and the odd ones (x >> 8), by vpmaddwd. No shuffles.
 * Every accumulator is a named scalar, because GCC 12 keeps arrays of them in memory. Included by conv.c of this folder alone. */
#ifndef ITG_AVX2_TILE_H
#define ITG_AVX2_TILE_H

#include "runtime/kernels/avx2/add.h"
#include "runtime/kernels/avx2/tile_functions.h"
#include "runtime/kernels/avx2/word_codes.h"

#ifndef ITG_TILE_PIXELS
#define ITG_TILE_PIXELS 4
#endif
#define TILE_PIXELS ITG_TILE_PIXELS /* 4 or 2 */
#define TILE_BLOCKS 1

#define PIXEL_EVEN(p)                                                                                                                                \
    {                                                                                                                                                \
        const __m256i low = _mm256_and_si256(BROADCAST(p), mask);                                                                                    \
        ITG_ADD_PRODUCT(a##p##0, low, w0)                                                                                                            \
        ITG_ADD_PRODUCT(a##p##1, low, w1)                                                                                                            \
    }
#define PIXEL_ODD(p)                                                                                                                                 \
    {                                                                                                                                                \
        const __m256i high = _mm256_srli_epi16(BROADCAST(p), 8);                                                                                     \
        ITG_ADD_PRODUCT(a##p##0, high, w0)                                                                                                           \
        ITG_ADD_PRODUCT(a##p##1, high, w1)                                                                                                           \
    }
/* Even bytes first, then odd ones: only two vectors of weights at a time fit beside the sums, and activations have to be loaded twice,
 * which the empty assembly asks for. */
#define STEP_WHOLE(PIXELS)                                                                                                                           \
    {                                                                                                                                                \
        __m256i w0 = _mm256_srai_epi16(_mm256_slli_epi16(LOAD(w), 8), 8), w1 = _mm256_srai_epi16(_mm256_slli_epi16(LOAD(w + 32), 8), 8);             \
        EACH_##PIXELS(PIXEL_EVEN) __asm__("" : "+r"(x));                                                                                             \
        w0 = _mm256_srai_epi16(LOAD(w), 8);                                                                                                          \
        w1 = _mm256_srai_epi16(LOAD(w + 32), 8);                                                                                                     \
        EACH_##PIXELS(PIXEL_ODD)                                                                                                                     \
    }
#define BROADCAST(p)               _mm256_broadcastd_epi32(_mm_loadu_si32(x + p * stride))
#define ADD_PAIRS(acc, x, weights) ITG_ADD_PRODUCT(acc, ones, _mm256_maddubs_epi16(x, weights))
#define PIXEL_PAIRS(p)                                                                                                                               \
    {                                                                                                                                                \
        const __m256i bytes = BROADCAST(p);                                                                                                          \
        ADD_PAIRS(a##p##0, bytes, w0)                                                                                                                \
        ADD_PAIRS(a##p##1, bytes, w1)                                                                                                                \
    }
#define PIXEL_EXTRA_0(p) ADD_PAIRS(a##p##0, BROADCAST(p), LOAD(w))
#define PIXEL_EXTRA_1(p) ADD_PAIRS(a##p##1, BROADCAST(p), LOAD(w))
#define EXTRAS(PIXELS, h)                                                                                                                            \
    for (int32_t e = 0; e < t->pairs->count[h]; e++, place++, w += 32) {                                                                             \
        const uint8_t *x = t->segment[*place / 65536] + *place % 65536 + at;                                                                         \
        EACH_##PIXELS(PIXEL_EXTRA_##h)                                                                                                               \
    }

#define ACCUMULATE(PIXELS)                                                                                                                           \
    const ptrdiff_t stride = t->pixel_stride;                                                                                                        \
    const int8_t *w = t->weights;                                                                                                                    \
    EACH_##PIXELS(START) if (t->pairs->whole)                                                                                                        \
    {                                                                                                                                                \
        const __m256i mask = _mm256_set1_epi32(0x00ff00ff);                                                                                          \
        for (int32_t s = 0; s < t->segments; s++) {                                                                                                  \
            const uint8_t *x = t->segment[s] + at;                                                                                                   \
            for (int32_t k = 0; k < t->steps; k++, x += 4, w += 64) {                                                                                \
                STEP_WHOLE(PIXELS)                                                                                                                   \
            }                                                                                                                                        \
        }                                                                                                                                            \
    }                                                                                                                                                \
    else                                                                                                                                             \
    {                                                                                                                                                \
        const __m256i ones = _mm256_set1_epi16(1);                                                                                                   \
        for (int32_t s = 0; s < t->segments; s++) {                                                                                                  \
            const uint8_t *x = t->segment[s] + at;                                                                                                   \
            for (int32_t k = 0; k < t->steps; k++, x += 4, w += 64) {                                                                                \
                const __m256i w0 = LOAD(w), w1 = LOAD(w + 32);                                                                                       \
                EACH_##PIXELS(PIXEL_PAIRS)                                                                                                           \
            }                                                                                                                                        \
        }                                                                                                                                            \
        const int32_t *place = t->places + t->pairs->first;                                                                                          \
        w = t->extras + (ptrdiff_t)t->pairs->first * 32;                                                                                             \
        EXTRAS(PIXELS, 0) EXTRAS(PIXELS, 1)                                                                                                          \
    }
#define DEFINE_TILE(PIXELS)                                                                                                                          \
    DEFINE_SUMS(PIXELS)                                                                                                                              \
    DEFINE_DIRECT(direct, PIXELS, ITG_CODES)                                                                                                         \
    DEFINE_DIRECT(words, PIXELS, ITG_WORDS)
DEFINE_TILE(1)
DEFINE_TILE(2)
#if TILE_PIXELS == 4
DEFINE_TILE(3)
DEFINE_TILE(4)
static itg_tile_function *const sum_tiles[TILE_PIXELS][TILE_BLOCKS] = {{tile_1}, {tile_2}, {tile_3}, {tile_4}};
static itg_direct_tiles *const direct_tiles[TILE_PIXELS][TILE_BLOCKS] = {{direct_1}, {direct_2}, {direct_3}, {direct_4}};
static itg_direct_tiles *const word_tiles[TILE_PIXELS][TILE_BLOCKS] = {{words_1}, {words_2}, {words_3}, {words_4}};
#else
static itg_tile_function *const sum_tiles[TILE_PIXELS][TILE_BLOCKS] = {{tile_1}, {tile_2}};
static itg_direct_tiles *const direct_tiles[TILE_PIXELS][TILE_BLOCKS] = {{direct_1}, {direct_2}};
static itg_direct_tiles *const word_tiles[TILE_PIXELS][TILE_BLOCKS] = {{words_1}, {words_2}};
#endif

#endif
