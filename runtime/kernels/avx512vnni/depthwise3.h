/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolutions of 3x3 taps from u8 to bytes, read in place: padding is a pixel of its own, not a copy of the image.
 * 64 channels at a time, 32 or fewer at the end with half the width. What does not fit goes by columns.h. Used by depthwise.c. */
#ifndef ITG_AVX512VNNI_DEPTHWISE3_H
#define ITG_AVX512VNNI_DEPTHWISE3_H

#include "runtime/kernels/column.h"

#include <intaglio/fixed.h>

#include <immintrin.h>
#include <string.h>

#define STRIP_BYTES 131072 /* of input whose channels are taken block by block: stays in the second-level cache */

/* One block of 64 channels, in the order that interleaving leaves: quarter q holds channels 4q..4q+3 of every 16. */
typedef struct block_constants {
    int8_t weights[3][4][64];
    int32_t start[4][16], even[4][16], odd[4][16]; /* multipliers doubled; odd: those of odd channels in even places */
    int64_t constant[8];
    int8_t low[64], high[64], flip[64];
    uint8_t pad[64];
    uint64_t mask; /* of the channels that exist */
} block_constants;

/* One output row of one block. */
typedef struct row_job {
    const uint8_t *row[3]; /* column 0 of the three input rows; of the pixel of padding, with step 0, outside the image */
    ptrdiff_t step[3];
    const uint8_t *pad;
    uint8_t *out;
    ptrdiff_t out_step;
    int32_t in_width, out_width, before;
} row_job;

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

static inline bool itg_fits_taps(const itg_depthwise *depthwise)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const bool taps = depthwise->kernel[0] == 3 && depthwise->kernel[1] == 3 && depthwise->dilation[0] == 1 && depthwise->dilation[1] == 1;
    const bool plain = !epilogue->table && !epilogue->negative_multiplier && epilogue->shift == 0 && epilogue->left == 0;
    return taps && plain && depthwise->stride[1] <= 2 && depthwise->in_type == ITG_U8;
}

static inline void fill_channel(const itg_depthwise *depthwise, block_constants *c, int32_t channel, int32_t lane)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const int32_t *corrections = (const int32_t *)(const void *)depthwise->weights;
    const int32_t quarter = lane % 16 / 4, place = lane / 16 * 4 + lane % 4;
    c->start[quarter][place] = itg_add_wrap(epilogue->bias[channel], corrections[channel]);
    c->even[quarter][place] = 2 * epilogue->multiplier[channel];
    if (place % 2)
        c->odd[quarter][place - 1] = 2 * epilogue->multiplier[channel];
    c->pad[lane] = (uint8_t)((depthwise->pad ? depthwise->pad[channel] : depthwise->pad_code) + 128);
}

static inline void open_constants(const itg_depthwise *depthwise, block_constants *c, int32_t channel)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const int32_t left = depthwise->in[2] - channel, count = left < 64 ? left : 64, blocks = itg_column_blocks(depthwise);
    const int8_t *packed = depthwise->weights + blocks * ITG_COLUMN_CHANNELS * 4 + channel / ITG_COLUMN_CHANNELS * 3 * ITG_COLUMN_BYTES;
    memset(c, 0, sizeof *c);
    for (int32_t lane = 0; lane < count; lane++)
        fill_channel(depthwise, c, channel + lane, lane);
    for (int32_t half = 0; 32 * half < count; half++)
        for (int32_t i = 0; i < 12; i++)
            memcpy(c->weights[i / 4][i % 4] + 32 * half, packed + (half * 12 + i) * 32, 32);
    for (int32_t i = 0; i < 8; i++)
        c->constant[i] = (int64_t)((uint64_t)(int64_t)epilogue->zero << 32) + ((int64_t)1 << 31);
    memset(c->low, epilogue->low, sizeof c->low);
    memset(c->high, epilogue->high, sizeof c->high);
    memset(c->flip, depthwise->out_type == ITG_U8 ? -128 : 0, sizeof c->flip);
    c->mask = ~(uint64_t)0 >> (64 - count);
}

static inline void walk_block(const itg_depthwise *depthwise, uint8_t *out, const uint8_t *in, const int32_t rows[2], int32_t channel)
{
    block_constants c;
    open_constants(depthwise, &c, channel);
    const int32_t width = depthwise->in[1], channels = depthwise->in[2];
    row_job job = {.pad = c.pad, .out_step = channels, .in_width = width, .out_width = depthwise->out[1], .before = depthwise->before[1]};
    for (int32_t y = rows[0]; y < rows[1]; y++) {
        for (int32_t ky = 0; ky < 3; ky++) {
            const int32_t from = y * depthwise->stride[0] - depthwise->before[0] + ky;
            const bool inside = from >= 0 && from < depthwise->in[0];
            job.row[ky] = inside ? in + (ptrdiff_t)from * width * channels + channel : c.pad;
            job.step[ky] = inside ? channels : 0;
        }
        job.out = out + (ptrdiff_t)y * depthwise->out[1] * channels + channel;
        const bool narrow = channels - channel <= 32;
        if (depthwise->stride[1] == 1)
            (narrow ? walk_one_256 : walk_one_512)(&job, &c);
        else
            (narrow ? walk_two_256 : walk_two_512)(&job, &c);
    }
}

static inline void itg_walk_taps(const itg_depthwise *depthwise, void *out, const void *in, const int32_t rows[2])
{
    const int32_t most = 1 + STRIP_BYTES / (depthwise->stride[0] * depthwise->in[1] * depthwise->in[2]);
    for (int32_t y = rows[0]; y < rows[1]; y += most) {
        const int32_t strip[2] = {y, rows[1] - y < most ? rows[1] : y + most};
        for (int32_t channel = 0; channel < depthwise->in[2]; channel += 64)
            walk_block(depthwise, out, in, strip, channel);
    }
}

#endif
