/* SPDX-License-Identifier: Apache-2.0
 * Depthwise dot products over columns (column.h): four neighbouring output pixels of 16 channels, in inline assembly because they take up
 * to all 32 vector registers. Included by depthwise.c of this folder. */
#ifndef ITG_DOTPROD_COLUMNS_H
#define ITG_DOTPROD_COLUMNS_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/columns.h"

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

/* Three taps, pixels one column apart: six columns serve all twelve. */
#define SUMS_OF_THREE                                                                                                                                \
    "ld1 {v20.4s-v23.4s}, [%[weights]]\nld1 {v24.4s-v27.4s}, [%[second]]\nld1 {v28.4s-v31.4s}, [%[third]]\n" STARTS COLUMN AT(PIXEL_0, TAP_0)        \
    COLUMN AT(PIXEL_0, TAP_1) AT(PIXEL_1, TAP_0) COLUMN AT(PIXEL_0, TAP_2) AT(PIXEL_1, TAP_1) AT(PIXEL_2, TAP_0) COLUMN AT(PIXEL_1, TAP_2)           \
        AT(PIXEL_2, TAP_1) AT(PIXEL_3, TAP_0) COLUMN                                                                                                 \
        AT(PIXEL_2, TAP_2) AT(PIXEL_3, TAP_1) COLUMN                                                                                                 \
        AT(PIXEL_3, TAP_2)
/* Any number of taps, pixels any number of columns apart. */
#define SUMS_OF_TAPS                                                                                                                                 \
    STARTS                                                                                                                                           \
    "mov x9, %[x]\nadd x10, x9, %[step]\nadd x11, x10, %[step]\nadd x12, x11, %[step]\nmov x13, %[weights]\nmov x14, %[taps]\n"                      \
    "1:\nld1 {v20.4s-v23.4s}, [x13], #64\nld1 {v16.4s-v19.4s}, [x9], #64\n" AT(PIXEL_0, TAP_0) "ld1 {v24.4s-v27.4s}, [x10], #64\n" DOT_16(           \
        4, 5, 6, 7, 24, 25, 26, 27, 20, 21, 22,                                                                                                      \
        23) "ld1 {v28.4s-v31.4s}, [x11], #64\n" DOT_16(8, 9, 10, 11, 28, 29, 30, 31, 20, 21, 22,                                                     \
                                                       23) "ld1 {v16.4s-v19.4s}, [x12], #64\n" AT(PIXEL_3, TAP_0) "subs x14, x14, #1\nb.ne 1b\n"
#define CODES(form, s0, s1, s2, s3, kept) ITG_CODES(form, s0, s1, s2, s3, 16, 17, 18, 19, 20, 21, 22, 23, kept)
#define FOUR_CODES(form, kept)                                                                                                                       \
    "ld1 {v16.4s-v19.4s}, [%[multipliers]]\nld1 {v20.16b-v23.16b}, [%[narrowing]]\n" CODES(form, 0, 1, 2, 3, kept) CODES(form, 4, 5, 6, 7, kept)     \
        CODES(form, 8, 9, 10, 11, kept) CODES(form, 12, 13, 14, 15, kept)
#define INPUTS [start] "r"(tile->start), [weights] "r"(tile->weights), [second] "r"(tile->weights + 64), [third] "r"(tile->weights + 128)
#define TAPS   [step] "r"(tile->step), [taps] "r"(tile->taps)

/* sums: [4][16]. */
static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    __asm__ volatile(SUMS_OF_TAPS STORES : [sums] "+r"(sums) : INPUTS, TAPS, [x] "r"(tile->x) : CLOBBERS, "x9", "x10", "x11", "x12", "x13", "x14");
}

/* `groups` groups of four pixels, to plain int8 codes at out: 16 or 8 channels of each. */
#define DEFINE_DIRECT(KEPT)                                                                                                                          \
    static void direct_three_##KEPT(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t groups)                        \
    {                                                                                                                                                \
        const uint8_t *x = tile->x;                                                                                                                  \
        __asm__ volatile("0:\n" SUMS_OF_THREE ITG_FINISH_TILES(FOUR_CODES, KEPT, "", "sub %[x], %[x], #128\n", groups)                               \
                         : [x] "+r"(x), [out] "+r"(out), [groups] "+r"(groups)                                                                       \
                         : INPUTS, ITG_FINISH                                                                                                        \
                         : CLOBBERS);                                                                                                                \
    }                                                                                                                                                \
    static void direct_taps_##KEPT(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t groups)                         \
    {                                                                                                                                                \
        const uint8_t *x = tile->x;                                                                                                                  \
        __asm__ volatile("0:\n" SUMS_OF_TAPS ITG_FINISH_TILES(FOUR_CODES, KEPT, "", "add %[x], %[x], %[step], lsl #2\n", groups)                     \
                         : [x] "+r"(x), [out] "+r"(out), [groups] "+r"(groups)                                                                       \
                         : INPUTS, TAPS, ITG_FINISH                                                                                                  \
                         : CLOBBERS, "x9", "x10", "x11", "x12", "x13", "x14");                                                                       \
    }
DEFINE_DIRECT(16b)
DEFINE_DIRECT(8b)

#endif
