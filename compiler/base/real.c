/* SPDX-License-Identifier: Apache-2.0
 * Elementary functions in double from + - * / alone (real.h): argument reduction, then one polynomial.
 * The float forms go through double, so they are correctly rounded but for rare near-ties. */
#include "compiler/base/real.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const double log2_e = 0x1.71547652b82fep+0;
static const double ln2_high = 0x1.62e42fee00000p-1; /* 33 bits: times any exponent it is exact */
static const double ln2_low = 0x1.a39ef35793c76p-33;
static const double half_pi = 0x1.921fb54442d18p+0;

static double evaluate(const double *coefficients, int count, double x)
{
    double sum = coefficients[count - 1];
    for (int i = count - 2; i >= 0; i--) {
        sum = sum * x + coefficients[i];
    }
    return sum;
}

/* 2^k for k in [-1022, 1023]. */
static double power_of_two(int k)
{
    const uint64_t bits = (uint64_t)(k + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Added and taken away again it rounds |x| < 2^51 to an integer, half to even. */
static const double round_shift = 0x1.8p52;

/* (exp(r) - 1) / r for |r| <= ln(2) / 2 */
static const double exponential[] = {1.0,         1.0 / 2,      1.0 / 6,       1.0 / 24,       1.0 / 120,       1.0 / 720,        1.0 / 5040,
                                     1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200};

/* exp(x) - 1 for x = k ln 2 + r: returns expm1(r), |r| <= ln(2) / 2. */
static double reduce_exponential(double x, int *k)
{
    const double n = (x * log2_e + round_shift) - round_shift;
    const double r = (x - n * ln2_high) - n * ln2_low;
    *k = (int)n;
    return r * evaluate(exponential, COUNT(exponential), r);
}

double itgc_exp(double x)
{
    if (isnan(x)) {
        return x;
    }
    if (x > 709.79) {
        return HUGE_VAL;
    }
    if (x < -745.2) {
        return 0.0;
    }
    int k;
    const double minus_one = reduce_exponential(x, &k);
    const int half = k / 2;
    return (1.0 + minus_one) * power_of_two(half) * power_of_two(k - half);
}

/* a + b = *sum + result exactly, a * b = *product + result exactly (Dekker, Knuth). */
static double add_exactly(double a, double b, double *sum)
{
    *sum = a + b;
    const double shown = *sum - a;
    return (a - (*sum - shown)) + (b - shown);
}

static double multiply_exactly(double a, double b, double *product)
{
    const double splitter = 134217729.0;
    const double a_scaled = a * splitter, b_scaled = b * splitter;
    const double a_high = a_scaled - (a_scaled - a), b_high = b_scaled - (b_scaled - b);
    const double a_low = a - a_high, b_low = b - b_high;
    *product = a * b;
    return ((a_high * b_high - *product) + a_high * b_low + a_low * b_high) + a_low * b_low;
}

/* log(x) of a finite x > 0 as high + low, to about 2^-60: pow needs more than a double. x = 2^k (1 + f), s = f / (2 + f),
 * log(1 + f) = 2 s + 2/3 s^3 + 2/5 s^5 … */
static double take_logarithm(double x, double *low)
{
    static const double coefficients[] = {2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
    int k;
    double mantissa = frexp(x, &k);
    if (mantissa < 0.70710678118654752) {
        mantissa *= 2;
        k--;
    }
    const double f = mantissa - 1.0;
    double divisor, product;
    const double divisor_low = add_exactly(2.0, f, &divisor);
    const double s = f / divisor;
    const double product_low = multiply_exactly(s, divisor, &product);
    const double s_low = (((f - product) - product_low) - s * divisor_low) / divisor;
    const double tail = s * s * s * evaluate(coefficients, COUNT(coefficients), s * s);
    double sum, high;
    const double sum_low = add_exactly(k * ln2_high, 2.0 * s, &sum);
    *low = add_exactly(sum, sum_low + (2.0 * s_low + (tail + k * ln2_low)), &high);
    return high;
}

double itgc_log(double x)
{
    if (isnan(x) || x < 0) {
        return (double)NAN;
    }
    if (x == 0) {
        return -HUGE_VAL;
    }
    if (isinf(x)) {
        return x;
    }
    double low;
    const double high = take_logarithm(x, &low);
    return high + low;
}

double itgc_tanh(double x)
{
    const double magnitude = fabs(x);
    if (isnan(x)) {
        return x;
    }
    if (magnitude > 22) {
        return copysign(1.0, x);
    }
    int k;
    const double reduced = reduce_exponential(2 * magnitude, &k);
    const double scale = power_of_two(k);
    const double minus_one = scale * reduced + (scale - 1.0);
    return copysign(minus_one / (minus_one + 2.0), x);
}

/* |x| < 1: the Maclaurin series. Up to 6: 1 - exp(-x^2) q(u), q fitted to exp(x^2) erfc(x) in u, which maps 1 / (x + 2) to [-1, 1]
 * (Chebyshev interpolation at 60 digits; relative error of q 3e-18). */
double itgc_erf(double x)
{
    static const double series[] = {1.1283791670955125739,     -0.37612638903183752463,    0.11283791670955125739,    -0.026866170645131251759,
                                    0.0052239776254421878421,  -0.00085483270234508528325, 0.00012055332981789664251, -0.000014925650358406250977,
                                    1.6462114365889247402e-6,  -1.6365844691234924317e-7,  1.480719281587921724e-8,   -1.2290555301717927353e-9,
                                    9.4227590646504109706e-11, -6.7113668551641103779e-12, 4.4632242632864773449e-13, -2.7835162072109213549e-14,
                                    1.6342614095367151894e-15, -9.0639708428086724792e-17, 4.7633480405150681197e-18};
    static const double scaled[] = {0.22142954022993180646,     0.16189356804102498208,      0.038560570425182406301,    0.0055888162818396086808,
                                    0.00019713917772835564673,  -0.000080792204262927275705, -7.3405179414706243508e-6,  1.9795618189364305965e-6,
                                    1.6349938636339255458e-7,   -7.0053195734281584787e-8,   -5.8863210538548520503e-10, 2.6240218125191537345e-9,
                                    -2.6866682864095233276e-10, -7.362723843294616158e-11,   2.2116211108633328789e-11,  -1.2726572135314739235e-13,
                                    -9.3205901381817788728e-13, 1.4215105616195430763e-13};
    const double magnitude = fabs(x);
    if (isnan(x)) {
        return x;
    }
    if (magnitude < 1) {
        return x * evaluate(series, COUNT(series), x * x);
    }
    if (magnitude >= 6) {
        return copysign(1.0, x);
    }
    const double u = (1.0 / (magnitude + 2.0) - 0.22916666666666666667) * 9.6;
    return copysign(1.0 - itgc_exp(-magnitude * magnitude) * evaluate(scaled, COUNT(scaled), u), x);
}

/* Bits of 2 / pi after 64 zero bits, 32 a word (Payne and Hanek's reduction). */
static const uint32_t two_over_pi[] = {0x00000000, 0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab,
                                       0xdebbc561, 0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
                                       0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b,
                                       0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea,
                                       0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d};

#define REDUCTION_WORDS 6

/* |x| = (n + fraction) pi/2 with |fraction| <= 1/2: returns fraction * pi/2, *quadrant = n mod 4. x finite, |x| >= 1/2.
 * The 192 bits of 2/pi that matter, times the 53 of x, modulo 4: exact to 2^-135. */
static double reduce_angle(double x, int *quadrant)
{
    int exponent;
    const uint64_t mantissa = (uint64_t)ldexp(frexp(x, &exponent), 53);
    const uint32_t parts[2] = {(uint32_t)mantissa, (uint32_t)(mantissa >> 32)};
    const int first_bit = exponent - 53 - 2 + 64;
    uint32_t product[REDUCTION_WORDS] = {0}; /* least significant first */
    for (int i = 0; i < REDUCTION_WORDS; i++) {
        const int word = first_bit / 32 + REDUCTION_WORDS - 1 - i, shift = first_bit % 32;
        const uint64_t pair = ((uint64_t)two_over_pi[word] << 32) | two_over_pi[word + 1];
        const uint32_t factor = (uint32_t)(pair >> (32 - shift));
        uint64_t carry = 0;
        for (int j = 0; j < 2 && i + j < REDUCTION_WORDS; j++) {
            carry += (uint64_t)factor * parts[j] + product[i + j];
            product[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        for (int j = i + 2; j < REDUCTION_WORDS; j++) {
            carry += product[j];
            product[j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    const uint32_t top = product[REDUCTION_WORDS - 1];
    const bool round_up = (top >> 29) & 1;
    *quadrant = (int)((top >> 30) + (round_up ? 1 : 0)) & 3;
    product[REDUCTION_WORDS - 1] = round_up ? top | 0xc0000000u : top & 0x3fffffffu;
    double fraction = 0;
    for (int i = 0; i < REDUCTION_WORDS; i++) {
        const uint32_t digit = round_up ? ~product[i] : product[i];
        fraction = (fraction + digit) * 0x1p-32;
    }
    return (round_up ? -fraction : fraction) * 4 * half_pi;
}

static double evaluate_sine(double r)
{
    static const double coefficients[] = {
        1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
    return r * evaluate(coefficients, COUNT(coefficients), r * r);
}

static double evaluate_cosine(double r)
{
    static const double coefficients[] = {1.0,
                                          -1.0 / 2,
                                          1.0 / 24,
                                          -1.0 / 720,
                                          1.0 / 40320,
                                          -1.0 / 3628800,
                                          1.0 / 479001600,
                                          -1.0 / 87178291200,
                                          1.0 / 20922789888000,
                                          -1.0 / 6402373705728000};
    return evaluate(coefficients, COUNT(coefficients), r * r);
}

double itgc_sin(double x)
{
    const double magnitude = fabs(x);
    if (isnan(x) || isinf(x)) {
        return (double)NAN;
    }
    if (magnitude < 0.5) {
        return evaluate_sine(x);
    }
    int quadrant;
    const double r = reduce_angle(magnitude, &quadrant);
    const double value = (quadrant & 1) != 0 ? evaluate_cosine(r) : evaluate_sine(r);
    return ((quadrant & 2) != 0) != (x < 0) ? -value : value;
}

double itgc_cos(double x)
{
    const double magnitude = fabs(x);
    if (isnan(x) || isinf(x)) {
        return (double)NAN;
    }
    if (magnitude < 0.5) {
        return evaluate_cosine(x);
    }
    int quadrant;
    const double r = reduce_angle(magnitude, &quadrant);
    const double value = (quadrant & 1) != 0 ? evaluate_sine(r) : evaluate_cosine(r);
    return quadrant == 1 || quadrant == 2 ? -value : value;
}

static bool is_odd(double y)
{
    return floor(y) == y && floor(y / 2) != y / 2;
}

/* x^y for finite x > 0. */
static double raise_positive(double x, double y)
{
    double low, product;
    const double high = take_logarithm(x, &low);
    if (fabs(y * high) > 750) {
        return y * high > 0 ? HUGE_VAL : 0.0;
    }
    const double product_low = multiply_exactly(y, high, &product) + y * low;
    const double power = itgc_exp(product);
    return power + power * product_low;
}

double itgc_pow(double x, double y)
{
    if (y == 0 || x == 1) {
        return 1.0;
    }
    if (isnan(x) || isnan(y)) {
        return (double)NAN;
    }
    const double magnitude = fabs(x);
    if (isinf(y)) {
        return magnitude == 1 ? 1.0 : (magnitude > 1) == (y > 0) ? HUGE_VAL : 0.0;
    }
    double value;
    if (magnitude == 0 || isinf(magnitude)) {
        value = (magnitude == 0) == (y > 0) ? 0.0 : HUGE_VAL;
    } else if (x < 0 && floor(y) != y) {
        return (double)NAN;
    } else {
        value = magnitude == 1 ? 1.0 : raise_positive(magnitude, y);
    }
    return signbit(x) && is_odd(y) ? -value : value;
}

float itgc_expf(float x)
{
    return (float)itgc_exp((double)x);
}

typedef float floats4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double doubles4 __attribute__((vector_size(32)));
typedef int64_t longs4 __attribute__((vector_size(32)));

#define CHOOSE(condition, yes, no) ((doubles4)(((condition) & (longs4)(yes)) | (~(condition) & (longs4)(no))))

#define TILE(name) name##_baseline
#define TILE_TARGET
#include "compiler/base/exponential_tile.h"
#undef TILE
#undef TILE_TARGET

#if defined(__x86_64__)
#define TILE(name)  name##_avx2
#define TILE_TARGET __attribute__((target("avx2")))
#include "compiler/base/exponential_tile.h"
#undef TILE
#undef TILE_TARGET
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#else
#define exponentials_avx2 exponentials_baseline
#define divide_avx2       divide_baseline
#define HAS_AVX2          false
#endif

double itgc_exp_row(float *out, const float *in, float largest, int64_t count)
{
    const int64_t whole = count & ~(int64_t)3;
    double sum = 0.0;
    (HAS_AVX2 ? exponentials_avx2 : exponentials_baseline)(out, in, largest, whole);
    for (int64_t i = whole; i < count; i++) {
        out[i] = itgc_expf(in[i] - largest);
    }
    for (int64_t i = 0; i < count; i++) {
        sum += (double)out[i];
    }
    return sum;
}

void itgc_divide_row(float *row, double divisor, int64_t count)
{
    const int64_t whole = count & ~(int64_t)3;
    (HAS_AVX2 ? divide_avx2 : divide_baseline)(row, divisor, whole);
    for (int64_t i = whole; i < count; i++) {
        row[i] = (float)((double)row[i] / divisor);
    }
}

float itgc_sigmoidf(float x)
{
    return (float)(1.0 / (1.0 + itgc_exp(-(double)x)));
}

float itgc_tanhf(float x)
{
    return (float)itgc_tanh((double)x);
}

float itgc_erff(float x)
{
    return (float)itgc_erf((double)x);
}

/* The argument is halved (tan(a / 2) = t / (1 + sqrt(1 + t^2))) until eight terms of the series are enough. */
double itgc_atan(double x)
{
    double t = x;
    if (x - x != 0.0) { /* infinite or NaN */
        return x > 0.0 ? half_pi : x < 0.0 ? -half_pi : x;
    }
    for (int i = 0; i < 4; i++) {
        t = fabs(t) > 1e150 ? (t > 0.0 ? 1.0 : -1.0) : t / (1.0 + sqrt(1.0 + t * t));
    }
    const double square = t * t;
    double sum = 0.0;
    for (int k = 8; k >= 0; k--) {
        sum = (k % 2 == 0 ? 1.0 : -1.0) / (2 * k + 1) + square * sum;
    }
    return 16.0 * t * sum;
}

double itgc_round_even(double x)
{
    const double below = floor(x), part = x - below;
    const bool up = part > 0.5 || (part == 0.5 && floor(below / 2) != below / 2);
    return copysign(up ? below + 1 : below, x);
}

double itgc_round(double x)
{
    const double magnitude = fabs(x);
    if (!(magnitude < 0x1p52)) {
        return x; /* an integer, an infinity or a NaN */
    }
    const double below = (double)(int64_t)magnitude;
    return copysign(magnitude - below >= 0.5 ? below + 1 : below, x);
}
