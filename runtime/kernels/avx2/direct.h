/* SPDX-License-Identifier: Apache-2.0
 * From accumulators in registers to stored bytes, 16 channels of two pixels at a time, for what nearly all layers have (itg_is_plain in
 * tiles.h): twice the codes by even and odd 32 x 32 -> 64 bit products, rounded as int16. Narrowing saturates as the clamp would.
 * Used by the tiles of this folder and of avxvnni. */
#ifndef ITG_AVX2_DIRECT_H
#define ITG_AVX2_DIRECT_H

#include "runtime/kernels/tiles.h"

#include <immintrin.h>
#include <string.h>

/* Dwords of the two halves in turns; the odd dwords of four of x and then those of y. sse41/wide.h brings its own. */
#ifndef ITG_ZIP_HALVES
#define ITG_ZIP_HALVES(x)  _mm256_permutevar8x32_epi32(x, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
#define ITG_JOIN_ODD(x, y) _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y), 0xDD))
#endif

/* Words of itg_direct.constants: multipliers times 4 (int16 codes: 2); the same with odd channels moved to even places; then what doubled codes
 * need (int16: the zero point), bounds of unsigned codes, each in all bytes of a dword (int16: in all words), whether they bound anything, the
 * number of channels, and, for int16, the shift to the left. */
enum {
    ITG_DIRECT_ODD = 16,
    ITG_DIRECT_ROUNDING = 32,
    ITG_DIRECT_LOW,
    ITG_DIRECT_HIGH,
    ITG_DIRECT_FLIP,
    ITG_DIRECT_BOUNDED, /* codes are clamped further, or signed */
    ITG_DIRECT_COUNT,
    ITG_DIRECT_LEFT
};

static inline int32_t itg_avx2_repeat_word(int32_t word)
{
    return (int32_t)((uint32_t)(uint16_t)word * 0x10001u);
}

static inline void itg_avx2_open_bytes(const itg_conv *conv, int32_t constants[ITG_DIRECT_WORDS])
{
    const itg_epilogue *epilogue = &conv->epilogue;
    const int32_t low = epilogue->low + 128, high = epilogue->high + 128, flip = conv->out_type == ITG_U8 ? 0 : 128;
    constants[ITG_DIRECT_ROUNDING] = itg_avx2_repeat_word(2 * (epilogue->zero + 128) + 1);
    constants[ITG_DIRECT_LOW] = (int32_t)((uint32_t)low * 0x1010101u);
    constants[ITG_DIRECT_HIGH] = (int32_t)((uint32_t)high * 0x1010101u);
    constants[ITG_DIRECT_FLIP] = (int32_t)((uint32_t)flip * 0x1010101u);
    constants[ITG_DIRECT_BOUNDED] = low != 0 || high != 255 || flip != 0;
}

static inline void itg_avx2_open_words(const itg_epilogue *epilogue, int32_t constants[ITG_DIRECT_WORDS])
{
    constants[ITG_DIRECT_ROUNDING] = epilogue->zero;
    constants[ITG_DIRECT_LOW] = itg_avx2_repeat_word(epilogue->low);
    constants[ITG_DIRECT_HIGH] = itg_avx2_repeat_word(epilogue->high);
    constants[ITG_DIRECT_BOUNDED] = 0; /* they are always clamped */
    constants[ITG_DIRECT_LEFT] = epilogue->left;
}

static inline void itg_avx2_open_direct(const itg_conv *conv, int32_t channel, int32_t count, int32_t constants[ITG_DIRECT_WORDS])
{
    const bool words = conv->out_type == ITG_S16;
    for (int32_t i = 0; i < 16; i++)
        constants[i] = i < count ? (words ? 2 : 4) * conv->epilogue.multiplier[channel + i] : 0;
    for (int32_t i = 0; i < 16; i += 2)
        constants[ITG_DIRECT_ODD + i] = constants[i + 1];
    constants[ITG_DIRECT_COUNT] = count;
    if (words)
        itg_avx2_open_words(&conv->epilogue, constants);
    else
        itg_avx2_open_bytes(conv, constants);
}

static inline __m256i itg_avx2_direct_constant(const itg_direct *direct, int word)
{
    return _mm256_broadcastd_epi32(_mm_loadu_si32(direct->constants + word));
}

