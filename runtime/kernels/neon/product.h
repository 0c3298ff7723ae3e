/* SPDX-License-Identifier: Apache-2.0
 * Products of the transformed convolution on 64-bit Arm (winograd.h), 4 tiles times 16 output channels in registers, and weights from
 * ITG_PACK_16C4S in the order that they want. Included by conv.c of this folder, before winograd.h. */
#ifndef ITG_NEON_PRODUCT_H
#define ITG_NEON_PRODUCT_H

#include "runtime/kernels/neon/transform.h"

/* v0-v3 and v12-v15 8 inputs of each tile in turn, v4-v11 weights of 4 inputs, v16-v31 sums. A round of 16 inputs is 256 SMLAL for 1024 products
 * and 10 loads, each a good part of a round ahead of its use, because cores without dot products work in order: so the last round reads up to
 * 64 bytes behind the group's inputs and behind its weights, where scratch memory goes on. */
#define TILE_SUMS_1(op, to) op " {v16.4s-v19.4s}, [" to "\n"
#define TILE_SUMS_2(op, to) TILE_SUMS_1(op, to) op " {v20.4s-v23.4s}, [" to "\n"
#define TILE_SUMS_3(op, to) TILE_SUMS_2(op, to) op " {v24.4s-v27.4s}, [" to "\n"
#define TILE_SUMS_4(op, to) TILE_SUMS_3(op, to) op " {v28.4s-v31.4s}, [" to "\n"
#define INPUT_1(x, w, v, k, a, b, c, d)                                                                                                              \
    "smlal v" #a ".4s, v" #w ".4h, v" #x ".h[" #k "]\nsmlal2 v" #b ".4s, v" #w ".8h, v" #x ".h[" #k "]\n"                                            \
    "smlal v" #c ".4s, v" #v ".4h, v" #x ".h[" #k "]\nsmlal2 v" #d ".4s, v" #v ".8h, v" #x ".h[" #k "]\n"
#define INPUT_TILES_1(w, v, k, x0, x1, x2, x3) INPUT_1(x0, w, v, k, 16, 17, 18, 19)
#define INPUT_TILES_2(w, v, k, x0, x1, x2, x3) INPUT_TILES_1(w, v, k, x0, x1, x2, x3) INPUT_1(x1, w, v, k, 20, 21, 22, 23)
#define INPUT_TILES_3(w, v, k, x0, x1, x2, x3) INPUT_TILES_2(w, v, k, x0, x1, x2, x3) INPUT_1(x2, w, v, k, 24, 25, 26, 27)
#define INPUT_TILES_4(w, v, k, x0, x1, x2, x3) INPUT_TILES_3(w, v, k, x0, x1, x2, x3) INPUT_1(x3, w, v, k, 28, 29, 30, 31)
#define LOAD_FIRST                             "ld1 {v4.8h-v7.8h}, [x9], #64\n"
#define LOAD_SECOND                            "ld1 {v8.8h-v11.8h}, [x9], #64\n"
#define LOAD_EVEN                              "ld1 {v0.8h-v3.8h}, [%[x]], #64\n"
#define LOAD_ODD                               "ld1 {v12.8h-v15.8h}, [%[x]], #64\n"
#define FIRST_PAIR(N, k, l, ...)               INPUT_TILES_##N(4, 5, k, __VA_ARGS__) INPUT_TILES_##N(6, 7, l, __VA_ARGS__)
#define SECOND_PAIR(N, k, l, ...)              INPUT_TILES_##N(8, 9, k, __VA_ARGS__) INPUT_TILES_##N(10, 11, l, __VA_ARGS__)
#define EIGHT_INPUTS(N, NEXT, ...)                                                                                                                   \
    LOAD_SECOND FIRST_PAIR(N, 0, 1, __VA_ARGS__)                                                                                                     \
    LOAD_FIRST SECOND_PAIR(N, 2, 3, __VA_ARGS__)                                                                                                     \
    NEXT LOAD_SECOND FIRST_PAIR(N, 4, 5, __VA_ARGS__)                                                                                                \
    LOAD_FIRST SECOND_PAIR(N, 6, 7, __VA_ARGS__)

