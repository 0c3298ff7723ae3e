/* SPDX-License-Identifier: Apache-2.0
 * From bytes to the int16 operands of vpmaddwd. Used by transform.h and widened.h of this folder. */
#ifndef ITG_AVX2_WIDEN_H
#define ITG_AVX2_WIDEN_H

#include <immintrin.h>
#include <stdint.h>

/* [8 outputs][4 inputs] -> [2 pairs of inputs][8 outputs][2], bytes. */
static inline __m256i itg_sort_inputs(const int8_t *packed)
{
    static const int8_t order[32] = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};
    const __m256i pairs = _mm256_loadu_si256((const __m256i *)(const void *)order);
    return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(const void *)packed), pairs), 0xD8);
}

/* `steps` times [16 outputs][4 inputs] -> [2 pairs of inputs][16 outputs][2] of int16. */
static inline void itg_widen_weights(int16_t *to, const int8_t *packed, int32_t steps)
{
    for (int32_t i = 0; i < 2 * steps; i++) { /* halves of 8 outputs */
        const __m256i sorted = itg_sort_inputs(packed + 32 * i);
        int16_t *half = to + i / 2 * 64 + i % 2 * 16;
        _mm256_storeu_si256((__m256i *)(void *)half, _mm256_cvtepi8_epi16(_mm256_castsi256_si128(sorted)));
        _mm256_storeu_si256((__m256i *)(void *)(half + 32), _mm256_cvtepi8_epi16(_mm256_extracti128_si256(sorted, 1)));
    }
}

static inline void itg_widen_codes(int16_t *to, const uint8_t *from, int32_t count)
{
    int32_t i = 0;
    for (; i + 16 <= count; i += 16)
        _mm256_storeu_si256((__m256i *)(void *)(to + i), _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(from + i))));
    for (; i < count; i++)
        to[i] = from[i];
}

#endif
