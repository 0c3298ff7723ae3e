/* SPDX-License-Identifier: Apache-2.0
 * RQ (docs/numerics.md 1) of 8 int32 at a time: even and odd 32 x 32 -> 64 bit products whose high dwords are the result.
 * Used by requantize.h and lanes.h of this folder. */
#ifndef ITG_AVX2_ROUNDING_H
#define ITG_AVX2_ROUNDING_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* What all lanes share. At shift 0 multipliers are doubled and the zero point rides in the 64-bit constant; above, the high dword is shifted
 * by shift - 1 more and the zero point added last. */
typedef struct itg_avx2_rounding {
    __m256i constant, zero, low, high;
    __m128i left, right;
    bool doubled;
} itg_avx2_rounding;

static inline itg_avx2_rounding itg_avx2_make_rounding(int shift, int left, int32_t zero, int32_t low, int32_t high)
{
    itg_avx2_rounding r;
    r.doubled = shift == 0;
    r.constant = _mm256_set1_epi64x(shift == 0 ? (int64_t)((uint64_t)(int64_t)zero << 32) + ((int64_t)1 << 31) : (int64_t)1 << (30 + shift));
    r.zero = _mm256_set1_epi32(shift == 0 ? 0 : zero);
    r.low = _mm256_set1_epi32(low);
    r.high = _mm256_set1_epi32(high);
    r.left = _mm_cvtsi32_si128(left);
    r.right = _mm_cvtsi32_si128(shift == 0 ? 0 : shift - 1);
    return r;
}

/* A multiplier as the functions below want it. */
static inline __m256i itg_avx2_double_multiplier(__m256i multiplier, const itg_avx2_rounding *r)
{
    return r->doubled ? _mm256_add_epi32(multiplier, multiplier) : multiplier;
}

/* zero + RQ(acc * 2^left). */
static inline __m256i itg_avx2_round(__m256i acc, __m256i multiplier, const itg_avx2_rounding *r)
{
    acc = _mm256_sll_epi32(acc, r->left);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, multiplier), r->constant);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32)), r->constant);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
    return _mm256_add_epi32(_mm256_sra_epi32(high, r->right), r->zero);
}

static inline __m256i itg_avx2_clamp(__m256i code, const itg_avx2_rounding *r)
{
    return _mm256_min_epi32(_mm256_max_epi32(code, r->low), r->high);
}

static inline __m256i itg_avx2_requantize(__m256i acc, __m256i multiplier, const itg_avx2_rounding *r)
{
    return itg_avx2_clamp(itg_avx2_round(acc, multiplier, r), r);
}

#endif
