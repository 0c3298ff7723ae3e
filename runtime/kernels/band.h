/* SPDX-License-Identifier: Apache-2.0
 * Packed convolutions (every packing but rows): how weights are cut into runs, and the band of input rows that kernels keep, padded, in scratch
 * memory. The packer and the scheduler (compiler/schedule/) use the sizes, the kernels of every such table the rest: one definition for all.
 *
 * An output pixel is a product over `segments` runs of `run` neighbouring input bytes: a whole kernel row where its taps are neighbours
 * (dilation 1, one group), one tap's channels otherwise. Runs are padded to whole steps by zero weights. */
#ifndef ITG_KERNELS_BAND_H
#define ITG_KERNELS_BAND_H

#include <intaglio/plan.h>

#define ITG_MAX_SEGMENTS 128   /* the packer leaves convolutions with more to the scalar table */
#define ITG_BAND_BYTES   98304 /* of activations staged at a time: with a block of weights they stay in a 512 KB second-level cache */
#define ITG_PIXEL_LIST   240   /* output pixels at most that a block of weights passes over: the lists of neon/walk.h, bands of results */

typedef struct itg_runs {
    int32_t segments, run, steps; /* steps = run / step bytes, rounded up */
    int32_t blocks;               /* of 16 output channels, in one group */
    bool merged;                  /* a segment is a kernel row */
} itg_runs;

/* Neighbouring inputs that one step of a run takes. */
static inline int32_t itg_step_bytes(const itg_conv *conv)
{
    return conv->packing == ITG_PACK_16C8S ? 8 : 4;
}

/* How the kernels of the packing read activations: codes XOR 0x80, or codes. */
static inline itg_type itg_staged_type(const itg_conv *conv)
{
    return conv->packing == ITG_PACK_16C4 || conv->packing == ITG_PACK_16C4P ? ITG_U8 : ITG_S8;
}

static inline itg_runs itg_cut_runs(const itg_conv *conv)
{
    itg_runs runs;
    runs.merged = conv->groups == 1 && (conv->dilation[1] == 1 || conv->kernel[1] == 1);
    runs.segments = runs.merged ? conv->kernel[0] : conv->kernel[0] * conv->kernel[1];
    runs.run = conv->in[2] / conv->groups * (runs.merged ? conv->kernel[1] : 1);
    runs.steps = (runs.run + itg_step_bytes(conv) - 1) / itg_step_bytes(conv);
    runs.blocks = (conv->out[2] / conv->groups + 15) / 16;
    return runs;
}

/* What the heads of packings say of blocks, a byte each. */
#define ITG_SHALLOW_MARK  1 /* signed packings: the products of four steps may leave an int16 lane */
#define ITG_WINOGRAD_MARK 2 /* of the first one, for the layer: kernels may transform it (winograd.h), scratch memory is reserved */
#define ITG_WIDENED_MARK  4 /* of the first one, for the layer: all blocks are whole, kernels may widen it (pairs.h), scratch memory is reserved */
#define ITG_PAIRS_MARK    8 /* beside ITG_WINOGRAD_MARK: not as ITG_PACK_16C4, which reads the array too (pack_pairs.c) */

static inline bool itg_marks_blocks(const itg_conv *conv)
{
    return conv->packing != ITG_PACK_ROWS && conv->packing != ITG_PACK_16C8S;
}

/* What precedes the blocks of one group of packed weights. */
static inline size_t itg_head_bytes(const itg_conv *conv, const itg_runs *runs)
{
    const size_t blocks = (size_t)runs->blocks;
    return blocks * 64 + (itg_marks_blocks(conv) ? (blocks + 63) / 64 * 64 : 0);
}

/* Rows and columns of input that `count` output rows or columns reach, padding included. */
static inline int32_t itg_reach(const itg_conv *conv, int axis, int32_t count)
{
    return (count - 1) * conv->stride[axis] + (conv->kernel[axis] - 1) * conv->dilation[axis] + 1;
}

