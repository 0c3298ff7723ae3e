/* SPDX-License-Identifier: Apache-2.0
 * Depthwise dot products over columns (column.h): four neighbouring output pixels of 16 channels, in inline assembly because they take up
 * to all 32 vector registers. Included by depthwise.c of this folder. */
#ifndef ITG_DOTPROD_COLUMNS_H
#define ITG_DOTPROD_COLUMNS_H

#include "runtime/kernels/column.h"

#define LOAD_64(r0, r3, from)                                  "ld1 {v" #r0 ".4s-v" #r3 ".4s}, [%[" #from "]]\n"
#define NEXT_64(r0, r3, from)                                  "ld1 {v" #r0 ".4s-v" #r3 ".4s}, [%[" #from "]], #64\n"
#define STORE_64(r0, r3)                                       "st1 {v" #r0 ".4s-v" #r3 ".4s}, [%[sums]], #64\n"
#define DOT(sum, a, b)                                         "sdot v" #sum ".4s, v" #a ".16b, v" #b ".16b\n"
#define DOT_16(s0, s1, s2, s3, a0, a1, a2, a3, b0, b1, b2, b3) DOT(s0, a0, b0) DOT(s1, a1, b1) DOT(s2, a2, b2) DOT(s3, a3, b3)
#define PIXEL_0(w0, w1, w2, w3)                                DOT_16(0, 1, 2, 3, 16, 17, 18, 19, w0, w1, w2, w3)
#define PIXEL_1(w0, w1, w2, w3)                                DOT_16(4, 5, 6, 7, 16, 17, 18, 19, w0, w1, w2, w3)
#define PIXEL_2(w0, w1, w2, w3)                                DOT_16(8, 9, 10, 11, 16, 17, 18, 19, w0, w1, w2, w3)
#define PIXEL_3(w0, w1, w2, w3)                                DOT_16(12, 13, 14, 15, 16, 17, 18, 19, w0, w1, w2, w3)
#define TAP_0                                                  20, 21, 22, 23
#define TAP_1                                                  24, 25, 26, 27
#define TAP_2                                                  28, 29, 30, 31
#define AT(PIXEL, ...)                                         PIXEL(__VA_ARGS__)
#define STARTS                                                 LOAD_64(0, 3, start) LOAD_64(4, 7, start) LOAD_64(8, 11, start) LOAD_64(12, 15, start)
#define STORES                                                 STORE_64(0, 3) STORE_64(4, 7) STORE_64(8, 11) STORE_64(12, 15)
#define COLUMN                                                 NEXT_64(16, 19, x)
#define CLOBBERS                                                                                                                                     \
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",  \
        "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"

/* What four pixels read: the first one's columns, the weights, the sums' first values. */
typedef struct itg_column_tile {
    const uint8_t *x;
    const int8_t *weights;
    const int32_t *start;
    ptrdiff_t step; /* bytes from a pixel's columns to the next pixel's */
    int64_t taps;   /* row groups * kernel columns, neighbours in x and in weights */
} itg_column_tile;

/* Three taps, pixels one column apart: six columns serve all twelve. */
static void sum_three_taps(const itg_column_tile *tile, int32_t *sums)
{
    const uint8_t *x = tile->x;
    const int8_t *weights = tile->weights;
    __asm__ volatile(NEXT_64(20, 23, weights) NEXT_64(24, 27, weights) NEXT_64(28, 31, weights) STARTS COLUMN AT(PIXEL_0, TAP_0)
                         COLUMN AT(PIXEL_0, TAP_1) AT(PIXEL_1, TAP_0) COLUMN AT(PIXEL_0, TAP_2) AT(PIXEL_1, TAP_1) AT(PIXEL_2, TAP_0)
                             COLUMN AT(PIXEL_1, TAP_2) AT(PIXEL_2, TAP_1) AT(PIXEL_3, TAP_0) COLUMN AT(PIXEL_2, TAP_2) AT(PIXEL_3, TAP_1)
                                 COLUMN AT(PIXEL_3, TAP_2) STORES
                     : [x] "+r"(x), [weights] "+r"(weights), [sums] "+r"(sums)
                     : [start] "r"(tile->start)
                     : CLOBBERS);
}

/* Any number of taps, pixels any number of columns apart. */
static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    const uint8_t *x0 = tile->x, *x1 = x0 + tile->step, *x2 = x1 + tile->step, *x3 = x2 + tile->step;
    const int8_t *weights = tile->weights;
    int64_t taps = tile->taps;
    __asm__ volatile(STARTS "1:\n" NEXT_64(20, 23, weights) NEXT_64(16, 19, x0) AT(PIXEL_0, TAP_0) NEXT_64(24, 27, x1)
                         DOT_16(4, 5, 6, 7, 24, 25, 26, 27, 20, 21, 22, 23) NEXT_64(28, 31, x2) DOT_16(8, 9, 10, 11, 28, 29, 30, 31, 20, 21, 22, 23)
                             NEXT_64(16, 19, x3) AT(PIXEL_3, TAP_0) "subs %[taps], %[taps], #1\n"
                                                                    "b.ne 1b\n" STORES
                     : [x0] "+r"(x0), [x1] "+r"(x1), [x2] "+r"(x2), [x3] "+r"(x3), [weights] "+r"(weights), [taps] "+r"(taps), [sums] "+r"(sums)
                     : [start] "r"(tile->start)
                     : CLOBBERS);
}

#endif
