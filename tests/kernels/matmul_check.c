/* SPDX-License-Identifier: Apache-2.0
 * The matmul family: products of codes of mixed types, in 32 and in 64 bits, and their definition. */
#include "tests/kernels/check.h"

#include "runtime/kernels/matmul.h"

#include <stdio.h>
#include <stdlib.h>

static const itg_type types[] = {ITG_S8, ITG_U8, ITG_S16, ITG_U8};

static int64_t largest_distance(itg_type type, int32_t zero)
{
    return type == ITG_S16 ? 32768 + (zero < 0 ? -zero : zero) : zero < 0 ? 127 - zero : zero + 128;
}

/* What the compiler makes of sums that may not fit 32 bits. */
static int64_t narrow_sums(itg_matmul *matmul, int64_t largest)
{
    if (largest <= INT32_MAX)
        return largest;
    matmul->wide = 1;
    while (largest >> matmul->narrow >= (int64_t)1 << 30)
        matmul->narrow++;
    return (largest >> matmul->narrow) + 1;
}

static void make_shape(check_state *state, itg_matmul *matmul, int bench)
{
    static const int32_t shapes[][3] = {{197, 64, 197}, {197, 197, 64}, {49, 32, 49}};
    if (bench >= 0) {
        *matmul = (itg_matmul){.rows = shapes[bench][0], .inner = shapes[bench][1], .columns = shapes[bench][2]};
        matmul->a_type = bench == 1 ? ITG_S16 : ITG_U8;
        matmul->b_type = ITG_U8;
        matmul->out_type = bench == 1 ? ITG_U8 : ITG_S16;
        return;
    }
    *matmul = (itg_matmul){.rows = check_between(state, 1, 20), .inner = check_between(state, 1, 70), .columns = check_between(state, 1, 70)};
    if (check_chance(state, 10))
        matmul->inner = check_between(state, 200, 600);
    matmul->a_type = types[check_between(state, 0, 3)];
    matmul->b_type = types[check_between(state, 0, 3)];
    matmul->out_type = types[check_between(state, 0, 3)];
    matmul->zero_a = matmul->a_type != ITG_S16 || check_chance(state, 5) ? check_between(state, -128, 127) : 0;
    matmul->zero_b = matmul->b_type != ITG_S16 || check_chance(state, 5) ? check_between(state, -128, 127) : 0;
    matmul->zero = matmul->out_type == ITG_S16 ? 0 : check_between(state, -128, 127);
}

static void *make_codes(check_state *state, itg_type type, size_t count)
{
    void *codes = check_new(state, count * check_bytes(type), check_bytes(type));
    check_fill(state, codes, type, count, check_lowest(type), check_highest(type));
    return codes;
}

static bool make_matmul(check_state *state, check_case *test, int bench)
{
    if (bench >= 3)
        return false;
    itg_matmul *matmul = check_new(state, sizeof *matmul, 8);
    make_shape(state, matmul, bench);
    matmul->low = check_chance(state, 70) ? check_lowest(matmul->out_type) : -100;
    matmul->high = check_chance(state, 70) ? check_highest(matmul->out_type) : 100;
    const int64_t product = largest_distance(matmul->a_type, matmul->zero_a) * largest_distance(matmul->b_type, matmul->zero_b);
    check_make_requant(state, &matmul->requant, narrow_sums(matmul, product * matmul->inner));
    test->params = matmul;
    test->in[0] = make_codes(state, matmul->a_type, (size_t)matmul->rows * (size_t)matmul->inner);
    test->in[1] = make_codes(state, matmul->b_type, (size_t)matmul->inner * (size_t)matmul->columns);
    test->out_bytes = (size_t)matmul->rows * (size_t)matmul->columns * check_bytes(matmul->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(matmul->out_type));
    test->work = (int64_t)matmul->rows * matmul->inner * matmul->columns;
    snprintf(test->text, sizeof test->text, "[%d][%d] by [%d][%d]%s types %d,%d>%d", matmul->rows, matmul->inner, matmul->inner, matmul->columns,
             matmul->wide ? " wide" : "", (int)matmul->a_type, (int)matmul->b_type, (int)matmul->out_type);
    return true;
}

static void run_matmul(const itg_kernels *kernels, const check_case *test)
{
    const itg_matmul *matmul = test->params;
    kernels->matmul->rows(matmul, test->out, test->in[0], test->in[1], matmul->rows);
}

static int64_t sum_products(const itg_matmul *matmul, const int32_t *a, const int32_t *b)
{
    int64_t sum = 0;
    for (int32_t k = 0; k < matmul->inner; k++)
        sum += (int64_t)(a[k] - matmul->zero_a) * (b[k * matmul->columns] - matmul->zero_b);
    if (!matmul->wide || !matmul->narrow)
        return sum;
    const int64_t divisor = (int64_t)1 << matmul->narrow, rounded = sum + divisor / 2;
    return rounded / divisor - (rounded % divisor < 0);
}

static void define_matmul(const check_case *test, void *out)
{
    const itg_matmul *matmul = test->params;
    const itg_requant *requant = &matmul->requant;
    int32_t *a = check_decode(test->in[0], matmul->a_type, (size_t)matmul->rows * (size_t)matmul->inner);
    int32_t *b = check_decode(test->in[1], matmul->b_type, (size_t)matmul->inner * (size_t)matmul->columns);
    for (int32_t m = 0; m < matmul->rows; m++)
        for (int32_t n = 0; n < matmul->columns; n++) {
            const int64_t sum = sum_products(matmul, a + m * matmul->inner, b + n);
            const int64_t code = matmul->zero + check_requantize(sum, requant->left, requant->multiplier, requant->shift);
            check_store(out, matmul->out_type, (size_t)(m * matmul->columns + n), check_clamp(code, matmul->low, matmul->high));
        }
    free(a);
    free(b);
}

const check_family check_matmul = {"matmul", "MAC", make_matmul, run_matmul, define_matmul};
