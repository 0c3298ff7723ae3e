/* SPDX-License-Identifier: Apache-2.0
 * The softmax family: vectors of scores, and the definition in docs/numerics.md 4 written with 64-bit integers. */
#include "tests/kernels/check.h"

#include "runtime/kernels/softmax.h"

#include <math.h>
#include <stdio.h>

static bool make_softmax(check_state *state, check_case *test, int bench)
{
    static const itg_type in_types[] = {ITG_S16, ITG_S16, ITG_S8, ITG_S32}, out_types[] = {ITG_U16, ITG_U16, ITG_U8, ITG_S16};
    if (bench >= 1)
        return false;
    itg_softmax *softmax = check_new(state, sizeof *softmax, 8);
    *softmax = (itg_softmax){.length = bench < 0 ? check_between(state, 1, 200) : 1000, .in_type = ITG_S16, .out_type = ITG_U16};
    if (bench < 0) {
        softmax->in_type = in_types[check_between(state, 0, 3)];
        softmax->out_type = out_types[check_between(state, 0, 3)];
    }
    softmax->shift = (uint8_t)check_between(state, 1, softmax->in_type == ITG_S8 ? 12 : 31);
    softmax->multiplier = check_between(state, 1, check_chance(state, 50) ? INT32_MAX : 1 << 20);
    const size_t length = (size_t)softmax->length;
    void *in = check_new(state, length * check_bytes(softmax->in_type), check_bytes(softmax->in_type));
    const int32_t spread = check_chance(state, 50) ? check_highest(softmax->in_type) : 100;
    check_fill(state, in, softmax->in_type, length, -spread, spread);
    test->in[0] = in;
    test->params = softmax;
    test->out_bytes = length * check_bytes(softmax->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(softmax->out_type));
    test->work = softmax->length;
    snprintf(test->text, sizeof test->text, "length %d types %d>%d multiplier %d shift %d", softmax->length, (int)softmax->in_type,
             (int)softmax->out_type, softmax->multiplier, softmax->shift);
    return true;
}

static void run_softmax(const itg_kernels *kernels, const check_case *test)
{
    kernels->softmax->row(test->params, test->out, test->in[0]);
}

static uint64_t power_of_two(uint64_t i)
{
    return (uint64_t)llrintl(ldexpl(exp2l(-(long double)i / 256), 30));
}

static uint64_t define_exponential(const itg_softmax *softmax, int64_t below)
{
    const uint64_t half = (uint64_t)1 << (softmax->shift - 1);
    const uint64_t distance = ((uint64_t)below * (uint64_t)softmax->multiplier + half) >> softmax->shift;
    if (distance / 65536 > 30)
        return 0;
    const uint64_t i = distance / 256 % 256, here = power_of_two(i);
    return (here - (((here - power_of_two(i + 1)) * (distance % 256) + 128) >> 8)) >> (distance / 65536);
}

static void define_softmax(const check_case *test, void *out)
{
    const itg_softmax *softmax = test->params;
    int64_t largest = INT64_MIN;
    uint64_t sum = 0;
    for (size_t i = 0; i < (size_t)softmax->length; i++) {
        const int64_t score = check_load(test->in[0], softmax->in_type, i);
        largest = score > largest ? score : largest;
    }
    for (size_t i = 0; i < (size_t)softmax->length; i++)
        sum += define_exponential(softmax, largest - check_load(test->in[0], softmax->in_type, i));
    const uint64_t reciprocal = (((uint64_t)1 << 62) - 1) / sum;
    const int64_t steps = softmax->out_type == ITG_U16 ? 65536 : softmax->out_type == ITG_U8 ? 256 : 32768;
    const uint64_t divisor = ((uint64_t)1 << 62) / (uint64_t)steps;
    for (size_t i = 0; i < (size_t)softmax->length; i++) {
        const uint64_t exponential = define_exponential(softmax, largest - check_load(test->in[0], softmax->in_type, i));
        const int64_t code = check_clamp((int64_t)((exponential * reciprocal + divisor / 2) / divisor), 0, steps - 1);
        check_store(out, softmax->out_type, i, softmax->out_type == ITG_U8 ? code - 128 : code);
    }
}

const check_family check_softmax = {"softmax", "element", make_softmax, run_softmax, define_softmax};
