/* SPDX-License-Identifier: Apache-2.0
 * One stretch of a convolution's rows, all blocks of channels or those the caller asks for. conv.c and add.c share it. */
#ifndef ITG_OPS_CONV_ROWS_H
#define ITG_OPS_CONV_ROWS_H

#include "runtime/kernels/conv.h"
#include "runtime/ops/parts.h"

/* What this call computes. is_all: every channel, or nothing where end is 0; otherwise blocks [begin, end) of 16 channels. */
typedef struct itg_blocks {
    int32_t begin, end;
    bool is_all;
} itg_blocks;

/* A table that cannot compute blocks apart computes all with the first. */
static inline itg_blocks itg_blocks_of(const itg_work *work, const itg_step *step)
{
    const bool is_part = work->block_end && work->block_end - work->block_begin < step->blocks;
    if (is_part && work->kernels->conv->part)
        return (itg_blocks){(int32_t)work->block_begin, (int32_t)work->block_end, false};
    return (itg_blocks){0, !is_part || work->block_begin == 0, true};
}

/* out and in: the image's first element. */
static inline void itg_compute_conv(const itg_work *work, const itg_conv *conv, const itg_blocks *blocks, void *out, const void *in,
                                    const int32_t rows[2], void *scratch)
{
    if (blocks->is_all)
        work->kernels->conv->rows(conv, out, in, rows[0], rows[1], scratch);
    else
        work->kernels->conv->part(conv, out, in, rows, (const int32_t[2]){blocks->begin, blocks->end}, scratch);
}

#endif
