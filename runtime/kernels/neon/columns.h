/* SPDX-License-Identifier: Apache-2.0
 * Walks a depthwise convolution in a signed packing: for each output row, or pair of rows, and block of 16 channels the bytes of the input
 * rows are interleaved once a column (column.h), in place of staged rows. Each table brings what it makes of columns (itg_column_set). */
#ifndef ITG_NEON_COLUMNS_H
#define ITG_NEON_COLUMNS_H

#include "runtime/kernels/column.h"
#include "runtime/kernels/depthwise.h"
#include "runtime/kernels/neon/requantize.h"

#define ITG_COLUMN_PIXELS 4 /* of the largest tile of any table */

/* What a tile of neighbouring pixels reads: the first one's columns, the weights, the sums' first values. */
typedef struct itg_column_tile {
    const uint8_t *x;
    const int8_t *weights;
    const int32_t *start;
    ptrdiff_t step; /* bytes from a pixel's columns to the next pixel's */
    int64_t taps;   /* row groups * kernel columns, neighbours in x and in weights */
} itg_column_tile;

/* sums: [pixels][16]. */
typedef void itg_sum_columns(const itg_column_tile *tile, int32_t *sums);

/* `tiles` tiles one after the other, to plain int8 codes at out: 16 or 8 channels of each pixel. */
typedef void itg_direct_columns(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles);

typedef struct itg_columns_call itg_columns_call;

/* Rows [rows[0], rows[1]) of the block from `channel` on, without columns; false if it cannot. packed: the block's weights. */
typedef bool itg_block_rows(const itg_columns_call *call, const itg_neon_finish *finish, const int8_t *packed, const int32_t rows[2],
                            int32_t channel);

typedef struct itg_column_set {
    int32_t pixels; /* of the largest tile */
    itg_sum_columns *sums;
    itg_direct_columns *const *direct_16, *const *direct_8; /* [pixels - 1] */
    itg_direct_columns *const *three_16, *const *three_8;   /* three taps in one row group at stride 1; NULL: as any number */
    void (*arrange_start)(int32_t start[32]);               /* from 16 first values to the order of the tiles' sums; NULL: as they are */
    itg_block_rows *block;                                  /* tried first; NULL: none */
} itg_column_set;

#define ITG_COLUMN_WIDTH 16

/* One call. */
struct itg_columns_call {
    const itg_column_set *set;
    const itg_depthwise *depthwise;
    const uint8_t *in;
    uint8_t *out, *columns;
    int8_t *moved; /* weights of the second row of a pair */
    uint8_t *pad;  /* one pixel, as stored in the input */
    int32_t row_groups, reach;
    int32_t tiles, size, larger; /* a row of direct tiles: so many, of `size` pixels, the first `larger` of them of one more */
};

/* 16 channels at four places -> 64 bytes, the places' bytes of each channel side by side. */
static inline void itg_interleave(uint8_t *column, uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t low_even = vzip1q_u8(a, c), high_even = vzip2q_u8(a, c), low_odd = vzip1q_u8(b, d), high_odd = vzip2q_u8(b, d);
    vst1q_u8(column, vzip1q_u8(low_even, low_odd));
    vst1q_u8(column + 16, vzip2q_u8(low_even, low_odd));
    vst1q_u8(column + 32, vzip1q_u8(high_even, high_odd));
    vst1q_u8(column + 48, vzip2q_u8(high_even, high_odd));
}

/* count (up to 16) channels of a pixel; nothing behind them is read. */
static inline uint8x16_t itg_load_channels(const uint8_t *from, int32_t count)
{
    if (count >= ITG_COLUMN_WIDTH)
        return vld1q_u8(from);
    if (count == 8)
        return vcombine_u8(vld1_u8(from), vdup_n_u8(0));
    uint8_t bytes[ITG_COLUMN_WIDTH] = {0};
    memcpy(bytes, from, (size_t)count);
    return vld1q_u8(bytes);
}

