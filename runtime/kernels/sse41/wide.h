/* SPDX-License-Identifier: Apache-2.0
 * AVX2 as the sources of folder avx2 use it, on pairs of 128-bit registers with what SSE4.1 has: sources that are included behind this header
 * become kernels of this folder. Same names, same results; immediates other than the ones in use do not compile. */
#ifndef ITG_SSE41_WIDE_H
#define ITG_SSE41_WIDE_H

#include <immintrin.h>

typedef struct itg_wide {
    __m128i a, b;
} itg_wide;

#define WIDE_UNARY(name, type, from, low, high)                                                                                                      \
    static inline itg_wide itg_wide_##name(type from)                                                                                                \
    {                                                                                                                                                \
        return (itg_wide){low, high};                                                                                                                \
    }
#define WIDE_BINARY(name)                                                                                                                            \
    static inline itg_wide itg_wide_##name(itg_wide x, itg_wide y)                                                                                   \
    {                                                                                                                                                \
        return (itg_wide){_mm_##name(x.a, y.a), _mm_##name(x.b, y.b)};                                                                               \
    }
#define WIDE_SHIFT(name, type)                                                                                                                       \
    static inline itg_wide itg_wide_##name(itg_wide x, type shift)                                                                                   \
    {                                                                                                                                                \
        return (itg_wide){_mm_##name(x.a, shift), _mm_##name(x.b, shift)};                                                                           \
    }

WIDE_BINARY(add_epi16)
WIDE_BINARY(add_epi32)
WIDE_BINARY(add_epi64)
WIDE_BINARY(adds_epi16)
WIDE_BINARY(and_si128)
WIDE_BINARY(xor_si128)
WIDE_BINARY(madd_epi16)
WIDE_BINARY(maddubs_epi16)
WIDE_BINARY(max_epi16)
WIDE_BINARY(max_epi32)
WIDE_BINARY(max_epi8)
WIDE_BINARY(max_epu8)
WIDE_BINARY(min_epi16)
WIDE_BINARY(min_epi32)
WIDE_BINARY(min_epu8)
WIDE_BINARY(mul_epi32)
WIDE_BINARY(packs_epi16)
WIDE_BINARY(packs_epi32)
WIDE_BINARY(packus_epi16)
WIDE_BINARY(mullo_epi32)
WIDE_BINARY(shuffle_epi8)
WIDE_BINARY(sub_epi8)
WIDE_BINARY(subs_epi8)
WIDE_BINARY(sub_epi16)
WIDE_BINARY(sub_epi32)
WIDE_BINARY(unpackhi_epi16)
WIDE_BINARY(unpackhi_epi8)
WIDE_BINARY(unpacklo_epi16)
WIDE_BINARY(unpacklo_epi8)
WIDE_SHIFT(sll_epi32, __m128i)
WIDE_SHIFT(sra_epi32, __m128i)
WIDE_SHIFT(slli_epi16, int)
WIDE_SHIFT(slli_epi32, int)
WIDE_SHIFT(srai_epi16, int)
WIDE_SHIFT(srai_epi32, int)
WIDE_SHIFT(srli_epi16, int)
WIDE_SHIFT(srli_epi64, int)
WIDE_UNARY(set1_epi8, char, x, _mm_set1_epi8(x), _mm_set1_epi8(x))
WIDE_UNARY(set1_epi16, short, x, _mm_set1_epi16(x), _mm_set1_epi16(x))
WIDE_UNARY(set1_epi32, int, x, _mm_set1_epi32(x), _mm_set1_epi32(x))
WIDE_UNARY(set1_epi64x, long long, x, _mm_set1_epi64x(x), _mm_set1_epi64x(x))
WIDE_UNARY(broadcastsi128_si256, __m128i, x, x, x)
WIDE_UNARY(broadcastd_epi32, __m128i, x, _mm_shuffle_epi32(x, 0), _mm_shuffle_epi32(x, 0))
WIDE_UNARY(cvtepi8_epi16, __m128i, x, _mm_cvtepi8_epi16(x), _mm_cvtepi8_epi16(_mm_unpackhi_epi64(x, x)))
WIDE_UNARY(cvtepi8_epi32, __m128i, x, _mm_cvtepi8_epi32(x), _mm_cvtepi8_epi32(_mm_srli_si128(x, 4)))
WIDE_UNARY(cvtepi16_epi32, __m128i, x, _mm_cvtepi16_epi32(x), _mm_cvtepi16_epi32(_mm_unpackhi_epi64(x, x)))
WIDE_UNARY(cvtepu16_epi32, __m128i, x, _mm_cvtepu16_epi32(x), _mm_cvtepu16_epi32(_mm_unpackhi_epi64(x, x)))
WIDE_UNARY(cvtepu8_epi16, __m128i, x, _mm_cvtepu8_epi16(x), _mm_cvtepu8_epi16(_mm_unpackhi_epi64(x, x)))
WIDE_UNARY(shuffle_0xF5, itg_wide, x, _mm_shuffle_epi32(x.a, 0xF5), _mm_shuffle_epi32(x.b, 0xF5))
WIDE_UNARY(zip_halves, itg_wide, x, _mm_unpacklo_epi32(x.a, x.b), _mm_unpackhi_epi32(x.a, x.b))
WIDE_UNARY(permute4x64_0xD8, itg_wide, x, _mm_unpacklo_epi64(x.a, x.b), _mm_unpackhi_epi64(x.a, x.b))

static inline itg_wide itg_wide_blend_0xAA(itg_wide x, itg_wide y)
{
    return (itg_wide){_mm_blend_epi16(x.a, y.a, 0xCC), _mm_blend_epi16(x.b, y.b, 0xCC)};
}

static inline __m128i itg_join_odd(__m128i x, __m128i y)
{
    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), 0xDD));
}

