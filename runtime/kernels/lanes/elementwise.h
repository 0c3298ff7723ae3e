/* SPDX-License-Identifier: Apache-2.0
 * Mul, rescale and Add of int16, a vector of codes at a time, for any types, dense operands and repeated ones; other strides are the scalar
 * table's. Contract: runtime/kernels/elementwise.h. Included by elementwise.c of a folder behind its lanes.h. */
#ifndef ITG_LANES_ELEMENTWISE_H
#define ITG_LANES_ELEMENTWISE_H

#include "runtime/kernels/elementwise.h"

/* One operand of a run: dense, or one element for all of it. */
typedef struct itg_lanes_operand {
    const void *data;
    itg_lanes repeated;
    itg_type type;
    bool is_dense;
} itg_lanes_operand;

static inline itg_lanes_operand itg_lanes_open_operand(const void *data, itg_type type, int32_t stride)
{
    return (itg_lanes_operand){data, itg_lanes_set(itg_load_code(data, type, 0)), type, stride == 1};
}

/* Codes from element i on, `count` of which there are. */
static inline itg_lanes itg_lanes_next(const itg_lanes_operand *operand, int32_t i, int32_t count)
{
    return operand->is_dense ? itg_lanes_load_part(operand->data, operand->type, (size_t)i, count) : operand->repeated;
}

static inline bool itg_lanes_walk(const itg_run_pair *run)
{
    return run->count > 0 && (run->stride_a == 0 || run->stride_a == 1) && (run->stride_b == 0 || run->stride_b == 1);
}

/* What a Mul step does to all its elements. */
typedef struct itg_lanes_product {
    itg_lanes_operand a, b;
    itg_lanes zero_a, zero_b, multiplier;
    itg_lanes_rounding rounding;
} itg_lanes_product;

static inline void itg_lanes_mul_some(const itg_lanes_product *p, void *out, itg_type type, int32_t i, int32_t count)
{
    const itg_lanes a = itg_lanes_subtract(itg_lanes_next(&p->a, i, count), p->zero_a);
    const itg_lanes b = itg_lanes_subtract(itg_lanes_next(&p->b, i, count), p->zero_b);
    const itg_lanes codes = itg_lanes_requantize(itg_lanes_multiply(a, b), p->multiplier, &p->rounding);
    itg_lanes_store_part(out, type, (size_t)i, codes, count);
}

/* The types are constants where the common ones call it, so that the loop does not ask for them. */
static inline void itg_lanes_mul_types(const itg_mul *mul, void *out, const itg_run_pair *run, itg_type a_type, itg_type b_type, itg_type out_type)
{
    const itg_requant *requant = &mul->requant;
    itg_lanes_product p = {.a = itg_lanes_open_operand(run->a, a_type, run->stride_a),
                           .b = itg_lanes_open_operand(run->b, b_type, run->stride_b),
                           .zero_a = itg_lanes_set(mul->zero_a),
                           .zero_b = itg_lanes_set(mul->zero_b),
                           .rounding = itg_lanes_make_rounding(requant->shift, requant->left, mul->zero, mul->low, mul->high)};
    p.multiplier = itg_lanes_double(itg_lanes_set(requant->multiplier), &p.rounding);
    int32_t i = 0;
    for (; i <= run->count - ITG_LANES; i += ITG_LANES)
        itg_lanes_mul_some(&p, out, out_type, i, ITG_LANES);
    if (i < run->count)
        itg_lanes_mul_some(&p, out, out_type, i, run->count - i);
}

static void itg_lanes_mul(const itg_mul *mul, void *out, const itg_run_pair *run)
{
    if (!itg_lanes_walk(run))
        itg_elementwise_scalar.mul(mul, out, run);
    else if (mul->a_type == ITG_U8 && mul->b_type == ITG_U8 && mul->out_type == ITG_U8)
        itg_lanes_mul_types(mul, out, run, ITG_U8, ITG_U8, ITG_U8);
    else
        itg_lanes_mul_types(mul, out, run, mul->a_type, mul->b_type, mul->out_type);
}

static inline void itg_lanes_rescale_some(const itg_rescale *rescale, void *out, const void *in, const itg_lanes_product *p, int32_t i, int32_t count)
{
    const itg_lanes distance = itg_lanes_subtract(itg_lanes_load_part(in, rescale->in_type, (size_t)i, count), p->zero_a);
    itg_lanes_store_part(out, rescale->out_type, (size_t)i, itg_lanes_requantize(distance, p->multiplier, &p->rounding), count);
}

