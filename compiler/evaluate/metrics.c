/* SPDX-License-Identifier: Apache-2.0
 * SQNR, cosine, KL, ranks. In: float and dequantized integer scores. Out: numbers for scores and reports.
 * Called by evaluate.c. */
#include "compiler/evaluate/metrics.h"

#include "compiler/base/real.h"

#include <math.h>
#include <stdlib.h>

#define NO_NOISE_DB 200.0
#define LN10        2.302585092994046

void itgc_add_energy(itgc_energy *energy, const float *expected, const float *actual, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double e = (double)expected[i], a = (double)actual[i];
        energy->signal += e * e;
        energy->noise += (e - a) * (e - a);
        energy->product += e * a;
        energy->other += a * a;
    }
}

void itgc_join_energy(itgc_energy *energy, const itgc_energy *other)
{
    energy->signal += other->signal;
    energy->noise += other->noise;
    energy->product += other->product;
    energy->other += other->other;
}

double itgc_sqnr_db(const itgc_energy *energy)
{
    if (energy->noise <= 0.0)
        return NO_NOISE_DB;
    if (energy->signal <= 0.0)
        return 0.0;
    const double db = 10.0 * itgc_log(energy->signal / energy->noise) / LN10;
    return db < NO_NOISE_DB ? db : NO_NOISE_DB;
}

double itgc_cosine(const itgc_energy *energy)
{
    const double length = sqrt(energy->signal) * sqrt(energy->other);
    return length > 0.0 ? energy->product / length : energy->signal == energy->other ? 1.0 : 0.0;
}

/* log of the sum of exp(x - max), and the maximum. */
static double log_sum(const float *values, int64_t count, double *max)
{
    *max = (double)values[0];
    for (int64_t i = 1; i < count; i++)
        *max = (double)values[i] > *max ? (double)values[i] : *max;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += itgc_exp((double)values[i] - *max);
    return itgc_log(sum);
}

double itgc_kl_of_logits(const float *expected, const float *actual, int64_t count)
{
    double max_e, max_a, kl = 0.0;
    const double log_e = log_sum(expected, count, &max_e), log_a = log_sum(actual, count, &max_a);
    for (int64_t i = 0; i < count; i++) {
        const double p = (double)expected[i] - max_e - log_e, q = (double)actual[i] - max_a - log_a;
        kl += itgc_exp(p) * (p - q);
    }
    return kl > 0.0 ? kl : 0.0;
}

double itgc_kl_of_probabilities(const float *expected, const float *actual, int64_t count)
{
    const double least = ldexp(1.0, -17);
    double kl = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double p = (double)expected[i], q = (double)actual[i] > least ? (double)actual[i] : least;
        if (p > least)
            kl += p * itgc_log(p / q);
    }
    return kl > 0.0 ? kl : 0.0;
}

void itgc_softmax(float *values, int64_t count)
{
    double max;
    const double log = log_sum(values, count, &max);
    for (int64_t i = 0; i < count; i++)
        values[i] = (float)itgc_exp((double)values[i] - max - log);
}

int64_t itgc_argmax(const float *values, int64_t count)
{
    int64_t best = 0;
    for (int64_t i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

int64_t itgc_rank(const float *values, int64_t count, int64_t index)
{
    int64_t above = 0;
    for (int64_t i = 0; i < count; i++)
        above += values[i] > values[index] || (values[i] == values[index] && i < index);
    return above;
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

double itgc_percentile99(double *values, int64_t count)
{
    if (count == 0)
        return 0.0;
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    const int64_t at = (count * 99 + 99) / 100 - 1;
    return values[at];
}

static int compare_scored(const void *a, const void *b)
{
    const double left = ((const itgc_scored *)a)->score, right = ((const itgc_scored *)b)->score;
    return (left > right) - (left < right);
}

double itgc_auc(itgc_scored *scored, int64_t count)
{
    qsort(scored, (size_t)count, sizeof *scored, compare_scored);
    int64_t positives = 0, negatives = 0, half_pairs = 0;
    for (int64_t i = 0; i < count;) {
        int64_t equal_positives = 0, equal_negatives = 0;
        const double score = scored[i].score;
        do {
            equal_positives += scored[i].positive;
            equal_negatives += !scored[i].positive;
        } while (++i < count && scored[i].score <= score);
        half_pairs += equal_positives * (2 * negatives + equal_negatives);
        positives += equal_positives;
        negatives += equal_negatives;
    }
    return positives > 0 && negatives > 0 ? (double)half_pairs / (2.0 * (double)positives * (double)negatives) : 0.5;
}

double itgc_mean_squared(const float *a, const float *b, int64_t count)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++) {
        const double difference = (double)a[i] - (double)b[i];
        sum += difference * difference;
    }
    return count > 0 ? sum / (double)count : 0.0;
}
