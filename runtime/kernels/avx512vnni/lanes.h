/* SPDX-License-Identifier: Apache-2.0
 * What the sources of runtime/kernels/lanes are written in, on AVX-512: vectors of 16 int32, from stored codes and back. Included before them. */
#ifndef ITG_AVX512VNNI_LANES_H
#define ITG_AVX512VNNI_LANES_H

#include "runtime/kernels/avx512vnni/rounding.h"
#include "runtime/kernels/element.h"

#include <immintrin.h>

#define ITG_LANES      16
#define ITG_LANES_ROWS 8 /* of a product whose sums stay in registers */

typedef __m512i itg_lanes, itg_words; /* 16 int32, 32 int16 */
typedef itg_avx512_rounding itg_lanes_rounding;

#define itg_lanes_set                          _mm512_set1_epi32
#define itg_lanes_add                          _mm512_add_epi32
#define itg_lanes_subtract                     _mm512_sub_epi32
#define itg_lanes_multiply                     _mm512_mullo_epi32
#define itg_lanes_shift_floor                  _mm512_srai_epi32
#define itg_lanes_max                          _mm512_max_epi32
#define itg_lanes_min_unsigned                 _mm512_min_epu32
#define itg_lanes_and                          _mm512_and_si512
#define itg_lanes_shift                        _mm512_srli_epi32 /* of unsigned lanes */
#define itg_lanes_shift_each                   _mm512_srlv_epi32
#define itg_lanes_shift_floor_by(lanes, count) _mm512_sra_epi32(lanes, _mm_cvtsi32_si128(count))
#define itg_lanes_make_rounding                itg_avx512_make_rounding
#define itg_lanes_double                       itg_avx512_double_multiplier
#define itg_lanes_round                        itg_avx512_round
#define itg_lanes_clamp                        itg_avx512_clamp
#define itg_lanes_requantize                   itg_avx512_requantize

#define itg_words_set      _mm512_set1_epi16
#define itg_words_add      _mm512_add_epi16
#define itg_words_subtract _mm512_sub_epi16
#define itg_words_low      _mm512_unpacklo_epi16
#define itg_words_high     _mm512_unpackhi_epi16
#define itg_lanes_dot      _mm512_dpwssd_epi32 /* acc + the sum of both products of each pair */

static inline itg_lanes itg_lanes_widen_words(itg_type type, __m256i words)
{
    return type == ITG_S16 ? _mm512_cvtepi16_epi32(words) : _mm512_cvtepu16_epi32(words);
}

static inline itg_lanes itg_lanes_widen_bytes(itg_type type, __m128i bytes)
{
    return _mm512_cvtepi8_epi32(type == ITG_S8 ? bytes : _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
}

static inline __m128i itg_lanes_narrow_bytes(itg_type type, itg_lanes codes)
{
    const __m128i bytes = _mm512_cvtepi32_epi8(codes);
    return type == ITG_S8 ? bytes : _mm_xor_si128(bytes, _mm_set1_epi8(-128));
}

/* Codes [index, index + 16). */
static inline itg_lanes itg_lanes_load(const void *data, itg_type type, size_t index)
{
    if (type == ITG_S32)
        return _mm512_loadu_si512((const int32_t *)data + index);
    if (type == ITG_S16 || type == ITG_U16)
        return itg_lanes_widen_words(type, _mm256_loadu_si256((const __m256i *)(const void *)((const int16_t *)data + index)));
    return itg_lanes_widen_bytes(type, _mm_loadu_si128((const __m128i *)(const void *)((const int8_t *)data + index)));
}

/* Codes that their type holds. */
static inline void itg_lanes_store(void *data, itg_type type, size_t index, itg_lanes codes)
{
    if (type == ITG_S32)
        _mm512_storeu_si512((int32_t *)data + index, codes);
    else if (type == ITG_S16 || type == ITG_U16)
        _mm256_storeu_si256((__m256i *)(void *)((int16_t *)data + index), _mm512_cvtepi32_epi16(codes));
    else
        _mm_storeu_si128((__m128i *)(void *)((int8_t *)data + index), itg_lanes_narrow_bytes(type, codes));
}

static inline __mmask16 itg_lanes_mask(int32_t count)
{
    return (__mmask16)((1u << count) - 1u);
}

/* The first `count` of them, where there may be fewer than 16: whole vectors are not masked, which costs stores. */
static inline itg_lanes itg_lanes_load_part(const void *data, itg_type type, size_t index, int32_t count)
{
    if (count >= ITG_LANES)
        return itg_lanes_load(data, type, index);
    const __mmask16 mask = itg_lanes_mask(count);
    if (type == ITG_S32)
        return _mm512_maskz_loadu_epi32(mask, (const int32_t *)data + index);
    if (type == ITG_S16 || type == ITG_U16)
        return itg_lanes_widen_words(type, _mm256_maskz_loadu_epi16(mask, (const int16_t *)data + index));
    return itg_lanes_widen_bytes(type, _mm_maskz_loadu_epi8(mask, (const int8_t *)data + index));
}

static inline void itg_lanes_store_part(void *data, itg_type type, size_t index, itg_lanes codes, int32_t count)
{
    if (count >= ITG_LANES) {
        itg_lanes_store(data, type, index, codes);
        return;
    }
    const __mmask16 mask = itg_lanes_mask(count);
    if (type == ITG_S32)
        _mm512_mask_storeu_epi32((int32_t *)data + index, mask, codes);
    else if (type == ITG_S16 || type == ITG_U16)
        _mm256_mask_storeu_epi16((int16_t *)data + index, mask, _mm512_cvtepi32_epi16(codes));
    else
        _mm_mask_storeu_epi8((int8_t *)data + index, mask, itg_lanes_narrow_bytes(type, codes));
}

static inline itg_words itg_words_widen(itg_type type, __m256i bytes)
{
    return _mm512_cvtepi8_epi16(type == ITG_S8 ? bytes : _mm256_xor_si256(bytes, _mm256_set1_epi8(-128)));
}

/* Codes [index, index + 32), of 8 bits or int16. */
static inline itg_words itg_words_load(const void *data, itg_type type, size_t index)
{
    if (type == ITG_S16)
        return _mm512_loadu_si512((const int16_t *)data + index);
    return itg_words_widen(type, _mm256_loadu_si256((const __m256i *)(const void *)((const int8_t *)data + index)));
}

static inline itg_words itg_words_load_part(const void *data, itg_type type, size_t index, int32_t count)
{
    if (count >= 2 * ITG_LANES)
        return itg_words_load(data, type, index);
    const __mmask32 mask = ((__mmask32)1 << count) - 1;
    if (type == ITG_S16)
        return _mm512_maskz_loadu_epi16(mask, (const int16_t *)data + index);
    return itg_words_widen(type, _mm256_maskz_loadu_epi8(mask, (const int8_t *)data + index));
}

static inline void itg_words_store(void *to, itg_words words)
{
    _mm512_storeu_si512(to, words);
}

static inline itg_lanes itg_lanes_widen_low(itg_words words)
{
    return _mm512_cvtepi16_epi32(_mm512_castsi512_si256(words));
}

static inline itg_lanes itg_lanes_widen_high(itg_words words)
{
    return _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(words, 1));
}