#define ITG_LOAD_FOUR(lanes)                                                                                                                         \
    "1:\nld1 {v0." lanes "}, [%[a]], %[step_a]\nld1 {v1." lanes "}, [%[b]], %[step_b]\nld1 {v2." lanes "}, [%[c]], %[step_c]\n"                      \
    "ld1 {v3." lanes "}, [%[d]], %[step_d]\nzip1 v4.16b, v0.16b, v2.16b\nzip1 v6.16b, v1.16b, v3.16b\n"                                              \
    "zip1 v16.16b, v4.16b, v6.16b\nzip2 v17.16b, v4.16b, v6.16b\n"
#define ITG_INTERLEAVE_OPERANDS                                                                                                                      \
    : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [column] "+r"(column), [columns] "+r"(columns)                                             \
    : [step_a] "r"(step[0]), [step_b] "r"(step[1]), [step_c] "r"(step[2]), [step_d] "r"(step[3]), [stride] "r"(stride)                               \
    : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v16", "v17", "v18", "v19", "memory", "cc"

/* `columns` columns of 16 channels, or 8, `stride` bytes apart, from four rows of pixels, step[i] bytes apart in row i. */
static inline void itg_interleave_rows(const uint8_t *const row[4], const ptrdiff_t step[4], uint8_t *column, ptrdiff_t stride, ptrdiff_t columns,
                                       int32_t channels)
{
    const uint8_t *a = row[0], *b = row[1], *c = row[2], *d = row[3];
    if (columns <= 0)
        return;
#ifdef __aarch64__
    if (channels == 8)
        __asm__ volatile(
            ITG_LOAD_FOUR("8b") "st1 {v16.16b-v17.16b}, [%[column]], %[stride]\nsubs %[columns], %[columns], #1\nb.ne 1b\n" ITG_INTERLEAVE_OPERANDS);
    else
        __asm__ volatile(
            ITG_LOAD_FOUR("16b") "zip2 v5.16b, v0.16b, v2.16b\nzip2 v7.16b, v1.16b, v3.16b\n"
                                 "zip1 v18.16b, v5.16b, v7.16b\nzip2 v19.16b, v5.16b, v7.16b\n"
                                 "st1 {v16.16b-v19.16b}, [%[column]], %[stride]\nsubs %[columns], %[columns], #1\nb.ne 1b\n" ITG_INTERLEAVE_OPERANDS);
#else
    for (; columns > 0; columns--, column += stride) {
        itg_interleave(column, itg_load_channels(a, channels), itg_load_channels(b, channels), itg_load_channels(c, channels),
                       itg_load_channels(d, channels));
        a += step[0];
        b += step[1];
        c += step[2];
        d += step[3];
    }
#endif
}

/* Where four input rows' pixels lie: row[i] + x * step[i]; rows of padding repeat one pixel. */
typedef struct itg_four_rows {
    const uint8_t *row[4];
    ptrdiff_t step[4];
} itg_four_rows;

static inline itg_four_rows itg_find_rows(const itg_columns_call *call, int32_t top, int32_t group, int32_t channel)
{
    const itg_depthwise *depthwise = call->depthwise;
    itg_four_rows rows;
    for (int32_t i = 0; i < 4; i++) {
        const int32_t y = top + (4 * group + i) * depthwise->dilation[0];
        const bool inside = y >= 0 && y < depthwise->in[0];
        rows.row[i] = (inside ? call->in + (ptrdiff_t)y * depthwise->in[1] * depthwise->in[2] : call->pad) + channel;
        rows.step[i] = inside ? depthwise->in[2] : 0;
    }
    return rows;
}

/* The columns of a row's pixels. */
static inline void itg_fill_inside(const itg_four_rows *rows, uint8_t *column, ptrdiff_t stride, int32_t columns, int32_t count, uint8_t flip)
{
    if ((count >= ITG_COLUMN_WIDTH || count == 8) && !flip) {
        itg_interleave_rows(rows->row, rows->step, column, stride, columns, count);
        return;
    }
    const uint8x16_t flips = vdupq_n_u8(flip);
    for (int32_t x = 0; x < columns; x++) {
        uint8x16_t pixel[4];
        for (int i = 0; i < 4; i++)
            pixel[i] = veorq_u8(itg_load_channels(rows->row[i] + x * rows->step[i], count), flips);
        itg_interleave(column + x * stride, pixel[0], pixel[1], pixel[2], pixel[3]);
    }
}

