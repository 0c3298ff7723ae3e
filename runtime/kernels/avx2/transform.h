/* SPDX-License-Identifier: Apache-2.0
 * The three transforms of runtime/kernels/winograd.h on AVX2: 6 x 6 codes -> V, packed weights -> U, M -> sums.
 * Called by winograd.h of this folder. */
#ifndef ITG_AVX2_TRANSFORM_H
#define ITG_AVX2_TRANSFORM_H

#include "runtime/kernels/avx2/widen.h"
#include "runtime/kernels/winograd.h"

#include <immintrin.h>

/* B on six vectors of int16. */
static inline void itg_transform_codes(__m256i v[6], const __m256i d[6])
{
    const __m256i c = _mm256_sub_epi16(d[4], d[2]), f = _mm256_sub_epi16(d[3], d[1]);
    const __m256i g = _mm256_sub_epi16(d[0], d[2]), h = _mm256_sub_epi16(d[5], d[3]);
    const __m256i a = _mm256_sub_epi16(d[4], _mm256_slli_epi16(d[2], 2)), b = _mm256_sub_epi16(d[3], _mm256_slli_epi16(d[1], 2));
    const __m256i e = _mm256_add_epi16(f, f);
    v[0] = _mm256_add_epi16(_mm256_slli_epi16(g, 2), c);
    v[1] = _mm256_add_epi16(a, b);
    v[2] = _mm256_sub_epi16(a, b);
    v[3] = _mm256_add_epi16(c, e);
    v[4] = _mm256_sub_epi16(c, e);
    v[5] = _mm256_sub_epi16(h, _mm256_slli_epi16(f, 2));
}

/* 16 channels of a tile. codes: its first pixel, columns `right` and rows `down` bytes apart; out: V[0][0], its places `place` elements apart. */
static inline void itg_transform_input(int16_t *out, ptrdiff_t place, const uint8_t *codes, ptrdiff_t right, ptrdiff_t down)
{
    __m256i rows[6][6], column[6], values[6];
    for (int y = 0; y < 6; y++) {
        __m256i d[6];
        for (int x = 0; x < 6; x++)
            d[x] = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(codes + y * down + x * right)));
        itg_transform_codes(rows[y], d);
    }
    for (int x = 0; x < 6; x++) {
        for (int y = 0; y < 6; y++)
            column[y] = rows[y][x];
        itg_transform_codes(values, column);
        for (int y = 0; y < 6; y++)
            _mm256_storeu_si256((__m256i *)(void *)(out + (y * 6 + x) * place), values[y]);
    }
}

/* G on three vectors of int16. */
static inline void itg_transform_weights(__m256i u[6], __m256i w0, __m256i w1, __m256i w2)
{
    const __m256i sum = _mm256_add_epi16(w0, w2), wide = _mm256_add_epi16(_mm256_slli_epi16(w2, 2), w0), twice = _mm256_add_epi16(w1, w1);
    u[0] = w0;
    u[1] = _mm256_add_epi16(sum, w1);
    u[2] = _mm256_sub_epi16(sum, w1);
    u[3] = _mm256_add_epi16(wide, twice);
    u[4] = _mm256_sub_epi16(wide, twice);
    u[5] = w2;
}

/* Two inputs of 8 outputs: taps[9] of [8 outputs][2 inputs] -> U[36] of the same at out. */
static inline void itg_transform_taps(int16_t *out, const int8_t taps[9][16])
{
    __m256i columns[3][6], u[6];
    for (int x = 0; x < 3; x++) {
        __m256i w[3];
        for (int y = 0; y < 3; y++)
            w[y] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)taps[3 * y + x]));
        itg_transform_weights(columns[x], w[0], w[1], w[2]);
    }
    for (int y = 0; y < 6; y++) {
        itg_transform_weights(u, columns[0][y], columns[1][y], columns[2][y]);
        for (int x = 0; x < 6; x++)
            _mm256_storeu_si256((__m256i *)(void *)(out + (y * 6 + x) * (ITG_WINOGRAD_PLACE / 2)), u[x]);
    }
}

/* Four inputs of 16 outputs, [16][4] bytes in every tap, `tap` bytes apart -> U[36] of [2][16 outputs][2 inputs] at out. */
static inline void itg_transform_step(int16_t *out, const int8_t *packed, ptrdiff_t tap)
{
    int8_t taps[2][2][9][16]; /* [pair of inputs][half of the outputs] */
    for (int i = 0; i < 9; i++) {
        for (int half = 0; half < 2; half++) {
            const __m256i sorted = itg_sort_inputs(packed + i * tap + 32 * half);
            _mm_storeu_si128((__m128i *)(void *)taps[0][half][i], _mm256_castsi256_si128(sorted));
            _mm_storeu_si128((__m128i *)(void *)taps[1][half][i], _mm256_extracti128_si256(sorted, 1));
        }
    }
    for (int pair = 0; pair < 2; pair++)
        for (int half = 0; half < 2; half++)
            itg_transform_taps(out + 32 * pair + 16 * half, taps[pair][half]);
}

/* A on six vectors, scaled by c. */
static inline void itg_gather_sums(__m256i y[4], const __m256i m[6])
{
    const __m256i p = _mm256_slli_epi32(_mm256_add_epi32(m[1], m[2]), 2), q = _mm256_slli_epi32(_mm256_sub_epi32(m[1], m[2]), 2);
    const __m256i r = _mm256_add_epi32(m[3], m[4]), s = _mm256_sub_epi32(m[3], m[4]);
    const __m256i six = _mm256_add_epi32(_mm256_slli_epi32(m[0], 1), _mm256_slli_epi32(m[0], 2));
    const __m256i twenty_four = _mm256_add_epi32(_mm256_slli_epi32(m[5], 3), _mm256_slli_epi32(m[5], 4));
    y[0] = _mm256_add_epi32(_mm256_sub_epi32(r, p), six);
    y[1] = _mm256_sub_epi32(_mm256_add_epi32(s, s), q);
    y[2] = _mm256_sub_epi32(_mm256_slli_epi32(r, 2), p);
    y[3] = _mm256_add_epi32(_mm256_sub_epi32(_mm256_slli_epi32(s, 3), q), twenty_four);
}

/* 8 outputs of the 16 pixels of a tile. m: M[0][0]; sums: [16][16]. */
static inline void itg_transform_sums(int32_t *sums, const int32_t *m)
{
    const __m256i ninth = _mm256_set1_epi32((int32_t)ITG_WINOGRAD_NINTH);
    __m256i rows[6][4];
    for (int x = 0; x < 6; x++) {
        __m256i column[6];
        for (int y = 0; y < 6; y++)
            column[y] = _mm256_loadu_si256((const __m256i *)(const void *)(m + (y * 6 + x) * (ITG_WINOGRAD_PLACE / 4)));
        itg_gather_sums(rows[x], column);
    }
    for (int y = 0; y < 4; y++) {
        const __m256i row[6] = {rows[0][y], rows[1][y], rows[2][y], rows[3][y], rows[4][y], rows[5][y]};
        __m256i pixel[4];
        itg_gather_sums(pixel, row);
        for (int x = 0; x < 4; x++) {
            const __m256i exact = _mm256_srai_epi32(_mm256_mullo_epi32(pixel[x], ninth), ITG_WINOGRAD_SHIFT);
            _mm256_storeu_si256((__m256i *)(void *)(sums + (4 * y + x) * 16), exact);
        }
    }
}

#endif
