/* SPDX-License-Identifier: Apache-2.0
 * The elementwise family: Add in int8 and int16, Mul of mixed types, rescale, with broadcast and odd strides; and their definitions. */
#include "tests/kernels/check.h"

#include "runtime/kernels/elementwise.h"

#include <stdio.h>

enum { ADD_S8, ADD_S16, MUL, RESCALE, KINDS };

static const char *const kind_names[] = {"add int8", "add int16", "mul", "rescale"};
static const itg_type types[] = {ITG_S8, ITG_U8, ITG_S16, ITG_S8};

typedef struct elementwise_case {
    itg_add add;
    itg_mul mul;
    itg_rescale rescale;
    itg_run_pair run;
} elementwise_case;

static const void *make_codes(check_state *state, itg_type type, int32_t stride, int32_t count)
{
    const size_t elements = (size_t)stride * (size_t)(count - 1) + 1;
    void *codes = check_new(state, elements * check_bytes(type), check_bytes(type));
    check_fill(state, codes, type, elements, check_lowest(type), check_highest(type));
    return codes;
}

static void make_add(check_state *state, itg_add *add, itg_type type)
{
    static const itg_type bytes[] = {ITG_S8, ITG_U8};
    add->a_type = type == ITG_S16 ? type : bytes[check_between(state, 0, 1)];
    add->b_type = type == ITG_S16 ? type : bytes[check_between(state, 0, 1)];
    add->out_type = type == ITG_S16 ? type : bytes[check_between(state, 0, 1)];
    add->low = check_chance(state, 70) ? check_lowest(type) : check_between(state, -100, 0);
    add->high = check_chance(state, 70) ? check_highest(type) : check_between(state, 0, 100);
    add->multiplier_a = check_between(state, -32767, 32767);
    add->multiplier_b = check_between(state, -32767, 32767);
    add->constant = check_between(state, -(1 << 30), 1 << 30);
    add->shift = (uint8_t)check_between(state, 0, 20);
    if (type == ITG_S8 && check_chance(state, 30)) { /* a term of a sum; all of its products fit 30 bits */
        add->a_type = ITG_S16;
        add->multiplier_a = check_between(state, -16383, 16383);
    }
    if (type == ITG_S16) {
        const bool equal = check_chance(state, 30);
        add->left = equal ? 6 : (uint8_t)check_between(state, 0, 15);
        add->shift = equal ? 0 : (uint8_t)check_between(state, 0, 8);
        add->multiplier_a = equal ? 1 << 29 : check_between(state, 0, (1 << 30) - 1);
        add->multiplier_b = equal ? 1 << 29 : check_between(state, 0, (1 << 30) - 1);
    }
}

static itg_type make_mul(check_state *state, itg_mul *mul)
{
    mul->a_type = types[check_between(state, 0, 3)];
    mul->b_type = types[check_between(state, 0, 3)];
    mul->out_type = types[check_between(state, 0, 3)];
    mul->zero_a = mul->a_type == ITG_S16 ? 0 : check_between(state, -128, 127);
    mul->zero_b = mul->b_type == ITG_S16 ? 0 : check_between(state, -128, 127);
    mul->zero = check_between(state, -128, 127);
    mul->low = check_lowest(mul->out_type);
    mul->high = check_highest(mul->out_type);
    const int64_t a = mul->a_type == ITG_S16 ? 32768 : 256, b = mul->b_type == ITG_S16 ? 32768 : 256;
    check_make_requant(state, &mul->requant, a * b);
    return mul->out_type;
}

static itg_type make_rescale(check_state *state, itg_rescale *rescale)
{
    rescale->in_type = check_chance(state, 40) ? ITG_S32 : types[check_between(state, 0, 3)];
    rescale->out_type = types[check_between(state, 0, 3)];
    rescale->in_zero = rescale->in_type == ITG_S8 || rescale->in_type == ITG_U8 ? check_between(state, -128, 127) : 0;
    rescale->zero = check_between(state, -128, 127);
    rescale->low = check_lowest(rescale->out_type);
    rescale->high = check_highest(rescale->out_type);
    check_make_requant(state, &rescale->requant, rescale->in_type == ITG_S32 ? INT32_MAX : rescale->in_type == ITG_S16 ? 32768 : 256);
    return rescale->out_type;
}

