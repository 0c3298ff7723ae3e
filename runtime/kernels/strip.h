/* SPDX-License-Identifier: Apache-2.0
 * Walks a depthwise convolution of 3x3 taps from u8 to bytes, read in place: padding is a pixel of its own, not a copy of the image.
 * Strips of rows stay in the second-level cache while blocks of channels pass over them. Each ISA brings one block of one strip.
 * Weights are columns (column.h); what does not fit here goes the general way. */
#ifndef ITG_KERNELS_STRIP_H
#define ITG_KERNELS_STRIP_H

#include "runtime/kernels/column.h"
#include "runtime/kernels/epilogue.h"

#include <intaglio/fixed.h>

#include <stdbool.h>

#define ITG_STRIP_BYTES 131072 /* of input */

/* One output row of one block. */
typedef struct itg_taps_row {
    const uint8_t *row[3]; /* column 0 of the three input rows; of the pixel of padding, with step 0, outside the image */
    ptrdiff_t step[3];
    const uint8_t *pad; /* one pixel of the block's channels */
    uint8_t *out;
    ptrdiff_t out_step;
    int32_t in_width, out_width, before;
} itg_taps_row;

static inline bool itg_fits_taps(const itg_depthwise *depthwise)
{
    const itg_epilogue *epilogue = &depthwise->epilogue;
    const bool taps = depthwise->kernel[0] == 3 && depthwise->kernel[1] == 3 && depthwise->dilation[0] == 1 && depthwise->dilation[1] == 1;
    const bool plain = !epilogue->table && !epilogue->negative_multiplier && epilogue->shift == 0 && epilogue->left == 0;
    return taps && plain && depthwise->stride[1] <= 2 && depthwise->in_type == ITG_U8 && itg_leaves_two_bits(epilogue->multiplier, depthwise->out[2]);
}

static inline itg_taps_row itg_open_taps(const itg_depthwise *depthwise, const uint8_t *pad)
{
    return (itg_taps_row){
        .pad = pad, .out_step = depthwise->in[2], .in_width = depthwise->in[1], .out_width = depthwise->out[1], .before = depthwise->before[1]};
}

/* Aims at output row y, channels from `channel` on. */
static inline void itg_aim_taps(itg_taps_row *job, const itg_depthwise *depthwise, uint8_t *out, const uint8_t *in, int32_t y, int32_t channel)
{
    const int32_t channels = depthwise->in[2];
    for (int32_t ky = 0; ky < 3; ky++) {
        const int32_t from = y * depthwise->stride[0] - depthwise->before[0] + ky;
        const bool inside = from >= 0 && from < depthwise->in[0];
        job->row[ky] = inside ? in + (ptrdiff_t)from * depthwise->in[1] * channels + channel : job->pad;
        job->step[ky] = inside ? channels : 0;
    }
    job->out = out + (ptrdiff_t)y * depthwise->out[1] * channels + channel;
}

/* Output rows [rows[0], rows[1]) of the block of channels from `channel` on. */
typedef void itg_taps_block(const itg_depthwise *depthwise, uint8_t *out, const uint8_t *in, const int32_t rows[2], int32_t channel);

/* width: channels of a block. */
static inline void itg_walk_strips(const itg_depthwise *depthwise, void *out, const void *in, const int32_t rows[2], itg_taps_block *compute,
                                   int32_t width)
{
    const int32_t most = 1 + ITG_STRIP_BYTES / (depthwise->stride[0] * depthwise->in[1] * depthwise->in[2]);
    for (int32_t y = rows[0]; y < rows[1]; y += most) {
        const int32_t strip[2] = {y, rows[1] - y < most ? rows[1] : y + most};
        for (int32_t channel = 0; channel < depthwise->in[2]; channel += width)
            compute(depthwise, out, in, strip, channel);
    }
}

#endif
