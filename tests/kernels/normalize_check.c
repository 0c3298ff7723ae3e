/* SPDX-License-Identifier: Apache-2.0
 * The normalize family: groups of codes, and the definition in docs/numerics.md 3 written with plain 64-bit integers, 128 bits as two of
 * them doubled bit by bit (32-bit targets have no wider type). */
#include "tests/kernels/check.h"

#include "runtime/kernels/normalize.h"

#include <math.h>
#include <stdio.h>

typedef struct pair {
    uint64_t high, low;
} pair;

static const struct {
    int32_t space, groups, width;
} timed[] = {{1, 1, 64}, {1, 1, 384}, {196, 32, 8}, {3136, 64, 1}};

static void make_shape(check_state *state, itg_normalize *normalize, int bench)
{
    const int32_t kind = check_between(state, 0, 2);
    if (bench >= 0) {
        normalize->space = timed[bench].space;
        normalize->groups = timed[bench].groups;
        normalize->width = timed[bench].width;
        return;
    }
    normalize->space = kind == 0 ? 1 : check_between(state, 1, 40);
    normalize->groups = kind == 0 ? 1 : check_between(state, 1, 40);
    normalize->width = kind == 0 ? check_between(state, 1, 600) : kind == 1 ? 1 : check_between(state, 1, 20);
}

/* Epsilon, and the binary digits for which no element passes 2^30: those of the compiler. */
static void make_measure(check_state *state, itg_normalize *normalize, bool plain)
{
    static const itg_measure measures[] = {ITG_VARIANCE, ITG_VARIANCE, ITG_SQUARES, ITG_MAGNITUDES};
    const bool has_epsilon = plain || check_chance(state, 70);
    const double count = (double)normalize->space * normalize->width;
    normalize->measure = (uint8_t)measures[plain ? 0 : check_between(state, 0, 3)];
    normalize->centered = normalize->measure == ITG_VARIANCE && (plain || check_chance(state, 70));
    normalize->floored = !plain && check_chance(state, 30);
    normalize->epsilon = has_epsilon ? check_between(state, 1, INT32_MAX) : 0;
    normalize->epsilon_shift = (uint8_t)(has_epsilon && !plain ? check_between(state, 0, check_chance(state, 20) ? 95 : 30) : 0);
    const double furthest = normalize->in_type == ITG_S16 ? 32768.0 : 255.0;
    const double least = has_epsilon ? ldexp(normalize->epsilon, normalize->epsilon_shift - 32) : fmax(count - 1.0, 1.0);
    double bound = normalize->measure == ITG_MAGNITUDES ? 1.0 : 1.0 / sqrt(count);
    if (normalize->measure == ITG_VARIANCE && !normalize->centered)
        bound = fmin(furthest / sqrt(least), 0x1p28);
    normalize->centered = normalize->centered || bound == 0x1p28;
    int exponent;
    frexp(bound, &exponent);
    normalize->fraction = normalize->in_type == ITG_S16 ? 15 : 22;
    normalize->exponent = (uint8_t)(78 + normalize->fraction - (30 - exponent > 46 ? 46 : 30 - exponent));
}

static void make_gains(check_state *state, itg_normalize *normalize)
{
    const size_t count = normalize->per_channel ? (size_t)normalize->groups * (size_t)normalize->width : 1;
    int32_t *gain = check_new(state, count * 4, 4), *bias = check_new(state, count * 4, 4);
    normalize->narrow = (uint8_t)check_between(state, 1, 15);
    const int32_t most = check_chance(state, 30) ? INT32_MAX : (int32_t)1 << (normalize->narrow + check_between(state, 4, 12));
    for (size_t c = 0; c < count; c++) {
        gain[c] = check_between(state, -most, most);
        bias[c] = check_between(state, -(1 << 22), 1 << 22) >> check_between(state, 0, 10);
    }
    normalize->gain = gain;
    normalize->bias = bias;
}

static bool make_normalize(check_state *state, check_case *test, int bench)
{
    static const itg_type types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_S16};
    if (bench >= (int)(sizeof timed / sizeof timed[0]))
        return false;
    itg_normalize *normalize = check_new(state, sizeof *normalize, 8);
    *normalize = (itg_normalize){.in_type = types[bench < 0 ? check_between(state, 0, 3) : 0],
                                 .out_type = types[bench < 0 ? check_between(state, 0, 3) : 0],
                                 .per_channel = bench >= 0 || check_chance(state, 60)};
    make_shape(state, normalize, bench);
    normalize->in_zero = normalize->in_type == ITG_S16 ? 0 : check_between(state, -128, 127);
    make_measure(state, normalize, bench >= 0);
    make_gains(state, normalize);
    normalize->low = check_between(state, check_lowest(normalize->out_type), 0);
    normalize->high = check_between(state, 0, check_highest(normalize->out_type));
    const size_t count = (size_t)normalize->space * (size_t)normalize->groups * (size_t)normalize->width;
    void *in = check_new(state, count * check_bytes(normalize->in_type), check_bytes(normalize->in_type));
    const int32_t spread = check_chance(state, 40) ? check_between(state, 0, 10) : 128;
    const bool is_whole = bench >= 0 || check_chance(state, 40);
    check_fill(state, in, normalize->in_type, count, is_whole ? check_lowest(normalize->in_type) : -spread,
               is_whole       ? check_highest(normalize->in_type)
               : spread < 128 ? spread
                              : 127);
    test->in[0] = in;
    test->params = normalize;
    test->out_bytes = count * check_bytes(normalize->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(normalize->out_type));
    test->rows[0] = bench >= 0 ? 0 : check_between(state, 0, normalize->groups - 1);
    test->rows[1] = bench >= 0 ? normalize->groups : check_between(state, test->rows[0] + 1, normalize->groups);
    test->work = (int64_t)count;
    snprintf(test->text, sizeof test->text, "[%d][%d][%d] groups %d to %d types %d>%d measure %d%s%s epsilon %d << %d exponent %d", normalize->space,
             normalize->groups, normalize->width, test->rows[0], test->rows[1], (int)normalize->in_type, (int)normalize->out_type, normalize->measure,
             normalize->centered ? " centered" : "", normalize->floored ? " floored" : "", normalize->epsilon, normalize->epsilon_shift,
             normalize->exponent);
    return true;
}