static void itg_lanes_rescale(const itg_rescale *rescale, void *out, const void *in, int32_t count)
{
    const itg_requant *requant = &rescale->requant;
    itg_lanes_product p = {.zero_a = itg_lanes_set(rescale->in_zero),
                           .rounding = itg_lanes_make_rounding(requant->shift, requant->left, rescale->zero, rescale->low, rescale->high)};
    p.multiplier = itg_lanes_double(itg_lanes_set(requant->multiplier), &p.rounding);
    int32_t i = 0;
    for (; i <= count - ITG_LANES; i += ITG_LANES)
        itg_lanes_rescale_some(rescale, out, in, &p, i, ITG_LANES);
    if (i < count)
        itg_lanes_rescale_some(rescale, out, in, &p, i, count - i);
}

/* What an int16 Add step does to all its elements; 8 comes with the first operand. */
typedef struct itg_lanes_sum {
    itg_lanes_operand a, b;
    itg_lanes multiplier_a, multiplier_b;
    itg_lanes_rounding round_a, round_b;
    bool equal_scales; /* RQ of either operand is 16 times its code */
} itg_lanes_sum;

static inline void itg_lanes_add_some(const itg_lanes_sum *sum, void *out, int32_t i, int32_t count)
{
    const itg_lanes a = itg_lanes_next(&sum->a, i, count), b = itg_lanes_next(&sum->b, i, count);
    itg_lanes codes;
    if (sum->equal_scales) {
        codes = itg_lanes_add(a, b);
    } else {
        const itg_lanes fine_a = itg_lanes_round(a, sum->multiplier_a, &sum->round_a), fine_b = itg_lanes_round(b, sum->multiplier_b, &sum->round_b);
        codes = itg_lanes_shift_floor(itg_lanes_add(fine_a, fine_b), 4);
    }
    itg_lanes_store_part(out, ITG_S16, (size_t)i, itg_lanes_clamp(codes, &sum->round_b), count);
}

static void itg_lanes_add_s16(const itg_add *add, void *out, const itg_run_pair *run)
{
    if (!itg_lanes_walk(run)) {
        itg_elementwise_scalar.add_s16(add, out, run);
        return;
    }
    const int32_t unit = (int32_t)1 << 29;
    itg_lanes_sum sum = {.a = itg_lanes_open_operand(run->a, ITG_S16, run->stride_a),
                         .b = itg_lanes_open_operand(run->b, ITG_S16, run->stride_b),
                         .round_a = itg_lanes_make_rounding(add->shift, add->left, 8, add->low, add->high),
                         .round_b = itg_lanes_make_rounding(add->shift, add->left, 0, add->low, add->high),
                         .equal_scales = add->multiplier_a == unit && add->multiplier_b == unit && add->left == 6 && add->shift == 0};
    sum.multiplier_a = itg_lanes_double(itg_lanes_set(add->multiplier_a), &sum.round_a);
    sum.multiplier_b = itg_lanes_double(itg_lanes_set(add->multiplier_b), &sum.round_b);
    int32_t i = 0;
    for (; i <= run->count - ITG_LANES; i += ITG_LANES)
        itg_lanes_add_some(&sum, out, i, ITG_LANES);
    if (i < run->count)
        itg_lanes_add_some(&sum, out, i, run->count - i);
}

/* int8 sums of few elements or with a repeated operand: what the folder's own kernel leaves. */
static void itg_lanes_add_s8(const itg_add *add, void *out, const itg_run_pair *run)
{
    if (!itg_lanes_walk(run)) {
        itg_elementwise_scalar.add_s8(add, out, run);
        return;
    }
    const itg_lanes_operand a = itg_lanes_open_operand(run->a, add->a_type, run->stride_a);
    const itg_lanes_operand b = itg_lanes_open_operand(run->b, add->b_type, run->stride_b);
    const itg_lanes_rounding r = itg_lanes_make_rounding(0, 0, 0, add->low, add->high);
    const itg_lanes multiplier_a = itg_lanes_set(add->multiplier_a), multiplier_b = itg_lanes_set(add->multiplier_b);
    const itg_lanes constant = itg_lanes_set(add->constant);
    for (int32_t i = 0; i < run->count; i += ITG_LANES) {
        const int32_t left = run->count - i;
        const itg_lanes first = itg_lanes_multiply(itg_lanes_next(&a, i, left), multiplier_a);
        const itg_lanes second = itg_lanes_add(itg_lanes_multiply(itg_lanes_next(&b, i, left), multiplier_b), constant);
        const itg_lanes codes = itg_lanes_shift_floor_by(itg_lanes_add(first, second), add->shift);
        itg_lanes_store_part(out, add->out_type, (size_t)i, itg_lanes_clamp(codes, &r), left);
    }
}

#endif
