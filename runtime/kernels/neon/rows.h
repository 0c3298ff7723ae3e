/* SPDX-License-Identifier: Apache-2.0
 * 3x3 depthwise convolution of the Armv8.0 table, a block of 16 or 8 channels from three rows of its pixels: products of bytes are summed in
 * int16, two or, where the weights prove it, three at a time, before they are widened. In inline assembly: v0-v7 sums of two pixels, v8-v11 the
 * sums' first values, v12-v15 and v28 a row's pixels, v16-v19 products, v20-v27 and v31 weights. Included by depthwise.c of this folder. */
#ifndef ITG_NEON_ROWS_H
#define ITG_NEON_ROWS_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/columns.h"

/* One row of two neighbouring pixels at a time; rows of pixels have 16 bytes each. */
typedef struct itg_three_rows {
    uint8_t *row[3];       /* from top to bottom */
    const int8_t *weights; /* [9][16] */
    const int32_t *start;
} itg_three_rows;

typedef void itg_direct_rows(const itg_three_rows *rows, const itg_neon_finish *finish, uint8_t *out, int64_t tiles);

/* op: smull or smlal; the products of a tap with the first pixel in v16, v17, with the second in v18, v19. */
#define TAP_8b(op, w, a, b)  op " v16.8h, v" #a ".8b, v" #w ".8b\n" op " v18.8h, v" #b ".8b, v" #w ".8b\n"
#define TAP_16b(op, w, a, b) TAP_8b(op, w, a, b) op "2 v17.8h, v" #a ".16b, v" #w ".16b\n" op "2 v19.8h, v" #b ".16b, v" #w ".16b\n"
/* The first products join the first values, later ones the sums. */
#define WIDEN(to, from, product, half) "saddw" half " v" #to ".4s, v" #from ".4s, v" #product
#define LOW(to, from, product)         WIDEN(to, from, product, "") ".4h\n"
#define HIGH(to, from, product)        WIDEN(to, from, product, "2") ".8h\n"
#define BEGIN_8b                       LOW(0, 8, 16) HIGH(1, 9, 16) LOW(4, 8, 18) HIGH(5, 9, 18)
#define BEGIN_16b                      BEGIN_8b LOW(2, 10, 17) HIGH(3, 11, 17) LOW(6, 10, 19) HIGH(7, 11, 19)
#define ADD_8b                         LOW(0, 0, 16) HIGH(1, 1, 16) LOW(4, 4, 18) HIGH(5, 5, 18)
#define ADD_16b                        ADD_8b LOW(2, 2, 17) HIGH(3, 3, 17) LOW(6, 6, 19) HIGH(7, 7, 19)
#define NOTHING_8b
#define NOTHING_16b
/* A row of taps, at stride 1 or 2; each is followed by what is done with the sums of products so far. */
#define ROW_1(KEPT, row, o0, w0, THEN_0, o1, w1, THEN_1, o2, w2, THEN_2)                                                                             \
    "ld1 {v12.16b-v15.16b}, [%[" #row "]]\nadd %[" #row "], %[" #row "], #32\n" TAP_##KEPT(o0, w0, 12, 13)                                           \
        THEN_0##_##KEPT TAP_##KEPT(o1, w1, 13, 14) THEN_1##_##KEPT TAP_##KEPT(o2, w2, 14, 15) THEN_2##_##KEPT
#define ROW_2(KEPT, row, o0, w0, THEN_0, o1, w1, THEN_1, o2, w2, THEN_2)                                                                             \
    "ld1 {v12.16b-v15.16b}, [%[" #row "]], #64\nldr q28, [%[" #row "]]\n" TAP_##KEPT(o0, w0, 12, 14) THEN_0##_##KEPT TAP_##KEPT(o1, w1, 13, 15)      \
        THEN_1##_##KEPT TAP_##KEPT(o2, w2, 14, 28) THEN_2##_##KEPT
#define SUMS_SAFE(ROW, KEPT)                                                                                                                         \
    ROW(KEPT, a, "smull", 20, NOTHING, "smlal", 21, BEGIN, "smull", 22, NOTHING)                                                                     \
    ROW(KEPT, b, "smlal", 23, ADD, "smull", 24, NOTHING, "smlal", 25, ADD) ROW(KEPT, c, "smull", 26, NOTHING, "smlal", 27, ADD, "smull", 31, ADD)
