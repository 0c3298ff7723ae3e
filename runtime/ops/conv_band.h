/* SPDX-License-Identifier: Apache-2.0
 * A convolution computed for the windows that alone read it: the rows that some of them see into scratch memory, then those windows. Rows that the
 * next windows see too are moved to the front and not computed again. conv_pool.c and conv_depthwise.c share it. */
#ifndef ITG_OPS_CONV_BAND_H
#define ITG_OPS_CONV_BAND_H

#include "runtime/ops/conv_rows.h"

#include <string.h>

/* The windows over the convolution's rows, and the band: where it lies in scratch memory and how many rows of windows it serves at a time. */
typedef struct itg_conv_windows {
    const itg_conv *conv;
    int32_t out_rows, kernel, stride, dilation, before;
    int32_t band_rows, band_offset;
    size_t out_bytes; /* of an image */
} itg_conv_windows;

/* Rows [begin, end) of the convolution. */
typedef struct itg_span {
    int32_t begin, end;
} itg_span;

/* Those inside the image that windows of rows [y0, y1) see. */
static inline itg_span itg_find_span(const itg_conv_windows *windows, int32_t y0, int32_t y1)
{
    const int32_t begin = y0 * windows->stride - windows->before;
    const int32_t end = (y1 - 1) * windows->stride - windows->before + (windows->kernel - 1) * windows->dilation + 1;
    return (itg_span){begin > 0 ? begin : 0, end < windows->conv->out[0] ? end : windows->conv->out[0]};
}

/* Has the band hold the rows `next` instead of `now`, which do not begin later; none of them: {0, 0}. */
static inline void itg_fill_band(const itg_work *work, const itg_conv_windows *windows, uint8_t *scratch, const void *in, itg_span now, itg_span next)
{
    const itg_blocks all = {0, 0, true};
    const size_t bytes = itg_result_row_bytes(windows->conv);
    uint8_t *codes = scratch + windows->band_offset;
    const int32_t begin = now.end > next.begin ? now.end : next.begin;
    const int32_t moved = next.begin - now.begin;
    for (int32_t row = next.begin; moved > 0 && row < begin; row++)
        memcpy(codes + (size_t)(row - next.begin) * bytes, codes + (size_t)(row - now.begin) * bytes, bytes);
    if (begin < next.end)
        itg_compute_conv(work, windows->conv, &all, itg_result_image(windows->conv, codes, next.begin), in, (const int32_t[2]){begin, next.end},
                         scratch);
}

/* Rows [y0, y1) of windows of one image; out and in: where its first elements are, or would be. */
typedef void itg_windows_run(const itg_work *work, const itg_step *step, void *out, const void *in, int32_t y0, int32_t y1);

static inline void itg_walk_windows(const itg_work *work, const itg_step *step, const itg_conv_windows *windows, itg_windows_run *run)
{
    const itg_conv *conv = windows->conv;
    const size_t in_bytes = itg_image_bytes(conv->in, conv->in_type);
    uint8_t *scratch = itg_scratch_of(work, step);
    itg_image_rows rows;
    itg_span now = {0, 0};
    for (uint32_t at = work->row_begin; at < work->row_end; at += (uint32_t)(rows.y1 - rows.y0)) {
        const uint32_t most = work->row_end - at < (uint32_t)windows->band_rows ? work->row_end : at + (uint32_t)windows->band_rows;
        rows = itg_next_rows(at, most, windows->out_rows);
        const itg_span next = itg_find_span(windows, rows.y0, rows.y1);
        const bool goes_on = at > work->row_begin && rows.y0 > 0;
        itg_fill_band(work, windows, scratch, work->arena + step->in[0] + rows.image * in_bytes, goes_on ? now : (itg_span){0, 0}, next);
        now = next;
        run(work, step, work->arena + step->out + rows.image * windows->out_bytes, itg_result_image(conv, scratch + windows->band_offset, next.begin),
            rows.y0, rows.y1);
    }
}

#endif
