/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the SDOT convolution: 1 to 5 pixels times one block of 16 output channels, accumulated over K.
 * In inline assembly, because a tile takes 29 of the 32 vector registers: v0-v19 sums, v20-v24 activations, v25-v28 weights.
 * Four steps of K (16 bytes of each pixel) are 5 loads, 4 loads of 64 bytes of weights and 80 SDOT. Direct tiles requantize plain int8
 * codes in the same registers (v25-v28 multipliers, v29 zero point, v30 and v31 bounds). Included by conv.c of this folder. */
#ifndef ITG_DOTPROD_TILE_H
#define ITG_DOTPROD_TILE_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/walk.h"

#define TILE_PIXELS 5

#define SDOT(sum, weights, activation, lane) "sdot v" #sum ".4s, v" #weights ".16b, v" #activation ".4b[" #lane "]\n"
/* One vector of four channels of each pixel, its sums in s0 .. s4. */
#define EACH_1(weights, lane, s0, s1, s2, s3, s4) SDOT(s0, weights, 20, lane)
#define EACH_2(weights, lane, s0, s1, s2, s3, s4) EACH_1(weights, lane, s0, s1, s2, s3, s4) SDOT(s1, weights, 21, lane)
#define EACH_3(weights, lane, s0, s1, s2, s3, s4) EACH_2(weights, lane, s0, s1, s2, s3, s4) SDOT(s2, weights, 22, lane)
#define EACH_4(weights, lane, s0, s1, s2, s3, s4) EACH_3(weights, lane, s0, s1, s2, s3, s4) SDOT(s3, weights, 23, lane)
#define EACH_5(weights, lane, s0, s1, s2, s3, s4) EACH_4(weights, lane, s0, s1, s2, s3, s4) SDOT(s4, weights, 24, lane)
#define AT(EACH, ...)                             EACH(__VA_ARGS__)
#define VECTOR_0                                  0, 4, 8, 12, 16
#define VECTOR_1                                  1, 5, 9, 13, 17
#define VECTOR_2                                  2, 6, 10, 14, 18
#define VECTOR_3                                  3, 7, 11, 15, 19
#define FOUR_OF(EACH, vector)                     WEIGHTS AT(EACH, 25, 0, vector) AT(EACH, 26, 1, vector) AT(EACH, 27, 2, vector) AT(EACH, 28, 3, vector)
#define TWO_OF(EACH, one, other)                  WEIGHTS AT(EACH, 25, 0, one) AT(EACH, 26, 1, one) AT(EACH, 27, 0, other) AT(EACH, 28, 1, other)
/* All of a block's channels, or the first 8. */
#define FOUR_STEPS_16b(EACH) FOUR_OF(EACH, VECTOR_0) FOUR_OF(EACH, VECTOR_1) FOUR_OF(EACH, VECTOR_2) FOUR_OF(EACH, VECTOR_3)
#define TWO_STEPS_16b(EACH)  TWO_OF(EACH, VECTOR_0, VECTOR_1) TWO_OF(EACH, VECTOR_2, VECTOR_3)
#define ONE_STEP_16b(EACH)   WEIGHTS AT(EACH, 25, 0, VECTOR_0) AT(EACH, 26, 0, VECTOR_1) AT(EACH, 27, 0, VECTOR_2) AT(EACH, 28, 0, VECTOR_3)
#define FOUR_STEPS_8b(EACH)  FOUR_OF(EACH, VECTOR_0) FOUR_OF(EACH, VECTOR_1) "add x16, x16, #128\n"
#define TWO_STEPS_8b(EACH)   TWO_OF(EACH, VECTOR_0, VECTOR_1) "add x16, x16, #64\n"
#define ONE_STEP_8b(EACH)    WEIGHTS AT(EACH, 25, 0, VECTOR_0) AT(EACH, 26, 0, VECTOR_1)

#define START(s0, s3)          "ld1 {v" #s0 ".4s-v" #s3 ".4s}, [%[start]]\n"
#define STORE(s0, s3)          "st1 {v" #s0 ".4s-v" #s3 ".4s}, [%[sums]], #64\n"
#define WEIGHTS                "ld1 {v25.16b-v28.16b}, [x16], #64\n"
#define POINT(pixel, register) "ldr x" #register ", [%[pixels], #" #pixel " * 8]\nadd x" #register ", x" #register ", x9\n"
#define POINT_TWO(pixel, one, other)                                                                                                                 \
    "ldp x" #one ", x" #other ", [%[pixels], #" #pixel " * 8]\nadd x" #one ", x" #one ", x9\nadd x" #other ", x" #other ", x9\n"
#define LOAD_16(activation, register) "ldr q" #activation ", [x" #register "], #16\n"
#define LOAD_8(activation, register)  "ldr d" #activation ", [x" #register "], #8\n"
#define LOAD_4(activation, register)  "ldr s" #activation ", [x" #register "], #4\n"

#define CODES(form, s0, s1, s2, s3, kept) ITG_CODES(form, s0, s1, s2, s3, 25, 26, 27, 28, 29, 30, 31, 20, kept)

