/* SPDX-License-Identifier: Apache-2.0
 * Functions of tiles whose sums are two vectors of 8 channels a pixel: to sums, or to codes straight from registers. The includer defines
 * ACCUMULATE(PIXELS), which leaves them in a00, a01, a10, and so on. Included by tile.h of this folder and of avxvnni. */
#ifndef ITG_AVX2_TILE_FUNCTIONS_H
#define ITG_AVX2_TILE_FUNCTIONS_H

#include "runtime/kernels/avx2/direct.h"
#include "runtime/kernels/tiles.h"

#include <immintrin.h>

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define START(p)      __m256i a##p##0 = LOAD(t->start), a##p##1 = LOAD(t->start + 8);
#define STORE(p)                                                                                                                                     \
    _mm256_storeu_si256((__m256i *)(void *)(sums + p * 16), a##p##0);                                                                                \
    _mm256_storeu_si256((__m256i *)(void *)(sums + p * 16 + 8), a##p##1);

#define EACH_1(X) X(0)
#define EACH_2(X) EACH_1(X) X(1)
#define EACH_3(X) EACH_2(X) X(2)
#define EACH_4(X) EACH_3(X) X(3)
#define EACH_5(X) EACH_4(X) X(4)
#define EACH_6(X) EACH_5(X) X(5)

#define DEFINE_SUMS(PIXELS)                                                                                                                          \
    static void tile_##PIXELS(const itg_tile *t, int32_t *sums)                                                                                      \
    {                                                                                                                                                \
        const ptrdiff_t at = 0;                                                                                                                      \
        ACCUMULATE(PIXELS) EACH_##PIXELS(STORE)                                                                                                      \
    }
#define DIRECT_TILES(PIXELS, CODES, WHOLE)                                                                                                           \
    {                                                                                                                                                \
        const bool is_whole = WHOLE;                                                                                                                 \
        for (ptrdiff_t at = 0; count > 0; count--, at += PIXELS * t->pixel_stride, out += PIXELS * pitch) {                                          \
            ACCUMULATE(PIXELS)                                                                                                                       \
            CODES##_##PIXELS                                                                                                                         \
        }                                                                                                                                            \
    }
#define DEFINE_DIRECT(NAME, PIXELS, CODES)                                                                                                           \
    static void NAME##_##PIXELS(const itg_tile *t, const itg_direct *d, int32_t count)                                                               \
    {                                                                                                                                                \
        const ptrdiff_t pitch = d->pixel_stride;                                                                                                     \
        uint8_t *out = d->out;                                                                                                                       \
        if (itg_avx2_is_whole(d))                                                                                                                    \
            DIRECT_TILES(PIXELS, CODES, true)                                                                                                        \
        else                                                                                                                                         \
            DIRECT_TILES(PIXELS, CODES, false)                                                                                                       \
    }

#endif
