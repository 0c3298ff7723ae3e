/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution by dot products of four vertical taps: for each output row, or pair of rows, and block of 16 channels the bytes of
 * the rows are interleaved once a column (column.h). Contract: runtime/kernels/depthwise.h; weights in a signed packing. */
#include "runtime/kernels/depthwise.h"
#include "runtime/kernels/dotprod/columns.h"
#include "runtime/kernels/neon/requantize.h"

enum { WIDTH = 16 };

/* One call. */
typedef struct columns_call {
    const itg_depthwise *depthwise;
    const uint8_t *in;
    uint8_t *out, *columns;
    int8_t *moved; /* weights of the second row of a pair */
    uint8_t *pad;  /* one pixel, as stored in the input */
    int32_t row_groups, reach;
} columns_call;

/* 16 channels at four places -> 64 bytes, the places' bytes of each channel side by side. */
static inline void interleave(uint8_t *column, uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t low_even = vzip1q_u8(a, c), high_even = vzip2q_u8(a, c), low_odd = vzip1q_u8(b, d), high_odd = vzip2q_u8(b, d);
    vst1q_u8(column, vzip1q_u8(low_even, low_odd));
    vst1q_u8(column + 16, vzip2q_u8(low_even, low_odd));
    vst1q_u8(column + 32, vzip1q_u8(high_even, high_odd));
    vst1q_u8(column + 48, vzip2q_u8(high_even, high_odd));
}

/* count (up to 16) channels of a pixel; nothing behind them is read. */
static inline uint8x16_t load_channels(const uint8_t *from, int32_t count)
{
    if (count >= WIDTH)
        return vld1q_u8(from);
    if (count == 8)
        return vcombine_u8(vld1_u8(from), vdup_n_u8(0));
    uint8_t bytes[WIDTH] = {0};
    memcpy(bytes, from, (size_t)count);
    return vld1q_u8(bytes);
}

/* Where four input rows' pixels lie: row[i] + x * step[i]; rows of padding repeat one pixel. */
typedef struct four_rows {
    const uint8_t *row[4];
    ptrdiff_t step[4];
} four_rows;

static four_rows find_rows(const columns_call *call, int32_t top, int32_t group, int32_t channel)
{
    const itg_depthwise *depthwise = call->depthwise;
    four_rows rows;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t y = top + (4 * group + i) * depthwise->dilation[0];
        const bool inside = y >= 0 && y < depthwise->in[0];
        rows.row[i] = (inside ? call->in + (ptrdiff_t)y * depthwise->in[1] * depthwise->in[2] : call->pad) + channel;
        rows.step[i] = inside ? depthwise->in[2] : 0;
    }
    return rows;
}

/* The columns of a row's pixels. */
static void fill_inside(const four_rows *rows, uint8_t *column, ptrdiff_t stride, int32_t columns, int32_t count, uint8_t flip)
{
    if (count >= WIDTH && !flip) {
        interleave_rows(rows->row, rows->step, column, stride, columns);
        return;
    }
    const uint8x16_t flips = vdupq_n_u8(flip);
    for (int32_t x = 0; x < columns; x++) {
        uint8x16_t pixel[4];
        for (int i = 0; i < 4; i++)
            pixel[i] = veorq_u8(load_channels(rows->row[i] + x * rows->step[i], count), flips);
        interleave(column + x * stride, pixel[0], pixel[1], pixel[2], pixel[3]);
    }
}

static void fill_outside(const columns_call *call, uint8_t *column, ptrdiff_t stride, int32_t columns, int32_t channel, int32_t count, uint8_t flip)
{
    const uint8x16_t pixel = veorq_u8(load_channels(call->pad + channel, count), vdupq_n_u8(flip));
    for (int32_t i = 0; i < columns; i++)
        interleave(column + i * stride, pixel, pixel, pixel, pixel);
}

static void fill_columns(const columns_call *call, int32_t top, int32_t channel)
{
    const itg_depthwise *depthwise = call->depthwise;
    const ptrdiff_t stride = (ptrdiff_t)call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    const uint8_t flip = depthwise->in_type == ITG_U8 ? 0x80 : 0;
    const int32_t left = depthwise->before[1] < call->reach ? depthwise->before[1] : call->reach, count = depthwise->in[2] - channel;
    const int32_t inside = call->reach - left < depthwise->in[1] ? call->reach - left : depthwise->in[1];
    for (int32_t group = 0; group < call->row_groups; group++) {
        const four_rows rows = find_rows(call, top, group, channel);
        uint8_t *column = call->columns + group * ITG_SIGNED_COLUMN_BYTES;
        fill_outside(call, column, stride, left, channel, count, flip);
        fill_inside(&rows, column + left * stride, stride, inside, count, flip);
        fill_outside(call, column + (left + inside) * stride, stride, call->reach - left - inside, channel, count, flip);
    }
}

