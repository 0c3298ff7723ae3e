/* SPDX-License-Identifier: Apache-2.0
 * From bytes to the int16 operands of vpmaddwd. Used by transform.h and widened_conv.h of this folder. */
#ifndef ITG_AVX2_WIDEN_H
#define ITG_AVX2_WIDEN_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

/* [8 outputs][4 inputs] -> [2 pairs of inputs][8 outputs][2], bytes. */
static inline __m256i itg_sort_inputs(const int8_t *packed)
{
    static const int8_t order[32] = {0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15};
    const __m256i pairs = _mm256_loadu_si256((const __m256i *)(const void *)order);
    return _mm256_permute4x64_epi64(_mm256_shuffle_epi8(_mm256_loadu_si256((const __m256i *)(const void *)packed), pairs), 0xD8);
}

/* `steps` times [16 outputs][4 inputs] -> [2 pairs of inputs][16 outputs][2] of int16. taken: from each output the products of its weights of
 * the first pair by those of the second are subtracted. The next block's weights, behind these, are asked for meanwhile. */
static inline void itg_widen_weights(int16_t *to, const int8_t *packed, int32_t steps, int32_t taken[16])
{
    for (int half = 0; half < 2; half++) { /* of 8 outputs */
        __m256i sum = _mm256_loadu_si256((const __m256i *)(const void *)(taken + 8 * half));
        for (int32_t step = 0; step < steps; step++) {
            const __m256i sorted = itg_sort_inputs(packed + 64 * step + 32 * half);
            if (half)
                _mm_prefetch((const char *)packed + 64 * (steps + step), _MM_HINT_T1);
            const __m256i first = _mm256_cvtepi8_epi16(_mm256_castsi256_si128(sorted));
            const __m256i second = _mm256_cvtepi8_epi16(_mm256_extracti128_si256(sorted, 1));
            int16_t *pairs = to + step * 64 + half * 16;
            _mm256_storeu_si256((__m256i *)(void *)pairs, first);
            _mm256_storeu_si256((__m256i *)(void *)(pairs + 32), second);
            sum = _mm256_sub_epi32(sum, _mm256_madd_epi16(first, second));
        }
        _mm256_storeu_si256((__m256i *)(void *)(taken + 8 * half), sum);
    }
}

static inline int32_t itg_sum_crossed(__m256i wide, __m128i narrow)
{
    const __m128i four = _mm_add_epi32(_mm_add_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1)), narrow);
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_unpackhi_epi64(four, four))); /* odd dwords are 0 */
}

static inline __m256i itg_cross_words(__m256i sum, __m256i words)
{
    return _mm256_add_epi32(sum, _mm256_madd_epi16(words, _mm256_srli_epi64(words, 32)));
}

static inline __m128i itg_cross_half(__m128i sum, __m128i words)
{
    return _mm_add_epi32(sum, _mm_madd_epi16(words, _mm_srli_epi64(words, 32)));
}

/* Of `steps` times four int16 inputs in each segment, `at` bytes on: the sum of the products of the first two by the others. */
static inline int32_t itg_cross_runs(const uint8_t *const *segment, int32_t segments, ptrdiff_t at, int32_t steps)
{
    __m256i wide = _mm256_setzero_si256();
    __m128i narrow = _mm_setzero_si128();
    for (int32_t s = 0; s < segments; s++) {
        const uint8_t *words = segment[s] + at;
        int32_t step = 0;
        for (; step + 4 <= steps; step += 4)
            wide = itg_cross_words(wide, _mm256_loadu_si256((const __m256i *)(const void *)(words + 8 * step)));
        for (; step + 2 <= steps; step += 2)
            narrow = itg_cross_half(narrow, _mm_loadu_si128((const __m128i *)(const void *)(words + 8 * step)));
        if (step < steps)
            narrow = itg_cross_half(narrow, _mm_loadl_epi64((const __m128i *)(const void *)(words + 8 * step)));
    }
    return itg_sum_crossed(wide, narrow);
}

/* The same of a pixel while its channels, a multiple of 8, are widened. */
static inline int32_t itg_widen_pixel(int16_t *to, const uint8_t *from, int32_t channels)
{
    __m256i wide = _mm256_setzero_si256();
    __m128i narrow = _mm_setzero_si128();
    int32_t i = 0;
    for (; i + 16 <= channels; i += 16) {
        const __m256i words = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(from + i)));
        _mm256_storeu_si256((__m256i *)(void *)(to + i), words);
        wide = itg_cross_words(wide, words);
    }
    if (i < channels) {
        const __m128i words = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)(from + i)));
        _mm_storeu_si128((__m128i *)(void *)(to + i), words);
        narrow = itg_cross_half(narrow, words);
    }
    return itg_sum_crossed(wide, narrow);
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
