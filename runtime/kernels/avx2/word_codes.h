/* SPDX-License-Identifier: Apache-2.0
 * From accumulators in registers to stored int16 codes, 16 channels of a pixel at a time (itg_is_plain_words in tiles.h), with the constants of
 * direct.h. Used by the tiles of this folder. */
#ifndef ITG_AVX2_WORD_CODES_H
#define ITG_AVX2_WORD_CODES_H

#include "runtime/kernels/avx2/direct.h"

/* zero + RQ of 8 sums; of each four channels, the two in the middle change places. */
static inline __m256i itg_avx2_scale_words(__m256i acc, const itg_direct *direct, int half)
{
    const int32_t *multiplier = direct->constants + 8 * half;
    const __m256i moved = _mm256_sll_epi32(acc, _mm_cvtsi32_si128(direct->constants[ITG_DIRECT_LEFT]));
    const __m256i rounding = _mm256_set1_epi64x(((int64_t)direct->constants[ITG_DIRECT_ROUNDING] * 2 + 1) * ((int64_t)1 << 31));
    const __m256i even = _mm256_mul_epi32(moved, _mm256_loadu_si256((const __m256i *)(const void *)multiplier));
    const __m256i odd =
        _mm256_mul_epi32(_mm256_shuffle_epi32(moved, 0xF5), _mm256_loadu_si256((const __m256i *)(const void *)(multiplier + ITG_DIRECT_ODD)));
    return ITG_JOIN_ODD(_mm256_add_epi64(even, rounding), _mm256_add_epi64(odd, rounding));
}

/* The codes of a pixel's 16 sums, channels in order. */
static inline __m256i itg_avx2_make_words(const itg_direct *direct, __m256i first, __m256i last)
{
    const __m256i order = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15));
    const __m256i mixed = _mm256_packs_epi32(itg_avx2_scale_words(first, direct, 0), itg_avx2_scale_words(last, direct, 1));
    const __m256i codes = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(mixed, order), 0xD8);
    const __m256i low = itg_avx2_direct_constant(direct, ITG_DIRECT_LOW), high = itg_avx2_direct_constant(direct, ITG_DIRECT_HIGH);
    return _mm256_min_epi16(_mm256_max_epi16(codes, low), high);
}

static inline void itg_avx2_store_words(uint8_t *out, __m256i codes, int32_t count)
{
    if (count == 16) {
        _mm256_storeu_si256((__m256i *)(void *)out, codes);
    } else if (count == 8) {
        _mm_storeu_si128((__m128i *)(void *)out, _mm256_castsi256_si128(codes));
    } else {
        uint8_t bytes[32];
        _mm256_storeu_si256((__m256i *)(void *)bytes, codes);
        memcpy(out, bytes, (size_t)count * 2);
    }
}

/* The end of a tile, as ITG_CODES_1 and so on. */
#define ITG_WORDS(p) itg_avx2_store_words(out + p * pitch, itg_avx2_make_words(d, a##p##0, a##p##1), is_whole ? 16 : d->constants[ITG_DIRECT_COUNT]);
#define ITG_WORDS_1  ITG_WORDS(0)
#define ITG_WORDS_2  ITG_WORDS_1 ITG_WORDS(1)
#define ITG_WORDS_3  ITG_WORDS_2 ITG_WORDS(2)
#define ITG_WORDS_4  ITG_WORDS_3 ITG_WORDS(3)

#endif
