/* SPDX-License-Identifier: Apache-2.0
 * From int32 sums to stored codes, 16 channels at a time (docs/numerics.md 1): the vector form of runtime/kernels/epilogue.h.
 * Used by conv of this folder. */
#ifndef ITG_AVX512VNNI_REQUANTIZE_H
#define ITG_AVX512VNNI_REQUANTIZE_H

#include "runtime/kernels/avx512vnni/fused_table.h"
#include "runtime/kernels/avx512vnni/rounding.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/tiles.h"

#include <immintrin.h>
#include <intaglio/plan.h>

static inline itg_avx512_rounding itg_avx512_set_rounding(const itg_epilogue *epilogue)
{
    const bool indexed = epilogue->table != NULL;
    return itg_avx512_make_rounding(epilogue->shift, epilogue->left, epilogue->zero, indexed ? 0 : epilogue->low,
                                    indexed ? epilogue->table_mask : epilogue->high);
}

/* Multipliers of 16 channels, as itg_avx512_requantize wants them. */
static inline __m512i itg_avx512_load_multipliers(const int32_t *multiplier, __mmask16 mask, const itg_avx512_rounding *r)
{
    return itg_avx512_double_multiplier(_mm512_maskz_loadu_epi32(mask, multiplier), r);
}

/* A fused table's codes are bytes. All 16, as nearly always, take no loop. */
static inline void itg_avx512_look_up(uint8_t *out, itg_type type, __m512i index, int32_t count, const int8_t *table)
{
    int32_t at[16];
    const uint8_t flip = type == ITG_U8 ? 0x80 : 0;
    _mm512_storeu_si512(at, index);
    if (count == 16) {
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++)
            out[i] = (uint8_t)table[at[i]] ^ flip;
        return;
    }
    for (int32_t i = 0; i < count; i++)
        out[i] = (uint8_t)table[at[i]] ^ flip;
}

static inline void itg_avx512_store_codes(void *out, itg_type type, __m512i code, __mmask16 mask)
{
    switch (type) {
    case ITG_S8:
        _mm_mask_storeu_epi8(out, mask, _mm512_cvtepi32_epi8(code));
        break;
    case ITG_U8:
        _mm_mask_storeu_epi8(out, mask, _mm_xor_si128(_mm512_cvtepi32_epi8(code), _mm_set1_epi8(-128)));
        break;
    case ITG_S16:
        _mm256_mask_storeu_epi16(out, mask, _mm512_cvtepi32_epi16(code));
        break;
    default:
        _mm512_mask_storeu_epi32(out, mask, code);
        break;
    }
}

/* The multipliers of one block of 16 channels, as far as mask goes. */
typedef struct itg_avx512_block {
    __m512i multiplier, negative;
    __mmask16 mask;
    bool scaled, two_slopes;
} itg_avx512_block;

static inline itg_avx512_block itg_avx512_open_block(const itg_conv *conv, int32_t channel, int32_t count, const itg_avx512_rounding *r)
{
    const itg_epilogue *epilogue = &conv->epilogue;
    itg_avx512_block block = {.mask = (__mmask16)(count >= 16 ? 0xFFFFu : (1u << count) - 1u), .scaled = conv->out_type != ITG_S32};
    block.two_slopes = block.scaled && epilogue->negative_multiplier;
    if (block.scaled)
        block.multiplier = itg_avx512_load_multipliers(epilogue->multiplier + channel, block.mask, r);
    if (block.two_slopes)
        block.negative = itg_avx512_load_multipliers(epilogue->negative_multiplier + channel, block.mask, r);
    return block;
}

/* 16 sums of the block's channels -> codes, or indices of the fused table. */
static inline __m512i itg_avx512_make_codes(__m512i acc, const itg_avx512_block *block, const itg_avx512_rounding *r)
{
    __m512i multiplier = block->multiplier;
    if (block->two_slopes)
        multiplier = _mm512_mask_mov_epi32(multiplier, _mm512_movepi32_mask(acc), block->negative);
    return itg_avx512_requantize(acc, multiplier, r);
}

static inline void itg_avx512_finish(const itg_conv *conv, void *out, __m512i acc, const itg_avx512_block *block, const itg_avx512_rounding *r)
{
    if (!block->scaled)
        itg_avx512_store_codes(out, conv->out_type, acc, block->mask);
    else if (conv->epilogue.table)
        itg_avx512_look_up(out, conv->out_type, itg_avx512_make_codes(acc, block, r), __builtin_popcount(block->mask), conv->epilogue.table);
    else
        itg_avx512_store_codes(out, conv->out_type, itg_avx512_make_codes(acc, block, r), block->mask);
}

/* The block's codes of a tile whose fused table has 1024 entries: two pixels at a time, the last one perhaps twice. */
static inline void itg_avx512_finish_indexed(const itg_conv *conv, const itg_tile_result *result, const int32_t *sums, uint8_t *out,
                                             const itg_avx512_block *block, const itg_avx512_rounding *r)
{
    const __m256i flip = _mm256_set1_epi8(conv->out_type == ITG_U8 ? -128 : 0);
    const ptrdiff_t pitch = itg_out_pitch(conv);
    for (int32_t p = 0; p < result->pixels; p += 2) {
        const int32_t q = p + 1 < result->pixels ? p + 1 : p;
        const __m512i first = itg_avx512_make_codes(_mm512_loadu_si512(sums + p * 64), block, r);
        const __m512i second = itg_avx512_make_codes(_mm512_loadu_si512(sums + q * 64), block, r);
        const __m512i index = _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(first)), _mm512_cvtepi32_epi16(second), 1);
        const __m256i codes = _mm256_xor_si256(itg_avx512_look_up_words(conv->epilogue.table, index), flip);
        _mm_mask_storeu_epi8(out + p * pitch, block->mask, _mm256_castsi256_si128(codes));
        _mm_mask_storeu_epi8(out + q * pitch, block->mask, _mm256_extracti128_si256(codes, 1));
    }
}

/* An itg_finish_tile for sums [pixel][4][16]. */
static inline void itg_avx512_finish_tile(const itg_conv *conv, const itg_tile_result *result)
{
    const itg_avx512_rounding r = itg_avx512_set_rounding(&conv->epilogue);
    const size_t bytes = itg_element_bytes(conv->out_type);
    const int32_t group_outputs = conv->out[2] / conv->groups;
    const int32_t end = (result->channel / group_outputs + 1) * group_outputs;
    const bool indexed = conv->epilogue.table && conv->epilogue.table_mask == 1023;
    for (int32_t b = 0; b < result->blocks; b++) {
        const int32_t channel = result->channel + 16 * b;
        const itg_avx512_block block = itg_avx512_open_block(conv, channel, end - channel, &r);
        const int32_t *sums = result->sums + 16 * b;
        uint8_t *out = result->out + ((size_t)result->x * (size_t)itg_out_pitch(conv) + (size_t)channel) * bytes;
        if (indexed && block.scaled) {
            itg_avx512_finish_indexed(conv, result, sums, out, &block, &r);
            continue;
        }
        for (int32_t p = 0; p < result->pixels; p++)
            itg_avx512_finish(conv, out + (size_t)p * (size_t)itg_out_pitch(conv) * bytes, _mm512_loadu_si512(sums + p * 64), &block, &r);
    }
}

#endif
