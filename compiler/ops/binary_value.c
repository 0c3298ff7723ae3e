/* SPDX-License-Identifier: Apache-2.0
 * The arithmetic of two tensors with broadcasting (binary_value.h): one walk, and row loops for floats, comparisons and integers.
 * Integers wrap to their type; a division by zero gives 0, so that a constant in a file cannot stop the compiler. */
#include "compiler/ops/binary_value.h"

#include "compiler/base/real.h"

#include <math.h>

typedef float float_function(float a, float b);

static inline float add(float a, float b)
{
    return a + b;
}

static inline float subtract(float a, float b)
{
    return a - b;
}

static inline float multiply(float a, float b)
{
    return a * b;
}

static inline float divide(float a, float b)
{
    return a / b;
}

/* Max and Min hand a NaN of either side on, as numpy does. */
static inline float larger(float a, float b)
{
    return a > b || isnan(a) ? a : b;
}

static inline float smaller(float a, float b)
{
    return a < b || isnan(a) ? a : b;
}

static inline float slope(float a, float b)
{
    return a < 0.0f ? a * b : a;
}

/* fmod is exact, so no C library can differ in it. */
static inline float remainder_of(float a, float b)
{
    return fmodf(a, b);
}

static inline float modulo(float a, float b)
{
    const float rest = fmodf(a, b);
    if (rest == 0.0f)
        return copysignf(rest, b);
    return (rest < 0.0f) != (b < 0.0f) ? rest + b : rest;
}

/* Small whole exponents by multiplication: exact wherever the result is. */
static double power_of_reals(double a, double b)
{
    if (!(b >= 0.0 && b <= 64.0) || b != floor(b))
        return itgc_pow(a, b);
    double product = 1.0, factor = a;
    for (int left = (int)b; left > 0; left >>= 1) {
        product *= (left & 1) != 0 ? factor : 1.0;
        factor *= factor;
    }
    return product;
}

static inline float power(float a, float b)
{
    return (float)power_of_reals((double)a, (double)b);
}

/* Stride 0 repeats an operand. */
typedef struct row {
    int64_t count, a_stride, b_stride;
} row;

/* The common strides get loops of their own, which vectorise. */
static inline __attribute__((always_inline)) void map_row(float *out, const float *a, const float *b, const row *r, float_function *f)
{
    const int64_t count = r->count;
    if (r->a_stride == 1 && r->b_stride == 1) {
        for (int64_t i = 0; i < count; i++)
            out[i] = f(a[i], b[i]);
    } else if (r->a_stride == 1 && r->b_stride == 0) {
        const float same = b[0];
        for (int64_t i = 0; i < count; i++)
            out[i] = f(a[i], same);
    } else {
        for (int64_t i = 0; i < count; i++)
            out[i] = f(a[i * r->a_stride], b[i * r->b_stride]);
    }
}

static void combine_floats(const itgc_binary_params *params, float *out, const float *a, const float *b, const row *r)
{
    switch (params->kind) {
    case ITGC_ADD:
        map_row(out, a, b, r, add);
        break;
    case ITGC_SUB:
        map_row(out, a, b, r, subtract);
        break;
    case ITGC_MUL:
        map_row(out, a, b, r, multiply);
        break;
    case ITGC_DIV:
        map_row(out, a, b, r, divide);
        break;
    case ITGC_MAX:
        map_row(out, a, b, r, larger);
        break;
    case ITGC_MIN:
        map_row(out, a, b, r, smaller);
        break;
    case ITGC_PRELU:
        map_row(out, a, b, r, slope);
        break;
    case ITGC_POW:
        map_row(out, a, b, r, power);
        break;
    default:
        map_row(out, a, b, r, params->fmod ? remainder_of : modulo);
    }
}

/* A NaN is neither above, nor equal, nor below. */
static bool compare(itgc_binary_kind kind, bool is_above, bool is_equal, bool is_below)
{
    switch (kind) {
    case ITGC_EQUAL:
        return is_equal;
    case ITGC_GREATER:
        return is_above;
    case ITGC_GREATER_EQUAL:
        return is_above || is_equal;
    case ITGC_LESS:
        return is_below;
    default:
        return is_below || is_equal;
    }
}

static int64_t power_of_integer(int64_t base, int64_t exponent)
{
    if (exponent < 0)
        return base == 1 ? 1 : base == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0;
    uint64_t product = 1, factor = (uint64_t)base;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1)
            product *= factor;
        factor *= factor;
    }
    return (int64_t)product;
}

