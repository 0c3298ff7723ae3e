/* SPDX-License-Identifier: Apache-2.0
 * The pool family: maxima, averages with and without padding, ceil_mode windows, reductions, and their definitions. */
#include "tests/kernels/check.h"

#include "runtime/kernels/pool.h"

#include <stdio.h>

enum { MAXIMUM, AVERAGE, REDUCE };

static const itg_type types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_S16}, maximum_types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_U8, ITG_S16, ITG_U16, ITG_S32};

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Padding smaller than the kernel's reach and as many windows as start inside the image, so that every window sees the image. */
static void choose_geometry(check_state *state, itg_pool *pool)
{
    for (int d = 0; d < 2; d++) {
        pool->kernel[d] = check_between(state, 1, 5);
        pool->dilation[d] = check_chance(state, 85) ? 1 : 2;
        pool->stride[d] = check_between(state, 1, 3);
        pool->in[d] = check_between(state, 1, 12);
        const int32_t reach = (pool->kernel[d] - 1) * pool->dilation[d];
        pool->in[d] = pool->dilation[d] > 1 && pool->in[d] <= reach ? reach + 1 : pool->in[d];
        pool->before[d] = pool->dilation[d] > 1 ? 0 : check_between(state, 0, pool->kernel[d] - 1);
        pool->after[d] = check_between(state, 0, pool->kernel[d] - 1);
        const int32_t most = (pool->in[d] - 1 + pool->before[d]) / pool->stride[d] + 1;
        pool->out[d] = check_between(state, 1, smaller(most, 8));
    }
    pool->in[2] = pool->out[2] = check_between(state, 1, 75);
}

static int32_t count_positions(const itg_pool *pool, int d, int32_t out, int32_t low, int32_t high)
{
    int32_t count = 0;
    for (int32_t k = 0; k < pool->kernel[d]; k++) {
        const int32_t position = out * pool->stride[d] - pool->before[d] + k * pool->dilation[d];
        count += position >= low && position < high;
    }
    return count;
}

static int32_t counted(const itg_pool *pool, int32_t y, int32_t x)
{
    const int32_t pad = pool->include_pad;
    return count_positions(pool, 0, y, -pad * pool->before[0], pool->in[0] + pad * pool->after[0]) *
           count_positions(pool, 1, x, -pad * pool->before[1], pool->in[1] + pad * pool->after[1]);
}

/* One multiplier for every number of positions that occurs, in random order of appearance. */
static void make_multipliers(check_state *state, itg_pool *pool)
{
    const int32_t most = pool->kernel[0] * pool->kernel[1];
    int32_t *counts = check_new(state, (size_t)(most + 1) * 4, 4), *multipliers = check_new(state, (size_t)(most + 1) * 4, 4);
    pool->shift = (uint8_t)check_between(state, 0, 3);
    pool->left = (uint8_t)check_between(state, 0, pool->in_type == ITG_S16 ? 8 : 14);
    for (int32_t y = 0; y < pool->out[0]; y++)
        for (int32_t x = 0; x < pool->out[1]; x++) {
            int32_t k = 0;
            while (k < pool->count_entries && counts[k] != counted(pool, y, x))
                k++;
            if (k < pool->count_entries)
                continue;
            counts[k] = counted(pool, y, x);
            multipliers[k] = check_between(state, 0, (int32_t)(1u << (30 - (pool->left < 8 ? pool->left : 8))) - 1);
            pool->count_entries++;
        }
    pool->counts = counts;
    pool->multipliers = multipliers;
}

static void make_window(check_state *state, check_case *test, itg_pool *pool)
{
    pool->average = test->kind == AVERAGE;
    pool->include_pad = pool->average && check_chance(state, 50);
    if (pool->average) {
        pool->out_type = types[check_between(state, 0, 3)];
        pool->in_zero = pool->in_type == ITG_S16 ? 0 : check_between(state, -128, 127);
        pool->out_zero = check_between(state, -128, 127);
        make_multipliers(state, pool);
    }
    pool->low = check_chance(state, 70) ? check_lowest(pool->out_type) : -100;
    pool->high = check_chance(state, 70) ? check_highest(pool->out_type) : 100;
    const size_t in_count = (size_t)pool->in[0] * (size_t)pool->in[1] * (size_t)pool->in[2];
    void *in = check_new(state, in_count * check_bytes(pool->in_type), check_bytes(pool->in_type));
    check_fill(state, in, pool->in_type, in_count, check_lowest(pool->in_type), check_highest(pool->in_type));
    test->in[0] = in;
    test->params = pool;
    test->out_bytes = (size_t)pool->out[0] * (size_t)pool->out[1] * (size_t)pool->out[2] * check_bytes(pool->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(pool->out_type));
    test->rows[1] = pool->out[0];
    test->work = (int64_t)in_count;
    snprintf(test->text, sizeof test->text, "%s in %dx%dx%d out %dx%d kernel %dx%d stride %dx%d before %dx%d types %d>%d",
             pool->average ? "average" : "maximum", pool->in[0], pool->in[1], pool->in[2], pool->out[0], pool->out[1], pool->kernel[0],
             pool->kernel[1], pool->stride[0], pool->stride[1], pool->before[0], pool->before[1], (int)pool->in_type, (int)pool->out_type);
}

