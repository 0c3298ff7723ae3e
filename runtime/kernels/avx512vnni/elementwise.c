/* SPDX-License-Identifier: Apache-2.0
 * Add, Mul and rescale on AVX-512: int8 sums by one multiply-add of int16 pairs an element. Contract: runtime/kernels/elementwise.h.
 * int8 sums whose operands are not dense are the shared source's. */
#include "runtime/kernels/avx512vnni/lanes.h"

#include "runtime/kernels/lanes/elementwise.h"

/* What turns stored bytes into int8 codes and back. */
static __m256i flip_of(itg_type type)
{
    return _mm256_set1_epi8(type == ITG_U8 ? -128 : 0);
}

/* Codes from `index` on, those of the mask, in 16 bits. */
static __m512i load_words(const uint8_t *codes, itg_type type, int32_t index, __mmask32 mask, __m256i flip)
{
    if (type == ITG_S16)
        return _mm512_maskz_loadu_epi16(mask, codes + 2 * index);
    return _mm512_cvtepi8_epi16(_mm256_xor_si256(_mm256_maskz_loadu_epi8(mask, codes + index), flip));
}

/* 32 sums of two products, in the order that word interleaving leaves them, which packing undoes. */
static __m512i add_codes(__m512i a, __m512i b, __m512i multipliers, __m512i constant, __m128i shift)
{
    const __m512i low = _mm512_madd_epi16(_mm512_unpacklo_epi16(a, b), multipliers);
    const __m512i high = _mm512_madd_epi16(_mm512_unpackhi_epi16(a, b), multipliers);
    return _mm512_packs_epi32(_mm512_sra_epi32(_mm512_add_epi32(low, constant), shift), _mm512_sra_epi32(_mm512_add_epi32(high, constant), shift));
}

static void add_run_s8(const itg_add *add, void *out, const itg_run_pair *run)
{
    if (run->stride_a != 1 || run->stride_b != 1) {
        itg_lanes_add_s8(add, out, run);
        return;
    }
    const uint8_t *a = run->a, *b = run->b;
    uint8_t *codes = out;
    const __m256i flip_a = flip_of(add->a_type), flip_b = flip_of(add->b_type), flip_out = flip_of(add->out_type);
    const __m512i multipliers = _mm512_set1_epi32((int32_t)((uint32_t)add->multiplier_b << 16 | ((uint32_t)add->multiplier_a & 0xFFFFu)));
    const __m512i constant = _mm512_set1_epi32(add->constant);
    const __m128i shift = _mm_cvtsi32_si128(add->shift);
    const __m512i low = _mm512_set1_epi16((int16_t)add->low), high = _mm512_set1_epi16((int16_t)add->high);
    for (int32_t i = 0; i < run->count; i += 32) {
        const int32_t left = run->count - i;
        const __mmask32 mask = left >= 32 ? 0xFFFFFFFFu : (1u << left) - 1u;
        const __m512i wide_a = load_words(a, add->a_type, i, mask, flip_a), wide_b = load_words(b, add->b_type, i, mask, flip_b);
        const __m512i code = add_codes(wide_a, wide_b, multipliers, constant, shift);
        const __m256i bytes = _mm512_cvtepi16_epi8(_mm512_min_epi16(_mm512_max_epi16(code, low), high));
        _mm256_mask_storeu_epi8(codes + i, mask, _mm256_xor_si256(bytes, flip_out));
    }
}

const itg_elementwise_kernels itg_elementwise_avx512vnni = {
    .add_s8 = add_run_s8, .add_s16 = itg_lanes_add_s16, .mul = itg_lanes_mul, .rescale = itg_lanes_rescale};
