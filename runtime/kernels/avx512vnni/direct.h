/* SPDX-License-Identifier: Apache-2.0
 * From accumulators in registers to stored bytes, up to 64 channels of a pixel at a time, for what nearly all layers have (itg_is_plain in
 * tiles.h): twice the codes by even and odd 32 x 32 -> 64 bit products, rounded as int16. Narrowing saturates as the clamp would.
 * Used by the tiles of this folder and of amx. */
#ifndef ITG_AVX512VNNI_DIRECT_H
#define ITG_AVX512VNNI_DIRECT_H

#include "runtime/kernels/tiles.h"

#include <immintrin.h>

/* Words of itg_direct.constants: multipliers times 4 (int16: 2), 16 for each of 4 blocks; the same with odd channels moved to even places; then
 * what doubled codes need (int16: the zero point), bounds of unsigned codes (int16: of codes), the number of channels, and, for int16, the
 * shift to the left. */
enum { ITG_AVX512_ODD = 64, ITG_AVX512_ROUNDING = 128, ITG_AVX512_LOW, ITG_AVX512_HIGH, ITG_AVX512_FLIP, ITG_AVX512_COUNT, ITG_AVX512_LEFT };

typedef struct itg_avx512_direct {
    __m512i rounding, low, high, flip, order;
    __mmask64 mask;
    bool bounded;   /* codes are clamped further, or signed */
    bool rectified; /* the zero point is the lowest code: only half a step is added, then one instruction does it */
} itg_avx512_direct;

static inline void itg_avx512_open_direct(const itg_conv *conv, int32_t channel, int32_t count, int32_t constants[ITG_DIRECT_WORDS])
{
    const itg_epilogue *epilogue = &conv->epilogue;
    const bool words = conv->out_type == ITG_S16;
    for (int32_t i = 0; i < 64; i++)
        constants[i] = i < count ? (words ? 2 : 4) * epilogue->multiplier[channel + i] : 0;
    for (int32_t i = 0; i < 64; i += 2)
        constants[ITG_AVX512_ODD + i] = constants[i + 1];
    constants[ITG_AVX512_ROUNDING] = words ? epilogue->zero : 2 * (epilogue->zero + 128) + 1;
    constants[ITG_AVX512_LOW] = epilogue->low + (words ? 0 : 128);
    constants[ITG_AVX512_HIGH] = epilogue->high + (words ? 0 : 128);
    constants[ITG_AVX512_FLIP] = conv->out_type == ITG_U8 ? 0 : 128;
    constants[ITG_AVX512_COUNT] = count;
    constants[ITG_AVX512_LEFT] = epilogue->left;
}

static inline itg_avx512_direct itg_avx512_load_direct(const itg_direct *direct)
{
    const int32_t *words = direct->constants;
    itg_avx512_direct c;
    c.rounding = _mm512_set1_epi16((short)words[ITG_AVX512_ROUNDING]);
    c.low = _mm512_set1_epi8((char)words[ITG_AVX512_LOW]);
    c.high = _mm512_set1_epi8((char)words[ITG_AVX512_HIGH]);
    c.flip = _mm512_set1_epi8((char)words[ITG_AVX512_FLIP]);
    c.order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    c.mask = ~(__mmask64)0 >> (64 - words[ITG_AVX512_COUNT]);
    c.rectified = words[ITG_AVX512_ROUNDING] == 1;
    c.bounded = words[ITG_AVX512_LOW] != 0 || words[ITG_AVX512_HIGH] != 255 || words[ITG_AVX512_FLIP] != 0;
    return c;
}

/* Twice the codes of 16 sums, the zero point and rounding not yet added: floor(acc * multiplier / 2^30). */
static inline __m512i itg_avx512_scale_direct(__m512i acc, const itg_direct *direct, int block)
{
    const __m512i even = _mm512_mul_epi32(acc, _mm512_loadu_si512(direct->constants + 16 * block));
    const __m512i odd = _mm512_mul_epi32(_mm512_shuffle_epi32(acc, 0xF5), _mm512_loadu_si512(direct->constants + ITG_AVX512_ODD + 16 * block));
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, 0xF5);
}