static void run_normalize(const itg_kernels *kernels, const check_case *test)
{
    kernels->normalize->groups(test->params, test->out, test->in[0], test->rows[0], test->rows[1]);
}

static int64_t divide_floor(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static pair double_pair(pair value)
{
    return (pair){2 * value.high + (value.low >> 63), 2 * value.low};
}

static uint64_t define_root(uint64_t value)
{
    uint64_t root = (uint64_t)sqrt((double)value);
    while (root > UINT32_MAX || root * root > value)
        root--;
    while (root < UINT32_MAX && (root + 1) * (root + 1) <= value)
        root++;
    return root;
}

typedef struct group_sums {
    int64_t count, sum, squares, magnitudes;
} group_sums;

/* The groups of the cases are small enough for 64 bits before the fraction. */
static pair define_measure(const itg_normalize *normalize, const group_sums *sums)
{
    uint64_t measure = (uint64_t)(sums->count * sums->squares);
    pair epsilon = {0, (uint64_t)normalize->epsilon};
    if (normalize->measure == ITG_VARIANCE)
        measure -= (uint64_t)(sums->sum * sums->sum);
    if (normalize->measure == ITG_MAGNITUDES)
        measure = (uint64_t)(sums->magnitudes * sums->magnitudes);
    for (int i = 0; i < normalize->epsilon_shift; i++)
        epsilon = double_pair(epsilon);
    const pair value = {measure >> 32, measure << 32};
    const pair sum = {value.high + epsilon.high + (value.low + epsilon.low < value.low), value.low + epsilon.low};
    const bool is_more = value.high != epsilon.high ? value.high > epsilon.high : value.low > epsilon.low;
    return !normalize->floored ? sum : is_more ? value : epsilon;
}

static size_t place_of(const itg_normalize *normalize, int32_t s, int32_t g, int32_t w)
{
    return ((size_t)s * (size_t)normalize->groups + (size_t)g) * (size_t)normalize->width + (size_t)w;
}

static group_sums add_group(const itg_normalize *normalize, const void *in, int32_t g)
{
    group_sums sums = {(int64_t)normalize->space * normalize->width, 0, 0, 0};
    for (int32_t s = 0; s < normalize->space; s++)
        for (int32_t w = 0; w < normalize->width; w++) {
            const int64_t x = check_load(in, normalize->in_type, place_of(normalize, s, g, w)) - normalize->in_zero;
            sums.sum += x;
            sums.squares += x * x;
            sums.magnitudes += x < 0 ? -x : x;
        }
    return sums;
}

static void define_group(const check_case *test, void *out, int32_t g)
{
    const itg_normalize *normalize = test->params;
    const group_sums sums = add_group(normalize, test->in[0], g);
    const int64_t one = (int64_t)1 << normalize->fraction, mean = divide_floor(sums.sum * one * 2 + sums.count, sums.count * 2);
    pair value = define_measure(normalize, &sums);
    const bool is_zero = value.high == 0 && value.low == 0;
    int pairs = 0;
    for (; !is_zero && value.high >> 62 == 0; value = double_pair(double_pair(value)))
        pairs++;
    int64_t multiplier = is_zero ? 0 : (int64_t)((((uint64_t)1 << 62) - 1) / define_root(value.high));
    int shift = normalize->exponent - pairs;
    for (; shift > 62; shift--)
        multiplier /= 2;
    shift = shift < 1 ? 1 : shift;
    for (int32_t s = 0; s < normalize->space; s++)
        for (int32_t w = 0; w < normalize->width; w++) {
            const size_t place = place_of(normalize, s, g, w);
            const int64_t x = check_load(test->in[0], normalize->in_type, place) - normalize->in_zero;
            const int64_t centered = x * one - (normalize->centered ? mean : 0);
            const int64_t n = divide_floor(centered * multiplier + ((int64_t)1 << (shift - 1)), (int64_t)1 << shift);
            const int32_t c = normalize->per_channel ? g * normalize->width + w : 0;
            const int64_t scaled = n * normalize->gain[c] + ((int64_t)normalize->bias[c] * ((int64_t)1 << 32));
            const int64_t code = divide_floor(scaled, (int64_t)1 << (32 + normalize->narrow));
            check_store(out, normalize->out_type, place, check_clamp(code, normalize->low, normalize->high));
        }
}

static void define_normalize(const check_case *test, void *out)
{
    for (int32_t g = test->rows[0]; g < test->rows[1]; g++)
        define_group(test, out, g);
}

const check_family check_normalize = {"normalize", "element", make_normalize, run_normalize, define_normalize};
