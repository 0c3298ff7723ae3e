/* SPDX-License-Identifier: Apache-2.0
 * Add, Mul and rescale: the definition every other table must equal. Contract: runtime/kernels/elementwise.h. */
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/element.h"

#include <intaglio/fixed.h>

static void add_run_s8(const itg_add *add, void *out, const itg_run_pair *run)
{
    for (int32_t i = 0; i < run->count; i++) {
        const int32_t a = itg_load_code(run->a, add->a_type, (size_t)(i * run->stride_a));
        const int32_t b = itg_load_code(run->b, add->b_type, (size_t)(i * run->stride_b));
        const int32_t sum = a * add->multiplier_a + b * add->multiplier_b + add->constant;
        itg_store_code(out, add->out_type, (size_t)i, itg_clamp(itg_shift_floor32(sum, add->shift), add->low, add->high));
    }
}

static void add_run_s16(const itg_add *add, void *out, const itg_run_pair *run)
{
    const int16_t *a = run->a, *b = run->b;
    int16_t *codes = out;
    for (int32_t i = 0; i < run->count; i++) {
        const int32_t fine_a = itg_requantize_left(a[i * run->stride_a], add->left, add->multiplier_a, add->shift);
        const int32_t fine_b = itg_requantize_left(b[i * run->stride_b], add->left, add->multiplier_b, add->shift);
        codes[i] = (int16_t)itg_clamp(itg_shift_floor32(fine_a + fine_b + 8, 4), add->low, add->high);
    }
}

static void mul_run(const itg_mul *mul, void *out, const itg_run_pair *run)
{
    const itg_requant *requant = &mul->requant;
    for (int32_t i = 0; i < run->count; i++) {
        const int32_t a = itg_load_code(run->a, mul->a_type, (size_t)(i * run->stride_a)) - mul->zero_a;
        const int32_t b = itg_load_code(run->b, mul->b_type, (size_t)(i * run->stride_b)) - mul->zero_b;
        const int32_t code = mul->zero + itg_requantize_left(a * b, requant->left, requant->multiplier, requant->shift);
        itg_store_code(out, mul->out_type, (size_t)i, itg_clamp(code, mul->low, mul->high));
    }
}

static void rescale_run(const itg_rescale *rescale, void *out, const void *in, int32_t count)
{
    const itg_requant *requant = &rescale->requant;
    for (int32_t i = 0; i < count; i++) {
        const int32_t x = itg_load_code(in, rescale->in_type, (size_t)i) - rescale->in_zero;
        const int32_t code = rescale->zero + itg_requantize_left(x, requant->left, requant->multiplier, requant->shift);
        itg_store_code(out, rescale->out_type, (size_t)i, itg_clamp(code, rescale->low, rescale->high));
    }
}

const itg_elementwise_kernels itg_elementwise_scalar = {.add_s8 = add_run_s8, .add_s16 = add_run_s16, .mul = mul_run, .rescale = rescale_run};
