/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution: the definition every other table must equal. Contract: runtime/kernels/depthwise.h; weights ITG_PACK_ROWS.
 * A block of channels is summed over all taps before it is requantized, so that the inner loop runs along memory. */
#include "runtime/kernels/depthwise.h"
#include "runtime/kernels/epilogue.h"
#include "runtime/kernels/window.h"

enum { BLOCK = 32 }; /* channels summed at once: 128 bytes of stack, 256 when wide */

/* Where one pixel's block starts and what it sees. */
typedef struct block_view {
    itg_taps rows, columns;
    int32_t channel, count; /* output channels [channel, channel + count) */
} block_view;

static void add_tap_s8(uint32_t *sums, const int8_t *in, const int8_t *weights, int32_t count)
{
    for (int32_t c = 0; c < count; c++)
        sums[c] += (uint32_t)((int32_t)in[c] * weights[c]);
}

/* Any input type, any channel multiplier: output channel `channel` + c reads input channel (channel + c) / multiplier of the pixel. */
static void add_tap(const itg_depthwise *step, uint32_t *sums, const void *in, size_t pixel, const int8_t *weights, const block_view *view)
{
    const int32_t multiplier = step->out[2] / step->in[2];
    for (int32_t c = 0; c < view->count; c++) {
        const int32_t source = multiplier == 1 ? view->channel + c : (view->channel + c) / multiplier;
        sums[c] += (uint32_t)(itg_load_code(in, step->in_type, pixel + (size_t)source) * weights[c]);
    }
}

static void add_padding(const itg_depthwise *step, uint32_t *sums, const int8_t *weights, const block_view *view)
{
    const int32_t multiplier = step->out[2] / step->in[2];
    for (int32_t c = 0; c < view->count; c++) {
        const int32_t code = step->pad ? step->pad[(view->channel + c) / multiplier] : step->pad_code;
        sums[c] += (uint32_t)(code * weights[c]);
    }
}

static void sum_block(const itg_depthwise *step, uint32_t *sums, const void *in, const block_view *view)
{
    const bool plain = step->in_type == ITG_S8 && step->in[2] == step->out[2];
    for (int32_t c = 0; c < view->count; c++)
        sums[c] = 0;
    for (int32_t ky = 0; ky < step->kernel[0]; ky++) {
        const bool row_inside = ky >= view->rows.begin && ky < view->rows.end;
        const int32_t y = view->rows.first + ky * step->dilation[0];
        for (int32_t kx = 0; kx < step->kernel[1]; kx++) {
            const int8_t *weights = step->weights + (size_t)(ky * step->kernel[1] + kx) * (size_t)step->out[2] + view->channel;
            const int32_t x = view->columns.first + kx * step->dilation[1];
            const size_t pixel = ((size_t)y * (size_t)step->in[1] + (size_t)x) * (size_t)step->in[2];
            if (!row_inside || kx < view->columns.begin || kx >= view->columns.end)
                add_padding(step, sums, weights, view);
            else if (plain)
                add_tap_s8(sums, (const int8_t *)in + pixel + view->channel, weights, view->count);
            else
                add_tap(step, sums, in, pixel, weights, view);
        }
    }
}

/* 64-bit sums of one output channel, for int16 inputs whose sums may leave 32 bits. */
static int64_t sum_wide(const itg_depthwise *step, const void *in, const block_view *view, int32_t channel)
{
    const int32_t source = channel / (step->out[2] / step->in[2]);
    const int32_t outside = step->pad ? step->pad[source] : step->pad_code;
    int64_t sum = 0;
    for (int32_t ky = 0; ky < step->kernel[0]; ky++) {
        const bool row_inside = ky >= view->rows.begin && ky < view->rows.end;
        const int32_t y = view->rows.first + ky * step->dilation[0];
        for (int32_t kx = 0; kx < step->kernel[1]; kx++) {
            const int8_t weight = step->weights[(size_t)(ky * step->kernel[1] + kx) * (size_t)step->out[2] + (size_t)channel];
            const int32_t x = view->columns.first + kx * step->dilation[1];
            const size_t pixel = ((size_t)y * (size_t)step->in[1] + (size_t)x) * (size_t)step->in[2];
            const bool inside = row_inside && kx >= view->columns.begin && kx < view->columns.end;
            sum += (inside ? itg_load_code(in, step->in_type, pixel + (size_t)source) : outside) * weight;
        }
    }
    return sum;
}

/* One pixel's block of output channels; out points at the pixel's first channel. */
static void compute_block(const itg_depthwise *step, void *out, size_t out_pixel, const void *in, const block_view *view)
{
    uint32_t sums[BLOCK];
    if (!step->epilogue.wide)
        sum_block(step, sums, in, view);
    for (int32_t c = 0; c < view->count; c++) {
        const int32_t channel = view->channel + c;
        const int64_t sum = step->epilogue.wide ? sum_wide(step, in, view, channel) : (int32_t)sums[c];
        itg_store_sum(&step->epilogue, out, step->out_type, out_pixel + (size_t)channel, sum, channel);
    }
}

static void compute_rows(const itg_depthwise *step, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    (void)scratch;
    block_view view;
    for (int32_t y = y0; y < y1; y++) {
        view.rows = itg_clip_taps(y * step->stride[0] - step->before[0], step->kernel[0], step->dilation[0], step->in[0]);
        for (int32_t x = 0; x < step->out[1]; x++) {
            const size_t out_pixel = ((size_t)y * (size_t)step->out[1] + (size_t)x) * (size_t)step->out[2];
            view.columns = itg_clip_taps(x * step->stride[1] - step->before[1], step->kernel[1], step->dilation[1], step->in[1]);
            for (view.channel = 0; view.channel < step->out[2]; view.channel += BLOCK) {
                view.count = step->out[2] - view.channel < BLOCK ? step->out[2] - view.channel : BLOCK;
                compute_block(step, out, out_pixel, in, &view);
            }
        }
    }
}

const itg_depthwise_kernels itg_depthwise_scalar = {.rows = compute_rows};