static inline void itg_fill_outside(const itg_columns_call *call, uint8_t *column, ptrdiff_t stride, int32_t columns, int32_t channel, int32_t count,
                                    uint8_t flip)
{
    const uint8x16_t pixel = veorq_u8(itg_load_channels(call->pad + channel, count), vdupq_n_u8(flip));
    for (int32_t i = 0; i < columns; i++)
        itg_interleave(column + i * stride, pixel, pixel, pixel, pixel);
}

/* Columns outside the image are the same in every row: `left` of them, then `inside` ones of pixels, then the rest. */
typedef struct itg_column_span {
    int32_t left, inside;
} itg_column_span;

static inline itg_column_span itg_span_columns(const itg_columns_call *call)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t left = depthwise->before[1] < call->reach ? depthwise->before[1] : call->reach;
    return (itg_column_span){left, call->reach - left < depthwise->in[1] ? call->reach - left : depthwise->in[1]};
}

static inline void itg_fill_sides(const itg_columns_call *call, int32_t channel)
{
    const itg_column_span span = itg_span_columns(call);
    const ptrdiff_t stride = (ptrdiff_t)call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    const uint8_t flip = call->depthwise->in_type == ITG_U8 ? 0x80 : 0;
    const int32_t count = call->depthwise->in[2] - channel, behind = span.left + span.inside;
    for (int32_t group = 0; group < call->row_groups; group++) {
        uint8_t *column = call->columns + group * ITG_SIGNED_COLUMN_BYTES;
        itg_fill_outside(call, column, stride, span.left, channel, count, flip);
        itg_fill_outside(call, column + behind * stride, stride, call->reach - behind, channel, count, flip);
    }
}

static inline void itg_fill_columns(const itg_columns_call *call, int32_t top, int32_t channel)
{
    const itg_column_span span = itg_span_columns(call);
    const ptrdiff_t stride = (ptrdiff_t)call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    const uint8_t flip = call->depthwise->in_type == ITG_U8 ? 0x80 : 0;
    for (int32_t group = 0; group < call->row_groups; group++) {
        const itg_four_rows rows = itg_find_rows(call, top, group, channel);
        itg_fill_inside(&rows, call->columns + span.left * stride + group * ITG_SIGNED_COLUMN_BYTES, stride, span.inside,
                        call->depthwise->in[2] - channel, flip);
    }
}

/* The weights of a block for the row below: every tap one place down, into the next row group from the last place. */
static inline void itg_move_weights(const itg_columns_call *call, const int8_t *weights)
{
    const ptrdiff_t column_bytes = (ptrdiff_t)call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    for (ptrdiff_t i = 0; i < call->depthwise->kernel[1] * column_bytes; i += 16) {
        uint32x4_t moved = vshlq_n_u32(vreinterpretq_u32_s8(vld1q_s8(weights + i)), 8);
        if (i % column_bytes >= ITG_SIGNED_COLUMN_BYTES)
            moved = vsraq_n_u32(moved, vreinterpretq_u32_s8(vld1q_s8(weights + i - ITG_SIGNED_COLUMN_BYTES)), 24);
        vst1q_s8(call->moved + i, vreinterpretq_s8_u32(moved));
    }
}

/* Plain codes of a row, in tiles of nearly one size. */
static inline void itg_store_row(const itg_columns_call *call, itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out)
{
    const itg_column_set *set = call->set;
    const itg_depthwise *depthwise = call->depthwise;
    const bool three = set->three_16 && depthwise->kernel[1] == 3 && call->row_groups == 1 && depthwise->stride[1] == 1, is_8 = finish->count == 8;
    itg_direct_columns *const *direct = three ? (is_8 ? set->three_8 : set->three_16) : is_8 ? set->direct_8 : set->direct_16;
    if (call->larger) {
        direct[call->size](tile, finish, out, call->larger);
        tile->x += (ptrdiff_t)(call->larger * (call->size + 1)) * tile->step;
        out += call->larger * (call->size + 1) * finish->pixel_bytes;
    }
    direct[call->size - 1](tile, finish, out, call->tiles - call->larger);
}

