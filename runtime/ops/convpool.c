/* SPDX-License-Identifier: Apache-2.0
 * A convolution and the pooling that alone reads it: the rows some windows need into scratch memory, then the windows. Rows that the next
 * windows need too are moved to the front and not computed again.
 * In: an itg_conv_pool step (plan.h). Out: rows as those of itg_op_pool. Called by run.c. */
#include "runtime/kernels/pool.h"
#include "runtime/ops/conv_rows.h"

#include <string.h>

/* Rows [begin, end) of the convolution. */
typedef struct span {
    int32_t begin, end;
} span;

/* Those inside the image that windows of the pooled rows [y0, y1) see. */
static span find_rows(const itg_pool *pool, int32_t y0, int32_t y1)
{
    const int32_t begin = y0 * pool->stride[0] - pool->before[0];
    const int32_t end = (y1 - 1) * pool->stride[0] - pool->before[0] + (pool->kernel[0] - 1) * pool->dilation[0] + 1;
    return (span){begin > 0 ? begin : 0, end < pool->in[0] ? end : pool->in[0]};
}

/* Where the image's first element would be, with row `begin` at codes. */
static uint8_t *image_of(uint8_t *codes, size_t row_bytes, int32_t begin)
{
    return (uint8_t *)((uintptr_t)codes - (size_t)begin * row_bytes);
}

/* Has the band hold the rows `next` instead of `now`, which do not begin later; none of them: {0, 0}. */
static void fill_band(const itg_work *work, const itg_step *step, const void *in, span now, span next)
{
    const itg_conv_pool *params = step->params;
    const itg_conv *conv = &params->conv;
    const itg_blocks all = {0, 0, true};
    const size_t row_bytes = (size_t)conv->out[1] * (size_t)conv->out[2] * itg_element_bytes(conv->out_type);
    uint8_t *scratch = itg_scratch_of(work, step);
    uint8_t *codes = scratch + params->band_offset;
    const int32_t begin = now.end > next.begin ? now.end : next.begin;
    const int32_t moved = next.begin - now.begin;
    for (int32_t row = next.begin; moved > 0 && row < begin; row++)
        memcpy(codes + (size_t)(row - next.begin) * row_bytes, codes + (size_t)(row - now.begin) * row_bytes, row_bytes);
    if (begin < next.end)
        itg_compute_conv(work, conv, &all, image_of(codes, row_bytes, next.begin), in, (const int32_t[2]){begin, next.end}, scratch);
}

void itg_op_conv_pool(const itg_work *work, const itg_step *step)
{
    const itg_conv_pool *params = step->params;
    const itg_conv *conv = &params->conv;
    const itg_pool *pool = &params->pool;
    const size_t in_bytes = itg_image_bytes(conv->in, conv->in_type), out_bytes = itg_image_bytes(pool->out, pool->out_type);
    const size_t row_bytes = (size_t)conv->out[1] * (size_t)conv->out[2] * itg_element_bytes(conv->out_type);
    itg_pool_rows *const compute_rows = pool->average ? work->kernels->pool->average : work->kernels->pool->maximum;
    uint8_t *codes = (uint8_t *)itg_scratch_of(work, step) + params->band_offset;
    itg_image_rows rows;
    span now = {0, 0};
    for (uint32_t at = work->row_begin; at < work->row_end; at += (uint32_t)(rows.y1 - rows.y0)) {
        const uint32_t most = work->row_end - at < (uint32_t)params->band_rows ? work->row_end : at + (uint32_t)params->band_rows;
        rows = itg_next_rows(at, most, pool->out[0]);
        const span next = find_rows(pool, rows.y0, rows.y1);
        const bool goes_on = at > work->row_begin && rows.y0 > 0;
        fill_band(work, step, work->arena + step->in[0] + rows.image * in_bytes, goes_on ? now : (span){0, 0}, next);
        now = next;
        compute_rows(pool, work->arena + step->out + rows.image * out_bytes, image_of(codes, row_bytes, next.begin), rows.y0, rows.y1);
    }
}
