/* SPDX-License-Identifier: Apache-2.0
 * Real ratios → integer multipliers with one shift and one left shift for the tensor (numerics.md 1). Called by the ops' quantizers. */
#include "compiler/base/real.h"
#include "compiler/quantize/quantize.h"

#include <math.h>

#define LARGEST_MULTIPLIER ((double)(1 << 30))
#define MOST_SHIFT         31

/* Fine enough: the rounding of the multiplier then costs at most 2^-9 of an output step (128/M, 2^14/M). */
static double least_multiplier(itg_type type)
{
    return ldexp(1.0, type == ITG_S8 || type == ITG_U8 ? 15 : 22);
}

typedef struct extremes {
    double largest, smallest; /* magnitudes; smallest of those that are not 0 */
    bool negative;
} extremes;

static bool find_extremes(const itgc_ratios *ratios, extremes *result)
{
    *result = (extremes){.largest = 0.0, .smallest = INFINITY};
    for (int64_t i = 0; i < ratios->count; i++) {
        const double ratio = fabs(ratios->ratio[i]);
        if (!isfinite(ratio)) {
            return false;
        }
        result->largest = fmax(result->largest, ratio);
        result->smallest = ratio > 0.0 ? fmin(result->smallest, ratio) : result->smallest;
        result->negative = result->negative || ratios->ratio[i] < 0.0;
    }
    return true;
}

/* The power of two that brings the largest ratio to just below 2^30, rounding included. */
static int largest_exponent(double largest)
{
    int exponent;
    frexp(largest, &exponent);
    const int power = 30 - exponent;
    return itgc_round(ldexp(largest, power)) >= LARGEST_MULTIPLIER ? power - 1 : power;
}

bool itgc_choose_multipliers(itgc_diag *diag, const itgc_ratios *ratios, int32_t *multipliers, uint8_t *shift, uint8_t *left)
{
    extremes range;
    *shift = *left = 0;
    if (!find_extremes(ratios, &range)) {
        return itgc_fail(diag, 401, "a scale is not a finite number; look for enormous weights or outputs that are nearly constant");
    }
    if (range.largest == 0.0) {
        for (int64_t i = 0; i < ratios->count; i++) {
            multipliers[i] = 0;
        }
        return true;
    }
    const int power = largest_exponent(range.largest);
    if (power < 31 && (31 - power > 31 || ratios->max_acc > (int64_t)INT32_MAX >> (31 - power))) {
        return itgc_fail(diag, 401,
                         "the output range is too small for the sums (ratio %.6g, largest sum %lld); check that calibration samples are like real "
                         "ones",
                         range.largest, (long long)ratios->max_acc);
    }
    const int most = range.negative || power < 31 ? 0 : power - 31 < MOST_SHIFT ? power - 31 : MOST_SHIFT;
    int h = 0;
    while (h < most && ldexp(range.smallest, 31 + h) < least_multiplier(ratios->type)) {
        h++;
    }
    const int n = power < 31 ? 31 - power : 0;
    for (int64_t i = 0; i < ratios->count; i++) {
        multipliers[i] = (int32_t)itgc_round(ldexp(ratios->ratio[i], 31 + h - n));
    }
    *shift = (uint8_t)h;
    *left = (uint8_t)n;
    return true;
}
