/* SPDX-License-Identifier: Apache-2.0
 * From accumulators in registers to stored bytes, 16 channels of two pixels at a time, for what nearly all layers have (itg_is_plain in
 * tiles.h): twice the codes by even and odd 32 x 32 -> 64 bit products, rounded as int16. Narrowing saturates as the clamp would.
 * Used by the tiles of this folder and of avxvnni. */
#ifndef ITG_AVX2_DIRECT_H
#define ITG_AVX2_DIRECT_H

#include "runtime/kernels/tiles.h"

#include <immintrin.h>
#include <string.h>

/* Dwords of the two halves in turns. sse41/wide.h brings its own. */
#ifndef ITG_ZIP_HALVES
#define ITG_ZIP_HALVES(x) _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
#endif

/* Words of itg_direct.constants: multipliers times 4; the same with odd channels moved to even places; then what doubled codes need, bounds of
 * unsigned codes, and the number of channels. */
enum { ITG_DIRECT_ODD = 16, ITG_DIRECT_ROUNDING = 32, ITG_DIRECT_LOW, ITG_DIRECT_HIGH, ITG_DIRECT_FLIP, ITG_DIRECT_COUNT };

typedef struct itg_avx2_direct {
    __m256i rounding;
    __m256i low, high, flip;
    int32_t count;
    bool bounded; /* codes are clamped further, or signed */
} itg_avx2_direct;

static inline void itg_avx2_open_direct(const itg_conv *conv, int32_t channel, int32_t count, int32_t constants[ITG_DIRECT_WORDS])
{
    const itg_epilogue *epilogue = &conv->epilogue;
    for (int32_t i = 0; i < 16; i++)
        constants[i] = i < count ? 4 * epilogue->multiplier[channel + i] : 0;
    for (int32_t i = 0; i < 16; i += 2)
        constants[ITG_DIRECT_ODD + i] = constants[i + 1];
    constants[ITG_DIRECT_ROUNDING] = 2 * (epilogue->zero + 128) + 1;
    constants[ITG_DIRECT_LOW] = epilogue->low + 128;
    constants[ITG_DIRECT_HIGH] = epilogue->high + 128;
    constants[ITG_DIRECT_FLIP] = conv->out_type == ITG_U8 ? 0 : 128;
    constants[ITG_DIRECT_COUNT] = count;
}

static inline itg_avx2_direct itg_avx2_load_direct(const itg_direct *direct)
{
    const int32_t *words = direct->constants;
    itg_avx2_direct c;
    c.rounding = _mm256_set1_epi16((short)words[ITG_DIRECT_ROUNDING]);
    c.low = _mm256_set1_epi8((char)words[ITG_DIRECT_LOW]);
    c.high = _mm256_set1_epi8((char)words[ITG_DIRECT_HIGH]);
    c.flip = _mm256_set1_epi8((char)words[ITG_DIRECT_FLIP]);
    c.count = words[ITG_DIRECT_COUNT];
    c.bounded = words[ITG_DIRECT_LOW] != 0 || words[ITG_DIRECT_HIGH] != 255 || words[ITG_DIRECT_FLIP] != 0;
    return c;
}

/* Twice the codes of 8 sums, the zero point and rounding not yet added: floor(acc * multiplier / 2^30). */
static inline __m256i itg_avx2_scale_direct(__m256i acc, const itg_direct *direct, int half)
{
    const int32_t *multiplier = direct->constants + 8 * half;
    const __m256i even = _mm256_mul_epi32(acc, _mm256_loadu_si256((const __m256i *)(const void *)multiplier));
    const __m256i odd =
        _mm256_mul_epi32(_mm256_shuffle_epi32(acc, 0xF5), _mm256_loadu_si256((const __m256i *)(const void *)(multiplier + ITG_DIRECT_ODD)));
    return _mm256_blend_epi32(_mm256_shuffle_epi32(even, 0xF5), odd, 0xAA);
}

/* The codes of a pixel's 16 sums as words: channels 0-3 and 8-11, then 4-7 and 12-15. Saturation starts far outside of the range of codes. */
static inline __m256i itg_avx2_round_direct(const itg_direct *direct, const itg_avx2_direct *c, __m256i first, __m256i last)
{
    const __m256i doubled = _mm256_packs_epi32(itg_avx2_scale_direct(first, direct, 0), itg_avx2_scale_direct(last, direct, 1));
    return _mm256_srai_epi16(_mm256_adds_epi16(doubled, c->rounding), 1);
}

static inline void itg_avx2_store_bytes(uint8_t *out, __m128i codes, int32_t count)
{
    if (count == 16) {
        _mm_storeu_si128((__m128i *)(void *)out, codes);
    } else if (count == 8) {
        _mm_storel_epi64((__m128i *)(void *)out, codes);
    } else {
        uint8_t bytes[16];
        _mm_storeu_si128((__m128i *)(void *)bytes, codes);
        memcpy(out, bytes, (size_t)count);
    }
}

/* A pixel to `out` and, if `both`, another one `next` bytes on: what itg_avx2_round_direct makes of them. */
static inline void itg_avx2_store_pixels(uint8_t *out, ptrdiff_t next, const itg_avx2_direct *c, __m256i left, __m256i right, bool both)
{
    __m256i codes = ITG_ZIP_HALVES(_mm256_packus_epi16(left, right));
    if (c->bounded)
        codes = _mm256_xor_si256(_mm256_min_epu8(_mm256_max_epu8(codes, c->low), c->high), c->flip);
    itg_avx2_store_bytes(out, _mm256_castsi256_si128(codes), c->count);
    if (both)
        itg_avx2_store_bytes(out + next, _mm256_extracti128_si256(codes, 1), c->count);
}

/* The end of a tile of some pixels to `out`, whose sums are a00, a01, a10 and so on. */
#define ITG_CODES(p)   itg_avx2_round_direct(d, &c, a##p##0, a##p##1)
#define ITG_PAIR(p, q) itg_avx2_store_pixels(out + p * d->pixel_stride, d->pixel_stride, &c, ITG_CODES(p), ITG_CODES(q), q > p);
#define ITG_CODES_1    ITG_PAIR(0, 0)
#define ITG_CODES_2    ITG_PAIR(0, 1)
#define ITG_CODES_3    ITG_CODES_2 ITG_PAIR(2, 2)
#define ITG_CODES_4    ITG_CODES_2 ITG_PAIR(2, 3)
#define ITG_CODES_5    ITG_CODES_4 ITG_PAIR(4, 4)
#define ITG_CODES_6    ITG_CODES_4 ITG_PAIR(4, 5)

#endif
