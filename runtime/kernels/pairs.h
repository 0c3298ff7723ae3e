/* SPDX-License-Identifier: Apache-2.0
 * ITG_PACK_16C4P: products of u8 by s8 that are added in pairs to int16 (vpmaddubsw). 255 * 128 fits, so a pair is exact for every input
 * if its positive weights sum up to at most 128, and its negative ones too. What a pair has beyond that is multiplied once more, from a
 * second list: one entry stands for 4 neighbouring inputs of 8 channels. A block where that would not pay keeps its weights whole and
 * is multiplied in int16. A layer of many pixels where it would cost more than a little does so as a whole, and kernels may widen its inputs
 * and weights in scratch memory beforehand. The packer writes these structures, the AVX2 tiles read them. */
#ifndef ITG_KERNELS_PAIRS_H
#define ITG_KERNELS_PAIRS_H

#include "runtime/kernels/band.h"

#define ITG_PAIR_LIMIT     128
#define ITG_EXTRAS_PERCENT 40 /* of a block's entries: with more, int16 is faster */

/* One block's part of the second list: entries of its first 8 channels from `first` on, then those of its last 8. */
typedef struct itg_pair_head {
    int32_t count[2], first;
    int32_t whole; /* 1: no entries, the block's weights are whole */
} itg_pair_head;

/* An entry's place: which segment, and which byte of its run. */
static inline int32_t itg_pair_place(int32_t segment, int32_t byte)
{
    return segment * 65536 + byte;
}

static inline size_t itg_pair_heads_bytes(const itg_runs *runs)
{
    return ((size_t)runs->blocks * sizeof(itg_pair_head) + 63) / 64 * 64;
}

/* Entries of one group as stored: so many that the next group is aligned. */
static inline size_t itg_pair_extras(const itg_runs *runs, const itg_pair_head *heads)
{
    const itg_pair_head *last = &heads[runs->blocks - 1];
    return ((size_t)last->first + (size_t)last->count[0] + (size_t)last->count[1] + 15) / 16 * 16;
}

#define ITG_PAIR_ENTRY_BYTES 36 /* place and weights */

#define ITG_WIDENED_PERCENT 10   /* of a layer's entries: with more, it is widened */
#define ITG_WIDENED_PIXELS  8    /* at least, to be worth it */
#define ITG_WIDENED_DEPTH   2048 /* weights of an output at most */

static inline bool itg_can_widen(const itg_conv *conv)
{
    const itg_runs runs = itg_cut_runs(conv);
    const bool is_large = conv->out[0] * conv->out[1] >= ITG_WIDENED_PIXELS;
    return conv->groups == 1 && conv->in_type != ITG_S16 && is_large && runs.segments * runs.steps * 4 <= ITG_WIDENED_DEPTH;
}

/* A packed layer that the packer marked. */
static inline bool itg_is_widened(const itg_conv *conv)
{
    return conv->packing == ITG_PACK_16C4P && conv->groups == 1 && (conv->weights[(conv->out[2] + 15) / 16 * 64] & ITG_WIDENED_MARK) != 0;
}

/* Bytes of a row before it is widened: the whole one where it is read in place. */
static inline int32_t itg_unwidened_row_bytes(const itg_conv *conv)
{
    return itg_reads_in_place(conv) ? conv->in[1] * conv->in[2] : itg_band_row_bytes(conv);
}

/* True if a sixth of all steps is what pads runs, as those of few input channels are: then each pixel's inputs are brought together as one run. */
static inline bool itg_gathers(const itg_conv *conv)
{
    const itg_runs runs = itg_cut_runs(conv);
    const int32_t steps = runs.segments * runs.steps, gathered = (runs.segments * runs.run + 3) / 4;
    return runs.merged && (steps - gathered) * 6 >= steps;
}

/* The 1x1 layer that a gathered one becomes, of the same packed weights. */
static inline itg_conv itg_view_gathered(const itg_conv *conv)
{
    const itg_runs runs = itg_cut_runs(conv);
    itg_conv view = *conv;
    view.in[0] = conv->out[0];
    view.in[1] = conv->out[1];
    view.in[2] = (runs.segments * runs.run + 3) / 4 * 4;
    for (int axis = 0; axis < 2; axis++) {
        view.kernel[axis] = view.stride[axis] = view.dilation[axis] = 1;
        view.before[axis] = 0;
    }
    view.in_type = ITG_U8;
    return view;
}

/* Output rows of a widened band. */
static inline int32_t itg_widened_rows(const itg_conv *conv)
{
    int32_t rows = 1;
    while (rows < conv->out[0] && itg_reach(conv, 0, rows + 1) * itg_unwidened_row_bytes(conv) * 2 <= ITG_BAND_BYTES)
        rows++;
    return rows;
}

/* Scratch memory: int16 weights of a block, [step][2 pairs][16 outputs][2], corrections of all blocks, a number for each output pixel of a band,
 * int16 rows of inputs, then the same rows as bytes if they are not read in place. */
static inline uint32_t itg_widened_weight_bytes(const itg_runs *runs)
{
    return (uint32_t)(runs->segments * runs->steps) * 128;
}

static inline uint32_t itg_widened_pixel_bytes(const itg_conv *conv)
{
    return ((uint32_t)(itg_widened_rows(conv) * conv->out[1]) * 4 + 63) / 64 * 64;
}

/* A run's last step may read 14 bytes on, gathering writes 30. */
static inline uint32_t itg_widened_row_bytes(const itg_conv *conv)
{
    const int32_t rows = itg_reach(conv, 0, itg_widened_rows(conv));
    return ((uint32_t)(rows * itg_unwidened_row_bytes(conv)) * 2 + 32 + 63) / 64 * 64;
}

/* Bytes of the rows that `rows` rows of a gathered layer read, and 16 more. */
static inline uint32_t itg_gathered_row_bytes(const itg_conv *conv, int32_t rows)
{
    return (uint32_t)(itg_reach(conv, 0, rows) * itg_band_row_bytes(conv)) + 16;
}

/* Scratch memory of a layer that is not gathered, or of what one becomes. */
static inline uint32_t itg_flat_scratch_bytes(const itg_conv *conv)
{
    const itg_runs runs = itg_cut_runs(conv);
    const uint32_t heads = itg_widened_weight_bytes(&runs) + (uint32_t)runs.blocks * 64 + itg_widened_pixel_bytes(conv);
    const uint32_t bytes = heads + itg_widened_row_bytes(conv);
    return itg_reads_in_place(conv) ? bytes : bytes + (itg_widened_row_bytes(conv) / 2 + 64 + 63) / 64 * 64;
}

/* Whole cache lines, as each of the parts is, so that the next worker's begin on one too. Gathered layers: a block's weights and rows as bytes
 * come last. */
static inline uint32_t itg_widened_scratch_bytes(const itg_conv *conv)
{
    if (!itg_gathers(conv))
        return itg_flat_scratch_bytes(conv);
    const itg_conv view = itg_view_gathered(conv);
    const uint32_t rows = itg_gathered_row_bytes(conv, itg_widened_rows(&view));
    return itg_flat_scratch_bytes(&view) + (uint32_t)view.in[2] * 16 + (rows + 63) / 64 * 64;
}

#endif