/* Sums of the pairs that itg_words_low and itg_words_high make, in order: four of each in turn. */
static inline void itg_lanes_store_halves(int32_t *to, itg_lanes low, itg_lanes high)
{
    const __m512i even = _mm512_shuffle_i64x2(low, high, 0x88), odd = _mm512_shuffle_i64x2(low, high, 0xDD); /* l0 l2 h0 h2, l1 l3 h1 h3 */
    const __m512i order_low = _mm512_setr_epi64(0, 1, 4, 5, 8, 9, 12, 13), order_high = _mm512_setr_epi64(2, 3, 6, 7, 10, 11, 14, 15);
    _mm512_storeu_si512(to, _mm512_permutex2var_epi64(even, order_low, odd));
    _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi64(even, order_high, odd));
}

/* Entries of a table of 256: permutations take fewer cycles than a gather. */
static inline itg_lanes itg_lanes_look_up(const uint32_t *table, itg_lanes index)
{
    itg_lanes part[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++)
        part[i] = _mm512_permutex2var_epi32(_mm512_loadu_si512(table + 32 * i), index, _mm512_loadu_si512(table + 32 * i + 16));
    int bit = 32;
#pragma GCC unroll 3
    for (int count = 4; count > 0; count /= 2, bit *= 2) {
        const __mmask16 odd = _mm512_test_epi32_mask(index, _mm512_set1_epi32(bit));
#pragma GCC unroll 4
        for (int i = 0; i < count; i++)
            part[i] = _mm512_mask_mov_epi32(part[2 * i], odd, part[2 * i + 1]);
    }
    return part[0];
}

/* Entries of a table and the ones behind them, as pairs of int16. */
static inline itg_words itg_lanes_look_up_pairs(const int16_t *table, itg_lanes index)
{
    return _mm512_i32gather_epi32(index, table, 2);
}

/* (a * b + added) >> shift of unsigned lanes, where the result fits one. */
static inline itg_lanes itg_lanes_scale(itg_lanes a, itg_lanes b, uint64_t added, int shift)
{
    const __m512i constant = _mm512_set1_epi64((int64_t)added);
    const __m128i count = _mm_cvtsi32_si128(shift);
    const __m512i even = _mm512_srl_epi64(_mm512_add_epi64(_mm512_mul_epu32(a, b), constant), count);
    const __m512i odd = _mm512_srl_epi64(_mm512_add_epi64(_mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32)), constant), count);
    return _mm512_mask_mov_epi32(even, 0xAAAA, _mm512_slli_epi64(odd, 32));
}

/* Sums of 64 bits, in half as many lanes: + unsigned lanes, and all together. */
static inline itg_lanes itg_lanes_add_unsigned(itg_lanes sums, itg_lanes lanes)
{
    return _mm512_add_epi64(sums, _mm512_add_epi64(_mm512_srli_epi64(lanes, 32), _mm512_and_si512(lanes, _mm512_set1_epi64(0xffffffff))));
}

static inline uint64_t itg_lanes_total(itg_lanes sums)
{
    return (uint64_t)_mm512_reduce_add_epi64(sums);
}

#endif
