/* SPDX-License-Identifier: Apache-2.0
 * Sums of 2 pixels times 8 channels, half a block, in 8 of the 16 vector registers of 32-bit Arm: q8-q11 of the first pixel, q12-q15 of the
 * second, 2 channels x 2 partial sums each. Convolution and depthwise of this folder make them in inline assembly, in q0-q3 activations, q4 and
 * q5 weights, q6 and q7 products; here they become codes. Variables bound to the registers carry them from one assembly to the next. */
#ifndef ITG_NEON32_HALVES_H
#define ITG_NEON32_HALVES_H

#include "runtime/kernels/neon/requantize.h"
#include "runtime/kernels/neon/spread.h"

#define ITG_DECLARE_HALF                                                                                                                             \
    register int32x4_t a0 __asm__("q8"), a1 __asm__("q9"), a2 __asm__("q10"), a3 __asm__("q11"), b0 __asm__("q12"), b1 __asm__("q13"),               \
        b2 __asm__("q14"), b3 __asm__("q15");
#define ITG_HALF_OUTPUTS  "=w"(a0), "=w"(a1), "=w"(a2), "=w"(a3), "=w"(b0), "=w"(b1), "=w"(b2), "=w"(b3)
#define ITG_HALF_IN_PLACE "+w"(a0), "+w"(a1), "+w"(a2), "+w"(a3), "+w"(b0), "+w"(b1), "+w"(b2), "+w"(b3)
#define ITG_HALF_CLOBBERS "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory", "cc"

/* start: 16 first values, spread (spread.h). */
#define ITG_HALF_START "vldmia %[start], {d16-d23}\nvldmia %[start], {d24-d31}\n"

/* op: vmull.s8 or vmlal.s8; products of both pixels with one register of weights. */
#define ITG_HALF_PRODUCTS(op, weights, x, y) op " q6, d" #weights ", d" #x "\n" op " q7, d" #weights ", d" #y "\n"
#define ITG_HALF_WIDEN(a, b)                 "vpadal.s16 q" #a ", q6\nvpadal.s16 q" #b ", q7\n"
#define ITG_HALF_WIDEN_0                     ITG_HALF_WIDEN(8, 12)
#define ITG_HALF_WIDEN_1                     ITG_HALF_WIDEN(9, 13)
#define ITG_HALF_WIDEN_2                     ITG_HALF_WIDEN(10, 14)
#define ITG_HALF_WIDEN_3                     ITG_HALF_WIDEN(11, 15)

/* Partial sums -> sums, of the first pixel in q8 and q9, of the second in q12 and q13. */
#define ITG_HALF_JOIN                                                                                                                                \
    "vpadd.i32 d16, d16, d17\nvpadd.i32 d24, d24, d25\nvpadd.i32 d17, d18, d19\nvpadd.i32 d25, d26, d27\n"                                           \
    "vpadd.i32 d18, d20, d21\nvpadd.i32 d26, d28, d29\nvpadd.i32 d19, d22, d23\nvpadd.i32 d27, d30, d31\n"

/* The 8 sums of each pixel to sums[pixel * 16]. */
#define ITG_STORE_HALF_SUMS(sums)                                                                                                                    \
    __asm__ volatile(ITG_HALF_JOIN "vstmia %[first], {d16-d19}\nvstmia %[second], {d24-d27}\n"                                                       \
                     : ITG_HALF_IN_PLACE                                                                                                             \
                     : [first] "r"(sums), [second] "r"((sums) + 16)                                                                                  \
                     : "memory")

/* RQ at shift 0 (ONCE), and above it (ROUND). */
#define ITG_HALF_EACH(op, low, high) op " q8, q8, q" #low "\n" op " q9, q9, q" #high "\n" op " q12, q12, q" #low "\n" op " q13, q13, q" #high "\n"
#define ITG_HALF_ONCE                ITG_HALF_EACH("vqrdmulh.s32", 0, 1)
#define ITG_HALF_ROUND               ITG_HALF_EACH("vqdmulh.s32", 0, 1) ITG_HALF_EACH("vrshl.s32", 5, 5)

/* Plain int8 codes (finish->plain) of half `half` of PIXELS pixels, 1 or 2, at out, which moves on by as many. */
#define ITG_HALF_STORE_1 "vst1.8 {d16}, [%[into]], %[stride]\n"
#define ITG_HALF_STORE_2 ITG_HALF_STORE_1 "vst1.8 {d24}, [%[into]], %[stride]\n"
#define ITG_HALF_CODES(FORM, PIXELS)                                                                                                                 \
    "vldmia %[multipliers], {d0-d3}\nvldmia %[narrowing], {d4-d11}\n" ITG_HALF_JOIN ITG_HALF_##FORM                                                  \
        "vqmovn.s32 d16, q8\nvqmovn.s32 d17, q9\nvqmovn.s32 d24, q12\nvqmovn.s32 d25, q13\nvqadd.s16 q8, q8, q2\nvqadd.s16 q12, q12, q2\n"           \
        "vqmovn.s16 d16, q8\nvqmovn.s16 d24, q12\nvmax.s8 d16, d16, d6\nvmax.s8 d24, d24, d6\nvmin.s8 d16, d16, d8\n"                                \
        "vmin.s8 d24, d24, d8\n" ITG_HALF_STORE_##PIXELS
#define ITG_STORE_HALF_AS(FORM, PIXELS, finish, half, out)                                                                                           \
    __asm__ volatile(                                                                                                                                \
        ITG_HALF_CODES(FORM, PIXELS)                                                                                                                 \
        : ITG_HALF_IN_PLACE, [into] "+r"(out)                                                                                                        \
        : [multipliers] "r"((finish)->multiplier + 2 * (half)), [narrowing] "r"(&(finish)->narrowing), [stride] "r"((finish)->pixel_bytes)           \
        : "q0", "q1", "q2", "q3", "q4", "q5", "memory")
#define ITG_STORE_HALF_CODES(PIXELS, finish, half, out)                                                                                              \
    if ((finish)->rounds)                                                                                                                            \
        ITG_STORE_HALF_AS(ROUND, PIXELS, finish, half, out);                                                                                         \
    else                                                                                                                                             \
        ITG_STORE_HALF_AS(ONCE, PIXELS, finish, half, out)

#endif
