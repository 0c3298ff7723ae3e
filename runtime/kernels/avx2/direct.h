/* SPDX-License-Identifier: Apache-2.0
 * From accumulators in registers to stored bytes, 16 channels of a pixel at a time: requantize.h for what nearly all layers have
 * (itg_is_direct in tiles.h). Narrowing saturates as the clamp would. Used by the tiles of this folder. */
#ifndef ITG_AVX2_DIRECT_H
#define ITG_AVX2_DIRECT_H

#include "runtime/kernels/tiles.h"

#include <immintrin.h>
#include <string.h>

/* Words of itg_direct.constants: multipliers doubled; the same with odd channels moved to even places; then the 64-bit constant, bounds,
 * and the number of channels. */
enum { ITG_DIRECT_ODD = 16, ITG_DIRECT_CONSTANT = 32, ITG_DIRECT_LOW = 34, ITG_DIRECT_HIGH, ITG_DIRECT_FLIP, ITG_DIRECT_COUNT };

typedef struct itg_avx2_direct {
    __m256i constant;
    __m128i low, high, flip;
    int32_t count;
} itg_avx2_direct;

static inline void itg_avx2_open_direct(const itg_conv *conv, int32_t channel, int32_t count, int32_t constants[ITG_DIRECT_WORDS])
{
    const itg_epilogue *epilogue = &conv->epilogue;
    for (int32_t i = 0; i < 16; i++)
        constants[i] = i < count ? 2 * epilogue->multiplier[channel + i] : 0;
    for (int32_t i = 0; i < 16; i += 2)
        constants[ITG_DIRECT_ODD + i] = constants[i + 1];
    constants[ITG_DIRECT_CONSTANT] = INT32_MIN; /* 2^31, below the zero point */
    constants[ITG_DIRECT_CONSTANT + 1] = epilogue->zero;
    constants[ITG_DIRECT_LOW] = epilogue->low;
    constants[ITG_DIRECT_HIGH] = epilogue->high;
    constants[ITG_DIRECT_FLIP] = conv->out_type == ITG_U8 ? -128 : 0;
    constants[ITG_DIRECT_COUNT] = count;
}

static inline itg_avx2_direct itg_avx2_load_direct(const itg_direct *direct)
{
    const int32_t *words = direct->constants;
    const uint64_t constant = (uint64_t)(uint32_t)words[ITG_DIRECT_CONSTANT + 1] << 32 | (uint32_t)words[ITG_DIRECT_CONSTANT];
    itg_avx2_direct c;
    c.constant = _mm256_set1_epi64x((int64_t)constant);
    c.low = _mm_set1_epi8((char)words[ITG_DIRECT_LOW]);
    c.high = _mm_set1_epi8((char)words[ITG_DIRECT_HIGH]);
    c.flip = _mm_set1_epi8((char)words[ITG_DIRECT_FLIP]);
    c.count = words[ITG_DIRECT_COUNT];
    return c;
}

/* Codes of 8 sums, not yet narrowed. */
static inline __m256i itg_avx2_requantize_direct(__m256i acc, const itg_direct *direct, int half, __m256i constant)
{
    const int32_t *multiplier = direct->constants + 8 * half;
    const __m256i even_multiplier = _mm256_loadu_si256((const __m256i *)(const void *)multiplier);
    const __m256i odd_multiplier = _mm256_loadu_si256((const __m256i *)(const void *)(multiplier + ITG_DIRECT_ODD));
    const __m256i even = _mm256_add_epi64(_mm256_mul_epi32(acc, even_multiplier), constant);
    const __m256i odd = _mm256_add_epi64(_mm256_mul_epi32(_mm256_shuffle_epi32(acc, 0xF5), odd_multiplier), constant);
    return _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
}

static inline void itg_avx2_store_pixel(const itg_direct *direct, int pixel, const itg_avx2_direct *c, __m256i first, __m256i last)
{
    const __m256i words = _mm256_packs_epi32(first, last);
    const __m256i mixed = _mm256_packs_epi16(words, words); /* channels 0-3 and 8-11, then 4-7 and 12-15 */
    const __m128i ordered = _mm_unpacklo_epi32(_mm256_castsi256_si128(mixed), _mm256_extracti128_si256(mixed, 1));
    const __m128i codes = _mm_min_epi8(_mm_max_epi8(ordered, c->low), c->high);
    const __m128i stored = _mm_xor_si128(codes, c->flip);
    uint8_t *out = direct->out + pixel * direct->pixel_stride;
    if (c->count == 16) {
        _mm_storeu_si128((__m128i *)(void *)out, stored);
    } else {
        uint8_t bytes[16];
        _mm_storeu_si128((__m128i *)(void *)bytes, stored);
        memcpy(out, bytes, (size_t)c->count);
    }
}

#endif