/* The weights of a block for the row below: every tap one place down, into the next row group from the last place. */
static void move_weights(const columns_call *call, const int8_t *weights)
{
    const ptrdiff_t column_bytes = (ptrdiff_t)call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    for (ptrdiff_t i = 0; i < call->depthwise->kernel[1] * column_bytes; i += 16) {
        uint32x4_t moved = vshlq_n_u32(vreinterpretq_u32_s8(vld1q_s8(weights + i)), 8);
        if (i % column_bytes >= ITG_SIGNED_COLUMN_BYTES)
            moved = vsraq_n_u32(moved, vreinterpretq_u32_s8(vld1q_s8(weights + i - ITG_SIGNED_COLUMN_BYTES)), 24);
        vst1q_s8(call->moved + i, vreinterpretq_s8_u32(moved));
    }
}

/* Plain codes of a row of four pixels or more; the last four may overlap the four before. */
static void store_row(const columns_call *call, itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t groups = depthwise->out[1] / 4, last = depthwise->out[1] - 4;
    const bool three = tile->taps == 3 && call->row_groups == 1 && depthwise->stride[1] == 1;
    if (finish->count == WIDTH)
        (three ? direct_three_16b : direct_taps_16b)(tile, finish, out, groups);
    else
        (three ? direct_three_8b : direct_taps_8b)(tile, finish, out, groups);
    if (4 * groups == depthwise->out[1])
        return;
    tile->x += last * tile->step;
    if (finish->count == WIDTH)
        (three ? direct_three_16b : direct_taps_16b)(tile, finish, out + last * finish->pixel_bytes, 1);
    else
        (three ? direct_three_8b : direct_taps_8b)(tile, finish, out + last * finish->pixel_bytes, 1);
}

/* One output row of one block from the columns. */
static void compute_row(const columns_call *call, const itg_neon_finish *finish, const int8_t *weights, int32_t y, int32_t channel)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t width = depthwise->out[1];
    const ptrdiff_t step = (ptrdiff_t)depthwise->stride[1] * call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    uint8_t *out = call->out + (ptrdiff_t)y * width * finish->pixel_bytes + (ptrdiff_t)channel * (ptrdiff_t)itg_element_bytes(finish->type);
    itg_column_tile tile = {call->columns, weights, finish->start, step, call->row_groups * depthwise->kernel[1]};
    if (finish->plain && width >= 4 && (finish->count == WIDTH || finish->count == 8)) {
        store_row(call, &tile, finish, out);
        return;
    }
    const int32_t pixels = width >= 4 ? 4 : 1; /* short rows go pixel by pixel, each four times */
    int32_t sums[4 * WIDTH];
    tile.step = pixels == 4 ? step : 0;
    for (int32_t x = 0; x < width; x += pixels) {
        const int32_t first = x + pixels > width ? width - pixels : x;
        tile.x = call->columns + first * step;
        sum_taps(&tile, sums);
        itg_neon_finish_pixels(finish, out + first * finish->pixel_bytes, sums, pixels);
    }
}

static void compute_block(const columns_call *call, int32_t channel, int32_t y0, int32_t y1)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t channels = depthwise->in[2];
    const int8_t *weights = depthwise->weights + (size_t)(channel / WIDTH) * itg_signed_column_weight_bytes(depthwise);
    const itg_neon_finish finish = itg_neon_open_block(&depthwise->epilogue, depthwise->out_type, channels, channel, channels - channel);
    const bool pairs = itg_pairs_rows(depthwise) && y1 - y0 > 1;
    if (pairs)
        move_weights(call, weights);
    for (int32_t y = y0; y < y1; y += pairs ? 2 : 1) {
        fill_columns(call, y * depthwise->stride[0] - depthwise->before[0], channel);
        compute_row(call, &finish, weights, y, channel);
        if (pairs && y + 1 < y1)
            compute_row(call, &finish, call->moved, y + 1, channel);
    }
}

static void fill_pad(const itg_depthwise *depthwise, uint8_t *pad)
{
    for (int32_t c = 0; c < depthwise->in[2]; c++)
        itg_store_code(pad, depthwise->in_type, (size_t)c, depthwise->pad ? depthwise->pad[c] : depthwise->pad_code);
}

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (depthwise->packing == ITG_PACK_ROWS) {
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
        return;
    }
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    columns_call call = {.depthwise = depthwise, .in = in, .out = out, .columns = scratch};
    call.row_groups = itg_row_groups(depthwise);
    call.reach = itg_reach(&geometry, 1, geometry.out[1]);
    call.moved = (int8_t *)call.columns + itg_signed_columns_bytes(depthwise);
    call.pad = (uint8_t *)call.moved + itg_signed_column_weight_bytes(depthwise);
    fill_pad(depthwise, call.pad);
    for (int32_t channel = 0; channel < depthwise->in[2]; channel += WIDTH)
        compute_block(&call, channel, y0, y1);
}

const itg_depthwise_kernels itg_depthwise_dotprod = {.rows = compute_rows};
