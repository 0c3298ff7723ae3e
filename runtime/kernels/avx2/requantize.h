/* SPDX-License-Identifier: Apache-2.0
 * From int32 sums to stored codes, 8 channels at a time (docs/numerics.md 1): the vector form of runtime/kernels/epilogue.h.
 * Used by conv and depthwise of this folder. */
#ifndef ITG_AVX2_REQUANTIZE_H
#define ITG_AVX2_REQUANTIZE_H

#include "runtime/kernels/avx2/rounding.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/tiles.h"

#include <immintrin.h>
#include <string.h>

static inline itg_avx2_rounding itg_avx2_set_rounding(const itg_epilogue *epilogue)
{
    const bool indexed = epilogue->table != NULL;
    return itg_avx2_make_rounding(epilogue->shift, epilogue->left, epilogue->zero, indexed ? 0 : epilogue->low,
                                  indexed ? epilogue->table_mask : epilogue->high);
}

/* Eight values from `values` on, zeros past the first `count` (which may be negative). No masked load: emulators touch what it masks. */
static inline __m256i itg_avx2_load_part(const int32_t *values, int32_t count)
{
    int32_t part[8] = {0};
    for (int32_t i = 0; i < 8 && i < count; i++)
        part[i] = values[i];
    return _mm256_loadu_si256((const __m256i *)(const void *)(count >= 8 ? values : part));
}

/* Multipliers of up to 8 channels, as itg_avx2_requantize wants them. */
static inline __m256i itg_avx2_load_multipliers(const int32_t *multiplier, int32_t count, const itg_avx2_rounding *r)
{
    return itg_avx2_double_multiplier(itg_avx2_load_part(multiplier, count), r);
}

/* 16 codes as bytes: packing interleaves the 128-bit halves, the permutation undoes it. */
static inline __m128i itg_avx2_pack_bytes(__m256i first, __m256i second)
{
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xD8);
    return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

static inline __m128i itg_avx2_look_up(const int8_t *table, __m256i first, __m256i second)
{
    int32_t index[16];
    int8_t codes[16];
    _mm256_storeu_si256((__m256i *)(void *)index, first);
    _mm256_storeu_si256((__m256i *)(void *)(index + 8), second);
    for (int i = 0; i < 16; i++)
        codes[i] = table[index[i]];
    return _mm_loadu_si128((const __m128i *)(const void *)codes);
}

/* The first `count` of 16 bytes, words or dwords that `codes` holds, as stored. */
static inline void itg_avx2_store_codes(void *out, itg_type type, const int8_t *table, const __m256i codes[2], int32_t count)
{
    uint8_t stored[64];
    uint8_t *target = count == 16 ? out : stored;
    if (type == ITG_S8 || type == ITG_U8) {
        const __m128i bytes = table ? itg_avx2_look_up(table, codes[0], codes[1]) : itg_avx2_pack_bytes(codes[0], codes[1]);
        _mm_storeu_si128((__m128i *)(void *)target, _mm_xor_si128(bytes, _mm_set1_epi8(type == ITG_U8 ? -128 : 0)));
    } else if (type == ITG_S16) {
        _mm256_storeu_si256((__m256i *)(void *)target, _mm256_permute4x64_epi64(_mm256_packs_epi32(codes[0], codes[1]), 0xD8));
    } else {
        _mm256_storeu_si256((__m256i *)(void *)target, codes[0]);
        _mm256_storeu_si256((__m256i *)(void *)(target + 32), codes[1]);
    }
    if (count < 16)
        memcpy(out, stored, (size_t)count * itg_element_bytes(type));
}

/* The multipliers of one block of 16 channels. */
typedef struct itg_avx2_block {
    __m256i multiplier[2], negative[2];
} itg_avx2_block;

static inline __m256i itg_avx2_choose_multiplier(const itg_avx2_block *block, int half, __m256i acc, bool two_slopes)
{
    return two_slopes ? _mm256_blendv_epi8(block->multiplier[half], block->negative[half], _mm256_srai_epi32(acc, 31)) : block->multiplier[half];
}

/* An itg_finish_tile for sums [pixel][16]: one block. */
static inline void itg_avx2_finish_tile(const itg_conv *conv, const itg_tile_result *result)
{
    const itg_epilogue *epilogue = &conv->epilogue;
    const itg_avx2_rounding r = itg_avx2_set_rounding(epilogue);
    const int32_t group_outputs = conv->out[2] / conv->groups, channel = result->channel;
    const int32_t left = (channel / group_outputs + 1) * group_outputs - channel, count = left < 16 ? left : 16;
    const bool scaled = conv->out_type != ITG_S32, two_slopes = scaled && epilogue->negative_multiplier != NULL;
    itg_avx2_block block;
    for (int half = 0; half < 2 && scaled; half++) {
        block.multiplier[half] = itg_avx2_load_multipliers(epilogue->multiplier + channel + 8 * half, count - 8 * half, &r);
        if (two_slopes)
            block.negative[half] = itg_avx2_load_multipliers(epilogue->negative_multiplier + channel + 8 * half, count - 8 * half, &r);
    }
    for (int32_t p = 0; p < result->pixels; p++) {
        __m256i codes[2];
        for (int half = 0; half < 2; half++) {
            codes[half] = _mm256_loadu_si256((const __m256i *)(const void *)(result->sums + p * 16 + 8 * half));
            if (scaled)
                codes[half] = itg_avx2_requantize(codes[half], itg_avx2_choose_multiplier(&block, half, codes[half], two_slopes), &r);
        }
        const size_t index = (size_t)(result->x + p) * (size_t)itg_out_pitch(conv) + (size_t)channel;
        itg_avx2_store_codes(result->out + index * itg_element_bytes(conv->out_type), conv->out_type, epilogue->table, codes, count);
    }
}

#endif
