/* SPDX-License-Identifier: Apache-2.0
 * Bytes through a table of 256, as 16 slices of 16 entries, on AVX2 and, behind sse41/wide.h, on SSE4.1. Contract: runtime/kernels/lookup.h.
 * A shuffle gives 0 where its index is negative. So indices that fall by 16 from slice to slice see every slice up to their own, and the slices
 * hold what turns one into the next (the idea is XNNPACK's x8-lut). Used by lookup.c of both folders. */
#ifndef ITG_AVX2_SLICES_H
#define ITG_AVX2_SLICES_H

#include "runtime/kernels/lookup.h"

#include <immintrin.h>

enum { SLICES = 16, SLICED_LEAST = 64 }; /* below so many bytes the slices cost more than they save */

/* Indices from 128 on are negative until they have fallen by enough of the first eight slices: the last eight take back what they saw of those. */
static inline void itg_avx2_cut_table(__m256i slices[SLICES], const uint8_t *table, uint8_t flip)
{
    __m256i before = _mm256_setzero_si256();
    for (int k = 0; k < SLICES; k++) {
        const __m128i entries = _mm_loadu_si128((const __m128i *)(const void *)(table + (16 * k ^ flip)));
        const __m256i slice = _mm256_broadcastsi128_si256(entries);
        slices[k] = _mm256_xor_si256(slice, before);
        if (k >= 8)
            slices[k] = _mm256_xor_si256(slices[k], slices[k - 8]);
        before = slice;
    }
}

static inline __m256i itg_avx2_map_vector(const __m256i slices[SLICES], __m256i index)
{
    const __m256i step = _mm256_set1_epi8(16);
    __m256i value = _mm256_shuffle_epi8(slices[0], index);
#pragma GCC unroll 16
    for (int k = 1; k < SLICES; k++) {
        index = k <= 8 ? _mm256_sub_epi8(index, step) : _mm256_subs_epi8(index, step);
        value = _mm256_xor_si256(value, _mm256_shuffle_epi8(slices[k], index));
    }
    return value;
}

static void itg_avx2_map_bytes(uint8_t *out, const uint8_t *in, const uint8_t *table, uint8_t flip, int32_t count)
{
    int32_t i = 0;
    if (count >= SLICED_LEAST) {
        __m256i slices[SLICES];
        itg_avx2_cut_table(slices, table, flip);
        for (; i <= count - 64; i += 64) {
            const __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)(in + i));
            const __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(in + i + 32));
            _mm256_storeu_si256((__m256i *)(void *)(out + i), itg_avx2_map_vector(slices, first));
            _mm256_storeu_si256((__m256i *)(void *)(out + i + 32), itg_avx2_map_vector(slices, second));
        }
        for (; i <= count - 32; i += 32)
            _mm256_storeu_si256((__m256i *)(void *)(out + i),
                                itg_avx2_map_vector(slices, _mm256_loadu_si256((const __m256i *)(const void *)(in + i))));
    }
    itg_lookup_scalar.bytes(out + i, in + i, table, flip, count - i);
}

#endif
