/* SPDX-License-Identifier: Apache-2.0
 * Values → histogram → the range worth coding. Width and first bin follow from the extremes alone, so that counts depend neither on the
 * batching nor on the order of the values. Called by measure.c and quantize/choose_format.c. */
#include "compiler/measure/observe.h"

#include <math.h>
#include <string.h>

#define SMALLEST_EXPONENT (-149) /* of a float */
#define INDEX_BITS        40     /* |index of a bin| < 2^40: far below 2^53, so floor and difference are exact */

static int64_t floor_index(double value, int exponent)
{
    return (int64_t)floor(ldexp(value, -exponent));
}

/* The smallest width 2^exponent that holds [min, max]. It never falls when the range grows. */
static int choose_exponent(double min, double max)
{
    int exponent;
    frexp(fmax(fabs(min), fabs(max)), &exponent);
    exponent -= INDEX_BITS;
    if (exponent < SMALLEST_EXPONENT) {
        exponent = SMALLEST_EXPONENT;
    }
    while (floor_index(max, exponent) - floor_index(min, exponent) >= ITGC_BINS) {
        exponent++;
    }
    return exponent;
}

static int64_t shift_index(int64_t index, int shift)
{
    const double shifted = floor(ldexp((double)index, -shift));
    return (int64_t)shifted;
}

static void extend(itgc_histogram *histogram, double min, double max)
{
    uint64_t bin[ITGC_BINS] = {0};
    const int exponent = choose_exponent(min, max);
    const int64_t low = floor_index(min, exponent);
    if (histogram->total > 0) {
        int old;
        frexp(histogram->width, &old);
        for (int i = 0; i < ITGC_BINS; i++) {
            if (histogram->bin[i]) {
                bin[shift_index(histogram->low + i, exponent - (old - 1)) - low] += histogram->bin[i];
            }
        }
    }
    memcpy(histogram->bin, bin, sizeof bin);
    histogram->width = ldexp(1.0, exponent);
    histogram->low = low;
    histogram->min = min;
    histogram->max = max;
}

/* |value| < 2^63; a conversion, where floor would be a call. */
static int64_t find_index(double value)
{
    const int64_t whole = (int64_t)value;
    return whole - ((double)whole > value ? 1 : 0);
}

int64_t itgc_observe(itgc_histogram *histogram, const float *values, int64_t count)
{
    double min = histogram->total ? histogram->min : INFINITY;
    double max = histogram->total ? histogram->max : -INFINITY;
    int64_t seen = 0;
    for (int64_t i = 0; i < count; i++) {
        const double value = (double)values[i];
        if (isfinite(value)) {
            min = value < min ? value : min;
            max = value > max ? value : max;
            histogram->sum += value;
            histogram->sum_squares += value * value;
            histogram->zeros += value == 0.0;
            seen++;
        }
    }
    if (seen == 0) {
        return count;
    }
    if (histogram->total == 0 || min < histogram->min || max > histogram->max) {
        extend(histogram, min, max);
    }
    const double inverse = 1.0 / histogram->width;
    for (int64_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            histogram->bin[find_index((double)values[i] * inverse) - histogram->low]++;
        }
    }
    histogram->total += (uint64_t)seen;
    return count - seen;
}

/* Running sums over the bins: what a cut at any bin costs follows in constant time. */
typedef struct moments {
    double count[ITGC_BINS + 1], first[ITGC_BINS + 1], second[ITGC_BINS + 1];
} moments;

static double bin_centre(const itgc_histogram *histogram, int bin)
{
    const double centre = ((double)(histogram->low + bin) + 0.5) * histogram->width;
    return fmin(fmax(centre, histogram->min), histogram->max);
}

static void sum_moments(moments *sums, const itgc_histogram *histogram)
{
    sums->count[0] = sums->first[0] = sums->second[0] = 0.0;
    for (int i = 0; i < ITGC_BINS; i++) {
        const double count = (double)histogram->bin[i];
        const double centre = bin_centre(histogram, i);
        sums->count[i + 1] = sums->count[i] + count;
        sums->first[i + 1] = sums->first[i] + count * centre;
        sums->second[i + 1] = sums->second[i] + count * centre * centre;
    }
}

/* Squared error of cutting bins [begin, end) off at `edge`. */
static double clip_error(const moments *sums, int begin, int end, double edge)
{
    const double count = sums->count[end] - sums->count[begin];
    const double first = sums->first[end] - sums->first[begin];
    const double second = sums->second[end] - sums->second[begin];
    return fmax(0.0, second - 2.0 * edge * first + edge * edge * count);
}

static int bin_of(const itgc_histogram *histogram, double value)
{
    const double bin = floor(value / histogram->width) - (double)histogram->low;
    return bin < 0.0 ? 0 : bin > ITGC_BINS ? ITGC_BINS : (int)bin;
}

/* Expected squared error, summed over all values; infinite if more than `spare` values would be cut off. */
static double range_error(const itgc_histogram *histogram, const moments *sums, int levels, double spare, double low, double high)
{
    const int begin = bin_of(histogram, low);
    const int end = high >= histogram->max ? ITGC_BINS : bin_of(histogram, high);
    const double clipped = sums->count[begin] + sums->count[ITGC_BINS] - sums->count[end];
    if (clipped > spare) {
        return INFINITY;
    }
    const double step = (high - low) / levels;
    const double inside = sums->count[ITGC_BINS] - clipped - (double)histogram->zeros;
    return fmax(0.0, inside) * step * step / 12.0 + clip_error(sums, 0, begin, low) + clip_error(sums, end, ITGC_BINS, high);
}

#define CUTS 256 /* places tried between 0 and each extreme */

void itgc_best_range(const itgc_histogram *histogram, int levels, double coverage, double *low, double *high)
{
    *low = histogram->total ? fmin(0.0, histogram->min) : 0.0;
    *high = histogram->total ? fmax(0.0, histogram->max) : 0.0;
    if (*high - *low == 0.0) {
        return;
    }
    moments sums;
    sum_moments(&sums, histogram);
    const double spare = (1.0 - coverage) * (double)histogram->total;
    const double min = *low;
    const double max = *high;
    double best = range_error(histogram, &sums, levels, spare, min, max);
    for (int round = 0; round < 3; round++) {
        for (int cut = 1; cut <= CUTS; cut++) {
            const double try_high = max * cut / CUTS;
            const double error = range_error(histogram, &sums, levels, spare, *low, try_high);
            if (error < best) {
                best = error;
                *high = try_high;
            }
        }
        for (int cut = 1; cut <= CUTS; cut++) {
            const double try_low = min * cut / CUTS;
            const double error = range_error(histogram, &sums, levels, spare, try_low, *high);
            if (error < best) {
                best = error;
                *low = try_low;
            }
        }
    }
}
