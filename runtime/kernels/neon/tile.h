/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the Armv8.0 convolution: 1 or 2 pixels times one block of 16 output channels, accumulated over K.
 * Products of four steps (or two, where four might leave int16) are summed in int16 lanes before SADALP widens them. In inline assembly,
 * because a tile takes all vector registers: v0-v15 sums of 2 channels x 2 partial sums, v16-v23 four steps of two pixels, each repeated
 * along its register, v24-v27 weights, v28-v31 products. Four steps are 2 loads, 4 loads of 64 bytes of weights, 64 multiplications and
 * 16 or 32 SADALP. Included by conv.c of this folder. */
#ifndef ITG_NEON_TILE_H
#define ITG_NEON_TILE_H

#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/spread.h"
#include "runtime/kernels/neon/walk.h"

#define TILE_PIXELS 2

/* op: smull or smlal; products of both pixels with one vector of weights. */
#define PRODUCTS_1(op, weights, x0, x1) op " v28.8h, v" #weights ".8b, v" #x0 ".8b\n" op "2 v29.8h, v" #weights ".16b, v" #x0 ".16b\n"
#define PRODUCTS_2(op, weights, x0, x1)                                                                                                              \
    op " v28.8h, v" #weights ".8b, v" #x0 ".8b\n" op " v30.8h, v" #weights ".8b, v" #x1 ".8b\n" op "2 v29.8h, v" #weights ".16b, v" #x0 ".16b\n" op  \
       "2 v31.8h, v" #weights ".16b, v" #x1 ".16b\n"
#define WIDEN_1(a, b, c, d) "sadalp v" #a ".4s, v28.8h\nsadalp v" #b ".4s, v29.8h\n"
#define WIDEN_2(a, b, c, d) "sadalp v" #a ".4s, v28.8h\nsadalp v" #c ".4s, v30.8h\nsadalp v" #b ".4s, v29.8h\nsadalp v" #d ".4s, v31.8h\n"
#define AT(MACRO, ...)      MACRO(__VA_ARGS__)
#define VECTOR_0            0, 1, 8, 9
#define VECTOR_1            2, 3, 10, 11
#define VECTOR_2            4, 5, 12, 13
#define VECTOR_3            6, 7, 14, 15
#define WEIGHTS             "ld1 {v24.16b-v27.16b}, [x16], #64\n"

