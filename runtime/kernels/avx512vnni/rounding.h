/* SPDX-License-Identifier: Apache-2.0
 * RQ (docs/numerics.md 1) of 16 int32 at a time: even and odd 32 x 32 -> 64 bit products whose high dwords are the result.
 * Used by requantize.h and lanes.h of this folder. */
#ifndef ITG_AVX512VNNI_ROUNDING_H
#define ITG_AVX512VNNI_ROUNDING_H

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

/* What all lanes share. At shift 0 multipliers are doubled and the zero point rides in the 64-bit constant; above, the high dword is shifted
 * by shift - 1 more and the zero point added last. */
typedef struct itg_avx512_rounding {
    __m512i constant, zero, low, high;
    __m128i left, right;
    bool doubled;
} itg_avx512_rounding;

static inline itg_avx512_rounding itg_avx512_make_rounding(int shift, int left, int32_t zero, int32_t low, int32_t high)
{
    itg_avx512_rounding r;
    r.doubled = shift == 0;
    r.constant = _mm512_set1_epi64(shift == 0 ? (int64_t)((uint64_t)(int64_t)zero << 32) + ((int64_t)1 << 31) : (int64_t)1 << (30 + shift));
    r.zero = _mm512_set1_epi32(shift == 0 ? 0 : zero);
    r.low = _mm512_set1_epi32(low);
    r.high = _mm512_set1_epi32(high);
    r.left = _mm_cvtsi32_si128(left);
    r.right = _mm_cvtsi32_si128(shift == 0 ? 0 : shift - 1);
    return r;
}

/* A multiplier as the functions below want it. */
static inline __m512i itg_avx512_double_multiplier(__m512i multiplier, const itg_avx512_rounding *r)
{
    return r->doubled ? _mm512_add_epi32(multiplier, multiplier) : multiplier;
}

/* zero + RQ(acc * 2^left). */
static inline __m512i itg_avx512_round(__m512i acc, __m512i multiplier, const itg_avx512_rounding *r)
{
    acc = _mm512_sll_epi32(acc, r->left);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(acc, multiplier), r->constant);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_srli_epi64(acc, 32), _mm512_srli_epi64(multiplier, 32)), r->constant);
    const __m512i high = _mm512_mask_mov_epi32(_mm512_srli_epi64(even, 32), 0xAAAA, odd);
    return _mm512_add_epi32(_mm512_sra_epi32(high, r->right), r->zero);
}

static inline __m512i itg_avx512_clamp(__m512i code, const itg_avx512_rounding *r)
{
    return _mm512_min_epi32(_mm512_max_epi32(code, r->low), r->high);
}

static inline __m512i itg_avx512_requantize(__m512i acc, __m512i multiplier, const itg_avx512_rounding *r)
{
    return itg_avx512_clamp(itg_avx512_round(acc, multiplier, r), r);
}

#endif
