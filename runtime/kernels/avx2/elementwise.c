/* SPDX-License-Identifier: Apache-2.0
 * Add, Mul and rescale on AVX2: int8 sums by one multiply-add of int16 pairs an element. Contract: runtime/kernels/elementwise.h.
 * int8 sums whose operands are not dense, and the last elements of a run, are the shared source's. */
#include "runtime/kernels/avx2/lanes.h"

#include "runtime/kernels/lanes/elementwise.h"

/* What turns stored bytes into int8 codes and back. */
static __m128i flip_of(itg_type type)
{
    return _mm_set1_epi8(type == ITG_U8 ? -128 : 0);
}

static __m128i load_codes(const uint8_t *bytes, __m128i flip)
{
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)bytes), flip);
}

/* 16 codes from `index` on, in 16 bits. */
static __m256i load_words(const uint8_t *codes, itg_type type, int32_t index, __m128i flip)
{
    if (type == ITG_S16)
        return _mm256_loadu_si256((const __m256i *)(const void *)(codes + 2 * index));
    return _mm256_cvtepi8_epi16(load_codes(codes + index, flip));
}

/* 16 sums of two products, in the order that word interleaving leaves them, which packing undoes. */
static __m256i add_codes(__m256i wide_a, __m256i wide_b, __m256i multipliers, __m256i constant, __m128i shift)
{
    const __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(wide_a, wide_b), multipliers);
    const __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(wide_a, wide_b), multipliers);
    return _mm256_packs_epi32(_mm256_sra_epi32(_mm256_add_epi32(low, constant), shift), _mm256_sra_epi32(_mm256_add_epi32(high, constant), shift));
}

/* The first `count` elements of a dense run, a multiple of 16. */
static void add_dense(const itg_add *add, uint8_t *codes, const uint8_t *a, const uint8_t *b, int32_t count)
{
    const __m128i flip_a = flip_of(add->a_type), flip_b = flip_of(add->b_type), flip_out = flip_of(add->out_type);
    const __m256i multipliers = _mm256_set1_epi32((int32_t)((uint32_t)add->multiplier_b << 16 | ((uint32_t)add->multiplier_a & 0xFFFFu)));
    const __m256i constant = _mm256_set1_epi32(add->constant);
    const __m128i shift = _mm_cvtsi32_si128(add->shift);
    const __m256i low = _mm256_set1_epi16((int16_t)add->low), high = _mm256_set1_epi16((int16_t)add->high);
    for (int32_t i = 0; i < count; i += 16) {
        const __m256i wide_b = _mm256_cvtepi8_epi16(load_codes(b + i, flip_b));
        const __m256i sums = add_codes(load_words(a, add->a_type, i, flip_a), wide_b, multipliers, constant, shift);
        const __m256i words = _mm256_min_epi16(_mm256_max_epi16(sums, low), high);
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128((__m128i *)(void *)(codes + i), _mm_xor_si128(bytes, flip_out));
    }
}

static void add_run_s8(const itg_add *add, void *out, const itg_run_pair *run)
{
    const int32_t dense = run->stride_a == 1 && run->stride_b == 1 ? run->count / 16 * 16 : 0;
    add_dense(add, out, run->a, run->b, dense);
    const size_t done_a = (size_t)dense * itg_element_bytes(add->a_type);
    const itg_run_pair rest = {(const int8_t *)run->a + done_a, (const int8_t *)run->b + dense, run->stride_a, run->stride_b, run->count - dense};
    itg_lanes_add_s8(add, (int8_t *)out + dense, &rest);
}

const itg_elementwise_kernels itg_elementwise_avx2 = {
    .add_s8 = add_run_s8, .add_s16 = itg_lanes_add_s16, .mul = itg_lanes_mul, .rescale = itg_lanes_rescale};
