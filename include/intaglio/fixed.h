/* SPDX-License-Identifier: Apache-2.0
 * The only definition of rounding, requantization and saturation (docs/numerics.md 1).
 * The quantizer, the scalar kernels and the tests include it; SIMD kernels must equal it bit for bit.
 * ITG_CHECKED turns every step into one that calls itg_overflow() when a stated bound does not hold. */
#ifndef INTAGLIO_FIXED_H
#define INTAGLIO_FIXED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef ITG_CHECKED
void itg_overflow(const char *what, int64_t value); /* supplied by the test that sets ITG_CHECKED */
#define ITG_BOUND(condition, what, value) ((condition) ? (void)0 : itg_overflow((what), (value)))
#else
#define ITG_BOUND(condition, what, value) ((void)0)
#endif

/* Floor of value / 2^shift, for negative values too. C leaves their >> to the implementation: where it is the arithmetic shift, which the
 * compiler knows, that is used. 0 <= shift <= 63. */
static inline int64_t itg_shift_floor(int64_t value, int shift)
{
    if ((-1 >> 1) == -1)
        return value >> shift;
    return value < 0 ? ~(int64_t)((uint64_t)~value >> shift) : (int64_t)((uint64_t)value >> shift);
}

/* The same in 32 bits, 0 <= shift <= 31. */
static inline int32_t itg_shift_floor32(int32_t value, int shift)
{
    if ((-1 >> 1) == -1)
        return value >> shift;
    return value < 0 ? ~(int32_t)((uint32_t)~value >> shift) : (int32_t)((uint32_t)value >> shift);
}

static inline int32_t itg_clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static inline int8_t itg_saturate_s8(int32_t value)
{
    return (int8_t)itg_clamp(value, -128, 127);
}

static inline int16_t itg_saturate_s16(int32_t value)
{
    return (int16_t)itg_clamp(value, -32768, 32767);
}

/* Sum and product modulo 2^32: the accumulator rule (order is irrelevant, wrapping in between is harmless). */
static inline int32_t itg_add_wrap(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t itg_mul_wrap(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

/* RQ and RQS: round(acc * multiplier / 2^(31+shift)), ties toward +infinity; one rounding.
 * Units: shift = h of numerics.md, 0 <= h <= 31; |multiplier| < 2^30 at h = 0, 0 <= multiplier < 2^31 above.
 * The result fits int32 with room for a zero point of up to 2^30. */
static inline int32_t itg_requantize(int32_t acc, int32_t multiplier, int shift)
{
    ITG_BOUND(shift >= 0 && shift <= 31, "requantize shift", shift);
    int64_t product = (int64_t)acc * multiplier + ((int64_t)1 << (30 + shift));
    int64_t result = itg_shift_floor(product, 31 + shift);
    ITG_BOUND(result >= INT32_MIN && result <= INT32_MAX, "requantize result", result);
    return (int32_t)result;
}

/* The left form: acc * 2^left in place of acc, for ratios of 1/2 and more; |acc| * 2^left < 2^31 is proven by the compiler. */
static inline int32_t itg_requantize_left(int32_t acc, int left, int32_t multiplier, int shift)
{
    ITG_BOUND(((int64_t)acc << left) == (int64_t)itg_mul_wrap(acc, (int32_t)(1u << left)), "left form", acc);
    return itg_requantize(itg_mul_wrap(acc, (int32_t)(1u << left)), multiplier, shift);
}

/* An accumulator kept in 64 bits, brought to 32 bits by 2^-narrow with one rounding (numerics.md 2). */
static inline int32_t itg_narrow(int64_t acc, int narrow)
{
    int64_t result = narrow ? itg_shift_floor(acc + ((int64_t)1 << (narrow - 1)), narrow) : acc;
    ITG_BOUND(result >= INT32_MIN && result <= INT32_MAX, "narrow result", result);
    return (int32_t)result;
}

/* root = floor(sqrt(n)) and rest = n - root^2 of the leading bits n of a number. */
typedef struct itg_root_part {
    uint64_t root, rest;
} itg_root_part;

/* The same of the next 2 * bits bits, which are `digits`; 2^(bits-1) <= root < 2^bits (Zimmermann, Karatsuba Square Root, 1999). */
static inline itg_root_part itg_extend_root(itg_root_part part, uint64_t digits, int bits)
{
    const uint64_t mask = ((uint64_t)1 << bits) - 1, dividend = part.rest << bits | digits >> bits;
    const uint64_t quotient = dividend / (2 * part.root), above = dividend % (2 * part.root) << bits | (digits & mask);
    itg_root_part next = {(part.root << bits) + quotient, above - quotient * quotient};
    if (above < quotient * quotient) {
        next.rest += 2 * next.root - 1;
        next.root--;
    }
    return next;
}

/* Floor of the square root, 2^62 <= value. Every way to compute it gives the same integer: here 8 bits one at a time, then twice as many. */
static inline uint32_t itg_root(uint64_t value)
{
    uint32_t rest = (uint32_t)(value >> 48), root = 0;
    for (uint32_t bit = (uint32_t)1 << 14; bit > 0; bit >>= 2) {
        const uint32_t tried = root + bit, fits = 0 - (uint32_t)(rest >= tried); /* a mask: the bits are as good as random */
        rest -= tried & fits;
        root = (root >> 1) + (bit & fits);
    }
    const itg_root_part quarter = {root, rest}, half = itg_extend_root(quarter, value >> 32 & 0xffff, 8);
    return (uint32_t)itg_extend_root(half, value & 0xffffffff, 16).root;
}

/* floor((2^62 - 1) / itg_root(value)) for 2^62 <= value: 2^62 / sqrt(value) * (1 + e), -2^-30 < e < 2^-31, from 2^30 up to 2^31 - 1. */
static inline int32_t itg_inverse_root(uint64_t value)
{
    ITG_BOUND(value >> 62 != 0, "inverse root", (int64_t)value);
    return (int32_t)((((uint64_t)1 << 62) - 1) / itg_root(value));
}

#ifdef __cplusplus
}
#endif
#endif