/* Each list stands for 1 to 5 pixels. */
#define STARTS_1            START(0, 3)
#define STARTS_2            STARTS_1 START(4, 7)
#define STARTS_3            STARTS_2 START(8, 11)
#define STARTS_4            STARTS_3 START(12, 15)
#define STARTS_5            STARTS_4 START(16, 19)
#define STORES_1            STORE(0, 3)
#define STORES_2            STORES_1 STORE(4, 7)
#define STORES_3            STORES_2 STORE(8, 11)
#define STORES_4            STORES_3 STORE(12, 15)
#define STORES_5            STORES_4 STORE(16, 19)
#define CODES_1(form, kept) CODES(form, 0, 1, 2, 3, kept)
#define CODES_2(form, kept) CODES_1(form, kept) CODES(form, 4, 5, 6, 7, kept)
#define CODES_3(form, kept) CODES_2(form, kept) CODES(form, 8, 9, 10, 11, kept)
#define CODES_4(form, kept) CODES_3(form, kept) CODES(form, 12, 13, 14, 15, kept)
#define CODES_5(form, kept) CODES_4(form, kept) CODES(form, 16, 17, 18, 19, kept)
#define POINTS_1            POINT(0, 10)
#define POINTS_2            POINT_TWO(0, 10, 11)
#define POINTS_3            POINTS_2 POINT(2, 12)
#define POINTS_4            POINTS_2 POINT_TWO(2, 12, 13)
#define POINTS_5            POINTS_4 POINT(4, 14)
#define LOADS_1(LOAD)       LOAD(20, 10)
#define LOADS_2(LOAD)       LOADS_1(LOAD) LOAD(21, 11)
#define LOADS_3(LOAD)       LOADS_2(LOAD) LOAD(22, 12)
#define LOADS_4(LOAD)       LOADS_3(LOAD) LOAD(23, 13)
#define LOADS_5(LOAD)       LOADS_4(LOAD) LOAD(24, 14)

/* Walks segments by x15, weights by x16, counts segments in x17. */
#define SUMS(PIXELS, KEPT)                                                                                                                           \
    "mov x15, %[segment]\nmov x16, %[weights]\nmov x17, %[segments]\n" STARTS_##PIXELS "1:\nldr x9, [x15], #8\n" POINTS_##PIXELS                     \
        "lsr x9, %[steps], #2\ncbz x9, 3f\n"                                                                                                         \
        "2:\n" LOADS_##PIXELS(LOAD_16)                                                                                                               \
            FOUR_STEPS_##KEPT(EACH_##PIXELS) "subs x9, x9, #1\nb.ne 2b\n"                                                                            \
                                             "3:\ntbz %[steps], #1, 4f\n" LOADS_##PIXELS(LOAD_8)                                                     \
                                                 TWO_STEPS_##KEPT(EACH_##PIXELS) "4:\ntbz %[steps], #0, 5f\n" LOADS_##PIXELS(LOAD_4)                 \
                                                     ONE_STEP_##KEPT(EACH_##PIXELS) "5:\nsubs x17, x17, #1\nb.ne 1b\n"
#define INPUTS                                                                                                                                       \
    [segment] "r"(tile->segment), [weights] "r"(tile->weights), [segments] "r"(tile->segments), [start] "r"(tile->start), [steps] "r"(tile->steps)
#define CLOBBERS                                                                                                                                     \
    "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12",   \
        "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "memory", "cc"

#define DEFINE_TILE(PIXELS)                                                                                                                          \
    static void tile_##PIXELS(const itg_pixel_tile *tile, int32_t *sums)                                                                             \
    {                                                                                                                                                \
        __asm__ volatile(SUMS(PIXELS, 16b) STORES_##PIXELS : [sums] "+r"(sums) : INPUTS, [pixels] "r"(tile->pixels) : CLOBBERS);                     \
    }
#define DEFINE_DIRECT(PIXELS, KEPT)                                                                                                                  \
    static void direct_##PIXELS##x##KEPT(const itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                     \
    {                                                                                                                                                \
        const ptrdiff_t *pixels = tile->pixels;                                                                                                      \
        __asm__ volatile("ld1 {v29.16b-v31.16b}, [%[narrowing]]\n"                                                                                   \
                         "0:\n" SUMS(PIXELS, KEPT) "ld1 {v25.4s-v28.4s}, [%[multipliers]]\n" ITG_FINISH_TILES(                                       \
                             CODES_##PIXELS, KEPT, "ldr q20, [%[narrowing], #48]\n", "add %[pixels], %[pixels], #" #PIXELS " * 8\n", tiles)          \
                         : [pixels] "+r"(pixels), [tiles] "+r"(tiles), [out] "+r"(out)                                                               \
                         : INPUTS, ITG_FINISH                                                                                                        \
                         : CLOBBERS, "v29", "v30", "v31");                                                                                           \
    }
#define DEFINE_TILES(PIXELS)                                                                                                                         \
    DEFINE_TILE(PIXELS)                                                                                                                              \
    DEFINE_DIRECT(PIXELS, 16b)                                                                                                                       \
    DEFINE_DIRECT(PIXELS, 8b)
DEFINE_TILES(1)
DEFINE_TILES(2)
DEFINE_TILES(3)
DEFINE_TILES(4)
DEFINE_TILES(5)

static itg_pixel_function *const tiles[TILE_PIXELS] = {tile_1, tile_2, tile_3, tile_4, tile_5};
static itg_direct_function *const direct_16[TILE_PIXELS] = {direct_1x16b, direct_2x16b, direct_3x16b, direct_4x16b, direct_5x16b};
static itg_direct_function *const direct_8[TILE_PIXELS] = {direct_1x8b, direct_2x8b, direct_3x8b, direct_4x8b, direct_5x8b};

#endif