#define SUMS_DEEP(ROW, KEPT)                                                                                                                         \
    ROW(KEPT, a, "smull", 20, NOTHING, "smlal", 21, NOTHING, "smlal", 22, BEGIN)                                                                     \
    ROW(KEPT, b, "smull", 23, NOTHING, "smlal", 24, NOTHING, "smlal", 25, ADD)                                                                       \
    ROW(KEPT, c, "smull", 26, NOTHING, "smlal", 27, NOTHING, "smlal", 31, ADD)
#define ROW_CODES(form, s0, s1, s2, s3, kept) ITG_CODES(form, s0, s1, s2, s3, 12, 13, 14, 15, 16, 17, 18, 19, kept)
#define TWO_CODES(form, kept)                                                                                                                        \
    "ld1 {v12.4s-v15.4s}, [%[multipliers]]\nld1 {v16.16b-v19.16b}, [%[narrowing]]\n" ROW_CODES(form, 0, 1, 2, 3, kept)                               \
        ROW_CODES(form, 4, 5, 6, 7, kept)

#define DEFINE_ROWS(STRIDE, DEPTH, KEPT)                                                                                                             \
    static void rows_##STRIDE##_##DEPTH##_##KEPT(const itg_three_rows *rows, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)             \
    {                                                                                                                                                \
        const uint8_t *a = rows->row[0], *b = rows->row[1], *c = rows->row[2];                                                                       \
        __asm__ volatile(                                                                                                                            \
            "ld1 {v20.16b-v23.16b}, [%[weights]]\nld1 {v24.16b-v27.16b}, [%[second]]\nldr q31, [%[third]]\n"                                         \
            "ld1 {v8.4s-v11.4s}, [%[start]]\n0:\n" SUMS_##DEPTH(ROW_##STRIDE, KEPT) ITG_FINISH_TILES(TWO_CODES, KEPT, "", "", tiles)                 \
            : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [out] "+r"(out), [tiles] "+r"(tiles)                                                            \
            : [weights] "r"(rows->weights), [second] "r"(rows->weights + 64), [third] "r"(rows->weights + 128), [start] "r"(rows->start), ITG_FINISH \
            : "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19",      \
              "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v31", "memory", "cc");                                                 \
    }
DEFINE_ROWS(1, SAFE, 16b)
DEFINE_ROWS(1, SAFE, 8b)
DEFINE_ROWS(1, DEEP, 16b)
DEFINE_ROWS(1, DEEP, 8b)
DEFINE_ROWS(2, SAFE, 16b)
DEFINE_ROWS(2, SAFE, 8b)
DEFINE_ROWS(2, DEEP, 16b)
DEFINE_ROWS(2, DEEP, 8b)

/* [stride - 1][deep][8 channels] */
static itg_direct_rows *const direct_rows[2][2][2] = {{{rows_1_SAFE_16b, rows_1_SAFE_8b}, {rows_1_DEEP_16b, rows_1_DEEP_8b}},
                                                      {{rows_2_SAFE_16b, rows_2_SAFE_8b}, {rows_2_DEEP_16b, rows_2_DEEP_8b}}};

/* Weights as packed -> [9][16]; true if three products of a row fit int16, their weights summing to 255 at most in magnitude. */
static inline bool itg_unpack_rows(int8_t weights[9 * 16], const int8_t *packed)
{
    uint16x8_t most = vdupq_n_u16(0);
    uint16x8_t sums[3][2] = {{most, most}, {most, most}, {most, most}};
    for (int x = 0; x < 3; x++) {
        const int8x16x4_t taps = vld4q_s8(packed + 64 * x);
        for (int y = 0; y < 3; y++) {
            const uint8x16_t magnitudes = vreinterpretq_u8_s8(vabsq_s8(taps.val[y]));
            vst1q_s8(weights + (3 * y + x) * 16, taps.val[y]);
            sums[y][0] = vaddw_u8(sums[y][0], vget_low_u8(magnitudes));
            sums[y][1] = vaddw_high_u8(sums[y][1], magnitudes);
        }
    }
    for (int y = 0; y < 3; y++)
        most = vmaxq_u16(most, vmaxq_u16(sums[y][0], sums[y][1]));
    return vmaxvq_u16(most) <= 255;
}

