/* SPDX-License-Identifier: Apache-2.0
 * What the sources of runtime/kernels/lanes are written in, on AVX2 and, behind sse41/wide.h, on SSE4.1: vectors of 8 int32, from stored codes
 * and back. Included before them. */
#ifndef ITG_AVX2_LANES_H
#define ITG_AVX2_LANES_H

#include "runtime/kernels/avx2/rounding.h"
#include "runtime/kernels/element.h"

#include <immintrin.h>
#include <string.h>

#define ITG_LANES 8
#ifndef ITG_LANES_ROWS
#define ITG_LANES_ROWS 4 /* of a product whose sums stay in registers */
#endif

typedef __m256i itg_lanes, itg_words; /* 8 int32, 16 int16 */
typedef itg_avx2_rounding itg_lanes_rounding;

#define itg_lanes_set                          _mm256_set1_epi32
#define itg_lanes_add                          _mm256_add_epi32
#define itg_lanes_subtract                     _mm256_sub_epi32
#define itg_lanes_multiply                     _mm256_mullo_epi32
#define itg_lanes_shift_floor                  _mm256_srai_epi32
#define itg_lanes_max                          _mm256_max_epi32
#define itg_lanes_min_unsigned                 _mm256_min_epu32
#define itg_lanes_and                          _mm256_and_si256
#define itg_lanes_shift                        _mm256_srli_epi32 /* of unsigned lanes */
#define itg_lanes_shift_each                   _mm256_srlv_epi32
#define itg_lanes_shift_floor_by(lanes, count) _mm256_sra_epi32(lanes, _mm_cvtsi32_si128(count))
#define itg_lanes_make_rounding                itg_avx2_make_rounding
#define itg_lanes_double                       itg_avx2_double_multiplier
#define itg_lanes_round                        itg_avx2_round
#define itg_lanes_clamp                        itg_avx2_clamp
#define itg_lanes_requantize                   itg_avx2_requantize

#define itg_words_set      _mm256_set1_epi16
#define itg_words_add      _mm256_add_epi16
#define itg_words_subtract _mm256_sub_epi16
#define itg_words_low      _mm256_unpacklo_epi16
#define itg_words_high     _mm256_unpackhi_epi16

/* Codes [index, index + 8). */
static inline itg_lanes itg_lanes_load(const void *data, itg_type type, size_t index)
{
    if (type == ITG_S32)
        return _mm256_loadu_si256((const __m256i *)(const void *)((const int32_t *)data + index));
    if (type == ITG_S16 || type == ITG_U16) {
        const __m128i words = _mm_loadu_si128((const __m128i *)(const void *)((const int16_t *)data + index));
        return type == ITG_S16 ? _mm256_cvtepi16_epi32(words) : _mm256_cvtepu16_epi32(words);
    }
    const __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)((const int8_t *)data + index));
    return _mm256_cvtepi8_epi32(type == ITG_S8 ? bytes : _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
}

/* Codes that their type holds. */
static inline void itg_lanes_store(void *data, itg_type type, size_t index, itg_lanes codes)
{
    if (type == ITG_S32) {
        _mm256_storeu_si256((__m256i *)(void *)((int32_t *)data + index), codes);
        return;
    }
    const __m128i low = _mm256_castsi256_si128(codes), high = _mm256_extracti128_si256(codes, 1);
    if (type == ITG_S16 || type == ITG_U16) {
        const __m128i words = type == ITG_S16 ? _mm_packs_epi32(low, high) : _mm_packus_epi32(low, high);
        _mm_storeu_si128((__m128i *)(void *)((int16_t *)data + index), words);
        return;
    }
    const __m128i words = _mm_packs_epi32(low, high), bytes = _mm_packs_epi16(words, words);
    _mm_storel_epi64((__m128i *)(void *)((int8_t *)data + index), type == ITG_S8 ? bytes : _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
}

/* The first `count` of them, where there may be fewer than 8. */
static inline itg_lanes itg_lanes_load_part(const void *data, itg_type type, size_t index, int32_t count)
{
    if (count >= ITG_LANES)
        return itg_lanes_load(data, type, index);
    const size_t bytes = itg_element_bytes(type);
    uint8_t part[32] = {0};
    memcpy(part, (const uint8_t *)data + index * bytes, (size_t)count * bytes);
    return itg_lanes_load(part, type, 0);
}

static inline void itg_lanes_store_part(void *data, itg_type type, size_t index, itg_lanes codes, int32_t count)
{
    if (count >= ITG_LANES) {
        itg_lanes_store(data, type, index, codes);
        return;
    }
    const size_t bytes = itg_element_bytes(type);
    uint8_t part[32];
    itg_lanes_store(part, type, 0, codes);
    memcpy((uint8_t *)data + index * bytes, part, (size_t)count * bytes);
}

/* Codes [index, index + 16), of 8 bits or int16. */
static inline itg_words itg_words_load(const void *data, itg_type type, size_t index)
{
    if (type == ITG_S16)
        return _mm256_loadu_si256((const __m256i *)(const void *)((const int16_t *)data + index));
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)((const int8_t *)data + index));
    return _mm256_cvtepi8_epi16(type == ITG_S8 ? bytes : _mm_xor_si128(bytes, _mm_set1_epi8(-128)));
}

