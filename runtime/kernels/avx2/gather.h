/* SPDX-License-Identifier: Apache-2.0
 * Widened layers whose runs are padded (itg_gathers in pairs.h): the inputs of each output pixel, and the weights of a block, without what pads
 * them. Included by widened_conv.h of this folder. */
#ifndef ITG_AVX2_GATHER_H
#define ITG_AVX2_GATHER_H

#include "runtime/kernels/avx2/widen.h"
#include "runtime/kernels/stage.h"

#include <string.h>

/* One pixel's runs as int16, `depth` of them in all. 16 at a time: what is too many, the next run or pixel
 * overwrites, or it stays among a pixel's last elements, where the weights are 0. */
static inline void itg_gather_pixel(int16_t *to, const uint8_t *const *segment, ptrdiff_t at, const itg_runs *runs, int32_t depth)
{
    _mm_storel_epi64((__m128i *)(void *)(to + depth - 4), _mm_setzero_si128());
    for (int32_t s = 0; s < runs->segments; s++)
        for (int32_t i = 0; i < runs->run; i += 16) {
            const __m128i codes = _mm_loadu_si128((const __m128i *)(const void *)(segment[s] + at + i));
            _mm256_storeu_si256((__m256i *)(void *)(to + s * runs->run + i), _mm256_cvtepu8_epi16(codes));
        }
}

/* Pixels of output rows [y, end) from staged rows, then what its inputs give each (itg_cross_runs). */
static inline void itg_gather_rows(int16_t *to, int32_t *crossed, const itg_conv *conv, const itg_staged *staged, int32_t y, int32_t end)
{
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    const itg_runs runs = itg_cut_runs(conv);
    const int32_t depth = (runs.segments * runs.run + 3) / 4 * 4;
    const ptrdiff_t stride = (ptrdiff_t)conv->stride[1] * conv->in[2];
    int16_t *pixel = to;
    for (int32_t row = y; row < end; row++) {
        itg_point_segments(segment, conv, &runs, staged, row, 0);
        for (int32_t x = 0; x < conv->out[1]; x++, pixel += depth)
            itg_gather_pixel(pixel, segment, x * stride, &runs, depth);
    }
    for (int32_t p = 0; p < (end - y) * conv->out[1]; p++) {
        const uint8_t *inputs = (const uint8_t *)(to + p * depth);
        crossed[p] = itg_cross_runs(&inputs, 1, 0, depth / 4);
    }
}

/* A block's packed weights, [step][16 outputs][4]. */
static inline void itg_gather_weights(int8_t *to, const int8_t *packed, const itg_runs *runs, int32_t depth)
{
    memset(to, 0, (size_t)depth * 16);
    for (int32_t s = 0; s < runs->segments; s++)
        for (int32_t k = 0; k < runs->run; k++) {
            const int8_t *from = packed + (s * runs->steps + k / 4) * 64 + k % 4;
            const int32_t place = s * runs->run + k;
            for (int32_t output = 0; output < 16; output++)
                to[place / 4 * 64 + place % 4 + output * 4] = from[output * 4];
        }
}

#endif
