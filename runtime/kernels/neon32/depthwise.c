/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on 32-bit Arm by 8-bit multiplications of columns of four vertical taps, widened one by one, half a block of 16
 * channels at a time (halves.h). Contract: runtime/kernels/depthwise.h; weights in a signed packing; the walk: neon/columns.h. */
#include "runtime/kernels/neon/columns.h"
#include "runtime/kernels/neon32/halves.h"

#define PAIR(WIDEN, weights, x, y) ITG_HALF_PRODUCTS("vmull.s8", weights, x, y) WIDEN

/* Half `half` of two pixels, columns from a and from b on; loads of a half stand ITG_SIGNED_COLUMN_BYTES apart. */
#define SUM_HALF(tile, half, a, b)                                                                                                                   \
    {                                                                                                                                                \
        const uint8_t *x = (a) + 32 * (half), *y = (b) + 32 * (half);                                                                                \
        const int8_t *weights = (tile)->weights + 32 * (half);                                                                                       \
        int32_t taps = (int32_t)(tile)->taps;                                                                                                        \
        __asm__ volatile(ITG_HALF_START                                                                                                              \
                         "1:\nvld1.8 {d8-d11}, [%[weights]], %[next]\nvld1.8 {d0-d3}, [%[x]], %[next]\nvld1.8 {d4-d7}, [%[y]], %[next]\n" PAIR(      \
                             ITG_HALF_WIDEN_0, 8, 0, 4) PAIR(ITG_HALF_WIDEN_1, 9, 1, 5) PAIR(ITG_HALF_WIDEN_2, 10, 2, 6)                             \
                             PAIR(ITG_HALF_WIDEN_3, 11, 3, 7) "subs %[taps], %[taps], #1\nbne 1b\n"                                                  \
                         : ITG_HALF_OUTPUTS, [x] "+&r"(x), [y] "+&r"(y), [weights] "+&r"(weights), [taps] "+&r"(taps)                                \
                         : [start] "r"((tile)->start + 16 * (half)), [next] "r"(ITG_SIGNED_COLUMN_BYTES)                                             \
                         : ITG_HALF_CLOBBERS);                                                                                                       \
    }

static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    for (int half = 0; half < 2; half++) {
        ITG_DECLARE_HALF
        SUM_HALF(tile, half, tile->x, tile->x + tile->step)
        ITG_STORE_HALF_SUMS(sums + 8 * half);
    }
}

/* Tiles of 1 or 2 pixels to plain int8 codes; one pixel is computed twice. */
#define DEFINE_DIRECT(PIXELS)                                                                                                                        \
    static void direct_##PIXELS(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                             \
    {                                                                                                                                                \
        for (int half = 0; half < finish->count / 8; half++) {                                                                                       \
            const uint8_t *column = tile->x;                                                                                                         \
            uint8_t *to = out + 8 * half;                                                                                                            \
            for (int32_t left = (int32_t)tiles; left > 0; left--, column += PIXELS * tile->step) {                                                   \
                ITG_DECLARE_HALF                                                                                                                     \
                SUM_HALF(tile, half, column, column + (PIXELS - 1) * tile->step)                                                                     \
                ITG_STORE_HALF_CODES(PIXELS, finish, half, to);                                                                                      \
            }                                                                                                                                        \
        }                                                                                                                                            \
    }
DEFINE_DIRECT(1)
DEFINE_DIRECT(2)

static itg_direct_columns *const direct[] = {direct_1, direct_2};

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    static const itg_column_set set = {2, sum_taps, direct, direct, NULL, NULL, itg_spread_start, NULL};
    if (depthwise->packing == ITG_PACK_ROWS)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else
        itg_walk_signed_columns(&set, depthwise, out, in, (const int32_t[2]){y0, y1}, scratch);
}

const itg_depthwise_kernels itg_depthwise_neon32 = {.rows = compute_rows};