static inline itg_wide itg_wide_join_odd(itg_wide x, itg_wide y)
{
    return (itg_wide){itg_join_odd(x.a, y.a), itg_join_odd(x.b, y.b)};
}

static inline itg_wide itg_wide_blendv_epi8(itg_wide x, itg_wide y, itg_wide mask)
{
    return (itg_wide){_mm_blendv_epi8(x.a, y.a, mask.a), _mm_blendv_epi8(x.b, y.b, mask.b)};
}

static inline itg_wide itg_wide_permute2x128_0x20(itg_wide x, itg_wide y)
{
    return (itg_wide){x.a, y.a};
}

static inline itg_wide itg_wide_permute2x128_0x31(itg_wide x, itg_wide y)
{
    return (itg_wide){x.b, y.b};
}

/* Pointers to any address: nothing of an itg_wide is reached through them. */
static inline itg_wide itg_wide_loadu(const void *from)
{
    const __m128i *half = from;
    return (itg_wide){_mm_loadu_si128(half), _mm_loadu_si128(half + 1)};
}

static inline void itg_wide_storeu(void *to, itg_wide x)
{
    __m128i *half = to;
    _mm_storeu_si128(half, x.a);
    _mm_storeu_si128(half + 1, x.b);
}

#define __m256i                              itg_wide
#define _mm256_add_epi16                     itg_wide_add_epi16
#define _mm256_add_epi32                     itg_wide_add_epi32
#define _mm256_add_epi64                     itg_wide_add_epi64
#define _mm256_adds_epi16                    itg_wide_adds_epi16
#define _mm256_and_si256                     itg_wide_and_si128
#define _mm256_xor_si256                     itg_wide_xor_si128
#define _mm256_madd_epi16                    itg_wide_madd_epi16
#define _mm256_maddubs_epi16                 itg_wide_maddubs_epi16
#define _mm256_max_epi16                     itg_wide_max_epi16
#define _mm256_max_epi32                     itg_wide_max_epi32
#define _mm256_max_epi8                      itg_wide_max_epi8
#define _mm256_max_epu8                      itg_wide_max_epu8
#define _mm256_min_epi16                     itg_wide_min_epi16
#define _mm256_min_epi32                     itg_wide_min_epi32
#define _mm256_min_epu8                      itg_wide_min_epu8
#define _mm256_mul_epi32                     itg_wide_mul_epi32
#define _mm256_packs_epi16                   itg_wide_packs_epi16
#define _mm256_packs_epi32                   itg_wide_packs_epi32
#define _mm256_packus_epi16                  itg_wide_packus_epi16
#define _mm256_mullo_epi32                   itg_wide_mullo_epi32
#define _mm256_shuffle_epi8                  itg_wide_shuffle_epi8
#define _mm256_sub_epi8                      itg_wide_sub_epi8
#define _mm256_subs_epi8                     itg_wide_subs_epi8
#define _mm256_broadcastsi128_si256          itg_wide_broadcastsi128_si256
#define _mm256_sub_epi16                     itg_wide_sub_epi16
#define _mm256_sub_epi32                     itg_wide_sub_epi32
#define _mm256_slli_epi32                    itg_wide_slli_epi32
#define _mm256_unpackhi_epi16                itg_wide_unpackhi_epi16
#define _mm256_unpackhi_epi8                 itg_wide_unpackhi_epi8
#define _mm256_unpacklo_epi16                itg_wide_unpacklo_epi16
#define _mm256_unpacklo_epi8                 itg_wide_unpacklo_epi8
#define _mm256_sll_epi32                     itg_wide_sll_epi32
#define _mm256_sra_epi32                     itg_wide_sra_epi32
#define _mm256_slli_epi16                    itg_wide_slli_epi16
#define _mm256_srai_epi16                    itg_wide_srai_epi16
#define _mm256_srai_epi32                    itg_wide_srai_epi32
#define _mm256_srli_epi16                    itg_wide_srli_epi16
#define _mm256_srli_epi64                    itg_wide_srli_epi64
#define _mm256_set1_epi8                     itg_wide_set1_epi8
#define _mm256_set1_epi16                    itg_wide_set1_epi16
#define _mm256_set1_epi32                    itg_wide_set1_epi32
#define _mm256_set1_epi64x                   itg_wide_set1_epi64x
#define _mm256_setzero_si256()               itg_wide_set1_epi32(0)
#define _mm256_broadcastd_epi32              itg_wide_broadcastd_epi32
#define _mm256_cvtepi8_epi16                 itg_wide_cvtepi8_epi16
#define _mm256_cvtepi8_epi32                 itg_wide_cvtepi8_epi32
#define _mm256_cvtepi16_epi32                itg_wide_cvtepi16_epi32
#define _mm256_cvtepu16_epi32                itg_wide_cvtepu16_epi32
#define _mm256_cvtepu8_epi16                 itg_wide_cvtepu8_epi16
#define _mm256_blendv_epi8                   itg_wide_blendv_epi8
#define _mm256_blend_epi32(x, y, mask)       itg_wide_blend_##mask(x, y)
#define _mm256_shuffle_epi32(x, order)       itg_wide_shuffle_##order(x)
#define _mm256_permute4x64_epi64(x, order)   itg_wide_permute4x64_##order(x)
#define _mm256_permute2x128_si256(x, y, how) itg_wide_permute2x128_##how(x, y)
#define _mm256_castsi256_si128(x)            ((x).a)
#define _mm256_extracti128_si256(x, one)     ((x).b)
#define _mm256_loadu_si256                   itg_wide_loadu
#define _mm256_storeu_si256                  itg_wide_storeu

#define ITG_ZIP_HALVES itg_wide_zip_halves
#define ITG_JOIN_ODD   itg_wide_join_odd

/* For tile.h, products.h, lanes.h and words.h of avx2: twice as many registers a pixel or tile; additions in assembly for the same reason as there.
 */
#define ITG_TILE_PIXELS 2
#define ITG_LANES_ROWS  2
#define ITG_LANES_NO_GATHER
#define ITG_PLACE_TILES 2
#define ITG_WORDS_ADD(acc, product)                                                                                                                  \
    {                                                                                                                                                \
        const itg_wide words = product;                                                                                                              \
        ITG_TILE_ADD(acc, words)                                                                                                                     \
    }
#define ITG_TILE_ADD(acc, product) __asm__("paddd %2, %0\npaddd %3, %1" : "+x"((acc).a), "+x"((acc).b) : "x"((product).a), "x"((product).b));

#endif
