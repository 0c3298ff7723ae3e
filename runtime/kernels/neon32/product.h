/* SPDX-License-Identifier: Apache-2.0
 * Products of the transformed convolution on 32-bit Arm (neon/winograd.h), 4 tiles times half a block of 16 output channels in registers, and
 * weights from ITG_PACK_8C4S in the order that they want. Included by conv.c of this folder, before winograd.h. */
#ifndef ITG_NEON32_PRODUCT_H
#define ITG_NEON32_PRODUCT_H

#include "runtime/kernels/neon/transform.h"

/* U: [36] of [2 halves][64 inputs][8 outputs]. */
#define HALF_ELEMENTS (ITG_WINOGRAD_DEPTH * 8)

/* Tile t's input in lane k of d<x> times the 8 weights in d<w> and d<v>; its sums are in q<a> and q<b>. */
#define TILE_INPUT(a, b, x, k, w, v)     "vmlal.s16 q" #a ", d" #w ", d" #x "[" #k "]\nvmlal.s16 q" #b ", d" #v ", d" #x "[" #k "]\n"
#define INPUT_1(x0, x1, x2, x3, k, w, v) TILE_INPUT(8, 9, x0, k, w, v)
#define INPUT_2(x0, x1, x2, x3, k, w, v) INPUT_1(x0, x1, x2, x3, k, w, v) TILE_INPUT(10, 11, x1, k, w, v)
#define INPUT_3(x0, x1, x2, x3, k, w, v) INPUT_2(x0, x1, x2, x3, k, w, v) TILE_INPUT(12, 13, x2, k, w, v)
#define INPUT_4(x0, x1, x2, x3, k, w, v) INPUT_3(x0, x1, x2, x3, k, w, v) TILE_INPUT(14, 15, x3, k, w, v)
#define FOUR_INPUTS(N, x0, x1, x2, x3)                                                                                                               \
    "vld1.16 {d8-d11}, [%[weights] :64]!\nvld1.16 {d12-d15}, [%[weights] :64]!\n" INPUT_##N(x0, x1, x2, x3, 0, 8, 9)                                 \
        INPUT_##N(x0, x1, x2, x3, 1, 10, 11) INPUT_##N(x0, x1, x2, x3, 2, 12, 13) INPUT_##N(x0, x1, x2, x3, 3, 14, 15)
#define SUMS_1(op, at) op " {d16-d19}, [" at "\n"
#define SUMS_2(op, at) SUMS_1(op, at) op " {d20-d23}, [" at "\n"
#define SUMS_3(op, at) SUMS_2(op, at) op " {d24-d27}, [" at "\n"
#define SUMS_4(op, at) SUMS_3(op, at) op " {d28-d31}, [" at "\n"

/* One group of tiles, half a block, from x on. In q0-q3 8 inputs of each tile, in q4-q7 weights of 4 inputs: 64 VMLAL for 256 products, 5 loads. */
#define DEFINE_PRODUCT(N)                                                                                                                            \
    static inline void multiply_half_##N(const itg_place_product *product, const int16_t *x, const int32_t *from, int32_t *to, int half)             \
    {                                                                                                                                                \
        const int16_t *weights = product->weights + half * HALF_ELEMENTS;                                                                            \
        int32_t steps = (int32_t)product->steps;                                                                                                     \
        __asm__ volatile(SUMS_##N("vld1.32", "%[from]], %[next]") "1:\nvldmia %[x]!, {d0-d7}\n" FOUR_INPUTS(N, 0, 2, 4, 6)                           \
                             FOUR_INPUTS(N, 1, 3, 5, 7) "subs %[steps], %[steps], #1\nbne 1b\n" SUMS_##N("vst1.32", "%[to]], %[line]")               \
                         : [x] "+r"(x), [weights] "+r"(weights), [steps] "+r"(steps), [from] "+r"(from), [to] "+r"(to)                               \
                         : [next] "r"((ptrdiff_t)product->from_bytes), [line] "r"(64)                                                                \
                         : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15", "memory", "cc");    \
    }                                                                                                                                                \
    static void multiply_place_##N(itg_place_product *product)                                                                                       \
    {                                                                                                                                                \
        const ptrdiff_t x_next = (ptrdiff_t)(32 * product->steps + product->skip_bytes / 2), from_next = (ptrdiff_t)product->from_bytes / 4 * N;     \
        const ptrdiff_t groups = (ptrdiff_t)product->groups;                                                                                         \
        for (int half = 0; half < 2; half++)                                                                                                         \
            for (ptrdiff_t g = 0; g < groups; g++)                                                                                                   \
                multiply_half_##N(product, product->x + g * x_next, product->from + g * from_next + 8 * half, product->to + g * 16 * N + 8 * half,   \
                                  half);                                                                                                             \
        product->x += groups * x_next;                                                                                                               \
        product->from += groups * from_next;                                                                                                         \
        product->to += groups * 16 * N;                                                                                                              \
    }
DEFINE_PRODUCT(1)
DEFINE_PRODUCT(2)
DEFINE_PRODUCT(3)
DEFINE_PRODUCT(4)

/* Groups of `tiles` tiles, 1 to 4; x, from and to move on. */
static inline void itg_multiply_place(itg_place_product *product, int32_t tiles)
{
    static void (*const multiply[4])(itg_place_product *) = {multiply_place_1, multiply_place_2, multiply_place_3, multiply_place_4};
    multiply[tiles - 1](product);
}

/* 16 inputs of half a block's outputs of one tap as packed, [pair of outputs][4 inputs][2][4], -> [input % 4][input / 4][8]. */
static inline void unpack_half(int8_t *out, const int8_t *packed)
{
    int8x8x4_t pair[4];
    for (int i = 0; i < 4; i++)
        pair[i] = vld4_s8(packed + 32 * i);
    for (int k = 0; k < 4; k++) {
        const int16x4x4_t rows = {{vreinterpret_s16_s8(pair[0].val[k]), vreinterpret_s16_s8(pair[1].val[k]), vreinterpret_s16_s8(pair[2].val[k]),
                                   vreinterpret_s16_s8(pair[3].val[k])}};
        vst4_s16((int16_t *)(void *)(out + 32 * k), rows);
    }
}

/* 16 inputs from `first` of a packed block of 16 outputs -> inputs `at` to at + 16 of U. */
static inline void itg_transform_block(int16_t *weights, int32_t at, const int8_t *block, int32_t channels, int32_t first)
{
    __attribute__((aligned(16))) int8_t taps[9][128];
    for (int half = 0; half < 2; half++, block += (ptrdiff_t)channels * 72) {
        for (int tap = 0; tap < 9; tap++)
            unpack_half(taps[tap], block + ((ptrdiff_t)tap * channels + first) * 8);
        for (int i = 0; i < 16; i++)
            itg_transform_taps(weights + half * HALF_ELEMENTS + (at + i) * 8, taps[0] + (i % 4 * 4 + i / 4) * 8, 128);
    }
}

#endif
