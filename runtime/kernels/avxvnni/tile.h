/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the AVX-VNNI convolution: 1 to 6 pixels times one block of 16 output channels, accumulated over K: 12 sums,
 * 2 weights and 1 activation of the 16 registers. Included by conv.c of this folder alone. */
#ifndef ITG_AVXVNNI_TILE_H
#define ITG_AVXVNNI_TILE_H

#include "runtime/kernels/avx2/tile_functions.h"
#include "runtime/kernels/avxvnni/dot.h"

#define TILE_PIXELS 6
#define TILE_BLOCKS 1

#define PIXEL(p)                                                                                                                                     \
    {                                                                                                                                                \
        const __m256i bytes = _mm256_broadcastd_epi32(_mm_loadu_si32(x + p * stride));                                                               \
        ITG_DOT(a##p##0, bytes, w0);                                                                                                                 \
        ITG_DOT(a##p##1, bytes, w1);                                                                                                                 \
    }

#define ACCUMULATE(PIXELS)                                                                                                                           \
    const ptrdiff_t stride = t->pixel_stride;                                                                                                        \
    const int8_t *w = t->weights;                                                                                                                    \
    EACH_##PIXELS(START) for (int32_t s = 0; s < t->segments; s++)                                                                                   \
    {                                                                                                                                                \
        const uint8_t *x = t->segment[s] + at;                                                                                                       \
        for (int32_t k = 0; k < t->steps; k++, x += 4, w += 64) {                                                                                    \
            const __m256i w0 = LOAD(w), w1 = LOAD(w + 32);                                                                                           \
            EACH_##PIXELS(PIXEL)                                                                                                                     \
        }                                                                                                                                            \
    }
#define DEFINE_TILE(PIXELS)                                                                                                                          \
    DEFINE_SUMS(PIXELS)                                                                                                                              \
    DEFINE_DIRECT(direct, PIXELS, ITG_CODES)
DEFINE_TILE(1)
DEFINE_TILE(2)
DEFINE_TILE(3)
DEFINE_TILE(4)
DEFINE_TILE(5)
DEFINE_TILE(6)

static itg_tile_function *const sum_tiles[TILE_PIXELS][TILE_BLOCKS] = {{tile_1}, {tile_2}, {tile_3}, {tile_4}, {tile_5}, {tile_6}};
static itg_direct_tiles *const direct_tiles[TILE_PIXELS][TILE_BLOCKS] = {{direct_1}, {direct_2}, {direct_3}, {direct_4}, {direct_5}, {direct_6}};

#endif
