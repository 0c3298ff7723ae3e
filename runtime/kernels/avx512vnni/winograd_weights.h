/* SPDX-License-Identifier: Apache-2.0
 * Packed weights -> U of runtime/kernels/winograd.h on 512 bits, rows and columns of places scaled by 6, 4, 4, 1, 1, 6: what is left of c
 * when sums are gathered (sums.h) is two signs and a factor of 4. All of that fits int16: 16 * 9 * 127 at most. Used by winograd.c of this folder. */
#ifndef ITG_AVX512VNNI_WINOGRAD_WEIGHTS_H
#define ITG_AVX512VNNI_WINOGRAD_WEIGHTS_H

#include "runtime/kernels/winograd.h"

#include <immintrin.h>

#define SCALED_BIAS (16 * ITG_WINOGRAD_BIAS) /* of a bias in M[1][1] */

/* G on three vectors of int16, scaled. */
static inline void scale_weights(__m512i u[6], __m512i w0, __m512i w1, __m512i w2)
{
    const __m512i sum = _mm512_add_epi16(w0, w2), wide = _mm512_add_epi16(_mm512_slli_epi16(w2, 2), w0), twice = _mm512_add_epi16(w1, w1);
    u[0] = _mm512_mullo_epi16(w0, _mm512_set1_epi16(6));
    u[1] = _mm512_slli_epi16(_mm512_add_epi16(sum, w1), 2);
    u[2] = _mm512_slli_epi16(_mm512_sub_epi16(sum, w1), 2);
    u[3] = _mm512_add_epi16(wide, twice);
    u[4] = _mm512_sub_epi16(wide, twice);
    u[5] = _mm512_mullo_epi16(w2, _mm512_set1_epi16(6));
}

/* Two of four inputs of 16 outputs, [16][4] bytes in every tap, `tap` bytes apart -> U[36] of [16 outputs][2 inputs] at out, places `place`
 * bytes apart. high: moves the bytes of both inputs to the upper halves of words. */
static inline void transform_pair(int8_t *out, ptrdiff_t place, const int8_t *packed, ptrdiff_t tap, __m512i high)
{
    __m512i columns[3][6], u[6];
#pragma GCC unroll 3
    for (int x = 0; x < 3; x++) {
        __m512i w[3];
#pragma GCC unroll 3
        for (int y = 0; y < 3; y++)
            w[y] = _mm512_srai_epi16(_mm512_shuffle_epi8(_mm512_loadu_si512(packed + (3 * y + x) * tap), high), 8);
        scale_weights(columns[x], w[0], w[1], w[2]);
    }
#pragma GCC unroll 6
    for (int y = 0; y < 6; y++) {
        scale_weights(u, columns[0][y], columns[1][y], columns[2][y]);
#pragma GCC unroll 6
        for (int x = 0; x < 6; x++)
            _mm512_storeu_si512(out + (y * 6 + x) * place, u[x]);
    }
}

/* `depth` inputs of a block of 16 outputs -> U[36] of [pair of inputs][16 outputs][2 inputs]. */
static inline void transform_depth(int8_t *out, ptrdiff_t place, const int8_t *packed, ptrdiff_t tap, int32_t depth)
{
    const __m512i first = _mm512_set4_epi32((int)0x0d800c80, (int)0x09800880, (int)0x05800480, (int)0x01800080);
    const __m512i second = _mm512_or_si512(first, _mm512_set1_epi32(0x02000200));
    for (int32_t i = 0; i < depth; i += 4) {
        transform_pair(out + i * 32, place, packed + i * 16, tap, first);
        transform_pair(out + i * 32 + 64, place, packed + i * 16, tap, second);
    }
}

#endif
