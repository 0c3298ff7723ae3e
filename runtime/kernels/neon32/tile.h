/* SPDX-License-Identifier: Apache-2.0
 * The register tiles of the 32-bit Arm convolution: 2 pixels times half a block of 16 output channels, accumulated over K (halves.h). Products
 * of four steps (or two, where four might leave int16) are summed in int16 lanes before VPADAL widens them. Four steps are 2 loads of
 * activations, each repeated along its register, 4 loads of 32 bytes of weights, 32 multiplications and 8 or 16 VPADAL. Included by conv.c. */
#ifndef ITG_NEON32_TILE_H
#define ITG_NEON32_TILE_H

#include "runtime/kernels/neon/walk.h"
#include "runtime/kernels/neon32/halves.h"

#define TILE_PIXELS 2

#define WEIGHTS       "vld1.8 {d8-d11}, [%[weights] :128]!\n"
#define MULTIPLY(...) ITG_HALF_PRODUCTS("vmull.s8", __VA_ARGS__)
#define ADD(...)      ITG_HALF_PRODUCTS("vmlal.s8", __VA_ARGS__)
/* Four steps of a pair of channels; DEEP sums four products a lane, SAFE two. */
#define PAIR_DEEP(WIDEN) WEIGHTS MULTIPLY(8, 0, 4) ADD(9, 1, 5) ADD(10, 2, 6) ADD(11, 3, 7) WIDEN
#define PAIR_SAFE(WIDEN) WEIGHTS MULTIPLY(8, 0, 4) ADD(9, 1, 5) WIDEN MULTIPLY(10, 2, 6) ADD(11, 3, 7) WIDEN
#define FOUR_STEPS(PAIR)                                                                                                                             \
    "vld4.32 {d0[],d1[],d2[],d3[]}, [%[x]]!\nvld4.32 {d4[],d5[],d6[],d7[]}, [%[y]]!\n" PAIR(ITG_HALF_WIDEN_0) PAIR(ITG_HALF_WIDEN_1)                 \
        PAIR(ITG_HALF_WIDEN_2) PAIR(ITG_HALF_WIDEN_3)
#define TWO_PAIRS(one, other) WEIGHTS MULTIPLY(8, 0, 4) ADD(9, 1, 5) one MULTIPLY(10, 0, 4) ADD(11, 1, 5) other
#define TWO_STEPS                                                                                                                                    \
    "vld2.32 {d0[],d1[]}, [%[x]]!\nvld2.32 {d4[],d5[]}, [%[y]]!\n" TWO_PAIRS(ITG_HALF_WIDEN_0, ITG_HALF_WIDEN_1)                                     \
        TWO_PAIRS(ITG_HALF_WIDEN_2, ITG_HALF_WIDEN_3)
#define ONE_STEP                                                                                                                                     \
    "vld1.32 {d0[]}, [%[x]]!\nvld1.32 {d4[]}, [%[y]]!\n" WEIGHTS MULTIPLY(8, 0, 4) ITG_HALF_WIDEN_0 MULTIPLY(9, 0, 4)                                \
        ITG_HALF_WIDEN_1 MULTIPLY(10, 0, 4) ITG_HALF_WIDEN_2 MULTIPLY(11, 0, 4) ITG_HALF_WIDEN_3

/* Half `half` of the pixels at bytes `first` and `second` from the list's first one. */
#define SUM_HALF(DEPTH, tile, half, first, second)                                                                                                   \
    {                                                                                                                                                \
        const uint8_t *const *segment = (tile)->segment, *x, *y;                                                                                     \
        const int8_t *weights = (tile)->weights + (half) * (ptrdiff_t)((tile)->segments * (tile)->steps * 32);                                       \
        int32_t segments = (int32_t)(tile)->segments, fours;                                                                                         \
        __asm__ volatile(                                                                                                                            \
            ITG_HALF_START "1:\nldr %[x], [%[segment]], #4\nadd %[y], %[x], %[offset_y]\nadd %[x], %[x], %[offset_x]\n"                              \
                           "lsrs %[fours], %[steps], #2\nbeq 3f\n"                                                                                   \
                           "2:\n" FOUR_STEPS(PAIR_##DEPTH) "subs %[fours], %[fours], #1\nbne 2b\n"                                                   \
                                                           "3:\ntst %[steps], #2\nbeq 4f\n" TWO_STEPS "4:\ntst %[steps], #1\nbeq 5f\n" ONE_STEP      \
                                                           "5:\nsubs %[segments], %[segments], #1\nbne 1b\n"                                         \
            : ITG_HALF_OUTPUTS, [segment] "+&r"(segment), [segments] "+&r"(segments), [weights] "+&r"(weights), [x] "=&r"(x), [y] "=&r"(y),          \
              [fours] "=&r"(fours)                                                                                                                   \
            : [start] "r"((tile)->start + 16 * (half)), [steps] "r"((int32_t)(tile)->steps), [offset_x] "r"(first), [offset_y] "r"(second)           \
            : ITG_HALF_CLOBBERS);                                                                                                                    \
    }

/* One pixel is computed twice. */
#define DEFINE_TILE(PIXELS, DEPTH)                                                                                                                   \
    static void tile_##PIXELS##_##DEPTH(const itg_pixel_tile *tile, int32_t *sums)                                                                   \
    {                                                                                                                                                \
        int32_t both[2 * 16];                                                                                                                        \
        for (int half = 0; half < 2; half++) {                                                                                                       \
            ITG_DECLARE_HALF                                                                                                                         \
            SUM_HALF(DEPTH, tile, half, tile->pixels[0], tile->pixels[PIXELS - 1])                                                                   \
            ITG_STORE_HALF_SUMS(both + 8 * half);                                                                                                    \
        }                                                                                                                                            \
        memcpy(sums, both, PIXELS * 16 * sizeof(int32_t));                                                                                           \
    }                                                                                                                                                \
    static void direct_##PIXELS##_##DEPTH(const itg_pixel_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                    \
    {                                                                                                                                                \
        for (int half = 0; half < finish->count / 8; half++) {                                                                                       \
            const ptrdiff_t *pixels = tile->pixels;                                                                                                  \
            uint8_t *to = out + 8 * half;                                                                                                            \
            for (int32_t left = (int32_t)tiles; left > 0; left--, pixels += PIXELS) {                                                                \
                ITG_DECLARE_HALF                                                                                                                     \
                SUM_HALF(DEPTH, tile, half, pixels[0], pixels[PIXELS - 1])                                                                           \
                ITG_STORE_HALF_CODES(PIXELS, finish, half, to);                                                                                      \
            }                                                                                                                                        \
        }                                                                                                                                            \
    }
#define DEFINE_SET(DEPTH)                                                                                                                            \
    DEFINE_TILE(1, DEPTH)                                                                                                                            \
    DEFINE_TILE(2, DEPTH)                                                                                                                            \
    static itg_pixel_function *const tiles_##DEPTH[TILE_PIXELS] = {tile_1_##DEPTH, tile_2_##DEPTH};                                                  \
    static itg_direct_function *const direct_##DEPTH[TILE_PIXELS] = {direct_1_##DEPTH, direct_2_##DEPTH};
DEFINE_SET(DEEP)
DEFINE_SET(SAFE)

#endif