/* x, from and to move on; the last group of a band may have fewer tiles. steps: even. */
#define DEFINE_PRODUCT(N)                                                                                                                            \
    static inline void itg_multiply_place_##N(itg_place_product *product)                                                                            \
    {                                                                                                                                                \
        int64_t groups = product->groups;                                                                                                            \
        __asm__ volatile("0:\nmov x9, %[weights]\nmov x10, %[rounds]\n" TILE_SUMS_##N("ld1", "%[from]], %[from_bytes]") LOAD_EVEN LOAD_FIRST         \
                         "1:\n" EIGHT_INPUTS(N, LOAD_ODD, 0, 1, 2, 3)                                                                                \
                             EIGHT_INPUTS(N, LOAD_EVEN, 12, 13, 14, 15) "subs x10, x10, #1\nb.ne 1b\n" TILE_SUMS_##N(                                \
                                 "st1", "%[to]], #64") "add %[x], %[x], %[skip]\nsubs %[groups], %[groups], #1\nb.ne 0b\n"                           \
                         : [x] "+r"(product->x), [from] "+r"(product->from), [to] "+r"(product->to), [groups] "+r"(groups)                           \
                         : [weights] "r"(product->weights), [rounds] "r"(product->steps / 2), [from_bytes] "r"(product->from_bytes),                 \
                           [skip] "r"(product->skip_bytes - 64)                                                                                      \
                         : "x9", "x10", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", \
                           "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"); \
    }
DEFINE_PRODUCT(1)
DEFINE_PRODUCT(2)
DEFINE_PRODUCT(3)
DEFINE_PRODUCT(4)

/* Groups of `tiles` tiles, 1 to 4. */
static inline void itg_multiply_place(itg_place_product *product, int32_t tiles)
{
    static void (*const multiply[4])(itg_place_product *) = {itg_multiply_place_1, itg_multiply_place_2, itg_multiply_place_3, itg_multiply_place_4};
    multiply[tiles - 1](product);
}

/* 16 inputs of 16 outputs of one tap as packed -> [16 inputs][16 outputs]: bytes of four outputs x four inputs change sides. */
static inline void itg_unpack_tap(int8_t out[16][16], const int8_t *packed)
{
    int8x16x4_t quarter[4]; /* of 4 outputs each: [input % 4] of [input / 4][output] */
    for (int i = 0; i < 4; i++)
        quarter[i] = vld4q_s8(packed + 64 * i);
    for (int k = 0; k < 4; k++) {
        const int32x4_t a = vreinterpretq_s32_s8(quarter[0].val[k]), b = vreinterpretq_s32_s8(quarter[1].val[k]);
        const int32x4_t c = vreinterpretq_s32_s8(quarter[2].val[k]), d = vreinterpretq_s32_s8(quarter[3].val[k]);
        const int32x4_t even_low = vzip1q_s32(a, c), odd_low = vzip1q_s32(b, d), even_high = vzip2q_s32(a, c), odd_high = vzip2q_s32(b, d);
        vst1q_s8(out[k], vreinterpretq_s8_s32(vzip1q_s32(even_low, odd_low)));
        vst1q_s8(out[4 + k], vreinterpretq_s8_s32(vzip2q_s32(even_low, odd_low)));
        vst1q_s8(out[8 + k], vreinterpretq_s8_s32(vzip1q_s32(even_high, odd_high)));
        vst1q_s8(out[12 + k], vreinterpretq_s8_s32(vzip2q_s32(even_high, odd_high)));
    }
}

/* 16 inputs from `first` of a packed block of 16 outputs -> inputs `at` to at + 16 of U[36] of [inputs][16]. */
static inline void itg_transform_block(int16_t *weights, int32_t at, const int8_t *block, int32_t channels, int32_t first)
{
    int8_t taps[9][16][16];
    for (int tap = 0; tap < 9; tap++)
        itg_unpack_tap(taps[tap], block + ((ptrdiff_t)tap * channels + first) * 16);
    for (int i = 0; i < 16; i++)
        for (int half = 0; half < 16; half += 8)
            itg_transform_taps(weights + (at + i) * 16 + half, &taps[0][i][half], 256);
}

#endif
