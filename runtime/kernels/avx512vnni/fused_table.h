/* SPDX-License-Identifier: Apache-2.0
 * Fused tables of 1024 entries (docs/numerics.md 3), the usual ones, 32 indices at a time. Used by conv and depthwise of this folder. */
#ifndef ITG_AVX512VNNI_FUSED_TABLE_H
#define ITG_AVX512VNNI_FUSED_TABLE_H

#include <immintrin.h>
#include <stdint.h>

/* 32 bytes of a table of 1024, as permutations of 64 words: bits 1 to 6 of an index say which, bits 7 to 9 of which pair of registers. */
static inline __m256i itg_avx512_look_up_words(const int8_t *table, __m512i index)
{
    const __m512i word = _mm512_srli_epi16(index, 1);
    __m512i part[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        part[i] = _mm512_permutex2var_epi16(_mm512_loadu_si512(table + 128 * i), word, _mm512_loadu_si512(table + 128 * i + 64));
    short bit = 128;
#pragma GCC unroll 3
    for (int count = 4; count > 0; count /= 2, bit = (short)(2 * bit)) {
        const __mmask32 odd = _mm512_test_epi16_mask(index, _mm512_set1_epi16(bit));
#pragma GCC unroll 4
        for (int i = 0; i < count; i++)
            part[i] = _mm512_mask_mov_epi16(part[2 * i], odd, part[2 * i + 1]);
    }
    const __mmask32 second = _mm512_test_epi16_mask(index, _mm512_set1_epi16(1));
    return _mm512_cvtepi16_epi8(_mm512_mask_srli_epi16(part[0], second, part[0], 8));
}

/* For itg_avx2_find_codes: low has the indices of channels 0 to 7 and 16 to 23 of 32, high those of the others. */
static inline __m256i itg_avx512_look_up_quarters(const int8_t *table, __m256i low, __m256i high)
{
    const __m512i index = _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
    return _mm256_permute4x64_epi64(itg_avx512_look_up_words(table, index), 0xD8);
}

#endif
