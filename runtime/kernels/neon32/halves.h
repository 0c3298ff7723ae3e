/* SPDX-License-Identifier: Apache-2.0
 * Sums of 2 pixels times 8 channels, half a block, in 8 of the 16 vector registers of 32-bit Arm: 2 channels x 2 partial sums a register.
 * Convolution and depthwise of this folder add to them in inline assembly, which names the other 8 itself, and make codes of them here. */
#ifndef ITG_NEON32_HALVES_H
#define ITG_NEON32_HALVES_H

#include "runtime/kernels/neon/requantize.h"
#include "runtime/kernels/neon/spread.h"

/* a: the first pixel, b: the second; named, because GCC 12 keeps arrays of vectors in memory. */
typedef struct itg_half_sums {
    int32x4_t a0, a1, a2, a3, b0, b1, b2, b3;
} itg_half_sums;

/* The operands of such assembly, and what it may use: q0-q3 activations, q4 and q5 weights, q6 and q7 products. */
#define ITG_HALF_OPERANDS(s)                                                                                                                         \
    [a0] "+w"((s).a0), [a1] "+w"((s).a1), [a2] "+w"((s).a2), [a3] "+w"((s).a3), [b0] "+w"((s).b0), [b1] "+w"((s).b1), [b2] "+w"((s).b2),            \
        [b3] "+w"((s).b3)
#define ITG_HALF_CLOBBERS "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "memory", "cc"

/* op: vmull.s8 or vmlal.s8; products of both pixels with one register of weights. */
#define ITG_HALF_PRODUCTS(op, weights, x0, x1) op " q6, d" #weights ", d" #x0 "\n" op " q7, d" #weights ", d" #x1 "\n"
#define ITG_HALF_WIDEN(pair)                   "vpadal.s16 %q[a" #pair "], q6\nvpadal.s16 %q[b" #pair "], q7\n"

/* start: 16 first values, spread (spread.h). */
static inline itg_half_sums itg_start_half(const int32_t *start)
{
    const int32x4_t s0 = vld1q_s32(start), s1 = vld1q_s32(start + 4), s2 = vld1q_s32(start + 8), s3 = vld1q_s32(start + 12);
    return (itg_half_sums){s0, s1, s2, s3, s0, s1, s2, s3};
}

/* Two registers of partial sums -> one of sums. */
static inline int32x4_t itg_join_pairs(int32x4_t a, int32x4_t b)
{
    return vcombine_s32(vpadd_s32(vget_low_s32(a), vget_high_s32(a)), vpadd_s32(vget_low_s32(b), vget_high_s32(b)));
}

/* The 8 sums of each pixel to sums[pixel * 16]. */
static inline void itg_store_half(const itg_half_sums *s, int32_t *sums)
{
    vst1q_s32(sums, itg_join_pairs(s->a0, s->a1));
    vst1q_s32(sums + 4, itg_join_pairs(s->a2, s->a3));
    vst1q_s32(sums + 16, itg_join_pairs(s->b0, s->b1));
    vst1q_s32(sums + 20, itg_join_pairs(s->b2, s->b3));
}

/* Plain int8 codes of both pixels (finish->plain), which may be one. */
static inline void itg_store_half_codes(const itg_half_sums *s, const itg_neon_finish *finish, int half, uint8_t *first, uint8_t *second)
{
    const int8x8_t a = itg_neon_plain_half(finish, itg_join_pairs(s->a0, s->a1), itg_join_pairs(s->a2, s->a3), half);
    const int8x8_t b = itg_neon_plain_half(finish, itg_join_pairs(s->b0, s->b1), itg_join_pairs(s->b2, s->b3), half);
    vst1_s8((int8_t *)first, a);
    vst1_s8((int8_t *)second, b);
}

#endif
