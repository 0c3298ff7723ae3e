/* SPDX-License-Identifier: Apache-2.0
 * One block of one strip (strip.h) of 3x3 taps: 64 channels at a time, 32 or fewer at the end with half the width. Used by depthwise.c. */
#ifndef ITG_AVX512VNNI_DEPTHWISE3_H
#define ITG_AVX512VNNI_DEPTHWISE3_H

#include "runtime/kernels/strip.h"

#include <intaglio/fixed.h>

#include <immintrin.h>
#include <string.h>

/* One block of 64 channels, in the order that interleaving leaves: quarter q holds channels 4q..4q+3 of every 16. */
typedef struct block_constants {
    __attribute__((aligned(64))) int8_t weights[3][4][64];
    int32_t start[4][16], even[4][16], odd[4][16]; /* multipliers times 4; odd: those of odd channels in even places */
    int16_t rounding[32];                          /* of twice the codes, the zero point included */
    uint8_t low[64], high[64], flip[64];
    uint8_t pad[64];
    uint64_t mask;  /* of the channels that exist */
    bool bounded;   /* codes are clamped further, or signed */
    bool rectified; /* the zero point is the lowest code (direct.h) */
} block_constants;

#define TAP_DOT(acc, activation, weight) __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(activation), "v"(weight));

#define TAPS(name)    name##_512
#define LANES_512     0xFFFF
#define VECTOR        __m512i
#define MASK          __mmask64
#define OP(operation) _mm512_##operation
#include "runtime/kernels/avx512vnni/taps.h"
#undef TAPS
#undef VECTOR
#undef MASK
#undef OP

#define TAPS(name)    name##_256
#define LANES_256     0xFF
#define VECTOR        __m256i
#define MASK          __mmask32
#define OP(operation) _mm256_##operation
#include "runtime/kernels/avx512vnni/taps.h"
#undef TAPS
#undef VECTOR
#undef MASK
#undef OP

/* Four channels, or the `count` that there are, from lane `lane` of the block on. */
static inline void fill_channels(const itg_depthwise *depthwise, block_constants *c, int32_t channel, int32_t lane, int32_t count)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const int32_t *corrections = (const int32_t *)(const void *)depthwise->weights;
    const int32_t quarter = lane % 16 / 4, place = lane / 16 * 4;
    const __mmask8 some = (__mmask8)(count < 4 ? (1 << count) - 1 : 15);
    const __m128i start = _mm_add_epi32(_mm_maskz_loadu_epi32(some, epilogue->bias + channel), _mm_maskz_loadu_epi32(some, corrections + channel));
    const __m128i multiplier = _mm_slli_epi32(_mm_maskz_loadu_epi32(some, epilogue->multiplier + channel), 2);
    _mm_storeu_si128((__m128i *)(void *)(c->start[quarter] + place), start);
    _mm_storeu_si128((__m128i *)(void *)(c->even[quarter] + place), multiplier);
    _mm_storeu_si128((__m128i *)(void *)(c->odd[quarter] + place), _mm_srli_epi64(multiplier, 32));
}

static inline void open_constants(const itg_depthwise *depthwise, block_constants *c, int32_t channel)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const int32_t left = depthwise->in[2] - channel, count = left < 64 ? left : 64, blocks = itg_column_blocks(depthwise);
    const int8_t *packed = depthwise->weights + blocks * ITG_COLUMN_CHANNELS * 4 + channel / ITG_COLUMN_CHANNELS * 3 * ITG_COLUMN_BYTES;
    memset(c, 0, sizeof *c);
    c->mask = ~(uint64_t)0 >> (64 - count);
    for (int32_t lane = 0; lane < count; lane += 4)
        fill_channels(depthwise, c, channel + lane, lane, count - lane);
    for (int32_t half = 0; 32 * half < count; half++)
        for (int32_t i = 0; i < 12; i++)
            memcpy(c->weights[i / 4][i % 4] + 32 * half, packed + (half * 12 + i) * 32, 32);
    const __m512i pad = depthwise->pad ? _mm512_maskz_loadu_epi8(c->mask, depthwise->pad + channel) : _mm512_set1_epi8((char)depthwise->pad_code);
    _mm512_storeu_si512(c->pad, _mm512_xor_si512(pad, _mm512_set1_epi8(-128)));
    _mm512_storeu_si512(c->rounding, _mm512_set1_epi16((short)(2 * (epilogue->zero + 128) + 1)));
    _mm512_storeu_si512(c->low, _mm512_set1_epi8((char)(epilogue->low + 128)));
    _mm512_storeu_si512(c->high, _mm512_set1_epi8((char)(epilogue->high + 128)));
    c->rectified = epilogue->zero == -128;
    c->bounded = epilogue->low != -128 || epilogue->high != 127 || depthwise->out_type != ITG_U8;
    _mm512_storeu_si512(c->flip, _mm512_set1_epi8(depthwise->out_type == ITG_U8 ? 0 : -128));
}

static void compute_block(const itg_depthwise *depthwise, uint8_t *out, const uint8_t *in, const int32_t rows[2], int32_t channel)
{
    block_constants c;
    open_constants(depthwise, &c, channel);
    itg_taps_row job = itg_open_taps(depthwise, c.pad);
    const bool narrow = depthwise->in[2] - channel <= 32;
    for (int32_t y = rows[0]; y < rows[1]; y++) {
        itg_aim_taps(&job, depthwise, out, in, y, channel);
        if (depthwise->stride[1] == 1)
            (narrow ? walk_one_256 : walk_one_512)(&job, &c);
        else
            (narrow ? walk_two_256 : walk_two_512)(&job, &c);
    }
}

#endif
