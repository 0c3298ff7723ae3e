/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on 32-bit Arm by 8-bit multiplications of columns of four vertical taps, widened one by one, half a block of 16
 * channels at a time (halves.h). Contract: runtime/kernels/depthwise.h; weights in a signed packing; the walk: neon/columns.h. */
#include "runtime/kernels/neon/columns.h"
#include "runtime/kernels/neon32/halves.h"

#define PAIR(pair, weights, x, y) ITG_HALF_PRODUCTS("vmull.s8", weights, x, y) ITG_HALF_WIDEN(pair)

/* Half `half` of two pixels from x on; loads of a half stand ITG_SIGNED_COLUMN_BYTES apart. */
static inline itg_half_sums sum_half(const itg_column_tile *tile, const uint8_t *x, int half)
{
    itg_half_sums sums = itg_start_half(tile->start + 16 * half);
    const uint8_t *a = x + 32 * half, *b = a + tile->step;
    const int8_t *weights = tile->weights + 32 * half;
    int32_t taps = (int32_t)tile->taps;
    __asm__ volatile("1:\nvld1.8 {d8-d11}, [%[weights]], %[next]\nvld1.8 {d0-d3}, [%[a]], %[next]\nvld1.8 {d4-d7}, [%[b]], %[next]\n" PAIR(0, 8, 0, 4)
                         PAIR(1, 9, 1, 5) PAIR(2, 10, 2, 6) PAIR(3, 11, 3, 7) "subs %[taps], %[taps], #1\nbne 1b\n"
                     : ITG_HALF_OPERANDS(sums), [a] "+r"(a), [b] "+r"(b), [weights] "+r"(weights), [taps] "+r"(taps)
                     : [next] "r"(ITG_SIGNED_COLUMN_BYTES)
                     : ITG_HALF_CLOBBERS);
    return sums;
}

static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    for (int half = 0; half < 2; half++) {
        const itg_half_sums s = sum_half(tile, tile->x, half);
        itg_store_half(&s, sums + 8 * half);
    }
}

/* Tiles of `pixels`, 1 or 2, to plain int8 codes. */
static void store_tiles(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int32_t tiles, int32_t pixels)
{
    itg_column_tile one = *tile;
    one.step = (pixels - 1) * tile->step;
    for (int half = 0; half < finish->count / 8; half++) {
        const uint8_t *x = tile->x;
        uint8_t *first = out + 8 * half;
        for (int32_t left = tiles; left > 0; left--) {
            const itg_half_sums s = sum_half(&one, x, half);
            itg_store_half_codes(&s, finish, half, first, first + (pixels - 1) * finish->pixel_bytes);
            x += pixels * tile->step;
            first += pixels * finish->pixel_bytes;
        }
    }
}

static void store_pixels(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)
{
    store_tiles(tile, finish, out, (int32_t)tiles, 1);
}

static void store_pairs(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)
{
    store_tiles(tile, finish, out, (int32_t)tiles, 2);
}

static itg_direct_columns *const direct[] = {store_pixels, store_pairs};

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    static const itg_column_set set = {2, sum_taps, direct, direct, NULL, NULL, itg_spread_start, NULL};
    if (depthwise->packing == ITG_PACK_ROWS)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else
        itg_walk_signed_columns(&set, depthwise, out, in, (const int32_t[2]){y0, y1}, scratch);
}

const itg_depthwise_kernels itg_depthwise_neon32 = {.rows = compute_rows};
