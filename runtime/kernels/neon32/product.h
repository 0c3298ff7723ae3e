/* SPDX-License-Identifier: Apache-2.0
 * Products of the transformed convolution on 32-bit Arm (neon/winograd.h), 4 tiles times half a block of 16 output channels in registers, and
 * weights from ITG_PACK_8C4S in the order that they want. Included by conv.c of this folder, before winograd.h. */
#ifndef ITG_NEON32_PRODUCT_H
#define ITG_NEON32_PRODUCT_H

#include "runtime/kernels/neon/transform.h"

/* U: [36] of [2 halves][64 inputs][8 outputs]. */
#define HALF_ELEMENTS (ITG_WINOGRAD_DEPTH * 8)

/* Sums of up to 4 tiles: outputs 0-3 and 4-7 of each. */
typedef struct tile_sums {
    int32x4_t a0, b0, a1, b1, a2, b2, a3, b3;
} tile_sums;

/* Tile t's input in lane k of d<x> times the 8 weights in d<w> and d<v>. */
#define TILE_INPUT(t, x, k, w, v)        "vmlal.s16 %q[a" #t "], d" #w ", d" #x "[" #k "]\nvmlal.s16 %q[b" #t "], d" #v ", d" #x "[" #k "]\n"
#define INPUT_1(x0, x1, x2, x3, k, w, v) TILE_INPUT(0, x0, k, w, v)
#define INPUT_2(x0, x1, x2, x3, k, w, v) INPUT_1(x0, x1, x2, x3, k, w, v) TILE_INPUT(1, x1, k, w, v)
#define INPUT_3(x0, x1, x2, x3, k, w, v) INPUT_2(x0, x1, x2, x3, k, w, v) TILE_INPUT(2, x2, k, w, v)
#define INPUT_4(x0, x1, x2, x3, k, w, v) INPUT_3(x0, x1, x2, x3, k, w, v) TILE_INPUT(3, x3, k, w, v)
#define FOUR_INPUTS(N, x0, x1, x2, x3)                                                                                                               \
    "vld1.16 {d8-d11}, [%[weights] :64]!\nvld1.16 {d12-d15}, [%[weights] :64]!\n" INPUT_##N(x0, x1, x2, x3, 0, 8, 9)                                 \
        INPUT_##N(x0, x1, x2, x3, 1, 10, 11) INPUT_##N(x0, x1, x2, x3, 2, 12, 13) INPUT_##N(x0, x1, x2, x3, 3, 14, 15)
#define START(N, tile, from) ((tile) < N ? vld1q_s32(from) : vdupq_n_s32(0))
#define STORE(N, tile, low, high)                                                                                                                    \
    if ((tile) < N) {                                                                                                                                \
        vst1q_s32(to + 16 * (tile), low);                                                                                                            \
        vst1q_s32(to + 16 * (tile) + 4, high);                                                                                                       \
    }

/* One group of tiles, half a block, from x on. In q0-q3 8 inputs of each tile, in q4-q7 weights of 4 inputs: 64 VMLAL for 256 products, 5 loads. */
#define DEFINE_PRODUCT(N)                                                                                                                            \
    static inline void multiply_half_##N(const itg_place_product *product, const int16_t *x, const int32_t *from, int32_t *to, int half)             \
    {                                                                                                                                                \
        const int16_t *weights = product->weights + half * HALF_ELEMENTS;                                                                            \
        const ptrdiff_t next = (ptrdiff_t)product->from_bytes / 4;                                                                                   \
        int32_t steps = (int32_t)product->steps;                                                                                                     \
        tile_sums s = {START(N, 0, from),                                                                                                            \
                       START(N, 0, from + 4),                                                                                                        \
                       START(N, 1, from + next),                                                                                                     \
                       START(N, 1, from + next + 4),                                                                                                 \
                       START(N, 2, from + 2 * next),                                                                                                 \
                       START(N, 2, from + 2 * next + 4),                                                                                             \
                       START(N, 3, from + 3 * next),                                                                                                 \
                       START(N, 3, from + 3 * next + 4)};                                                                                            \
        __asm__ volatile("1:\nvldmia %[x]!, {d0-d7}\n" FOUR_INPUTS(N, 0, 2, 4, 6) FOUR_INPUTS(N, 1, 3, 5, 7) "subs %[steps], %[steps], #1\nbne 1b\n" \
                         : [a0] "+w"(s.a0), [b0] "+w"(s.b0), [a1] "+w"(s.a1), [b1] "+w"(s.b1), [a2] "+w"(s.a2), [b2] "+w"(s.b2), [a3] "+w"(s.a3),    \
                           [b3] "+w"(s.b3), [x] "+r"(x), [weights] "+r"(weights), [steps] "+r"(steps)                                                \
                         :                                                                                                                           \
                         : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory", "cc");                                                          \
        STORE(N, 0, s.a0, s.b0) STORE(N, 1, s.a1, s.b1) STORE(N, 2, s.a2, s.b2) STORE(N, 3, s.a3, s.b3)                                              \
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
