/* SPDX-License-Identifier: Apache-2.0
 * From int32 sums to stored codes, 16 channels at a time (docs/numerics.md 1): the vector form of runtime/kernels/epilogue.h.
 * Used by conv of this folder. */
#ifndef ITG_AVX512VNNI_REQUANTIZE_H
#define ITG_AVX512VNNI_REQUANTIZE_H

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

/* 16 sums of the block's channels -> out. */
static inline void itg_avx512_finish(const itg_conv *conv, void *out, __m512i acc, const itg_avx512_block *block, const itg_avx512_rounding *r)
{
    if (!block->scaled) {
        itg_avx512_store_codes(out, conv->out_type, acc, block->mask);
        return;
    }
    __m512i multiplier = block->multiplier;
    if (block->two_slopes)
        multiplier = _mm512_mask_mov_epi32(multiplier, _mm512_movepi32_mask(acc), block->negative);
    const __m512i code = itg_avx512_requantize(acc, multiplier, r);
    if (conv->epilogue.table)
        itg_avx512_look_up(out, conv->out_type, code, __builtin_popcount(block->mask), conv->epilogue.table);
    else
        itg_avx512_store_codes(out, conv->out_type, code, block->mask);
}

/* An itg_finish_tile for sums [pixel][4][16]. */
static inline void itg_avx512_finish_tile(const itg_conv *conv, const itg_tile_result *result)
{
    const itg_avx512_rounding r = itg_avx512_set_rounding(&conv->epilogue);
    const size_t bytes = itg_element_bytes(conv->out_type);
    const int32_t group_outputs = conv->out[2] / conv->groups;
    const int32_t end = (result->channel / group_outputs + 1) * group_outputs;
    for (int32_t b = 0; b < result->blocks; b++) {
        const int32_t channel = result->channel + 16 * b;
        const itg_avx512_block block = itg_avx512_open_block(conv, channel, end - channel, &r);
        for (int32_t p = 0; p < result->pixels; p++) {
            const size_t index = (size_t)(result->x + p) * (size_t)itg_out_pitch(conv) + (size_t)channel;
            itg_avx512_finish(conv, result->out + index * bytes, _mm512_loadu_si512(result->sums + (p * 4 + b) * 16), &block, &r);
        }
    }
}

#endif
