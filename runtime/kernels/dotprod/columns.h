/* SPDX-License-Identifier: Apache-2.0
 * Depthwise dot products over columns (column.h): one to four neighbouring output pixels of 16 or 8 channels, in inline assembly because they
 * take up to all 32 vector registers: v0-v15 sums, v16-v19 a column, v20-v31 weights or more columns. Included by depthwise.c of this folder. */
#ifndef ITG_DOTPROD_COLUMNS_H
#define ITG_DOTPROD_COLUMNS_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/columns.h"

/* KEPT is 16b or 8b: all four registers of four channels, or two. */
#define LOAD_16b(r0, r1, r3, from)                              "ld1 {v" #r0 ".4s-v" #r3 ".4s}, [%[" #from "]]\n"
#define LOAD_8b(r0, r1, r3, from)                               "ld1 {v" #r0 ".4s-v" #r1 ".4s}, [%[" #from "]]\n"
#define NEXT_16b(r0, r1, r3, from)                              "ld1 {v" #r0 ".4s-v" #r3 ".4s}, [" from "], #64\n"
#define NEXT_8b(r0, r1, r3, from)                               "ld1 {v" #r0 ".4s-v" #r1 ".4s}, [" from "], %[next]\n"
#define STORE_64(r0, r3)                                        "st1 {v" #r0 ".4s-v" #r3 ".4s}, [%[sums]], #64\n"
#define DOT(sum, a, b)                                          "sdot v" #sum ".4s, v" #a ".16b, v" #b ".16b\n"
#define DOT_8b(s0, s1, s2, s3, a0, a1, a2, a3, w0, w1, w2, w3)  DOT(s0, a0, w0) DOT(s1, a1, w1)
#define DOT_16b(s0, s1, s2, s3, a0, a1, a2, a3, w0, w1, w2, w3) DOT(s0, a0, w0) DOT(s1, a1, w1) DOT(s2, a2, w2) DOT(s3, a3, w3)
#define PIXEL_0(KEPT, w0, w1, w2, w3)                           DOT_##KEPT(0, 1, 2, 3, 16, 17, 18, 19, w0, w1, w2, w3)
#define PIXEL_1(KEPT, w0, w1, w2, w3)                           DOT_##KEPT(4, 5, 6, 7, 16, 17, 18, 19, w0, w1, w2, w3)
#define PIXEL_2(KEPT, w0, w1, w2, w3)                           DOT_##KEPT(8, 9, 10, 11, 16, 17, 18, 19, w0, w1, w2, w3)
#define PIXEL_3(KEPT, w0, w1, w2, w3)                           DOT_##KEPT(12, 13, 14, 15, 16, 17, 18, 19, w0, w1, w2, w3)
#define TAP_0                                                   20, 21, 22, 23
#define TAP_1                                                   24, 25, 26, 27
#define TAP_2                                                   28, 29, 30, 31
#define AT(PIXEL, KEPT, ...)                                    PIXEL(KEPT, __VA_ARGS__)
#define STARTS_1(KEPT)                                          LOAD_##KEPT(0, 1, 3, start)
#define STARTS_2(KEPT)                                          STARTS_1(KEPT) LOAD_##KEPT(4, 5, 7, start)
#define STARTS_3(KEPT)                                          STARTS_2(KEPT) LOAD_##KEPT(8, 9, 11, start)
#define STARTS_4(KEPT)                                          STARTS_3(KEPT) LOAD_##KEPT(12, 13, 15, start)
#define COLUMN(KEPT)                                            NEXT_##KEPT(16, 17, 19, "%[x]")
#define CLOBBERS                                                                                                                                     \
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21",  \
        "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"

/* Three taps, pixels one column apart: N + 2 columns serve all 3 N. Diagonals of them, by the pixels that a column reaches. */
#define THREE(KEPT, P, Q, R) COLUMN(KEPT) AT(P, KEPT, TAP_2) AT(Q, KEPT, TAP_1) AT(R, KEPT, TAP_0)
#define FIRST(KEPT)          COLUMN(KEPT) AT(PIXEL_0, KEPT, TAP_0)
#define SECOND(KEPT)         COLUMN(KEPT) AT(PIXEL_0, KEPT, TAP_1) AT(PIXEL_1, KEPT, TAP_0)
#define ENDS(KEPT, P, Q)     COLUMN(KEPT) AT(P, KEPT, TAP_2) AT(Q, KEPT, TAP_1) COLUMN(KEPT) AT(Q, KEPT, TAP_2)
#define DIAGONALS_1(KEPT)    FIRST(KEPT) COLUMN(KEPT) AT(PIXEL_0, KEPT, TAP_1) COLUMN(KEPT) AT(PIXEL_0, KEPT, TAP_2)
#define DIAGONALS_2(KEPT)    FIRST(KEPT) SECOND(KEPT) ENDS(KEPT, PIXEL_0, PIXEL_1)
#define DIAGONALS_3(KEPT)    FIRST(KEPT) SECOND(KEPT) THREE(KEPT, PIXEL_0, PIXEL_1, PIXEL_2) ENDS(KEPT, PIXEL_1, PIXEL_2)
#define DIAGONALS_4(KEPT)                                                                                                                            \
    FIRST(KEPT) SECOND(KEPT) THREE(KEPT, PIXEL_0, PIXEL_1, PIXEL_2) THREE(KEPT, PIXEL_1, PIXEL_2, PIXEL_3) ENDS(KEPT, PIXEL_2, PIXEL_3)