/* True if every tap of every pixel lies inside the image, whose bytes are as kernels want them. */
static inline bool itg_stays_inside(const itg_conv *conv)
{
    const bool inside = conv->before[0] == 0 && conv->before[1] == 0 && itg_reach(conv, 0, conv->out[0]) <= conv->in[0] &&
                        itg_reach(conv, 1, conv->out[1]) <= conv->in[1];
    return inside && conv->in_type == itg_staged_type(conv);
}

/* The same and no run is padded: kernels then read the input in place. */
static inline bool itg_reads_in_place(const itg_conv *conv)
{
    return itg_stays_inside(conv) && itg_cut_runs(conv).run % itg_step_bytes(conv) == 0;
}

/* Bytes of one staged plane's row: as many columns as the outputs reach. */
static inline int32_t itg_band_row_bytes(const itg_conv *conv)
{
    return itg_reach(conv, 1, conv->out[1]) * conv->in[2];
}

/* Output rows computed from one band; int16 inputs are staged as two planes of bytes. */
static inline int32_t itg_band_rows(const itg_conv *conv)
{
    const int32_t planes = conv->in_type == ITG_S16 ? 2 : 1;
    int32_t rows = 1;
    while (rows < conv->out[0] && itg_reach(conv, 0, rows + 1) * itg_band_row_bytes(conv) * planes <= ITG_BAND_BYTES)
        rows++;
    return rows;
}

static inline uint32_t itg_band_plane_bytes(const itg_conv *conv)
{
    const int32_t rows = itg_reach(conv, 0, itg_band_rows(conv));
    return ((uint32_t)(rows * itg_band_row_bytes(conv)) + 8 + 63) / 64 * 64; /* a run's last step may read 7 bytes on */
}

/* Runs of whole steps and one byte, as three channels make them, take a step for that byte. Where this is not 0, kernels may instead gather the last
 * bytes of four kernel rows at a time (tails.h): steps of that kind. */
static inline int32_t itg_tail_steps(const itg_conv *conv)
{
    const itg_runs runs = itg_cut_runs(conv);
    const int64_t apart = (int64_t)conv->stride[1] * conv->in[2];
    const bool ends_alone = runs.merged && runs.run % 4 == 1 && runs.run > 4 && runs.segments > 1;
    const bool pays = runs.blocks > 1 && runs.steps < 10 && apart >= 4 && apart <= 60, fits = runs.segments * runs.steps <= ITG_MAX_SEGMENTS;
    return ends_alone && pays && fits && conv->packing == ITG_PACK_16C4 && conv->in_type != ITG_S16 ? (runs.segments + 3) / 4 : 0;
}

/* Bytes that tails take: of one row of pixels, which may be written in vectors, then the weights in their order. */
static inline uint32_t itg_tail_row_bytes(const itg_conv *conv)
{
    const int32_t steps = itg_tail_steps(conv);
    return steps ? (uint32_t)(steps * conv->out[1] * conv->stride[1] * conv->in[2] + 64 + 63) / 64 * 64 : 0;
}

static inline uint32_t itg_tail_weight_bytes(const itg_conv *conv)
{
    const itg_runs runs = itg_cut_runs(conv);
    const int32_t steps = itg_tail_steps(conv);
    return steps ? (uint32_t)(runs.blocks * (runs.segments * (runs.steps - 1) + steps)) * 64 : 0;
}

/* Scratch of one worker, in bytes: the band, then what tails take. */
static inline uint32_t itg_band_scratch_bytes(const itg_conv *conv)
{
    if (itg_reads_in_place(conv))
        return 0;
    return itg_band_plane_bytes(conv) * (conv->in_type == ITG_S16 ? 2u : 1u) + itg_tail_row_bytes(conv) + itg_tail_weight_bytes(conv);
}

#endif
