/* SPDX-License-Identifier: Apache-2.0
 * Distances between two vectors of scores, summed over a whole set in sample order. */
#ifndef ITGC_METRICS_H
#define ITGC_METRICS_H

#include <stdbool.h>
#include <stdint.h>

/* Sums behind SQNR and cosine. */
typedef struct itgc_energy {
    double signal, noise, product, other;
} itgc_energy;

void itgc_add_energy(itgc_energy *energy, const float *expected, const float *actual, int64_t count);

/* 10 log10(signal / noise): 200 where nothing differs, 0 where there is no signal. */
double itgc_sqnr_db(const itgc_energy *energy);
double itgc_cosine(const itgc_energy *energy);
void itgc_join_energy(itgc_energy *energy, const itgc_energy *other);

/* KL divergence, in nats, of the softmax of `actual` from the softmax of `expected`. */
double itgc_kl_of_logits(const float *expected, const float *actual, int64_t count);

/* The same of two vectors that are probabilities already; what is below 2^-17 counts as that. */
double itgc_kl_of_probabilities(const float *expected, const float *actual, int64_t count);

/* Logits to probabilities, in place. */
void itgc_softmax(float *values, int64_t count);

int64_t itgc_argmax(const float *values, int64_t count);

/* How many values beat the one at `index`: 0 is top-1. The first of equals wins. */
int64_t itgc_rank(const float *values, int64_t count, int64_t index);

/* A sample's score and whether it belongs to the class the score is for. */
typedef struct itgc_scored {
    double score;
    bool positive;
} itgc_scored;

/* Area under the ROC curve: the chance that a positive sample scores above a negative one, equals counting half; sorts in place. 0.5 if
 * either kind is missing. */
double itgc_auc(itgc_scored *scored, int64_t count);

/* Mean of the squared differences. */
double itgc_mean_squared(const float *a, const float *b, int64_t count);

/* Smallest value that 99 of 100 do not exceed; sorts in place. */
double itgc_percentile99(double *values, int64_t count);

#endif
