/* SPDX-License-Identifier: Apache-2.0
 * Proofs that accumulators fit (numerics.md 2): for the actual weights and every input code there can be, the bias included.
 * Called by weights.c and choose_format.c. */
#include "compiler/quantize/quantize.h"

int64_t itgc_bound_channel(const int8_t *weights, int64_t count, int64_t bias, int64_t low, int64_t high)
{
    int64_t positive = 0;
    int64_t negative = 0;
    for (int64_t i = 0; i < count; i++) {
        positive += weights[i] > 0 ? weights[i] : 0;
        negative += weights[i] < 0 ? -weights[i] : 0;
    }
    const int64_t most = bias + positive * high - negative * low;
    const int64_t least = bias + positive * low - negative * high;
    return most > -least ? most : -least;
}

bool itgc_prove_sums(itgc_diag *diag, const itgc_format *in, itgc_linear_codes *codes)
{
    const int64_t low = (int64_t)itgc_lowest_code(in) - in->zero;
    const int64_t high = (int64_t)itgc_highest_code(in) - in->zero;
    int64_t largest = 0;
    int64_t channel = 0;
    for (int64_t c = 0; c < codes->channels; c++) {
        const int64_t bound = itgc_bound_channel(codes->weights + c * codes->taps, codes->taps, codes->bias[c], low, high);
        channel = bound > largest ? c : channel;
        largest = bound > largest ? bound : largest;
    }
    codes->max_acc = largest;
    codes->wide = false;
    codes->narrow = 0;
    if (largest <= INT32_MAX) {
        return true;
    }
    if (in->type != ITG_S16) {
        return itgc_fail(diag, 402,
                         "output channel %lld sums %lld products and may exceed 32 bits (%lld); split the layer into two whose results are added",
                         (long long)channel, (long long)codes->taps, (long long)largest);
    }
    codes->wide = true;
    /* Half of 32 bits, so that rounding cannot pass the bound. */
    while ((largest >> codes->narrow) >= (int64_t)1 << 30) {
        codes->narrow++;
    }
    codes->max_acc = (largest >> codes->narrow) + 1;
    return true;
}
