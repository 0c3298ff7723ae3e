/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the AVX-512 VNNI convolution: 1 to 7 pixels times 1 to 4 blocks of 16 output channels, accumulated over K.
 * Every accumulator is a named scalar, because GCC 12 keeps arrays of them in memory. Included by conv.c of this folder alone. */
#ifndef ITG_AVX512VNNI_TILE_H
#define ITG_AVX512VNNI_TILE_H

#include "runtime/kernels/avx512vnni/direct.h"
#include "runtime/kernels/tiles.h"

#include <immintrin.h>

#define TILE_PIXELS 7
#define TILE_BLOCKS 4

/* Code of accumulator (p, b) before it is narrowed. */
#define CODE(p, b) itg_avx512_scale_direct(a##p##b, d, b)
#define WORD(p, b) itg_avx512_scale_words(a##p##b, &c, d, b)

/* The fourth block's weights stay in memory: 28 accumulators, 3 weights and 1 activation fill the 32 registers. Assembly, because GCC 12
 * copies accumulators around the intrinsic when the codes are made in the same function. */
#define DOT(acc, activation, weights) __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(activation), "v"(weights))
#define DOT_MEMORY(acc, activation, address)                                                                                                         \
    __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(activation), "m"(*(const __m512i *)(const void *)(address)))

#define START(p, b)                       __m512i a##p##b = _mm512_loadu_si512(t->start + 16 * b);
#define STORE(p, b)                       _mm512_storeu_si512(sums + (p * TILE_BLOCKS + b) * 16, a##p##b);
#define WEIGHTS(b)                        const __m512i w##b = _mm512_loadu_si512(w + b * t->block_stride);
#define ACTIVATION(p)                     const __m512i x##p = _mm512_broadcastd_epi32(_mm_loadu_si32(x + p * stride));
#define DOT_0(p)                          DOT(a##p##0, x##p, w0);
#define DOT_1(p)                          DOT_0(p) DOT(a##p##1, x##p, w1);
#define DOT_LOW(acc, activation, weights) __asm__("vpdpbusd %t2, %t1, %t0" : "+v"(acc) : "v"(activation), "v"(weights)) /* 8 sums; the others 0 */
#define DOT_HALF(p)                       DOT_0(p) DOT_LOW(a##p##1, x##p, w1);
#define DOT_2(p)                          DOT_1(p) DOT(a##p##2, x##p, w2);
#define DOT_3(p)                          DOT_2(p) DOT_MEMORY(a##p##3, x##p, w + 3 * t->block_stride);

#define BLOCKS_1(X, p)    X(p, 0)
#define BLOCKS_2(X, p)    BLOCKS_1(X, p) X(p, 1)
#define BLOCKS_3(X, p)    BLOCKS_2(X, p) X(p, 2)
#define BLOCKS_4(X, p)    BLOCKS_3(X, p) X(p, 3)
#define EACH_1(BLOCKS, X) BLOCKS(X, 0)
#define EACH_2(BLOCKS, X) EACH_1(BLOCKS, X) BLOCKS(X, 1)
#define EACH_3(BLOCKS, X) EACH_2(BLOCKS, X) BLOCKS(X, 2)
#define EACH_4(BLOCKS, X) EACH_3(BLOCKS, X) BLOCKS(X, 3)
#define EACH_5(BLOCKS, X) EACH_4(BLOCKS, X) BLOCKS(X, 4)
#define EACH_6(BLOCKS, X) EACH_5(BLOCKS, X) BLOCKS(X, 5)
#define EACH_7(BLOCKS, X) EACH_6(BLOCKS, X) BLOCKS(X, 6)
#define PIXEL(DOTS, p)                                                                                                                               \
    {                                                                                                                                                \
        ACTIVATION(p)                                                                                                                                \
        DOTS(p)                                                                                                                                      \
    }
#define LOAD_1 WEIGHTS(0)
#define LOAD_2 LOAD_1 WEIGHTS(1)
#define LOAD_3 LOAD_2 WEIGHTS(2)
#define LOAD_4 LOAD_3

#define ACCUMULATE(PIXELS, BLOCKS, LAST)                                                                                                             \
    const ptrdiff_t stride = t->pixel_stride;                                                                                                        \
    const int8_t *w = t->weights;                                                                                                                    \
    EACH_##PIXELS(BLOCKS_##BLOCKS, START) for (int32_t s = 0; s < t->segments; s++)                                                                  \
    {                                                                                                                                                \
        const uint8_t *x = t->segment[s] + at;                                                                                                       \
        for (int32_t k = 0; k < t->steps; k++, x += 4, w += 64) {                                                                                    \
            LOAD_##BLOCKS EACH_##PIXELS(PIXEL, DOT_##LAST)                                                                                           \
        }                                                                                                                                            \
    }
#define CODES_1(X, p)        itg_avx512_store_pixel(out + p * d->pixel_stride, &c, CODE(p, 0), CODE(p, 0), CODE(p, 0), CODE(p, 0));
#define CODES_2(X, p)        itg_avx512_store_pixel(out + p * d->pixel_stride, &c, CODE(p, 0), CODE(p, 1), CODE(p, 0), CODE(p, 1));
#define CODES_3(X, p)        itg_avx512_store_pixel(out + p * d->pixel_stride, &c, CODE(p, 0), CODE(p, 1), CODE(p, 2), CODE(p, 0));
#define CODES_4(X, p)        itg_avx512_store_pixel(out + p * d->pixel_stride, &c, CODE(p, 0), CODE(p, 1), CODE(p, 2), CODE(p, 3));
#define LOW_WORDS(p, second) _mm512_mask_storeu_epi16(out + p * d->pixel_stride, (__mmask32)c.mask, itg_avx512_narrow_words(&c, WORD(p, 0), second));
#define HIGH_WORDS(p, second)                                                                                                                        \
    _mm512_mask_storeu_epi16(out + p * d->pixel_stride + 64, (__mmask32)(c.mask >> 32), itg_avx512_narrow_words(&c, WORD(p, 2), second));
