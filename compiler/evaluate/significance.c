/* SPDX-License-Identifier: Apache-2.0
 * Paired comparison of two classifiers: exact sign test, interval of the difference of two accuracies.
 * In: both answers and the label of each sample. Out: counts, p, interval. Called by evaluate.c and the tools. */
#include "compiler/evaluate/significance.h"

#include "compiler/base/real.h"

#include <math.h>

#define NORMAL_95 1.959963984540054 /* two-sided 95 % quantile */
#define LN2       0.6931471805599453

void itgc_add_pair(itgc_paired *paired, const itgc_pair *pair)
{
    paired->samples++;
    paired->different += pair->first != pair->second;
    if (pair->label < 0)
        return;
    paired->labelled++;
    paired->only_first += pair->first == pair->label && pair->second != pair->label;
    paired->only_second += pair->second == pair->label && pair->first != pair->label;
}

double itgc_sign_test(int64_t a, int64_t b)
{
    const int64_t throws = a + b, fewer = a < b ? a : b;
    double chance = 0.0, term = -LN2 * (double)throws; /* log of binomial(throws, i) / 2^throws */
    for (int64_t i = 0; i <= fewer; i++) {
        chance += itgc_exp(term);
        term += itgc_log((double)(throws - i) / (double)(i + 1));
    }
    return 2.0 * chance < 1.0 ? 2.0 * chance : 1.0;
}

/* Wald's interval after one more sample for either side (Bonett and Price 2012): holds its level on small sets and where nothing differs. */
static void find_interval(itgc_paired *paired)
{
    const double count = (double)paired->labelled + 2.0;
    const double second = ((double)paired->only_second + 1.0) / count, first = ((double)paired->only_first + 1.0) / count;
    const double middle = second - first, half = NORMAL_95 * sqrt((second + first - middle * middle) / count);
    paired->low = 100.0 * (middle - half > -1.0 ? middle - half : -1.0);
    paired->high = 100.0 * (middle + half < 1.0 ? middle + half : 1.0);
}

void itgc_finish_paired(itgc_paired *paired)
{
    paired->p_value = itgc_sign_test(paired->only_first, paired->only_second);
    if (paired->labelled == 0)
        return;
    paired->difference = 100.0 * (double)(paired->only_second - paired->only_first) / (double)paired->labelled;
    find_interval(paired);
}
