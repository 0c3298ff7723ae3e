/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the SMMLA convolution: 1 or 2 pairs of pixels times one block of 16 output channels, accumulated over K.
 * In inline assembly, because a tile takes all vector registers: v0-v15 sums of 2 pixels x 2 channels, v16-v19 and v20-v23 four steps of K
 * of a pair, v24-v31 weights. Four steps (32 bytes of each pixel) are 4 loads that spread a pixel over its halves of four registers,
 * 8 loads of 64 bytes of weights and 64 SMMLA. Direct tiles requantize plain int8 codes in the same registers. Included by conv.c. */
#ifndef ITG_I8MM_TILE_H
#define ITG_I8MM_TILE_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/walk.h"

#define TILE_PIXELS 4

#define MULTIPLY(sum, pair, weights)                     "smmla v" #sum ".4s, v" #pair ".16b, v" #weights ".16b\n"
#define MULTIPLY_4(s0, s1, s2, s3, pair, w0, w1, w2, w3) MULTIPLY(s0, pair, w0) MULTIPLY(s1, pair, w1) MULTIPLY(s2, pair, w2) MULTIPLY(s3, pair, w3)
/* KEPT is 16b or 8b: all of a block's channels, or the first 8. */
#define PAIR_0_8b(pair)             MULTIPLY_4(0, 1, 2, 3, pair, 24, 25, 26, 27)
#define PAIR_1_8b(pair)             MULTIPLY_4(8, 9, 10, 11, pair, 24, 25, 26, 27)
#define PAIR_0_16b(pair)            PAIR_0_8b(pair) MULTIPLY_4(4, 5, 6, 7, pair, 28, 29, 30, 31)
#define PAIR_1_16b(pair)            PAIR_1_8b(pair) MULTIPLY_4(12, 13, 14, 15, pair, 28, 29, 30, 31)
#define WEIGHTS_8b                  "ld1 {v24.16b-v27.16b}, [x16], %[next]\n"
#define WEIGHTS_16b                 "ld1 {v24.16b-v27.16b}, [x16], #64\nld1 {v28.16b-v31.16b}, [x16], #64\n"
#define STEP_1(KEPT, first, second) WEIGHTS_##KEPT PAIR_0_##KEPT(first)
#define STEP_2(KEPT, first, second) WEIGHTS_##KEPT PAIR_0_##KEPT(first) PAIR_1_##KEPT(second)

/* Four, two or one steps of a pair's two pixels. */
#define LOAD_FOUR(r0, r3, one, other) "ld4 {v" #r0 ".d-v" #r3 ".d}[0], [x" #one "], #32\nld4 {v" #r0 ".d-v" #r3 ".d}[1], [x" #other "], #32\n"
#define LOAD_TWO(r0, r1, one, other)  "ld2 {v" #r0 ".d-v" #r1 ".d}[0], [x" #one "], #16\nld2 {v" #r0 ".d-v" #r1 ".d}[1], [x" #other "], #16\n"
#define LOAD_ONE(r0, one, other)      "ld1 {v" #r0 ".d}[0], [x" #one "], #8\nld1 {v" #r0 ".d}[1], [x" #other "], #8\n"
#define FOUR_1                        LOAD_FOUR(16, 19, 10, 11)
#define FOUR_2                        FOUR_1 LOAD_FOUR(20, 23, 12, 13)
#define TWO_1                         LOAD_TWO(16, 17, 10, 11)
#define TWO_2                         TWO_1 LOAD_TWO(20, 21, 12, 13)
#define ONE_1                         LOAD_ONE(16, 10, 11)
#define ONE_2                         ONE_1 LOAD_ONE(20, 12, 13)

#define POINT_TWO(pixel, one, other)                                                                                                                 \
    "ldp x" #one ", x" #other ", [%[pixels], #" #pixel " * 8]\nadd x" #one ", x" #one ", x9\nadd x" #other ", x" #other ", x9\n"
#define POINTS_1              POINT_TWO(0, 10, 11)
#define POINTS_2              POINTS_1 POINT_TWO(2, 12, 13)
#define START(s0, s3, s4, s7) "ld1 {v" #s0 ".4s-v" #s3 ".4s}, [%[start]]\nld1 {v" #s4 ".4s-v" #s7 ".4s}, [%[high_start]]\n"
#define STARTS_1              START(0, 3, 4, 7)
#define STARTS_2              STARTS_1 START(8, 11, 12, 15)

/* Walks segments by x15, weights by x16, counts segments in x17. */
#define SUMS(PAIRS, KEPT)                                                                                                                            \
    "mov x15, %[segment]\nmov x16, %[weights]\nmov x17, %[segments]\n" STARTS_##PAIRS "1:\nldr x9, [x15], #8\n" POINTS_##PAIRS                       \
        "lsr x9, %[steps], #2\ncbz x9, 3f\n2:\n" FOUR_##PAIRS STEP_##PAIRS(KEPT, 16, 20) STEP_##PAIRS(KEPT, 17, 21) STEP_##PAIRS(KEPT, 18, 22)       \
            STEP_##PAIRS(KEPT, 19, 23) "subs x9, x9, #1\nb.ne 2b\n3:\ntbz %[steps], #1, 4f\n" TWO_##PAIRS STEP_##PAIRS(KEPT, 16, 20)                 \
                STEP_##PAIRS(KEPT, 17, 21) "4:\ntbz %[steps], #0, 5f\n" ONE_##PAIRS STEP_##PAIRS(KEPT, 16, 20) "5:\nsubs x17, x17, #1\nb.ne 1b\n"

