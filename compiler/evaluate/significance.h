/* SPDX-License-Identifier: Apache-2.0
 * Two answers to each of the same questions: who is right more often, and whether that could be chance. */
#ifndef ITGC_SIGNIFICANCE_H
#define ITGC_SIGNIFICANCE_H

#include <stdbool.h>
#include <stdint.h>

/* One sample, answered twice. */
typedef struct itgc_pair {
    int64_t label; /* -1: unknown */
    int64_t first, second;
} itgc_pair;

typedef struct itgc_paired {
    int64_t samples, labelled, different;
    int64_t only_first, only_second; /* labelled samples that one side alone gets right */
    double p_value;               /* exact two-sided sign test of these two (McNemar): the chance of a split at least as uneven; 1 without labels */
    double difference, low, high; /* accuracy of the second minus the first, in points, with its 95 % confidence interval */
} itgc_paired;

void itgc_add_pair(itgc_paired *paired, const itgc_pair *pair);

/* p_value, difference and interval of what was added. */
void itgc_finish_paired(itgc_paired *paired);

/* Two-sided: the chance that a fair coin splits a + b throws at least as unevenly as a to b. */
double itgc_sign_test(int64_t a, int64_t b);

#endif
