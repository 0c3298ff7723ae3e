/* SPDX-License-Identifier: Apache-2.0
 * Add of int8 codes on Advanced SIMD: two multiply-adds of int16 an element. Contract: runtime/kernels/elementwise.h.
 * Runs that are not dense, and the other functions of the family, are the scalar table's. */
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/neon/intrinsics.h"

/* The constants of one step. */
typedef struct add_constants {
    uint8x16_t flip_a, flip_b, flip_out;
    int8x16_t low, high;
    int32x4_t constant, shift;
    int16x4_t multiplier_a, multiplier_b; /* vectors: GCC 12 fills lanes anew for every product by a number on 32-bit Arm */
} add_constants;

static uint8x16_t flip_of(itg_type type)
{
    return vdupq_n_u8(type == ITG_U8 ? 0x80 : 0);
}

static inline int32x4_t add_four(const add_constants *c, int16x4_t a, int16x4_t b)
{
    return vshlq_s32(vmlal_s16(vmlal_s16(c->constant, a, c->multiplier_a), b, c->multiplier_b), c->shift);
}

static inline int16x8_t add_eight(const add_constants *c, int8x8_t a, int8x8_t b)
{
    const int16x8_t wide_a = vmovl_s8(a), wide_b = vmovl_s8(b);
    const int32x4_t low = add_four(c, vget_low_s16(wide_a), vget_low_s16(wide_b));
    const int32x4_t high = add_four(c, vget_high_s16(wide_a), vget_high_s16(wide_b));
    return vcombine_s16(vqmovn_s32(low), vqmovn_s32(high));
}

static inline uint8x16_t add_sixteen(const add_constants *c, uint8x16_t stored_a, uint8x16_t stored_b)
{
    const int8x16_t a = vreinterpretq_s8_u8(stored_a), b = vreinterpretq_s8_u8(stored_b);
    const int16x8_t low = add_eight(c, vget_low_s8(a), vget_low_s8(b)), high = add_eight(c, vget_high_s8(a), vget_high_s8(b));
    const int8x16_t code = vminq_s8(vmaxq_s8(vcombine_s8(vqmovn_s16(low), vqmovn_s16(high)), c->low), c->high);
    return vreinterpretq_u8_s8(code);
}

static void add_run_s8(const itg_add *add, void *out, const itg_run_pair *run)
{
    const int32_t whole = run->stride_a == 1 && run->stride_b == 1 ? run->count / 16 * 16 : 0;
    const uint8_t *a = run->a, *b = run->b;
    const add_constants constants = {.flip_a = flip_of(add->a_type),
                                     .flip_b = flip_of(add->b_type),
                                     .flip_out = flip_of(add->out_type),
                                     .low = vdupq_n_s8((int8_t)add->low),
                                     .high = vdupq_n_s8((int8_t)add->high),
                                     .constant = vdupq_n_s32(add->constant),
                                     .shift = vdupq_n_s32(-(int32_t)add->shift),
                                     .multiplier_a = vdup_n_s16((int16_t)add->multiplier_a),
                                     .multiplier_b = vdup_n_s16((int16_t)add->multiplier_b)};
    const bool is_signed = add->a_type == ITG_S8 && add->b_type == ITG_S8 && add->out_type == ITG_S8;
    for (int32_t i = 0; i < whole && is_signed; i += 16)
        vst1q_u8((uint8_t *)out + i, add_sixteen(&constants, vld1q_u8(a + i), vld1q_u8(b + i)));
    for (int32_t i = 0; i < whole && !is_signed; i += 16) {
        const uint8x16_t code_a = veorq_u8(vld1q_u8(a + i), constants.flip_a), code_b = veorq_u8(vld1q_u8(b + i), constants.flip_b);
        vst1q_u8((uint8_t *)out + i, veorq_u8(add_sixteen(&constants, code_a, code_b), constants.flip_out));
    }
    const itg_run_pair rest = {a + whole, b + whole, run->stride_a, run->stride_b, run->count - whole};
    if (rest.count > 0)
        itg_elementwise_scalar.add_s8(add, (uint8_t *)out + whole, &rest);
}

static void add_run_s16(const itg_add *add, void *out, const itg_run_pair *run)
{
    itg_elementwise_scalar.add_s16(add, out, run);
}

static void mul_run(const itg_mul *mul, void *out, const itg_run_pair *run)
{
    itg_elementwise_scalar.mul(mul, out, run);
}

static void rescale_run(const itg_rescale *rescale, void *out, const void *in, int32_t count)
{
    itg_elementwise_scalar.rescale(rescale, out, in, count);
}

const itg_elementwise_kernels itg_elementwise_neon = {.add_s8 = add_run_s8, .add_s16 = add_run_s16, .mul = mul_run, .rescale = rescale_run};