/* Codes of two blocks as words. Saturation starts far outside of the range of codes. */
static inline __m512i itg_avx512_round_direct(const itg_avx512_direct *c, __m512i first, __m512i second)
{
    const __m512i doubled = _mm512_packs_epi32(first, second);
    if (c->rectified)
        return _mm512_mulhrs_epi16(doubled, _mm512_set1_epi16(1 << 14));
    return _mm512_srai_epi16(_mm512_adds_epi16(doubled, c->rounding), 1);
}

static inline __m512i itg_avx512_bound_direct(const itg_avx512_direct *c, __m512i codes)
{
    if (c->bounded)
        codes = _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(codes, c->low), c->high), c->flip);
    return codes;
}

/* b0 to b3: what itg_avx512_scale_direct makes of four blocks. */
static inline void itg_avx512_store_pixel(uint8_t *out, const itg_avx512_direct *c, __m512i b0, __m512i b1, __m512i b2, __m512i b3)
{
    const __m512i mixed = _mm512_packus_epi16(itg_avx512_round_direct(c, b0, b1), itg_avx512_round_direct(c, b2, b3)); /* blocks by 4 channels */
    _mm512_mask_storeu_epi8(out, c->mask, itg_avx512_bound_direct(c, _mm512_permutexvar_epi32(c->order, mixed)));
}

/* For int16 codes (itg_is_plain_words). */
typedef struct itg_avx512_words {
    __m512i half, low, high, order; /* half: of a rounded product, the zero point included */
    __m128i left;
    __mmask64 mask;
    bool bounded; /* beyond what int16 does */
} itg_avx512_words;

static inline itg_avx512_words itg_avx512_load_words(const itg_direct *direct)
{
    const int32_t *words = direct->constants;
    itg_avx512_words c;
    c.half = _mm512_set1_epi64(((int64_t)words[ITG_AVX512_ROUNDING] * 2 + 1) * ((int64_t)1 << 31));
    c.low = _mm512_set1_epi16((short)words[ITG_AVX512_LOW]);
    c.high = _mm512_set1_epi16((short)words[ITG_AVX512_HIGH]);
    c.order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    c.left = _mm_cvtsi32_si128(words[ITG_AVX512_LEFT]);
    c.mask = ~(__mmask64)0 >> (64 - words[ITG_AVX512_COUNT]);
    c.bounded = words[ITG_AVX512_LOW] != INT16_MIN || words[ITG_AVX512_HIGH] != INT16_MAX;
    return c;
}

/* zero + RQ of 16 sums of block `block`. */
static inline __m512i itg_avx512_scale_words(__m512i acc, const itg_avx512_words *c, const itg_direct *direct, int block)
{
    const __m512i moved = _mm512_sll_epi32(acc, c->left);
    const __m512i even = _mm512_mul_epi32(moved, _mm512_loadu_si512(direct->constants + 16 * block));
    const __m512i odd = _mm512_mul_epi32(_mm512_shuffle_epi32(moved, 0xF5), _mm512_loadu_si512(direct->constants + ITG_AVX512_ODD + 16 * block));
    return _mm512_mask_shuffle_epi32(_mm512_add_epi64(odd, c->half), 0x5555, _mm512_add_epi64(even, c->half), 0xF5);
}

/* Two blocks of what it makes, in order. */
static inline __m512i itg_avx512_narrow_words(const itg_avx512_words *c, __m512i first, __m512i second)
{
    const __m512i codes = _mm512_permutexvar_epi64(c->order, _mm512_packs_epi32(first, second));
    return c->bounded ? _mm512_min_epi16(_mm512_max_epi16(codes, c->low), c->high) : codes;
}

#endif
