/* SPDX-License-Identifier: Apache-2.0
 * From the sums of a group to what its elements are multiplied by, and from an element to its output code (docs/numerics.md 3, normalize).
 * Shared by the normalize kernels of every table: they may only sum in another order. */
#ifndef ITG_KERNELS_MOMENTS_H
#define ITG_KERNELS_MOMENTS_H

#include <intaglio/fixed.h>
#include <intaglio/plan.h>

/* Sums over the elements of one group. */
typedef struct itg_moments {
    int64_t sum;       /* of the codes */
    uint64_t measured; /* of their squares; ITG_MAGNITUDES: of |code - in_zero| */
} itg_moments;

/* (code * 2^fraction - offset) * multiplier / 2^shift is the element over the group's measure, times 2^F. */
typedef struct itg_normal {
    int32_t offset, multiplier;
    int shift;
} itg_normal;

typedef struct itg_wide {
    uint64_t high, low;
} itg_wide;

static inline itg_wide itg_multiply_wide(uint64_t a, uint64_t b)
{
    const uint64_t a_low = (uint32_t)a, a_high = a >> 32, b_low = (uint32_t)b, b_high = b >> 32;
    const uint64_t low = a_low * b_low, one = a_high * b_low + (low >> 32), other = a_low * b_high + (uint32_t)one;
    return (itg_wide){a_high * b_high + (one >> 32) + (other >> 32), other << 32 | (uint32_t)low};
}

static inline itg_wide itg_add_wide(itg_wide a, itg_wide b)
{
    const uint64_t low = a.low + b.low;
    return (itg_wide){a.high + b.high + (low < a.low), low};
}

static inline itg_wide itg_subtract_wide(itg_wide a, itg_wide b)
{
    return (itg_wide){a.high - b.high - (a.low < b.low), a.low - b.low};
}

static inline itg_wide itg_shift_wide(itg_wide value, int left)
{
    if (left == 0)
        return value;
    if (left >= 64)
        return (itg_wide){value.low << (left - 64), 0};
    return (itg_wide){value.high << left | value.low >> (64 - left), value.low << left};
}

/* The measure of a group, in squared steps of the input. Below 2^92. */
static inline itg_wide itg_measure_group(const itg_normalize *normalize, itg_moments moments)
{
    const uint64_t count = (uint64_t)normalize->space * (uint64_t)normalize->width, zero = (uint64_t)normalize->in_zero;
    const uint64_t sum = (uint64_t)moments.sum, magnitude = moments.sum < 0 ? 0 - sum : sum;
    switch (normalize->measure) {
    case ITG_VARIANCE:
        return itg_subtract_wide(itg_multiply_wide(count, moments.measured), itg_multiply_wide(magnitude, magnitude));
    case ITG_SQUARES: /* the squares about the zero point, modulo 2^64 */
        return itg_multiply_wide(count, moments.measured - 2 * zero * sum + count * zero * zero);
    default:
        return itg_multiply_wide(moments.measured, moments.measured);
    }
}

/* The measure with epsilon: V of numerics.md, in units of 2^-32. */
static inline itg_wide itg_add_epsilon(const itg_normalize *normalize, itg_wide measure)
{
    const itg_wide value = itg_shift_wide(measure, 32);
    const itg_wide epsilon = itg_shift_wide((itg_wide){0, (uint64_t)normalize->epsilon}, normalize->epsilon_shift);
    if (!normalize->floored)
        return itg_add_wide(value, epsilon);
    const bool is_less = value.high < epsilon.high || (value.high == epsilon.high && value.low < epsilon.low);
    return is_less ? epsilon : value;
}

/* Half the number of leading zeros of a value that is not 0, rounded down; *first: the 64 bits behind so many pairs. */
static inline int itg_lead_pairs(itg_wide value, uint64_t *first)
{
    int pairs = 0;
    if (value.high == 0) {
        value = (itg_wide){value.low, 0};
        pairs = 32;
    }
    int left = 0;
    for (int step = 16; step > 0; step /= 2)
        left += value.high << 2 * left >> (64 - 2 * step) == 0 ? step : 0;
    *first = itg_shift_wide(value, 2 * left).high;
    return pairs + left;
}

static inline int32_t itg_offset_of(const itg_normalize *normalize, int64_t sum)
{
    if (!normalize->centered)
        return normalize->in_zero * ((int32_t)1 << normalize->fraction);
    const int64_t count = 2 * (int64_t)normalize->space * normalize->width;
    const int64_t doubled = sum * ((int64_t)2 << normalize->fraction) + count / 2;
    return (int32_t)(doubled / count - (doubled % count < 0));
}

static inline itg_normal itg_find_normal(const itg_normalize *normalize, itg_moments moments)
{
    const itg_wide value = itg_add_epsilon(normalize, itg_measure_group(normalize, moments));
    itg_normal normal = {itg_offset_of(normalize, moments.sum), 0, 62};
    if (value.high == 0 && value.low == 0)
        return normal;
    uint64_t first;
    const int shift = normalize->exponent - itg_lead_pairs(value, &first);
    const int32_t multiplier = itg_inverse_root(first);
    normal.multiplier = shift <= 62 ? multiplier : shift < 62 + 31 ? multiplier >> (shift - 62) : 0;
    normal.shift = itg_clamp(shift, 1, 62); /* below 1 all elements are 0 */
    return normal;
}

/* The element over the group's measure, times 2^F. Magnitude at most 2^30. */
static inline int32_t itg_normalize_element(const itg_normalize *normalize, const itg_normal *normal, int32_t code)
{
    const int32_t centered = code * ((int32_t)1 << normalize->fraction) - normal->offset;
    const int64_t product = (int64_t)centered * normal->multiplier + ((int64_t)1 << (normal->shift - 1));
    const int64_t result = itg_shift_floor(product, normal->shift);
    ITG_BOUND(result >= -((int64_t)1 << 30) && result <= (int64_t)1 << 30, "normalized element", result);
    return (int32_t)result;
}

static inline int32_t itg_scale_normalized(const itg_normalize *normalize, int32_t element, int32_t gain, int32_t bias)
{
    const int32_t scaled = (int32_t)itg_shift_floor((int64_t)element * gain, 32) + bias;
    return itg_clamp(itg_shift_floor32(scaled, normalize->narrow), normalize->low, normalize->high);
}

#endif
