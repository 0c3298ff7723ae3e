/* SPDX-License-Identifier: Apache-2.0
 * Streaming histograms: constant memory in the number of samples. 2048 bins over [low, low + 2048 * width); when a value falls outside,
 * the width doubles and neighbouring bins merge, so one pass is enough and the result does not depend on how samples are batched. */
#ifndef ITGC_OBSERVE_H
#define ITGC_OBSERVE_H

#include "compiler/graph/graph.h"

#define ITGC_BINS 2048

typedef struct itgc_histogram {
    double width;                          /* a power of two; 0: nothing seen yet */
    int64_t low;                           /* index of bin 0: it covers [low * width, (low + 1) * width) */
    uint64_t total, zeros, bin[ITGC_BINS]; /* zeros: values that are exactly 0, whose codes are exact in any format */
    double min, max, sum, sum_squares;
} itgc_histogram;

/* Returns how many values were NaN or infinite; those are not counted. */
int64_t itgc_observe(itgc_histogram *histogram, const float *values, int64_t count);

/* Range that minimises the expected squared error of 8-bit asymmetric codes (levels = 255) or 16-bit ones, never tighter than `coverage`
 * of all values (0.9999 or so). Always contains 0. */
void itgc_best_range(const itgc_histogram *histogram, int levels, double coverage, double *low, double *high);

#endif
