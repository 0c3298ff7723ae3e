/* SPDX-License-Identifier: Apache-2.0
 * From accumulators in registers to stored bytes, up to 64 channels of a pixel at a time: requantize.h for what nearly all layers have
 * (itg_is_direct in tiles.h). Narrowing saturates as the clamp would. Used by the tiles of this folder. */
#ifndef ITG_AVX512VNNI_DIRECT_H
#define ITG_AVX512VNNI_DIRECT_H

#include "runtime/kernels/tiles.h"

#include <immintrin.h>

/* Words of itg_direct.constants: multipliers doubled, 16 for each of 4 blocks; the same with odd channels moved to even places; then
 * the 64-bit constant, bounds, and the number of channels. */
enum { ITG_DIRECT_ODD = 64, ITG_DIRECT_CONSTANT = 128, ITG_DIRECT_LOW = 130, ITG_DIRECT_HIGH, ITG_DIRECT_FLIP, ITG_DIRECT_COUNT };

typedef struct itg_avx512_direct {
    __m512i constant, low, high, flip, order;
    __mmask64 mask;
} itg_avx512_direct;

static inline void itg_avx512_open_direct(const itg_conv *conv, int32_t channel, int32_t count, int32_t constants[ITG_DIRECT_WORDS])
{
    const itg_epilogue *epilogue = &conv->epilogue;
    for (int32_t i = 0; i < 64; i++)
        constants[i] = i < count ? 2 * epilogue->multiplier[channel + i] : 0;
    for (int32_t i = 0; i < 64; i += 2)
        constants[ITG_DIRECT_ODD + i] = constants[i + 1];
    constants[ITG_DIRECT_CONSTANT] = INT32_MIN; /* 2^31, below the zero point */
    constants[ITG_DIRECT_CONSTANT + 1] = epilogue->zero;
    constants[ITG_DIRECT_LOW] = epilogue->low;
    constants[ITG_DIRECT_HIGH] = epilogue->high;
    constants[ITG_DIRECT_FLIP] = conv->out_type == ITG_U8 ? -128 : 0;
    constants[ITG_DIRECT_COUNT] = count;
}

static inline itg_avx512_direct itg_avx512_load_direct(const itg_direct *direct)
{
    const int32_t *words = direct->constants;
    const uint64_t constant = (uint64_t)(uint32_t)words[ITG_DIRECT_CONSTANT + 1] << 32 | (uint32_t)words[ITG_DIRECT_CONSTANT];
    itg_avx512_direct c;
    c.constant = _mm512_set1_epi64((int64_t)constant);
    c.low = _mm512_set1_epi8((char)words[ITG_DIRECT_LOW]);
    c.high = _mm512_set1_epi8((char)words[ITG_DIRECT_HIGH]);
    c.flip = _mm512_set1_epi8((char)words[ITG_DIRECT_FLIP]);
    c.order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    c.mask = ~(__mmask64)0 >> (64 - words[ITG_DIRECT_COUNT]);
    return c;
}

/* Codes of 16 sums, not yet narrowed. */
static inline __m512i itg_avx512_requantize_direct(__m512i acc, const itg_direct *direct, int block, __m512i constant)
{
    const __m512i even_multiplier = _mm512_loadu_si512(direct->constants + 16 * block);
    const __m512i odd_multiplier = _mm512_loadu_si512(direct->constants + ITG_DIRECT_ODD + 16 * block);
    const __m512i even = _mm512_add_epi64(_mm512_mul_epi32(acc, even_multiplier), constant);
    const __m512i odd = _mm512_add_epi64(_mm512_mul_epi32(_mm512_shuffle_epi32(acc, 0xF5), odd_multiplier), constant);
    return _mm512_mask_shuffle_epi32(odd, 0x5555, even, 0xF5);
}

static inline void itg_avx512_store_pixel(const itg_direct *direct, int pixel, const itg_avx512_direct *c, __m512i b0, __m512i b1, __m512i b2,
                                          __m512i b3)
{
    const __m512i mixed = _mm512_packs_epi16(_mm512_packs_epi32(b0, b1), _mm512_packs_epi32(b2, b3)); /* blocks by 4 channels */
    const __m512i codes = _mm512_permutexvar_epi32(c->order, mixed);
    const __m512i stored = _mm512_xor_si512(_mm512_min_epi8(_mm512_max_epi8(codes, c->low), c->high), c->flip);
    _mm512_mask_storeu_epi8(direct->out + pixel * direct->pixel_stride, c->mask, stored);
}

#endif
