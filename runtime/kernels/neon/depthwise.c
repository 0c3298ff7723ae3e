/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution by 8-bit multiplications of columns of four vertical taps, widened one by one. Contract:
 * runtime/kernels/depthwise.h; weights in a signed packing. In inline assembly: v0-v15 sums of two pixels, 2 channels x 2 partial sums
 * a register; v16-v19 and v20-v23 their columns, v24-v27 weights, v28-v31 products. */
#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/columns.h"
#include "runtime/kernels/neon/rows.h"
#include "runtime/kernels/neon/spread.h"

#define ADD_PRODUCTS(low, high, a, weights)                                                                                                          \
    "smull v28.8h, v" #a ".8b, v" #weights ".8b\nsmull2 v29.8h, v" #a ".16b, v" #weights ".16b\n"                                                    \
    "sadalp v" #low ".4s, v28.8h\nsadalp v" #high ".4s, v29.8h\n"
#define STARTS_1                                                                                                                                     \
    "ld1 {v0.4s-v3.4s}, [%[start]]\nld1 {v4.4s-v7.4s}, [%[high_start]]\nmov x9, %[x]\nmov x13, %[weights]\nmov x14, %[taps]\n1:\n"                   \
    "ld1 {v24.16b-v27.16b}, [x13], #64\nld1 {v16.16b-v19.16b}, [x9], #64\n"
#define STARTS_2                                                                                                                                     \
    "ld1 {v8.4s-v11.4s}, [%[start]]\nld1 {v12.4s-v15.4s}, [%[high_start]]\nadd x10, %[x], %[step]\n" STARTS_1 "ld1 {v20.16b-v23.16b}, [x10], #64\n"
#define FIRST_PIXEL                       ADD_PRODUCTS(0, 1, 16, 24) ADD_PRODUCTS(2, 3, 17, 25) ADD_PRODUCTS(4, 5, 18, 26) ADD_PRODUCTS(6, 7, 19, 27)
#define SECOND_PIXEL                      ADD_PRODUCTS(8, 9, 20, 24) ADD_PRODUCTS(10, 11, 21, 25) ADD_PRODUCTS(12, 13, 22, 26) ADD_PRODUCTS(14, 15, 23, 27)
#define NEXT_TAP                          "subs x14, x14, #1\nb.ne 1b\n"
#define SUMS_1                            STARTS_1 FIRST_PIXEL NEXT_TAP ITG_REDUCE_ONE
#define SUMS_2                            STARTS_2 FIRST_PIXEL SECOND_PIXEL NEXT_TAP ITG_REDUCE_TWO
#define STORES                            "stp q0, q2, [%[sums]]\nstp q4, q6, [%[sums], #32]\nstp q8, q10, [%[sums], #64]\nstp q12, q14, [%[sums], #96]\n"
#define CODES(form, s0, s1, s2, s3, kept) ITG_CODES(form, s0, s1, s2, s3, 24, 25, 26, 27, 28, 29, 30, 31, kept)
#define CODES_1(form, kept)               "ld1 {v24.4s-v27.4s}, [%[multipliers]]\nld1 {v28.16b-v31.16b}, [%[narrowing]]\n" CODES(form, 0, 2, 4, 6, kept)
#define CODES_2(form, kept)               CODES_1(form, kept) CODES(form, 8, 10, 12, 14, kept)
#define INPUTS                                                                                                                                       \
    [start] "r"(tile->start), [high_start] "r"(tile->start + 16), [weights] "r"(tile->weights), [step] "r"(tile->step), [taps] "r"(tile->taps)
#define CLOBBERS                                                                                                                                     \
    "x9", "x10", "x13", "x14", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",   \
        "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"

static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    __asm__ volatile(SUMS_2 STORES : : INPUTS, [x] "r"(tile->x), [sums] "r"(sums) : CLOBBERS);
}

#define DEFINE_DIRECT(PIXELS, KEPT)                                                                                                                  \
    static void direct_##PIXELS##_##KEPT(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                    \
    {                                                                                                                                                \
        const uint8_t *x = tile->x;                                                                                                                  \
        __asm__ volatile("0:\n" SUMS_##PIXELS ITG_FINISH_TILES(CODES_##PIXELS, KEPT, "", "add %[x], %[x], %[advance]\n", tiles)                      \
                         : [x] "+r"(x), [out] "+r"(out), [tiles] "+r"(tiles)                                                                         \
                         : INPUTS, ITG_FINISH, [advance] "r"(PIXELS * tile->step)                                                                    \
                         : CLOBBERS);                                                                                                                \
    }
DEFINE_DIRECT(1, 16b)
DEFINE_DIRECT(2, 16b)
DEFINE_DIRECT(1, 8b)
DEFINE_DIRECT(2, 8b)

static itg_direct_columns *const direct_16[] = {direct_1_16b, direct_2_16b}, *const direct_8[] = {direct_1_8b, direct_2_8b};

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    static const itg_column_set set = {2, sum_taps, direct_16, direct_8, NULL, NULL, itg_spread_start, compute_from_rows};
    if (depthwise->packing == ITG_PACK_ROWS)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else
        itg_walk_signed_columns(&set, depthwise, out, in, (const int32_t[2]){y0, y1}, scratch);
}

const itg_depthwise_kernels itg_depthwise_neon = {.rows = compute_rows};
