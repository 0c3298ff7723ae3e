/* SPDX-License-Identifier: Apache-2.0
 * From 32 int32 sums in the four quarters of column.h to 32 stored bytes: the vector form of runtime/kernels/epilogue.h (numerics.md 1).
 * Used by the depthwise kernels of this folder and of the ISAs above it. */
#ifndef ITG_AVX2_QUARTER_CODES_H
#define ITG_AVX2_QUARTER_CODES_H

#include "runtime/kernels/avx2/requantize.h"

/* Constants of one block of 32 channels, in quarter order. */
typedef struct itg_avx2_quarters {
    __m256i start[4], multiplier[4], negative[4];
    itg_avx2_rounding rounding;
    __m256i flip;
    int32_t count; /* of its channels that exist, at most 32 */
    bool two_slopes;
    const int8_t *table;
    int32_t table_mask;
    itg_type type;
} itg_avx2_quarters;

/* 32 values of consecutive channels -> quarters. count: how many exist. */
static inline void itg_avx2_load_quarters(__m256i quarter[4], const int32_t *values, int32_t count)
{
    const __m256i a = itg_avx2_load_part(values, count), b = itg_avx2_load_part(values + 8, count - 8);
    const __m256i c = itg_avx2_load_part(values + 16, count - 16), d = itg_avx2_load_part(values + 24, count - 24);
    quarter[0] = _mm256_permute2x128_si256(a, c, 0x20);
    quarter[1] = _mm256_permute2x128_si256(a, c, 0x31);
    quarter[2] = _mm256_permute2x128_si256(b, d, 0x20);
    quarter[3] = _mm256_permute2x128_si256(b, d, 0x31);
}

static inline void itg_avx2_load_quarter_multipliers(__m256i quarter[4], const int32_t *multiplier, int32_t count, bool doubled)
{
    itg_avx2_load_quarters(quarter, multiplier, count);
    for (int q = 0; q < 4 && doubled; q++)
        quarter[q] = _mm256_add_epi32(quarter[q], quarter[q]);
}

/* correction: of the block's channels, all 32; count: channels from `channel` to the last. */
static inline itg_avx2_quarters itg_avx2_open_quarters(const itg_epilogue *epilogue, itg_type type, const int32_t *correction, int32_t channel,
                                                       int32_t count)
{
    itg_avx2_quarters b = {
        .table = epilogue->table, .table_mask = epilogue->table_mask, .type = type, .two_slopes = epilogue->negative_multiplier != NULL};
    b.rounding = itg_avx2_set_rounding(epilogue);
    __m256i corrections[4];
    itg_avx2_load_quarters(b.start, epilogue->bias + channel, count);
    itg_avx2_load_quarters(corrections, correction, 32);
    for (int q = 0; q < 4; q++)
        b.start[q] = _mm256_add_epi32(b.start[q], corrections[q]);
    itg_avx2_load_quarter_multipliers(b.multiplier, epilogue->multiplier + channel, count, b.rounding.doubled);
    if (b.two_slopes)
        itg_avx2_load_quarter_multipliers(b.negative, epilogue->negative_multiplier + channel, count, b.rounding.doubled);
    b.flip = _mm256_set1_epi8(type == ITG_U8 ? -128 : 0);
    b.count = count < 32 ? count : 32;
    return b;
}

static inline __m256i itg_avx2_requantize_quarter(const itg_avx2_quarters *b, __m256i acc, int quarter)
{
    __m256i multiplier = b->multiplier[quarter];
    if (b->two_slopes)
        multiplier = _mm256_blendv_epi8(multiplier, b->negative[quarter], _mm256_srai_epi32(acc, 31));
    return itg_avx2_requantize(acc, multiplier, &b->rounding);
}

/* Table indices fit int16, so packing them keeps their order as it keeps that of codes. */
static inline __m256i itg_avx2_look_up_quarters(const int8_t *table, __m256i low, __m256i high)
{
    int16_t index[32];
    int8_t code[32];
    _mm256_storeu_si256((__m256i *)(void *)index, low);
    _mm256_storeu_si256((__m256i *)(void *)(index + 16), high);
    for (int i = 0; i < 32; i++) /* low: channels 0-7 and 16-23, high: 8-15 and 24-31 */
        code[i / 16 * 8 + i % 16 / 8 * 16 + i % 8] = table[index[i]];
    return _mm256_loadu_si256((const __m256i *)(const void *)code);
}

/* ITG_LOOK_UP_1024: a folder's own way through the usual table. */
static inline __m256i itg_avx2_find_codes(const itg_avx2_quarters *b, __m256i low, __m256i high)
{
#ifdef ITG_LOOK_UP_1024
    if (b->table_mask == 1023)
        return ITG_LOOK_UP_1024(b->table, low, high);
#endif
    return itg_avx2_look_up_quarters(b->table, low, high);
}

static inline void itg_avx2_finish_quarters(const itg_avx2_quarters *b, uint8_t *out, __m256i q0, __m256i q1, __m256i q2, __m256i q3)
{
    const __m256i low = _mm256_packs_epi32(itg_avx2_requantize_quarter(b, q0, 0), itg_avx2_requantize_quarter(b, q1, 1));
    const __m256i high = _mm256_packs_epi32(itg_avx2_requantize_quarter(b, q2, 2), itg_avx2_requantize_quarter(b, q3, 3));
    const __m256i codes = b->table ? itg_avx2_find_codes(b, low, high) : _mm256_packs_epi16(low, high);
    const __m256i stored = _mm256_xor_si256(codes, b->flip);
    if (b->count == 32) {
        _mm256_storeu_si256((__m256i *)(void *)out, stored);
        return;
    }
    uint8_t bytes[32];
    _mm256_storeu_si256((__m256i *)(void *)bytes, stored);
    memcpy(out, bytes, (size_t)b->count);
}

#endif