static inline itg_words itg_words_load_part(const void *data, itg_type type, size_t index, int32_t count)
{
    if (count >= 2 * ITG_LANES)
        return itg_words_load(data, type, index);
    const size_t bytes = itg_element_bytes(type);
    uint8_t part[32] = {0};
    memcpy(part, (const uint8_t *)data + index * bytes, (size_t)count * bytes);
    return itg_words_load(part, type, 0);
}

static inline void itg_words_store(void *to, itg_words words)
{
    _mm256_storeu_si256((__m256i *)to, words);
}

static inline itg_lanes itg_lanes_widen_low(itg_words words)
{
    return _mm256_cvtepi16_epi32(_mm256_castsi256_si128(words));
}

static inline itg_lanes itg_lanes_widen_high(itg_words words)
{
    return _mm256_cvtepi16_epi32(_mm256_extracti128_si256(words, 1));
}

/* acc + the sum of both products of each pair. */
static inline itg_lanes itg_lanes_dot(itg_lanes acc, itg_words a, itg_words b)
{
    return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b));
}

/* Sums of the pairs that itg_words_low and itg_words_high make, in order. */
static inline void itg_lanes_store_halves(int32_t *to, itg_lanes low, itg_lanes high)
{
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permute2x128_si256(low, high, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(to + 8), _mm256_permute2x128_si256(low, high, 0x31));
}

#ifndef ITG_LANES_NO_GATHER
/* A gather with the index in a register of our choice: QEMU before 8.0 takes %ymm4 for no index at all, as if it were %rsp. */
#define ITG_LANES_GATHER(value, table, lanes, scale)                                                                                                 \
    {                                                                                                                                                \
        register __m256i index_register __asm__("ymm5") = lanes;                                                                                     \
        __m256i mask = _mm256_set1_epi32(-1);                                                                                                        \
        __asm__("vpgatherdd %1, (%2,%3," #scale "), %0" : "+x"(value), "+x"(mask) : "r"(table), "x"(index_register) : "memory");                     \
    }

/* Entries of a table. */
static inline itg_lanes itg_lanes_look_up(const uint32_t *table, itg_lanes index)
{
    __m256i value = _mm256_setzero_si256();
    ITG_LANES_GATHER(value, table, index, 4)
    return value;
}

/* Entries of a table and the ones behind them, as pairs of int16. */
static inline itg_words itg_lanes_look_up_pairs(const int16_t *table, itg_lanes index)
{
    __m256i value = _mm256_setzero_si256();
    ITG_LANES_GATHER(value, table, index, 2)
    return value;
}

/* (a * b + added) >> shift of unsigned lanes, where the result fits one. */
static inline itg_lanes itg_lanes_scale(itg_lanes a, itg_lanes b, uint64_t added, int shift)
{
    const __m256i constant = _mm256_set1_epi64x((int64_t)added);
    const __m128i count = _mm_cvtsi32_si128(shift);
    const __m256i even = _mm256_srl_epi64(_mm256_add_epi64(_mm256_mul_epu32(a, b), constant), count);
    const __m256i odd = _mm256_srl_epi64(_mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32)), constant), count);
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
}

/* Sums of 64 bits, in half as many lanes: + unsigned lanes, and all together. */
static inline itg_lanes itg_lanes_add_unsigned(itg_lanes sums, itg_lanes lanes)
{
    return _mm256_add_epi64(sums, _mm256_add_epi64(_mm256_srli_epi64(lanes, 32), _mm256_and_si256(lanes, _mm256_set1_epi64x(0xffffffff))));
}

static inline uint64_t itg_lanes_total(itg_lanes sums)
{
    const __m128i pair = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    return (uint64_t)_mm_cvtsi128_si64(_mm_add_epi64(pair, _mm_unpackhi_epi64(pair, pair)));
}
#endif

#endif