#define SUMS_OF_THREE(N, KEPT)                                                                                                                       \
    LOAD_##KEPT(20, 21, 23, weights) LOAD_##KEPT(24, 25, 27, second) LOAD_##KEPT(28, 29, 31, third) STARTS_##N(KEPT) DIAGONALS_##N(KEPT)

/* Any number of taps, pixels any number of columns apart. */
#define PLACES_1     "mov x9, %[x]\n"
#define PLACES_2     PLACES_1 "add x10, x9, %[step]\n"
#define PLACES_3     PLACES_2 "add x11, x10, %[step]\n"
#define PLACES_4     PLACES_3 "add x12, x11, %[step]\n"
#define TAPS_1(KEPT) NEXT_##KEPT(16, 17, 19, "x9") AT(PIXEL_0, KEPT, TAP_0)
#define TAPS_2(KEPT) TAPS_1(KEPT) NEXT_##KEPT(24, 25, 27, "x10") DOT_##KEPT(4, 5, 6, 7, 24, 25, 26, 27, 20, 21, 22, 23)
#define TAPS_3(KEPT) TAPS_2(KEPT) NEXT_##KEPT(28, 29, 31, "x11") DOT_##KEPT(8, 9, 10, 11, 28, 29, 30, 31, 20, 21, 22, 23)
#define TAPS_4(KEPT) TAPS_3(KEPT) NEXT_##KEPT(16, 17, 19, "x12") AT(PIXEL_3, KEPT, TAP_0)
#define SUMS_OF_TAPS(N, KEPT)                                                                                                                        \
    STARTS_##N(KEPT) PLACES_##N "mov x13, %[weights]\nmov x14, %[taps]\n1:\n" NEXT_##KEPT(20, 21, 23, "x13")                                         \
        TAPS_##N(KEPT) "subs x14, x14, #1\nb.ne 1b\n"

#define CODES(form, s0, s1, s2, s3, kept) ITG_CODES(form, s0, s1, s2, s3, 16, 17, 18, 19, 20, 21, 22, 23, kept)
#define CODES_1(form, kept)               "ld1 {v16.4s-v19.4s}, [%[multipliers]]\nld1 {v20.16b-v23.16b}, [%[narrowing]]\n" CODES(form, 0, 1, 2, 3, kept)
#define CODES_2(form, kept)               CODES_1(form, kept) CODES(form, 4, 5, 6, 7, kept)
#define CODES_3(form, kept)               CODES_2(form, kept) CODES(form, 8, 9, 10, 11, kept)
#define CODES_4(form, kept)               CODES_3(form, kept) CODES(form, 12, 13, 14, 15, kept)
#define INPUTS                                                                                                                                       \
    [start] "r"(tile->start), [weights] "r"(tile->weights), [second] "r"(tile->weights + 64), [third] "r"(tile->weights + 128),                      \
        [next] "r"((ptrdiff_t)ITG_SIGNED_COLUMN_BYTES)
#define TAPS [step] "r"(tile->step), [taps] "r"(tile->taps)

/* sums: [4][16]. */
static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    __asm__ volatile(SUMS_OF_TAPS(4, 16b) STORE_64(0, 3) STORE_64(4, 7) STORE_64(8, 11) STORE_64(12, 15)
                     : [sums] "+r"(sums)
                     : INPUTS, TAPS, [x] "r"(tile->x)
                     : CLOBBERS, "x9", "x10", "x11", "x12", "x13", "x14");
}

/* `tiles` tiles of N pixels, to plain int8 codes at out. */
#define DEFINE_DIRECT(N, KEPT)                                                                                                                       \
    static void three_##N##_##KEPT(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                          \
    {                                                                                                                                                \
        const uint8_t *x = tile->x;                                                                                                                  \
        __asm__ volatile("0:\n" SUMS_OF_THREE(N, KEPT) ITG_FINISH_TILES(CODES_##N, KEPT, "", "sub %[x], %[x], #128\n", tiles)                        \
                         : [x] "+r"(x), [out] "+r"(out), [tiles] "+r"(tiles)                                                                         \
                         : INPUTS, ITG_FINISH                                                                                                        \
                         : CLOBBERS);                                                                                                                \
    }                                                                                                                                                \
    static void taps_##N##_##KEPT(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                           \
    {                                                                                                                                                \
        const uint8_t *x = tile->x;                                                                                                                  \
        __asm__ volatile("0:\n" SUMS_OF_TAPS(N, KEPT) ITG_FINISH_TILES(CODES_##N, KEPT, "", "add %[x], %[x], %[advance]\n", tiles)                   \
                         : [x] "+r"(x), [out] "+r"(out), [tiles] "+r"(tiles)                                                                         \
                         : INPUTS, TAPS, ITG_FINISH, [advance] "r"(N * tile->step)                                                                   \
                         : CLOBBERS, "x9", "x10", "x11", "x12", "x13", "x14");                                                                       \
    }
#define DEFINE_SET(KEPT)                                                                                                                             \
    DEFINE_DIRECT(1, KEPT)                                                                                                                           \
    DEFINE_DIRECT(2, KEPT)                                                                                                                           \
    DEFINE_DIRECT(3, KEPT)                                                                                                                           \
    DEFINE_DIRECT(4, KEPT)                                                                                                                           \
    static itg_direct_columns *const three_##KEPT[ITG_COLUMN_PIXELS] = {three_1_##KEPT, three_2_##KEPT, three_3_##KEPT, three_4_##KEPT};             \
    static itg_direct_columns *const taps_##KEPT[ITG_COLUMN_PIXELS] = {taps_1_##KEPT, taps_2_##KEPT, taps_3_##KEPT, taps_4_##KEPT};
DEFINE_SET(16b)
DEFINE_SET(8b)

#endif