/* One output row of one block from the columns. */
static inline void itg_compute_row(const itg_columns_call *call, const itg_neon_finish *finish, const int8_t *weights, int32_t y, int32_t channel)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t width = depthwise->out[1], pixels = width >= call->set->pixels ? call->set->pixels : 1; /* short rows go pixel by pixel */
    const ptrdiff_t step = (ptrdiff_t)depthwise->stride[1] * call->row_groups * ITG_SIGNED_COLUMN_BYTES;
    uint8_t *out = call->out + (ptrdiff_t)y * width * finish->pixel_bytes + (ptrdiff_t)channel * (ptrdiff_t)itg_element_bytes(finish->type);
    itg_column_tile tile = {call->columns, weights, finish->start, step, call->row_groups * depthwise->kernel[1]};
    if (finish->plain && (finish->count == ITG_COLUMN_WIDTH || finish->count == 8)) {
        itg_store_row(call, &tile, finish, out);
        return;
    }
    int32_t sums[ITG_COLUMN_PIXELS * ITG_COLUMN_WIDTH];
    tile.step = pixels == 1 ? 0 : step;
    for (int32_t x = 0; x < width; x += pixels) {
        const int32_t first = x + pixels > width ? width - pixels : x;
        tile.x = call->columns + first * step;
        call->set->sums(&tile, sums);
        itg_neon_finish_pixels(finish, out + first * finish->pixel_bytes, sums, pixels);
    }
}

static inline void itg_compute_block(const itg_columns_call *call, int32_t channel, int32_t y0, int32_t y1)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t channels = depthwise->in[2];
    const int8_t *weights = depthwise->weights + (size_t)(channel / ITG_COLUMN_WIDTH) * itg_signed_column_weight_bytes(depthwise);
    itg_neon_finish finish;
    itg_neon_open_block(&finish, &depthwise->epilogue, depthwise->out_type, channels, channel, channels - channel);
    itg_neon_prove_narrow(&finish, &depthwise->epilogue, depthwise->kernel[0] * depthwise->kernel[1]);
    if (call->set->block && call->set->block(call, &finish, weights, (const int32_t[2]){y0, y1}, channel))
        return;
    if (call->set->arrange_start)
        call->set->arrange_start(finish.start);
    const bool pairs = itg_pairs_rows(depthwise) && y1 - y0 > 1;
    if (pairs)
        itg_move_weights(call, weights);
    if (channel == 0 || call->set->block || depthwise->pad || channels - channel < ITG_COLUMN_WIDTH)
        itg_fill_sides(call, channel);
    for (int32_t y = y0; y < y1; y += pairs ? 2 : 1) {
        itg_fill_columns(call, y * depthwise->stride[0] - depthwise->before[0], channel);
        itg_compute_row(call, &finish, weights, y, channel);
        if (pairs && y + 1 < y1)
            itg_compute_row(call, &finish, call->moved, y + 1, channel);
    }
}

static inline void itg_fill_pad(const itg_depthwise *depthwise, uint8_t *pad)
{
    const uint32_t flip = depthwise->in_type == ITG_U8 ? 0x80 : 0;
    if (!depthwise->pad)
        memset(pad, (int)(((uint32_t)depthwise->pad_code ^ flip) & 0xFFu), (size_t)depthwise->in[2]);
    else
        for (int32_t c = 0; c < depthwise->in[2]; c++)
            pad[c] = (uint8_t)((uint32_t)depthwise->pad[c] ^ flip);
}

static inline void itg_walk_signed_columns(const itg_column_set *set, const itg_depthwise *depthwise, void *out, const void *in,
                                           const int32_t rows[2], void *scratch)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    itg_columns_call call = {.set = set, .depthwise = depthwise, .in = in, .out = out, .columns = scratch};
    call.row_groups = itg_row_groups(depthwise);
    call.reach = itg_reach(&geometry, 1, geometry.out[1]);
    call.tiles = (geometry.out[1] + set->pixels - 1) / set->pixels;
    call.size = geometry.out[1] / call.tiles;
    call.larger = geometry.out[1] % call.tiles;
    call.moved = (int8_t *)call.columns + itg_signed_columns_bytes(depthwise);
    call.pad = (uint8_t *)call.moved + itg_signed_column_weight_bytes(depthwise);
    itg_fill_pad(depthwise, call.pad);
    for (int32_t channel = 0; channel < depthwise->in[2]; channel += ITG_COLUMN_WIDTH)
        itg_compute_block(&call, channel, rows[0], rows[1]);
}

#endif