/* Steps of one vector of four channels; DEEP sums four products a lane, SAFE two. */
#define ONE(N, vector, weights)             PRODUCTS_##N("smull", weights, 16, 20) AT(WIDEN_##N, vector)
#define TWO(N, w0, w1, a0, a1, b0, b1, ...) PRODUCTS_##N("smull", w0, a0, b0) PRODUCTS_##N("smlal", w1, a1, b1) AT(WIDEN_##N, __VA_ARGS__)
#define FOUR_DEEP(N, vector)                                                                                                                         \
    WEIGHTS PRODUCTS_##N("smull", 24, 16, 20) PRODUCTS_##N("smlal", 25, 17, 21) PRODUCTS_##N("smlal", 26, 18, 22) PRODUCTS_##N("smlal", 27, 19, 23)  \
        AT(WIDEN_##N, vector)
#define FOUR_SAFE(N, vector) WEIGHTS TWO(N, 24, 25, 16, 17, 20, 21, vector) TWO(N, 26, 27, 18, 19, 22, 23, vector)
/* All of a block's channels, or the first 8. */
#define FOUR_STEPS_16b(N, DEPTH) FOUR_##DEPTH(N, VECTOR_0) FOUR_##DEPTH(N, VECTOR_1) FOUR_##DEPTH(N, VECTOR_2) FOUR_##DEPTH(N, VECTOR_3)
#define TWO_STEPS_16b(N)                                                                                                                             \
    WEIGHTS TWO(N, 24, 25, 16, 17, 20, 21, VECTOR_0) TWO(N, 26, 27, 16, 17, 20, 21, VECTOR_1) WEIGHTS TWO(N, 24, 25, 16, 17, 20, 21, VECTOR_2)       \
        TWO(N, 26, 27, 16, 17, 20, 21, VECTOR_3)
#define ONE_STEP_16b(N)         WEIGHTS ONE(N, VECTOR_0, 24) ONE(N, VECTOR_1, 25) ONE(N, VECTOR_2, 26) ONE(N, VECTOR_3, 27)
#define FOUR_STEPS_8b(N, DEPTH) FOUR_##DEPTH(N, VECTOR_0) FOUR_##DEPTH(N, VECTOR_1) "add x16, x16, #128\n"
#define TWO_STEPS_8b(N)         WEIGHTS TWO(N, 24, 25, 16, 17, 20, 21, VECTOR_0) TWO(N, 26, 27, 16, 17, 20, 21, VECTOR_1) "add x16, x16, #64\n"
#define ONE_STEP_8b(N)          WEIGHTS ONE(N, VECTOR_0, 24) ONE(N, VECTOR_1, 25)

#define LOAD_4_1 "ld4r {v16.4s-v19.4s}, [x10], #16\n"
#define LOAD_4_2 LOAD_4_1 "ld4r {v20.4s-v23.4s}, [x11], #16\n"
#define LOAD_2_1 "ld2r {v16.4s-v17.4s}, [x10], #8\n"
#define LOAD_2_2 LOAD_2_1 "ld2r {v20.4s-v21.4s}, [x11], #8\n"
#define LOAD_1_1 "ld1r {v16.4s}, [x10], #4\n"
#define LOAD_1_2 LOAD_1_1 "ld1r {v20.4s}, [x11], #4\n"
#define POINTS_1 "ldr x10, [%[pixels]]\nadd x10, x10, x9\n"
#define POINTS_2 "ldp x10, x11, [%[pixels]]\nadd x10, x10, x9\nadd x11, x11, x9\n"
#define STARTS_1 "ld1 {v0.4s-v3.4s}, [%[start]]\nld1 {v4.4s-v7.4s}, [%[high_start]]\n"
#define STARTS_2 STARTS_1 "ld1 {v8.4s-v11.4s}, [%[start]]\nld1 {v12.4s-v15.4s}, [%[high_start]]\n"

/* Walks segments by x15, weights by x16, counts segments in x17. */
#define SUMS(N, DEPTH, KEPT)                                                                                                                         \
    "mov x15, %[segment]\nmov x16, %[weights]\nmov x17, %[segments]\n" STARTS_##N "1:\nldr x9, [x15], #8\n" POINTS_##N                               \
        "lsr x9, %[steps], #2\ncbz x9, 3f\n"                                                                                                         \
        "2:\n" LOAD_4_##N FOUR_STEPS_##KEPT(                                                                                                         \
            N, DEPTH) "subs x9, x9, #1\nb.ne 2b\n"                                                                                                   \
                      "3:\ntbz %[steps], #1, 4f\n" LOAD_2_##N TWO_STEPS_##KEPT(N) "4:\ntbz %[steps], #0, 5f\n" LOAD_1_##N ONE_STEP_##KEPT(           \
                          N) "5:\nsubs x17, x17, #1\nb.ne 1b\n"

