/* SPDX-License-Identifier: Apache-2.0
 * Add of int8 codes on Advanced SIMD: two multiply-adds of int16 an element. Contract: runtime/kernels/elementwise.h.
 * Runs that are not dense, and the other functions of the family, are the scalar table's. */
#include "runtime/kernels/element.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/neon/intrinsics.h"

/* The constants of one step. */
typedef struct add_constants {
    uint8x16_t flip_a, flip_b, flip_out;
    int8x16_t low, high;
    int32x4_t constant, shift;
    int16x8_t multiplier_a, multiplier_b; /* vectors: GCC 12 fills lanes anew for every product by a number on 32-bit Arm */
} add_constants;

static uint8x16_t flip_of(itg_type type)
{
    return vdupq_n_u8(type == ITG_U8 ? 0x80 : 0);
}

static inline int16x8_t add_eight(const add_constants *c, int16x8_t a, int16x8_t b)
{
    const int32x4_t terms = vmlal_s16(c->constant, vget_low_s16(a), vget_low_s16(c->multiplier_a));
    const int32x4_t low = vmlal_s16(terms, vget_low_s16(b), vget_low_s16(c->multiplier_b));
    const int32x4_t high = vmlal_high_s16(vmlal_high_s16(c->constant, a, c->multiplier_a), b, c->multiplier_b);
    return vqmovn_high_s32(vqmovn_s32(vshlq_s32(low, c->shift)), vshlq_s32(high, c->shift));
}

static inline uint8x16_t add_words(const add_constants *c, int16x8_t low_a, int16x8_t high_a, int8x16_t b)
{
    const int16x8_t low = add_eight(c, low_a, vmovl_s8(vget_low_s8(b))), high = add_eight(c, high_a, vmovl_s8(vget_high_s8(b)));
    const int8x16_t code = vminq_s8(vmaxq_s8(vqmovn_high_s16(vqmovn_s16(low), high), c->low), c->high);
    return vreinterpretq_u8_s8(code);
}

static inline uint8x16_t add_sixteen(const add_constants *c, uint8x16_t stored_a, uint8x16_t stored_b)
{
    const int8x16_t a = vreinterpretq_s8_u8(stored_a);
    return add_words(c, vmovl_s8(vget_low_s8(a)), vmovl_s8(vget_high_s8(a)), vreinterpretq_s8_u8(stored_b));
}

/* The first `count` elements, a multiple of 16. */
static inline void add_bytes(const add_constants *c, uint8_t *out, const uint8_t *a, const uint8_t *b, int32_t count, bool is_signed)
{
    for (int32_t i = 0; i < count && is_signed; i += 16)
        vst1q_u8(out + i, add_sixteen(c, vld1q_u8(a + i), vld1q_u8(b + i)));
    for (int32_t i = 0; i < count && !is_signed; i += 16)
        vst1q_u8(out + i, veorq_u8(add_sixteen(c, veorq_u8(vld1q_u8(a + i), c->flip_a), veorq_u8(vld1q_u8(b + i), c->flip_b)), c->flip_out));
}

/* a in int16; the first `count` elements, a multiple of 16. */
static inline void add_terms(const add_constants *c, uint8_t *out, const int16_t *a, const uint8_t *b, int32_t count, bool is_signed)
{
    for (const uint8_t *end = b + count; b < end; a += 16, b += 16, out += 16) {
        const uint8x16_t stored = vld1q_u8(b);
        const int8x16_t code_b = vreinterpretq_s8_u8(is_signed ? stored : veorq_u8(stored, c->flip_b));
        const uint8x16_t code = add_words(c, vld1q_s16(a), vld1q_s16(a + 8), code_b);
        vst1q_u8(out, is_signed ? code : veorq_u8(code, c->flip_out));
    }
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
                                     .multiplier_a = vdupq_n_s16((int16_t)add->multiplier_a),
                                     .multiplier_b = vdupq_n_s16((int16_t)add->multiplier_b)};
    const bool is_signed = add->b_type == ITG_S8 && add->out_type == ITG_S8;
    if (add->a_type == ITG_S16 && is_signed)
        add_terms(&constants, out, run->a, b, whole, true);
    else if (add->a_type == ITG_S16)
        add_terms(&constants, out, run->a, b, whole, false);
    else
        add_bytes(&constants, out, a, b, whole, is_signed && add->a_type == ITG_S8);
    const itg_run_pair rest = {a + (size_t)whole * itg_element_bytes(add->a_type), b + whole, run->stride_a, run->stride_b, run->count - whole};
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