/* `pixels` pixels of 16 or 8 channels, `step` bytes apart, to 16 bytes each. */
static inline void itg_copy_pixels(uint8_t *to, const uint8_t *from, ptrdiff_t step, int32_t pixels, int32_t channels)
{
    for (int32_t x = 0; x < pixels; x++, to += 16, from += step) {
        if (channels == 8)
            vst1_u8(to, vld1_u8(from));
        else
            vst1q_u8(to, vld1q_u8(from));
    }
}

/* The pixels of input row y of the block, which lie between the columns of padding. */
static inline void itg_copy_row(const itg_columns_call *call, uint8_t *row, int32_t y, int32_t pixels, int32_t channel, int32_t channels)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t pixel = depthwise->in[2];
    if (y >= 0 && y < depthwise->in[0])
        itg_copy_pixels(row, call->in + (ptrdiff_t)y * depthwise->in[1] * pixel + channel, pixel, pixels, channels);
    else
        itg_copy_pixels(row, call->pad + channel, 0, pixels, channels);
}

/* One output row from three rows of pixels; where the width is odd, the last tile overlaps the one before. */
static inline void itg_store_from_rows(itg_direct_rows *direct, itg_three_rows *rows, const itg_neon_finish *finish, uint8_t *out, int32_t width,
                                       int32_t stride)
{
    direct(rows, finish, out, width / 2);
    if (width % 2 == 0)
        return;
    itg_three_rows last = *rows;
    for (int i = 0; i < 3; i++)
        last.row[i] += (ptrdiff_t)(width - 2) * stride * 16;
    direct(&last, finish, out + (width - 2) * finish->pixel_bytes, 1);
}

/* Rows [rows[0], rows[1]) of a block; false where it is for columns. Three rows of pixels take less room than columns do. */
static bool compute_from_rows(const itg_columns_call *call, const itg_neon_finish *finish, const int8_t *packed, const int32_t rows[2],
                              int32_t channel)
{
    const itg_depthwise *depthwise = call->depthwise;
    const int32_t width = depthwise->out[1], stride = depthwise->stride[1], down = depthwise->stride[0], channels = finish->count;
    const bool is_3x3 = depthwise->kernel[0] == 3 && depthwise->kernel[1] == 3 && depthwise->dilation[0] == 1 && stride <= 2;
    if (!is_3x3 || depthwise->in_type != ITG_S8 || !finish->plain || (channels != 16 && channels != 8) || width < 2)
        return false;
    int8_t weights[9 * 16];
    itg_direct_rows *const direct = direct_rows[stride - 1][itg_unpack_rows(weights, packed)][channels == 8];
    const itg_column_span span = itg_span_columns(call);
    const int32_t behind = span.left + span.inside;
    itg_three_rows three = {.weights = weights, .start = finish->start};
    for (int i = 0; i < 3; i++) {
        uint8_t *row = call->columns + i * (ptrdiff_t)call->reach * 16;
        itg_copy_pixels(row, call->pad + channel, 0, span.left, channels);
        itg_copy_pixels(row + behind * 16, call->pad + channel, 0, call->reach - behind, channels);
        three.row[i] = row;
    }
    for (int32_t y = rows[0]; y < rows[1]; y++) {
        const int32_t top = y * down - depthwise->before[0], kept = y > rows[0] && down < 3 ? 3 - down : 0;
        for (int32_t i = kept; i < 3; i++) {
            uint8_t *oldest = three.row[0];
            three.row[0] = three.row[1];
            three.row[1] = three.row[2];
            three.row[2] = oldest;
            itg_copy_row(call, oldest + span.left * 16, top + i, span.inside, channel, channels);
        }
        itg_store_from_rows(direct, &three, finish, call->out + (ptrdiff_t)y * width * finish->pixel_bytes + channel, width, stride);
    }
    return true;
}

#endif