#define STORE_PIXEL(a, b, c, d)       "stp q" #a ", q" #b ", [%[sums]]\nstp q" #c ", q" #d ", [%[sums], #32]\nadd %[sums], %[sums], #64\n"
#define STORES_1                      ITG_REDUCE_ONE STORE_PIXEL(0, 2, 4, 6)
#define STORES_2                      ITG_REDUCE_TWO STORE_PIXEL(0, 2, 4, 6) STORE_PIXEL(8, 10, 12, 14)
#define CODES(form, a, b, c, d, kept) ITG_CODES(form, a, b, c, d, 24, 25, 26, 27, 28, 29, 30, 31, kept)
#define FINISH                        "ld1 {v24.4s-v27.4s}, [%[multipliers]]\nld1 {v28.16b-v31.16b}, [%[narrowing]]\n"
#define REDUCE_1_16b                  ITG_REDUCE_ONE
#define REDUCE_2_16b                  ITG_REDUCE_TWO
#define REDUCE_1_8b                   ITG_ADD_PAIR(0, 1) ITG_ADD_PAIR(2, 3)
#define REDUCE_2_8b                   REDUCE_1_8b ITG_ADD_PAIR(8, 9) ITG_ADD_PAIR(10, 11)
#define CODES_1(form, kept)           FINISH REDUCE_1_##kept CODES(form, 0, 2, 4, 6, kept)
#define CODES_2(form, kept)           FINISH REDUCE_2_##kept CODES(form, 0, 2, 4, 6, kept) CODES(form, 8, 10, 12, 14, kept)

#define INPUTS                                                                                                                                       \
    [segment] "r"(tile->segment), [weights] "r"(tile->weights), [segments] "r"(tile->segments), [start] "r"(tile->start),                            \
        [high_start] "r"(tile->start + 16), [steps] "r"(tile->steps)
#define CLOBBERS                                                                                                                                     \
    "x9", "x10", "x11", "x15", "x16", "x17", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15",   \
        "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"

#define DEFINE_TILE(PIXELS, DEPTH)                                                                                                                   \
    static void tile_##PIXELS##_##DEPTH(const itg_pixel_tile *tile, int32_t *sums)                                                                   \
    {                                                                                                                                                \
        __asm__ volatile(SUMS(PIXELS, DEPTH, 16b) STORES_##PIXELS : [sums] "+r"(sums) : INPUTS, [pixels] "r"(tile->pixels) : CLOBBERS);              \
    }
#define DEFINE_DIRECT(PIXELS, DEPTH, KEPT)                                                                                                           \
    static void direct_##PIXELS##_##DEPTH##_##KEPT(const itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)           \
    {                                                                                                                                                \
        const ptrdiff_t *pixels = tile->pixels;                                                                                                      \
        __asm__ volatile("0:\n" SUMS(PIXELS, DEPTH, KEPT)                                                                                            \
                             ITG_FINISH_TILES(CODES_##PIXELS, KEPT, "", "add %[pixels], %[pixels], #" #PIXELS " * 8\n", tiles)                       \
                         : [pixels] "+r"(pixels), [tiles] "+r"(tiles), [out] "+r"(out)                                                               \
                         : INPUTS, ITG_FINISH                                                                                                        \
                         : CLOBBERS);                                                                                                                \
    }
#define DEFINE_SET(DEPTH)                                                                                                                            \
    DEFINE_TILE(1, DEPTH)                                                                                                                            \
    DEFINE_TILE(2, DEPTH)                                                                                                                            \
    DEFINE_DIRECT(1, DEPTH, 16b)                                                                                                                     \
    DEFINE_DIRECT(2, DEPTH, 16b)                                                                                                                     \
    DEFINE_DIRECT(1, DEPTH, 8b)                                                                                                                      \
    DEFINE_DIRECT(2, DEPTH, 8b)                                                                                                                      \
    static itg_pixel_function *const tiles_##DEPTH[TILE_PIXELS] = {tile_1_##DEPTH, tile_2_##DEPTH};                                                  \
    static itg_direct_function *const direct_16_##DEPTH[TILE_PIXELS] = {direct_1_##DEPTH##_16b, direct_2_##DEPTH##_16b};                             \
    static itg_direct_function *const direct_8_##DEPTH[TILE_PIXELS] = {direct_1_##DEPTH##_8b, direct_2_##DEPTH##_8b};
DEFINE_SET(DEEP)
DEFINE_SET(SAFE)

#endif