static void make_reduce(check_state *state, check_case *test, int32_t count, int32_t inner)
{
    itg_reduce *reduce = check_new(state, sizeof *reduce, 8);
    *reduce = (itg_reduce){.count = count, .inner = inner, .in_type = types[check_between(state, 0, 3)]};
    reduce->out_type = types[check_between(state, 0, 3)];
    reduce->in_zero = reduce->in_type == ITG_S16 ? 0 : check_between(state, -128, 127);
    reduce->out_zero = check_between(state, -128, 127);
    reduce->low = check_lowest(reduce->out_type);
    reduce->high = check_highest(reduce->out_type);
    check_make_requant(state, &reduce->requant, (int64_t)count * (reduce->in_type == ITG_S16 ? 32768 : 256));
    const size_t in_count = (size_t)count * (size_t)inner;
    void *in = check_new(state, in_count * check_bytes(reduce->in_type), check_bytes(reduce->in_type));
    check_fill(state, in, reduce->in_type, in_count, check_lowest(reduce->in_type), check_highest(reduce->in_type));
    test->in[0] = in;
    test->params = reduce;
    test->out_bytes = (size_t)inner * check_bytes(reduce->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(reduce->out_type));
    test->work = (int64_t)in_count;
    snprintf(test->text, sizeof test->text, "reduce count %d inner %d types %d>%d", count, inner, (int)reduce->in_type, (int)reduce->out_type);
}

static bool make_bench(check_state *state, check_case *test, int bench)
{
    itg_pool *pool = check_new(state, sizeof *pool, 8);
    if (bench == 2) {
        test->kind = REDUCE;
        make_reduce(state, test, 49, 512);
        return true;
    }
    test->kind = bench == 0 ? MAXIMUM : AVERAGE;
    *pool = (itg_pool){.in = {112, 112, 64}, .out = {56, 56, 64}, .kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}, .before = {1, 1}};
    pool->in_type = pool->out_type = ITG_S8;
    make_window(state, test, pool);
    return bench < 2;
}

static bool make_pool(check_state *state, check_case *test, int bench)
{
    if (bench >= 0)
        return bench < 3 && make_bench(state, test, bench);
    test->kind = check_between(state, MAXIMUM, REDUCE);
    if (test->kind == REDUCE) {
        make_reduce(state, test, check_between(state, 1, 60), check_between(state, 1, 80));
        return true;
    }
    itg_pool *pool = check_new(state, sizeof *pool, 8);
    *pool = (itg_pool){0};
    choose_geometry(state, pool);
    pool->in_type = pool->out_type = test->kind == MAXIMUM ? maximum_types[check_between(state, 0, 6)] : types[check_between(state, 0, 3)];
    make_window(state, test, pool);
    test->rows[0] = check_chance(state, 30) ? check_between(state, 0, pool->out[0]) : 0;
    return true;
}

static void run_pool(const itg_kernels *kernels, const check_case *test)
{
    if (test->kind == REDUCE)
        kernels->pool->reduce(test->params, test->out, test->in[0]);
    else
        (test->kind == AVERAGE ? kernels->pool->average : kernels->pool->maximum)(test->params, test->out, test->in[0], test->rows[0], test->rows[1]);
}

static void define_reduce(const check_case *test, void *out)
{
    const itg_reduce *reduce = test->params;
    for (int32_t i = 0; i < reduce->inner; i++) {
        int64_t sum = 0;
        for (int32_t k = 0; k < reduce->count; k++)
            sum += check_load(test->in[0], reduce->in_type, (size_t)(k * reduce->inner + i)) - reduce->in_zero;
        const int64_t code = reduce->out_zero + check_requantize(sum, reduce->requant.left, reduce->requant.multiplier, reduce->requant.shift);
        check_store(out, reduce->out_type, (size_t)i, check_clamp(code, reduce->low, reduce->high));
    }
}

/* Sum of (code - in_zero), or the maximum, over the positions inside the image. */
static int64_t define_window(const itg_pool *pool, const void *in, int32_t y, int32_t x, int32_t c)
{
    int64_t result = pool->average ? 0 : INT64_MIN;
    for (int32_t ky = 0; ky < pool->kernel[0]; ky++)
        for (int32_t kx = 0; kx < pool->kernel[1]; kx++) {
            const int32_t iy = y * pool->stride[0] - pool->before[0] + ky * pool->dilation[0];
            const int32_t ix = x * pool->stride[1] - pool->before[1] + kx * pool->dilation[1];
            if (iy < 0 || iy >= pool->in[0] || ix < 0 || ix >= pool->in[1])
                continue;
            const int64_t code = check_load(in, pool->in_type, (size_t)((iy * pool->in[1] + ix) * pool->in[2] + c));
            if (pool->average)
                result += code - pool->in_zero;
            else
                result = code > result ? code : result;
        }
    return result;
}

static int64_t average_code(const itg_pool *pool, int64_t sum, int32_t positions)
{
    for (int32_t k = 0; k < pool->count_entries; k++)
        if (pool->counts[k] == positions)
            return check_clamp(pool->out_zero + check_requantize(sum, pool->left, pool->multipliers[k], pool->shift), pool->low, pool->high);
    return INT64_MIN;
}

static void define_pool(const check_case *test, void *out)
{
    if (test->kind == REDUCE) {
        define_reduce(test, out);
        return;
    }
    const itg_pool *pool = test->params;
    for (int32_t y = test->rows[0]; y < test->rows[1]; y++)
        for (int32_t x = 0; x < pool->out[1]; x++)
            for (int32_t c = 0; c < pool->out[2]; c++) {
                const int64_t value = define_window(pool, test->in[0], y, x, c);
                const size_t index = (size_t)((y * pool->out[1] + x) * pool->out[2] + c);
                check_store(out, pool->out_type, index, pool->average ? average_code(pool, value, counted(pool, y, x)) : value);
            }
}

const check_family check_pool = {"pool", "element", make_pool, run_pool, define_pool};
