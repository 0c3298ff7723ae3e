/* SPDX-License-Identifier: Apache-2.0
 * acc += x * weights, pairs of int16 to int32, in the order written: GCC 12 adds products to one another first, for which there are no
 * registers. Used by the tiles of this folder; sse41/wide.h brings its own addition. */
#ifndef ITG_AVX2_ADD_H
#define ITG_AVX2_ADD_H

#include <immintrin.h>

#ifndef ITG_TILE_ADD
#define ITG_TILE_ADD(acc, product) __asm__("vpaddd %1, %0, %0" : "+x"(acc) : "x"(product));
#endif

#define ITG_ADD_PRODUCT(acc, x, weights)                                                                                                             \
    {                                                                                                                                                \
        const __m256i product = _mm256_madd_epi16(x, weights);                                                                                       \
        ITG_TILE_ADD(acc, product)                                                                                                                   \
    }

#endif