/* Twice the codes of 8 sums, the zero point and rounding not yet added: floor(acc * multiplier / 2^30). Of each four channels, the two in
 * the middle change places. */
static inline __m256i itg_avx2_scale_direct(__m256i acc, const itg_direct *direct, int half)
{
    const int32_t *multiplier = direct->constants + 8 * half;
    const __m256i even = _mm256_mul_epi32(acc, _mm256_loadu_si256((const __m256i *)(const void *)multiplier));
    const __m256i odd =
        _mm256_mul_epi32(_mm256_shuffle_epi32(acc, 0xF5), _mm256_loadu_si256((const __m256i *)(const void *)(multiplier + ITG_DIRECT_ODD)));
    return ITG_JOIN_ODD(even, odd);
}

/* The codes of a pixel's 16 sums as words: channels 0, 2, 1, 3, then 8 to 11 so, and 4 to 7 and 12 to 15. Saturation starts far outside of the range
 * of codes. */
static inline __m256i itg_avx2_round_direct(const itg_direct *direct, __m256i first, __m256i last)
{
    const __m256i doubled = _mm256_packs_epi32(itg_avx2_scale_direct(first, direct, 0), itg_avx2_scale_direct(last, direct, 1));
    return _mm256_srai_epi16(_mm256_adds_epi16(doubled, itg_avx2_direct_constant(direct, ITG_DIRECT_ROUNDING)), 1);
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

static inline __m256i itg_avx2_bound_direct(const itg_direct *direct, __m256i codes)
{
    const __m256i low = itg_avx2_direct_constant(direct, ITG_DIRECT_LOW), high = itg_avx2_direct_constant(direct, ITG_DIRECT_HIGH);
    return _mm256_xor_si256(_mm256_min_epu8(_mm256_max_epu8(codes, low), high), itg_avx2_direct_constant(direct, ITG_DIRECT_FLIP));
}

/* Channels in order: what itg_avx2_round_direct makes of two pixels. */
static inline __m256i itg_avx2_sort_direct(__m256i left, __m256i right)
{
    const __m256i order = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15));
    return ITG_ZIP_HALVES(_mm256_shuffle_epi8(_mm256_packus_epi16(left, right), order));
}

/* A pixel to `out` and, if `both`, the next one behind it. is_whole: 16 channels that need no bounds. */
static inline void itg_avx2_store_pixels(uint8_t *out, ptrdiff_t pitch, const itg_direct *direct, __m256i codes, bool both, bool is_whole)
{
    const int32_t count = is_whole ? 16 : direct->constants[ITG_DIRECT_COUNT];
    if (!is_whole && direct->constants[ITG_DIRECT_BOUNDED])
        codes = itg_avx2_bound_direct(direct, codes);
    itg_avx2_store_bytes(out, _mm256_castsi256_si128(codes), count);
    if (both)
        itg_avx2_store_bytes(out + pitch, _mm256_extracti128_si256(codes, 1), count);
}

static inline bool itg_avx2_is_whole(const itg_direct *direct)
{
    return direct->constants[ITG_DIRECT_COUNT] == 16 && !direct->constants[ITG_DIRECT_BOUNDED];
}

/* The end of a tile of some pixels to `out`, whose sums are a00, a01, a10 and so on. is_whole, a constant, and pitch are in scope. */
#define ITG_CODES(p)   itg_avx2_round_direct(d, a##p##0, a##p##1)
#define ITG_PAIR(p, q) itg_avx2_store_pixels(out + p * pitch, pitch, d, itg_avx2_sort_direct(ITG_CODES(p), ITG_CODES(q)), q > p, is_whole);
#define ITG_CODES_1    ITG_PAIR(0, 0)
#define ITG_CODES_2    ITG_PAIR(0, 1)
#define ITG_CODES_3    ITG_CODES_2 ITG_PAIR(2, 2)
#define ITG_CODES_4    ITG_CODES_2 ITG_PAIR(2, 3)
#define ITG_CODES_5    ITG_CODES_4 ITG_PAIR(4, 4)
#define ITG_CODES_6    ITG_CODES_4 ITG_PAIR(4, 5)

#endif
