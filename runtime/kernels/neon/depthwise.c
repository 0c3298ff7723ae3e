/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution by 8-bit multiplications of columns of four vertical taps, widened one by one. Contract:
 * runtime/kernels/depthwise.h; weights in a signed packing. In inline assembly: v0-v15 sums of two pixels, 2 channels x 2 partial sums
 * a register; v16-v19 and v20-v23 their columns, v24-v27 weights, v28-v31 products. */
#include "runtime/kernels/neon/codes.h"
#include "runtime/kernels/neon/columns.h"
#include "runtime/kernels/neon/spread.h"

#define ADD_PRODUCTS(low, high, a, weights)                                                                                                          \
    "smull v28.8h, v" #a ".8b, v" #weights ".8b\nsmull2 v29.8h, v" #a ".16b, v" #weights ".16b\n"                                                    \
    "sadalp v" #low ".4s, v28.8h\nsadalp v" #high ".4s, v29.8h\n"
#define STARTS                                                                                                                                       \
    "ld1 {v0.4s-v3.4s}, [%[start]]\nld1 {v4.4s-v7.4s}, [%[high_start]]\nld1 {v8.4s-v11.4s}, [%[start]]\nld1 {v12.4s-v15.4s}, [%[high_start]]\n"
#define SUMS                                                                                                                                         \
    STARTS "mov x9, %[x]\nadd x10, x9, %[step]\nmov x13, %[weights]\nmov x14, %[taps]\n"                                                             \
           "1:\nld1 {v24.16b-v27.16b}, [x13], #64\nld1 {v16.16b-v19.16b}, [x9], #64\nld1 {v20.16b-v23.16b}, [x10], #64\n" ADD_PRODUCTS(0, 1, 16, 24) \
               ADD_PRODUCTS(8, 9, 20, 24) ADD_PRODUCTS(2, 3, 17, 25) ADD_PRODUCTS(10, 11, 21, 25) ADD_PRODUCTS(4, 5, 18, 26)                         \
                   ADD_PRODUCTS(12, 13, 22, 26) ADD_PRODUCTS(6, 7, 19, 27)                                                                           \
                       ADD_PRODUCTS(14, 15, 23, 27) "subs x14, x14, #1\nb.ne 1b\n" ITG_REDUCE_TWO
#define STORES "stp q0, q2, [%[sums]]\nstp q4, q6, [%[sums], #32]\nstp q8, q10, [%[sums], #64]\nstp q12, q14, [%[sums], #96]\n"
#define CODES(form, kept)                                                                                                                            \
    "ld1 {v24.4s-v27.4s}, [%[multipliers]]\nld1 {v28.16b-v31.16b}, [%[narrowing]]\n" ITG_CODES(                                                      \
        form, 0, 2, 4, 6, 24, 25, 26, 27, 28, 29, 30, 31, kept) ITG_CODES(form, 8, 10, 12, 14, 24, 25, 26, 27, 28, 29, 30, 31, kept)
#define INPUTS                                                                                                                                       \
    [start] "r"(tile->start), [high_start] "r"(tile->start + 16), [weights] "r"(tile->weights), [step] "r"(tile->step), [taps] "r"(tile->taps)
#define CLOBBERS                                                                                                                                     \
    "x9", "x10", "x13", "x14", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",   \
        "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc"

static void sum_taps(const itg_column_tile *tile, int32_t *sums)
{
    __asm__ volatile(SUMS STORES : : INPUTS, [x] "r"(tile->x), [sums] "r"(sums) : CLOBBERS);
}

#define DEFINE_DIRECT(KEPT)                                                                                                                          \
    static void direct_##KEPT(const itg_column_tile *tile, const itg_neon_finish *finish, uint8_t *out, int64_t tiles)                               \
    {                                                                                                                                                \
        const uint8_t *x = tile->x;                                                                                                                  \
        __asm__ volatile("0:\n" SUMS ITG_FINISH_TILES(CODES, KEPT, "", "add %[x], %[x], %[step], lsl #1\n", tiles)                                   \
                         : [x] "+r"(x), [out] "+r"(out), [tiles] "+r"(tiles)                                                                         \
                         : INPUTS, ITG_FINISH                                                                                                        \
                         : CLOBBERS);                                                                                                                \
    }
DEFINE_DIRECT(16b)
DEFINE_DIRECT(8b)

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    static const itg_column_set set = {2, sum_taps, direct_16b, direct_8b, NULL, NULL, itg_spread_start};
    if (depthwise->packing == ITG_PACK_ROWS)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else
        itg_walk_signed_columns(&set, depthwise, out, in, (const int32_t[2]){y0, y1}, scratch);
}

const itg_depthwise_kernels itg_depthwise_neon = {.rows = compute_rows};
