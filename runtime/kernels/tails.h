/* SPDX-License-Identifier: Apache-2.0
 * Layers whose runs are whole steps and one byte (itg_tail_steps in band.h): 3 x 3 taps of three channels are 9 bytes a kernel row, 7 steps instead
 * of 9. Every step becomes a segment of its own, and the last bytes of four kernel rows one more, gathered for a row of pixels that keep their
 * distance. Weights are brought into that order once a call. Used by tiles.h; each ISA brings the gathering. */
#ifndef ITG_KERNELS_TAILS_H
#define ITG_KERNELS_TAILS_H

#include "runtime/kernels/band.h"

#include <stddef.h>
#include <string.h>

/* Byte `at` of up to four segments, of `pixels` pixels that are `apart` (4 to 60) bytes apart: to[p * apart + s]. What lies between the pixels
 * and up to 63 bytes behind the last may be written. */
typedef void itg_gather_tail(uint8_t *to, const uint8_t *const *segment, int32_t segments, int32_t at, int32_t apart, int32_t pixels);

/* The runs as such a layer's tiles see them. */
static inline itg_runs itg_split_runs(const itg_conv *conv)
{
    itg_runs runs = itg_cut_runs(conv);
    runs.segments = runs.segments * (runs.steps - 1) + itg_tail_steps(conv);
    runs.steps = 1;
    return runs;
}

/* packed: the first block's weights. */
static inline void itg_split_weights(const itg_conv *conv, int8_t *to, const int8_t *packed)
{
    const itg_runs runs = itg_cut_runs(conv);
    const size_t tail_bytes = (size_t)itg_tail_steps(conv) * 64, whole_bytes = (size_t)(runs.steps - 1) * 64;
    for (int32_t block = 0; block < runs.blocks; block++) {
        int8_t *tail = to + (size_t)runs.segments * whole_bytes;
        memset(tail, 0, tail_bytes);
        for (int32_t s = 0; s < runs.segments; s++, to += whole_bytes, packed += whole_bytes + 64) {
            memcpy(to, packed, whole_bytes);
            for (int32_t i = 0; i < 16; i++)
                tail[s / 4 * 64 + i * 4 + s % 4] = packed[whole_bytes + (size_t)i * 4];
        }
        to += tail_bytes;
    }
}

/* segment: those of itg_cut_runs at the first of a row's pixels, which become those of itg_split_runs. tails: itg_tail_row_bytes. */
static inline void itg_split_segments(const itg_conv *conv, const uint8_t **segment, uint8_t *tails, itg_gather_tail *gather)
{
    const itg_runs runs = itg_cut_runs(conv);
    const int32_t whole = runs.steps - 1, apart = conv->stride[1] * conv->in[2], pixels = conv->out[1], tail_steps = itg_tail_steps(conv);
    for (int32_t step = 0; step < tail_steps; step++) {
        const int32_t left = runs.segments - 4 * step;
        gather(tails + step * pixels * apart, segment + 4 * step, left < 4 ? left : 4, runs.run - 1, apart, pixels);
    }
    for (int32_t s = runs.segments - 1; s >= 0; s--) {
        const uint8_t *run = segment[s];
        for (int32_t k = whole - 1; k >= 0; k--)
            segment[s * whole + k] = run + 4 * k;
    }
    for (int32_t step = 0; step < tail_steps; step++)
        segment[runs.segments * whole + step] = tails + step * pixels * apart;
}

#endif
