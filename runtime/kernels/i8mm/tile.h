/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the SMMLA convolution: 1 to 3 pairs of pixels times one block of 16 output channels, accumulated over K.
 * In inline assembly, because a tile takes 31 of the 32 vector registers: v0-v23 sums of 2 pixels x 2 channels, v24-v26 activations of a
 * pair, v27-v30 weights. One step of K (8 bytes of each pixel) is 6 loads, 2 loads of 64 bytes of weights and 24 SMMLA.
 * Direct tiles requantize plain int8 codes in the same registers. Included by conv.c of this folder. */
#ifndef ITG_I8MM_TILE_H
#define ITG_I8MM_TILE_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/walk.h"

#define TILE_PIXELS 6

#define MULTIPLY(sum, pair, weights)      "smmla v" #sum ".4s, v" #pair ".16b, v" #weights ".16b\n"
#define MULTIPLY_4(s0, s1, s2, s3, pair)  MULTIPLY(s0, pair, 27) MULTIPLY(s1, pair, 28) MULTIPLY(s2, pair, 29) MULTIPLY(s3, pair, 30)
#define LOW_1                             MULTIPLY_4(0, 1, 2, 3, 24)
#define LOW_2                             LOW_1 MULTIPLY_4(8, 9, 10, 11, 25)
#define LOW_3                             LOW_2 MULTIPLY_4(16, 17, 18, 19, 26)
#define HIGH_1                            MULTIPLY_4(4, 5, 6, 7, 24)
#define HIGH_2                            HIGH_1 MULTIPLY_4(12, 13, 14, 15, 25)
#define HIGH_3                            HIGH_2 MULTIPLY_4(20, 21, 22, 23, 26)
#define WEIGHTS                           "ld1 {v27.16b-v30.16b}, [x16], #64\n"
#define LOAD_PAIR(activation, one, other) "ldr d" #activation ", [x" #one "], #8\nld1 {v" #activation ".d}[1], [x" #other "], #8\n"
#define LOADS_1                           LOAD_PAIR(24, 10, 11)
#define LOADS_2                           LOADS_1 LOAD_PAIR(25, 12, 13)
#define LOADS_3                           LOADS_2 LOAD_PAIR(26, 14, 8)
#define STEP(PAIRS)                       LOADS_##PAIRS WEIGHTS LOW_##PAIRS WEIGHTS HIGH_##PAIRS

#define POINT_TWO(pixel, one, other)                                                                                                                 \
    "ldp x" #one ", x" #other ", [%[pixels], #" #pixel " * 8]\nadd x" #one ", x" #one ", x9\nadd x" #other ", x" #other ", x9\n"
#define POINTS_1              POINT_TWO(0, 10, 11)
#define POINTS_2              POINTS_1 POINT_TWO(2, 12, 13)
#define POINTS_3              POINTS_2 POINT_TWO(4, 14, 8)
#define START(s0, s3, s4, s7) "ld1 {v" #s0 ".4s-v" #s3 ".4s}, [%[start]]\nld1 {v" #s4 ".4s-v" #s7 ".4s}, [%[high_start]]\n"
#define STARTS_1              START(0, 3, 4, 7)
#define STARTS_2              STARTS_1 START(8, 11, 12, 15)
#define STARTS_3              STARTS_2 START(16, 19, 20, 23)

/* Walks segments by x15, weights by x16, counts segments in x17. */
#define SUMS(PAIRS)                                                                                                                                  \
    "mov x15, %[segment]\nmov x16, %[weights]\nmov x17, %[segments]\n" STARTS_##PAIRS "1:\n"                                                         \
                                                                                      "ldr x9, [x15], #8\n" POINTS_##PAIRS                           \
        "lsr x9, %[steps], #1\n"                                                                                                                     \
        "cbz x9, 3f\n"                                                                                                                               \
        "2:\n" STEP(PAIRS) STEP(PAIRS) "subs x9, x9, #1\n"                                                                                           \
                                       "b.ne 2b\n"                                                                                                   \
                                       "3:\n"                                                                                                        \
                                       "tbz %[steps], #0, 4f\n" STEP(PAIRS) "4:\n"                                                                   \
                                                                            "subs x17, x17, #1\n"                                                    \
                                                                            "b.ne 1b\n"

/* Four sums of 2 x 2 -> 16 channels of the pair's first pixel in v24-v27, of its second in the odd registers. */
#define SPLIT(first, a, b)                         "trn1 v" #first ".2d, v" #a ".2d, v" #b ".2d\ntrn2 v" #b ".2d, v" #a ".2d, v" #b ".2d\n"
#define SPLIT_PAIR(s0, s1, s2, s3, s4, s5, s6, s7) SPLIT(24, s0, s1) SPLIT(25, s2, s3) SPLIT(26, s4, s5) SPLIT(27, s6, s7)
#define STORE_FIRST                                "st1 {v24.4s-v27.4s}, [%[sums]], #64\n"
#define STORE_SECOND(s1, s3, s5, s7)               "stp q" #s1 ", q" #s3 ", [%[sums]]\nstp q" #s5 ", q" #s7 ", [%[sums], #32]\nadd %[sums], %[sums], #64\n"
#define STORES_1                                   SPLIT_PAIR(0, 1, 2, 3, 4, 5, 6, 7) STORE_FIRST STORE_SECOND(1, 3, 5, 7)
#define STORES_2                                   STORES_1 SPLIT_PAIR(8, 9, 10, 11, 12, 13, 14, 15) STORE_FIRST STORE_SECOND(9, 11, 13, 15)
#define STORES_3                                   STORES_2 SPLIT_PAIR(16, 17, 18, 19, 20, 21, 22, 23) STORE_FIRST STORE_SECOND(17, 19, 21, 23)

