/* SPDX-License-Identifier: Apache-2.0
 * From 32 int32 sums in the four quarters of column.h to 32 stored bytes: the vector form of runtime/kernels/epilogue.h (numerics.md 1).
 * Used by depthwise.c of this folder. */
#ifndef ITG_AVX512VNNI_REQUANTIZE256_H
#define ITG_AVX512VNNI_REQUANTIZE256_H

#include <immintrin.h>
#include <intaglio/plan.h>

/* Constants of one block of 32 channels, in quarter order. At shift 0 multipliers are doubled and the zero point rides in the 64-bit
 * constant; above, the high dword is shifted by shift - 1 more and the zero point added last. */
typedef struct itg_avx256_block {
    __m256i start[4], multiplier[4], negative[4];
    __m256i constant, zero, low, high, flip;
    __m128i left, right;
    __mmask32 mask;
    bool two_slopes;
    const int8_t *table;
    itg_type type;
} itg_avx256_block;

/* 32 values of consecutive channels -> quarters. count: how many exist. */
static inline void itg_avx256_load_quarters(__m256i quarter[4], const int32_t *values, int32_t count)
{
    const uint32_t mask = count >= 32 ? 0xFFFFFFFFu : (1u << count) - 1u;
    const __m256i a = _mm256_maskz_loadu_epi32((__mmask8)mask, values), b = _mm256_maskz_loadu_epi32((__mmask8)(mask >> 8), values + 8);
    const __m256i c = _mm256_maskz_loadu_epi32((__mmask8)(mask >> 16), values + 16),
                  d = _mm256_maskz_loadu_epi32((__mmask8)(mask >> 24), values + 24);
    quarter[0] = _mm256_permute2x128_si256(a, c, 0x20);
    quarter[1] = _mm256_permute2x128_si256(a, c, 0x31);
    quarter[2] = _mm256_permute2x128_si256(b, d, 0x20);
    quarter[3] = _mm256_permute2x128_si256(b, d, 0x31);
}

static inline void itg_avx256_load_multipliers(__m256i quarter[4], const int32_t *multiplier, int32_t count, bool doubled)
{
    itg_avx256_load_quarters(quarter, multiplier, count);
    for (int q = 0; q < 4 && doubled; q++)
        quarter[q] = _mm256_add_epi32(quarter[q], quarter[q]);
}

/* correction: of the block's channels, all 32; count: channels from `channel` to the last. */
static inline itg_avx256_block itg_avx256_open_block(const itg_epilogue *epilogue, itg_type type, const int32_t *correction, int32_t channel,
                                                     int32_t count)
{
    const int shift = epilogue->shift;
    itg_avx256_block b = {.table = epilogue->table, .type = type, .two_slopes = epilogue->negative_multiplier != NULL};
    __m256i corrections[4];
    itg_avx256_load_quarters(b.start, epilogue->bias + channel, count);
    itg_avx256_load_quarters(corrections, correction, 32);
    for (int q = 0; q < 4; q++)
        b.start[q] = _mm256_add_epi32(b.start[q], corrections[q]);
    itg_avx256_load_multipliers(b.multiplier, epilogue->multiplier + channel, count, shift == 0);
    if (b.two_slopes)
        itg_avx256_load_multipliers(b.negative, epilogue->negative_multiplier + channel, count, shift == 0);
    b.constant =
        _mm256_set1_epi64x(shift == 0 ? (int64_t)((uint64_t)(int64_t)epilogue->zero << 32) + ((int64_t)1 << 31) : (int64_t)1 << (30 + shift));
    b.zero = _mm256_set1_epi32(shift == 0 ? 0 : epilogue->zero);
    b.low = _mm256_set1_epi32(epilogue->table ? 0 : epilogue->low);
    b.high = _mm256_set1_epi32(epilogue->table ? epilogue->table_mask : epilogue->high);
    b.flip = _mm256_set1_epi8(type == ITG_U8 ? -128 : 0);
    b.left = _mm_cvtsi32_si128(epilogue->left);
    b.right = _mm_cvtsi32_si128(shift == 0 ? 0 : shift - 1);
    b.mask = count >= 32 ? 0xFFFFFFFFu : (1u << count) - 1u;
    return b;
}

static inline __m256i itg_avx256_requantize(const itg_avx256_block *b, __m256i acc, int quarter)
{
    __m256i multiplier = b->multiplier[quarter];
    if (b->two_slopes)
        multiplier = _mm256_blendv_epi8(multiplier, b->negative[quarter], _mm256_srai_epi32(acc, 31));
    acc = _mm256_sll_epi32(acc, b->left);
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, multiplier), b->constant);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_srli_epi64(acc, 32), _mm256_srli_epi64(multiplier, 32)), b->constant);
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
    const __m256i code = _mm256_add_epi32(_mm256_sra_epi32(high, b->right), b->zero);
    return _mm256_min_epi32(_mm256_max_epi32(code, b->low), b->high);
}

/* Table indices fit int16, so packing them keeps their order as it keeps that of codes. */
static inline __m256i itg_avx256_look_up(const int8_t *table, __m256i low, __m256i high)
{
    int16_t index[32];
    int8_t code[32];
    _mm256_storeu_si256((__m256i *)(void *)index, low);
    _mm256_storeu_si256((__m256i *)(void *)(index + 16), high);
    for (int i = 0; i < 32; i++) /* low: channels 0-7 and 16-23, high: 8-15 and 24-31 */
        code[i / 16 * 8 + i % 16 / 8 * 16 + i % 8] = table[index[i]];
    return _mm256_loadu_si256((const __m256i *)(const void *)code);
}

static inline void itg_avx256_finish(const itg_avx256_block *b, uint8_t *out, __m256i q0, __m256i q1, __m256i q2, __m256i q3)
{
    const __m256i low = _mm256_packs_epi32(itg_avx256_requantize(b, q0, 0), itg_avx256_requantize(b, q1, 1));
    const __m256i high = _mm256_packs_epi32(itg_avx256_requantize(b, q2, 2), itg_avx256_requantize(b, q3, 3));
    const __m256i codes = b->table ? itg_avx256_look_up(b->table, low, high) : _mm256_packs_epi16(low, high);
    _mm256_mask_storeu_epi8(out, b->mask, _mm256_xor_si256(codes, b->flip));
}

#endif