/* Toward zero for Div and fmod; is_modulo: the remainder with the divisor's sign. */
static int64_t divide_integers(int64_t a, int64_t b)
{
    if (b == 0)
        return 0;
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t remainder_of_integers(int64_t a, int64_t b, bool truncated)
{
    if (b == 0 || b == -1)
        return 0;
    const int64_t rest = a % b;
    return !truncated && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* Shifts by the width and more leave nothing; to the right, signed numbers fill up with their sign. */
static int64_t shift(int64_t a, int64_t b, bool is_left, bool is_u64)
{
    const bool is_past = b < 0 || b > 63;
    if (is_left)
        return is_past ? 0 : (int64_t)((uint64_t)a << b);
    if (is_u64 || a >= 0)
        return is_past ? 0 : (int64_t)((uint64_t)a >> b);
    return is_past ? -1 : ~(int64_t)(~(uint64_t)a >> b);
}

/* What depends on the order of numbers or on the sign: uint64 values above 2^63 are held as negative ones. */
static int64_t combine_ordered(const itgc_binary_params *params, bool is_u64, int64_t a, int64_t b)
{
    const int64_t flip = is_u64 ? INT64_MIN : 0;
    const uint64_t wide_a = (uint64_t)a, wide_b = (uint64_t)b;
    switch (params->kind) {
    case ITGC_DIV:
        return is_u64 ? (wide_b == 0 ? 0 : (int64_t)(wide_a / wide_b)) : divide_integers(a, b);
    case ITGC_MOD:
        return is_u64 ? (wide_b == 0 ? 0 : (int64_t)(wide_a % wide_b)) : remainder_of_integers(a, b, params->fmod);
    case ITGC_MAX:
        return (a ^ flip) > (b ^ flip) ? a : b;
    case ITGC_MIN:
        return (a ^ flip) < (b ^ flip) ? a : b;
    case ITGC_PRELU:
        return !is_u64 && a < 0 ? (int64_t)(wide_a * wide_b) : a;
    default:
        return compare(params->kind, (a ^ flip) > (b ^ flip), a == b, (a ^ flip) < (b ^ flip));
    }
}

static int64_t combine_integers(const itgc_binary_params *params, bool is_u64, int64_t a, int64_t b)
{
    switch (params->kind) {
    case ITGC_ADD:
        return (int64_t)((uint64_t)a + (uint64_t)b);
    case ITGC_SUB:
        return (int64_t)((uint64_t)a - (uint64_t)b);
    case ITGC_MUL:
        return (int64_t)((uint64_t)a * (uint64_t)b);
    case ITGC_POW:
        return power_of_integer(a, b);
    case ITGC_AND:
        return a != 0 && b != 0;
    case ITGC_OR:
        return a != 0 || b != 0;
    case ITGC_XOR:
        return (a != 0) != (b != 0);
    case ITGC_SHIFT_LEFT:
    case ITGC_SHIFT_RIGHT:
        return shift(a, b, params->kind == ITGC_SHIFT_LEFT, is_u64);
    case ITGC_BIT_AND:
        return a & b;
    case ITGC_BIT_OR:
        return a | b;
    case ITGC_BIT_XOR:
        return a ^ b;
    default:
        return combine_ordered(params, is_u64, a, b);
    }
}

static double real_at(const itgc_value *value, int64_t index)
{
    return itgc_is_float(value->type) ? (double)value->f[index] : (double)value->i[index];
}

/* Pow whose exponent is of another kind than its base. */
static void combine_mixed(itgc_value *out, int64_t at, const itgc_value *a, const itgc_value *b, const itgc_walk *walk, const row *r)
{
    for (int64_t i = 0; i < r->count; i++) {
        const double result = power_of_reals(real_at(a, walk->offset[0] + i * r->a_stride), real_at(b, walk->offset[1] + i * r->b_stride));
        if (itgc_is_float(out->type))
            out->f[at + i] = (float)result;
        else
            out->i[at + i] = itgc_wrap(out->type, itgc_int_of(result));
    }
}

static void combine_row(const itgc_binary_params *params, itgc_value *out, int64_t at, const itgc_value *a, const itgc_value *b,
                        const itgc_walk *walk)
{
    const int last = walk->rank - 1;
    const row r = {walk->dim[last], walk->stride[0][last], walk->stride[1][last]};
    if (itgc_is_float(a->type) != itgc_is_float(b->type)) {
        combine_mixed(out, at, a, b, walk, &r);
    } else if (!itgc_is_float(a->type)) {
        const bool is_u64 = a->type == ITGC_U64;
        const int64_t *const x = a->i + walk->offset[0], *const y = b->i + walk->offset[1];
        for (int64_t i = 0; i < r.count; i++)
            out->i[at + i] = itgc_wrap(out->type, combine_integers(params, is_u64, x[i * r.a_stride], y[i * r.b_stride]));
    } else if (out->type == ITGC_BOOL) {
        const float *const x = a->f + walk->offset[0], *const y = b->f + walk->offset[1];
        for (int64_t i = 0; i < r.count; i++) {
            const float left = x[i * r.a_stride], right = y[i * r.b_stride];
            out->i[at + i] = compare(params->kind, left > right, left == right, left < right);
        }
    } else {
        combine_floats(params, out->f + at, a->f + walk->offset[0], b->f + walk->offset[1], &r);
    }
}

void itgc_combine(const itgc_binary_params *params, itgc_value *out, const itgc_value *a, const itgc_value *b)
{
    itgc_walk walk;
    itgc_init_walk(&walk, out->shape.rank, out->shape.dim);
    itgc_add_broadcast(&walk, &a->shape);
    itgc_add_broadcast(&walk, &b->shape);
    if (!itgc_first_row(&walk))
        return;
    int64_t at = 0;
    do {
        combine_row(params, out, at, a, b, &walk);
        at += walk.dim[walk.rank - 1];
    } while (itgc_next_row(&walk));
}