/* Multipliers v28-v31; zero point and bounds in v0, v2 and v4, which the first split leaves free. */
#define CODES(s0, s1, s2, s3, kept) ITG_CODES(s0, s1, s2, s3, 28, 29, 30, 31, 0, 2, 4, kept)
#define FIRST(kept)                 CODES(24, 25, 26, 27, kept)
#define CODES_1(kept)                                                                                                                                \
    "ld1 {v28.4s-v31.4s}, [%[multipliers]]\n" SPLIT_PAIR(0, 1, 2, 3, 4, 5, 6,                                                                        \
                                                         7) "ldp q0, q2, [%[narrowing]]\nldr q4, [%[narrowing], #32]\n" FIRST(kept)
#define CODES_2(kept) CODES_1(kept) CODES(1, 3, 5, 7, kept)
#define CODES_3(kept) CODES_2(kept) SPLIT_PAIR(8, 9, 10, 11, 12, 13, 14, 15) FIRST(kept)
#define CODES_4(kept) CODES_3(kept) CODES(9, 11, 13, 15, kept)
#define CODES_5(kept) CODES_4(kept) SPLIT_PAIR(16, 17, 18, 19, 20, 21, 22, 23) FIRST(kept)
#define CODES_6(kept) CODES_5(kept) CODES(17, 19, 21, 23, kept)

#define INPUTS                                                                                                                                       \
    [segment] "r"(tile->segment), [weights] "r"(tile->weights), [segments] "r"(tile->segments), [start] "r"(tile->start),                            \
        [high_start] "r"(tile->start + 16), [steps] "r"(tile->steps)
#define CLOBBERS                                                                                                                                     \
    "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11",    \
        "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31",  \
        "memory", "cc"

#define DEFINE_TILE(PAIRS)                                                                                                                           \
    static void tile_##PAIRS(const itg_pixel_tile *tile, int32_t *sums)                                                                              \
    {                                                                                                                                                \
        __asm__ volatile(SUMS(PAIRS) STORES_##PAIRS : [sums] "+r"(sums) : INPUTS, [pixels] "r"(tile->pixels) : CLOBBERS);                            \
    }
#define DEFINE_DIRECT(PIXELS, PAIRS, KEPT)                                                                                                           \
    static void direct_##PIXELS##x##KEPT(const itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                     \
    {                                                                                                                                                \
        const ptrdiff_t *pixels = tile->pixels;                                                                                                      \
        __asm__ volatile("0:\n" SUMS(PAIRS) CODES_##PIXELS(KEPT) "add %[pixels], %[pixels], #" #PIXELS " * 8\n"                                      \
                                                                 "subs %[tiles], %[tiles], #1\n"                                                     \
                                                                 "b.ne 0b\n"                                                                         \
                         : [pixels] "+r"(pixels), [tiles] "+r"(tiles), [out] "+r"(out)                                                               \
                         : INPUTS, [multipliers] "r"(finish->multiplier), [narrowing] "r"(&finish->narrowing), [stride] "r"(finish->pixel_bytes)     \
                         : CLOBBERS);                                                                                                                \
    }
#define DEFINE_TILES(ONE, TWO, PAIRS)                                                                                                                \
    DEFINE_TILE(PAIRS)                                                                                                                               \
    DEFINE_DIRECT(ONE, PAIRS, 16b)                                                                                                                   \
    DEFINE_DIRECT(TWO, PAIRS, 16b)                                                                                                                   \
    DEFINE_DIRECT(ONE, PAIRS, 8b)                                                                                                                    \
    DEFINE_DIRECT(TWO, PAIRS, 8b)
DEFINE_TILES(1, 2, 1)
DEFINE_TILES(3, 4, 2)
DEFINE_TILES(5, 6, 3)

static itg_pixel_function *const tiles[TILE_PIXELS] = {tile_1, tile_1, tile_2, tile_2, tile_3, tile_3};
static itg_direct_function *const direct_16[TILE_PIXELS] = {direct_1x16b, direct_2x16b, direct_3x16b, direct_4x16b, direct_5x16b, direct_6x16b};
static itg_direct_function *const direct_8[TILE_PIXELS] = {direct_1x8b, direct_2x8b, direct_3x8b, direct_4x8b, direct_5x8b, direct_6x8b};

#endif
