/* SPDX-License-Identifier: Apache-2.0
 * Convolution: the definition every other table must equal. Contract: runtime/kernels/conv.h; weights ITG_PACK_ROWS.
 * Output channels are the outer loop of a line, so that one channel's weights stay in the nearest memory for all its pixels.
 * Taps inside the image are taken in contiguous runs; only border pixels visit the taps outside. */
#include "runtime/kernels/conv.h"
#include "runtime/kernels/epilogue.h"
#include "runtime/kernels/window.h"

/* Products are added modulo 2^32 (docs/numerics.md 2). */
static int32_t sum_s8(const int8_t *in, const int8_t *weights, int32_t count)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += (uint32_t)((int32_t)in[i] * weights[i]);
    return (int32_t)sum;
}

static int32_t sum_u8(const uint8_t *in, const int8_t *weights, int32_t count)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += (uint32_t)(((int32_t)in[i] - 128) * weights[i]);
    return (int32_t)sum;
}

static int32_t sum_s16(const int16_t *in, const int8_t *weights, int32_t count)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += (uint32_t)((int32_t)in[i] * weights[i]);
    return (int32_t)sum;
}

static int64_t sum_s16_wide(const int16_t *in, const int8_t *weights, int32_t count)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < count; i++)
        sum += (int32_t)in[i] * weights[i];
    return sum;
}

/* A run of `count` neighbouring elements from element `first` on. */
static int64_t sum_run(const itg_conv *conv, const void *in, size_t first, const int8_t *weights, int32_t count)
{
    if (conv->in_type == ITG_S8)
        return sum_s8((const int8_t *)in + first, weights, count);
    if (conv->in_type == ITG_U8)
        return sum_u8((const uint8_t *)in + first, weights, count);
    if (conv->epilogue.wide)
        return sum_s16_wide((const int16_t *)in + first, weights, count);
    return sum_s16((const int16_t *)in + first, weights, count);
}

/* What one output channel of one output pixel sees. channels: input channels of its group, from first_channel on. */
typedef struct pixel_view {
    itg_taps rows, columns;
    int32_t first_channel, channels;
} pixel_view;

static int64_t sum_inside(const itg_conv *conv, const void *in, const int8_t *weights, const pixel_view *view)
{
    const bool contiguous = conv->groups == 1 && conv->dilation[1] == 1;
    const int32_t run = contiguous ? view->columns.end - view->columns.begin : 1;
    int64_t sum = 0;
    for (int32_t ky = view->rows.begin; ky < view->rows.end; ky++) {
        const int32_t y = view->rows.first + ky * conv->dilation[0];
        for (int32_t kx = view->columns.begin; kx < view->columns.end; kx += run) {
            const int32_t x = view->columns.first + kx * conv->dilation[1];
            const size_t first = ((size_t)y * (size_t)conv->in[1] + (size_t)x) * (size_t)conv->in[2] + (size_t)view->first_channel;
            sum += sum_run(conv, in, first, weights + (ky * conv->kernel[1] + kx) * view->channels, run * view->channels);
        }
    }
    return sum;
}

static int64_t sum_padding(const itg_conv *conv, const int8_t *weights, const pixel_view *view)
{
    int64_t sum = 0;
    for (int32_t ky = 0; ky < conv->kernel[0]; ky++) {
        const bool row_inside = ky >= view->rows.begin && ky < view->rows.end;
        for (int32_t kx = 0; kx < conv->kernel[1]; kx++) {
            if (row_inside && kx >= view->columns.begin && kx < view->columns.end)
                continue;
            const int8_t *tap = weights + (ky * conv->kernel[1] + kx) * view->channels;
            for (int32_t c = 0; c < view->channels; c++)
                sum += (conv->pad ? conv->pad[view->first_channel + c] : conv->pad_code) * tap[c];
        }
    }
    return sum;
}

/* One output channel of one output line; out points at the line's first pixel. */
static void compute_line(const itg_conv *conv, void *out, const void *in, pixel_view *view, int32_t channel)
{
    const int32_t taps = conv->kernel[0] * conv->kernel[1];
    const int8_t *weights = conv->weights + (size_t)channel * (size_t)(taps * view->channels);
    const int32_t rows_inside = view->rows.end - view->rows.begin;
    for (int32_t x = 0; x < conv->out[1]; x++) {
        view->columns = itg_clip_taps(x * conv->stride[1] - conv->before[1], conv->kernel[1], conv->dilation[1], conv->in[1]);
        int64_t sum = sum_inside(conv, in, weights, view);
        if (rows_inside * (view->columns.end - view->columns.begin) < taps)
            sum += sum_padding(conv, weights, view);
        const size_t index = (size_t)x * (size_t)itg_out_pitch(conv) + (size_t)channel;
        itg_store_sum(&conv->epilogue, out, conv->out_type, index, sum, channel);
    }
}

static void compute_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    (void)scratch;
    const size_t line_bytes = (size_t)conv->out[1] * (size_t)itg_out_pitch(conv) * itg_element_bytes(conv->out_type);
    const int32_t group_outputs = conv->out[2] / conv->groups;
    pixel_view view = {.channels = conv->in[2] / conv->groups};
    for (int32_t y = y0; y < y1; y++) {
        view.rows = itg_clip_taps(y * conv->stride[0] - conv->before[0], conv->kernel[0], conv->dilation[0], conv->in[0]);
        for (int32_t channel = 0; channel < conv->out[2]; channel++) {
            view.first_channel = channel / group_outputs * view.channels;
            compute_line(conv, (uint8_t *)out + (size_t)y * line_bytes, in, &view, channel);
        }
    }
}

const itg_conv_kernels itg_conv_scalar = {.rows = compute_rows};