static bool make_elementwise(check_state *state, check_case *test, int bench)
{
    if (bench >= KINDS)
        return false;
    elementwise_case *values = check_new(state, sizeof *values, 8);
    *values = (elementwise_case){0};
    test->kind = bench < 0 ? check_between(state, 0, KINDS - 1) : bench;
    itg_run_pair *run = &values->run;
    run->count = bench < 0 ? check_between(state, 1, 300) : 56 * 56 * 64;
    run->stride_a = bench >= 0 || check_chance(state, 70) ? 1 : check_between(state, 0, 3);
    run->stride_b = bench >= 0 || check_chance(state, 70) ? 1 : check_between(state, 0, 3);
    itg_type a_type = ITG_S8, b_type = ITG_S8, out_type = ITG_S8;
    if (test->kind == MUL) {
        out_type = make_mul(state, &values->mul);
        a_type = values->mul.a_type;
        b_type = values->mul.b_type;
    } else if (test->kind == RESCALE) {
        out_type = make_rescale(state, &values->rescale);
        a_type = values->rescale.in_type;
        run->stride_a = 1;
    } else {
        make_add(state, &values->add, test->kind == ADD_S8 ? ITG_S8 : ITG_S16);
        a_type = values->add.a_type;
        b_type = values->add.b_type;
        out_type = values->add.out_type;
    }
    run->a = make_codes(state, a_type, run->stride_a, run->count);
    run->b = make_codes(state, b_type, run->stride_b, run->count);
    test->params = values;
    test->out_bytes = (size_t)run->count * check_bytes(out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(out_type));
    test->work = run->count;
    snprintf(test->text, sizeof test->text, "%s count %d strides %d,%d types %d,%d>%d", kind_names[test->kind], run->count, run->stride_a,
             run->stride_b, (int)a_type, (int)b_type, (int)out_type);
    return true;
}

static void run_elementwise(const itg_kernels *kernels, const check_case *test)
{
    const elementwise_case *values = test->params;
    const itg_elementwise_kernels *family = kernels->elementwise;
    if (test->kind == MUL)
        family->mul(&values->mul, test->out, &values->run);
    else if (test->kind == RESCALE)
        family->rescale(&values->rescale, test->out, values->run.a, values->run.count);
    else
        (test->kind == ADD_S8 ? family->add_s8 : family->add_s16)(&values->add, test->out, &values->run);
}

static int64_t floor_shift(int64_t value, int shift)
{
    const int64_t divisor = (int64_t)1 << shift;
    return value / divisor - (value % divisor < 0);
}

static int64_t define_add(const itg_add *add, int64_t a, int64_t b)
{
    if (add->out_type != ITG_S16)
        return check_clamp(floor_shift(a * add->multiplier_a + b * add->multiplier_b + add->constant, add->shift), add->low, add->high);
    const int64_t fine_a = check_requantize(a, add->left, add->multiplier_a, add->shift);
    const int64_t fine_b = check_requantize(b, add->left, add->multiplier_b, add->shift);
    const bool equal = add->multiplier_a == 1 << 29 && add->multiplier_b == 1 << 29 && add->left == 6 && add->shift == 0;
    return check_clamp(equal ? a + b : floor_shift(fine_a + fine_b + 8, 4), add->low, add->high);
}

static void define_elementwise(const check_case *test, void *out)
{
    const elementwise_case *values = test->params;
    const itg_mul *mul = &values->mul;
    const itg_rescale *rescale = &values->rescale;
    const itg_run_pair *run = &values->run;
    for (int32_t i = 0; i < run->count; i++) {
        const size_t a = (size_t)(i * run->stride_a), b = (size_t)(i * run->stride_b);
        if (test->kind == MUL) {
            const int64_t product = (check_load(run->a, mul->a_type, a) - mul->zero_a) * (check_load(run->b, mul->b_type, b) - mul->zero_b);
            const int64_t code = mul->zero + check_requantize(product, mul->requant.left, mul->requant.multiplier, mul->requant.shift);
            check_store(out, mul->out_type, (size_t)i, check_clamp(code, mul->low, mul->high));
        } else if (test->kind == RESCALE) {
            const int64_t x = check_load(run->a, rescale->in_type, a) - rescale->in_zero;
            const int64_t code = rescale->zero + check_requantize(x, rescale->requant.left, rescale->requant.multiplier, rescale->requant.shift);
            check_store(out, rescale->out_type, (size_t)i, check_clamp(code, rescale->low, rescale->high));
        } else {
            const itg_add *add = &values->add;
            check_store(out, add->out_type, (size_t)i, define_add(add, check_load(run->a, add->a_type, a), check_load(run->b, add->b_type, b)));
        }
    }
}

const check_family check_elementwise = {"elementwise", "element", make_elementwise, run_elementwise, define_elementwise};