#define WORDS_1(X, p) LOW_WORDS(p, WORD(p, 0))
#define WORDS_2(X, p) LOW_WORDS(p, WORD(p, 1))
#define WORDS_3(X, p) WORDS_2(X, p) HIGH_WORDS(p, WORD(p, 2))
#define WORDS_4(X, p) WORDS_2(X, p) HIGH_WORDS(p, WORD(p, 3))
#define DEFINE_CODES(NAME, CONSTANTS, CODES, PIXELS, BLOCKS, LAST)                                                                                   \
    static void NAME(const itg_tile *t, const itg_direct *d, int32_t count)                                                                          \
    {                                                                                                                                                \
        const itg_avx512_##CONSTANTS c = itg_avx512_load_##CONSTANTS(d);                                                                             \
        uint8_t *out = d->out;                                                                                                                       \
        for (ptrdiff_t at = 0; count > 0; count--, at += PIXELS * t->pixel_stride, out += PIXELS * d->pixel_stride) {                                \
            ACCUMULATE(PIXELS, BLOCKS, LAST) EACH_##PIXELS(CODES##_##BLOCKS, NOTHING)                                                                \
        }                                                                                                                                            \
    }
#define DEFINE_DIRECT(SIZE, PIXELS, BLOCKS, LAST)                                                                                                    \
    DEFINE_CODES(direct_##SIZE, direct, CODES, PIXELS, BLOCKS, LAST)                                                                                 \
    DEFINE_CODES(words_##SIZE, words, WORDS, PIXELS, BLOCKS, LAST)
#define DEFINE_TILE(PIXELS, BLOCKS, LAST)                                                                                                            \
    static void tile_##PIXELS##x##BLOCKS(const itg_tile *t, int32_t *sums)                                                                           \
    {                                                                                                                                                \
        const ptrdiff_t at = 0;                                                                                                                      \
        ACCUMULATE(PIXELS, BLOCKS, LAST) EACH_##PIXELS(BLOCKS_##BLOCKS, STORE)                                                                       \
    }                                                                                                                                                \
    DEFINE_DIRECT(PIXELS##x##BLOCKS, PIXELS, BLOCKS, LAST)
#define DEFINE_TILES(PIXELS)                                                                                                                         \
    DEFINE_TILE(PIXELS, 1, 0)                                                                                                                        \
    DEFINE_TILE(PIXELS, 2, 1)                                                                                                                        \
    DEFINE_TILE(PIXELS, 3, 2)                                                                                                                        \
    DEFINE_TILE(PIXELS, 4, 3)                                                                                                                        \
    DEFINE_DIRECT(half_##PIXELS, PIXELS, 2, HALF)
DEFINE_TILES(1)
DEFINE_TILES(2)
DEFINE_TILES(3)
DEFINE_TILES(4)
DEFINE_TILES(5)
DEFINE_TILES(6)
DEFINE_TILES(7)

/* An itg_gather_tail: bytes are loaded where they will be stored. */
static void gather_tail(uint8_t *to, const uint8_t *const *segment, int32_t segments, int32_t at, int32_t apart, int32_t pixels)
{
    const int32_t most = 60 / apart + 1;
    __mmask64 firsts = 0;
    for (int32_t i = 0; i < most; i++)
        firsts |= (__mmask64)1 << i * apart;
    for (int32_t x = 0; x < pixels; x += most, to += most * apart) {
        const int32_t count = pixels - x < most ? pixels - x : most;
        const __mmask64 some = firsts & ~(__mmask64)0 >> (63 - (count - 1) * apart);
        __m512i codes = _mm512_setzero_si512();
        for (int32_t s = 0; s < segments; s++)
            codes = _mm512_mask_loadu_epi8(codes, some << s, segment[s] + at - s + x * apart);
        _mm512_storeu_si512(to, codes); /* whole, because what a mask stores is slow to be read */
    }
}

#define TILE_ROW(KIND, PIXELS)                                                                                                                       \
    {                                                                                                                                                \
        KIND##_##PIXELS##x1, KIND##_##PIXELS##x2, KIND##_##PIXELS##x3, KIND##_##PIXELS##x4                                                           \
    }
#define TILE_ROWS(KIND)                                                                                                                              \
    {                                                                                                                                                \
        TILE_ROW(KIND, 1), TILE_ROW(KIND, 2), TILE_ROW(KIND, 3), TILE_ROW(KIND, 4), TILE_ROW(KIND, 5), TILE_ROW(KIND, 6), TILE_ROW(KIND, 7)          \
    }
static itg_tile_function *const sum_tiles[TILE_PIXELS][TILE_BLOCKS] = TILE_ROWS(tile);
static itg_direct_tiles *const direct_tiles[TILE_PIXELS][TILE_BLOCKS] = TILE_ROWS(direct);
static itg_direct_tiles *const word_tiles[TILE_PIXELS][TILE_BLOCKS] = TILE_ROWS(words);
#define HALF_ROW(KIND) KIND##_1, KIND##_2, KIND##_3, KIND##_4, KIND##_5, KIND##_6, KIND##_7
static itg_direct_tiles *const half_tiles[TILE_PIXELS] = {HALF_ROW(direct_half)}, *const half_word_tiles[TILE_PIXELS] = {HALF_ROW(words_half)};

#endif