/* Four sums of 2 x 2 -> 16 channels of the pair's first pixel in v24-v27, of its second in the odd registers. */
#define SPLIT(first, a, b)                        "trn1 v" #first ".2d, v" #a ".2d, v" #b ".2d\ntrn2 v" #b ".2d, v" #a ".2d, v" #b ".2d\n"
#define SPLIT_8b(s0, s1, s2, s3, s4, s5, s6, s7)  SPLIT(24, s0, s1) SPLIT(25, s2, s3)
#define SPLIT_16b(s0, s1, s2, s3, s4, s5, s6, s7) SPLIT_8b(s0, s1, s2, s3, s4, s5, s6, s7) SPLIT(26, s4, s5) SPLIT(27, s6, s7)
#define STORE_PAIR(s1, s3, s5, s7)                                                                                                                   \
    "st1 {v24.4s-v27.4s}, [%[sums]], #64\nstp q" #s1 ", q" #s3 ", [%[sums]]\nstp q" #s5 ", q" #s7 ", [%[sums], #32]\nadd %[sums], %[sums], #64\n"
#define STORES_1 SPLIT_16b(0, 1, 2, 3, 4, 5, 6, 7) STORE_PAIR(1, 3, 5, 7)
#define STORES_2 STORES_1 SPLIT_16b(8, 9, 10, 11, 12, 13, 14, 15) STORE_PAIR(9, 11, 13, 15)

/* Multipliers v28-v31; zero point, bounds and shift v16-v19. */
#define CODES(form, s0, s1, s2, s3, kept) ITG_CODES(form, s0, s1, s2, s3, 28, 29, 30, 31, 16, 17, 18, 19, kept)
#define CODES_1(form, kept)                                                                                                                          \
    "ld1 {v28.4s-v31.4s}, [%[multipliers]]\nld1 {v16.16b-v19.16b}, [%[narrowing]]\n" SPLIT_##kept(0, 1, 2, 3, 4, 5, 6, 7)                            \
        CODES(form, 24, 25, 26, 27, kept)
#define CODES_2(form, kept) CODES_1(form, kept) CODES(form, 1, 3, 5, 7, kept)
#define CODES_3(form, kept) CODES_2(form, kept) SPLIT_##kept(8, 9, 10, 11, 12, 13, 14, 15) CODES(form, 24, 25, 26, 27, kept)
#define CODES_4(form, kept) CODES_3(form, kept) CODES(form, 9, 11, 13, 15, kept)

#define INPUTS                                                                                                                                       \
    [segment] "r"(tile->segment), [weights] "r"(tile->weights), [segments] "r"(tile->segments), [start] "r"(tile->start),                            \
        [high_start] "r"(tile->start + 16), [steps] "r"(tile->steps), [next] "r"((int64_t)128)
#define CLOBBERS                                                                                                                                     \
    "x9", "x10", "x11", "x12", "x13", "x15", "x16", "x17", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",   \
        "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"

#define DEFINE_TILE(PAIRS)                                                                                                                           \
    static void tile_##PAIRS(const itg_pixel_tile *tile, int32_t *sums)                                                                              \
    {                                                                                                                                                \
        __asm__ volatile(SUMS(PAIRS, 16b) STORES_##PAIRS : [sums] "+r"(sums) : INPUTS, [pixels] "r"(tile->pixels) : CLOBBERS);                       \
    }
#define DEFINE_DIRECT(PIXELS, PAIRS, KEPT)                                                                                                           \
    static void direct_##PIXELS##x##KEPT(const itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                     \
    {                                                                                                                                                \
        const ptrdiff_t *pixels = tile->pixels;                                                                                                      \
        __asm__ volatile("0:\n" SUMS(PAIRS, KEPT) ITG_FINISH_TILES(CODES_##PIXELS, KEPT, "", "add %[pixels], %[pixels], #" #PIXELS " * 8\n", tiles)  \
                         : [pixels] "+r"(pixels), [tiles] "+r"(tiles), [out] "+r"(out)                                                               \
                         : INPUTS, ITG_FINISH                                                                                                        \
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

static itg_pixel_function *const tiles[TILE_PIXELS] = {tile_1, tile_1, tile_2, tile_2};
static itg_direct_function *const direct_16[TILE_PIXELS] = {direct_1x16b, direct_2x16b, direct_3x16b, direct_4x16b};
static itg_direct_function *const direct_8[TILE_PIXELS] = {direct_1x8b, direct_2x8b, direct_3x8b, direct_4x8b};

#endif
