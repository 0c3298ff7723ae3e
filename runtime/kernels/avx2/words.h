/* SPDX-License-Identifier: Apache-2.0
 * Four taps of 8 channels as two exact multiply-adds of int16 pairs, of the even bytes and of the odd ones: what quarter_sums.h asks for, where
 * there is no dot product of bytes. Included by depthwise.c of this folder and of sse41. */
#ifndef ITG_AVX2_WORDS_H
#define ITG_AVX2_WORDS_H

#ifndef ITG_WORDS_ADD
#define ITG_WORDS_ADD(acc, product) acc = _mm256_add_epi32(acc, product);
#endif
#define ITG_QUARTER_WEIGHTS(w)                                                                                                                       \
    const __m256i mask = _mm256_set1_epi32(0x00ff00ff), odd = _mm256_srai_epi16(w, 8), even = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8);
#define ITG_QUARTER_DOT(acc, bytes)                                                                                                                  \
    ITG_WORDS_ADD(acc, _mm256_madd_epi16(_mm256_and_si256(bytes, mask), even))                                                                       \
    ITG_WORDS_ADD(acc, _mm256_madd_epi16(_mm256_srli_epi16(bytes, 8), odd))

#endif
