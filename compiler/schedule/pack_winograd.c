/* SPDX-License-Identifier: Apache-2.0
 * Which 3x3 layers kernels may transform (runtime/kernels/winograd.h): those whose sums are proven to survive the exact division, and where
 * fewer products outweigh the transforms. In: a convolution with plain rows of weights and the packing it will get. Called by pack.c. */
#include "compiler/schedule/parts.h"

#include "runtime/kernels/winograd.h"

/* Every sum that codes in [-128, 127] can give one output channel lies within 2^25. */
static bool divides_exactly(int32_t bias, const int8_t *weights, int32_t count)
{
    const int64_t limit = (int64_t)1 << ITG_WINOGRAD_SUM_BITS;
    int64_t least = bias, most = bias;
    for (int32_t i = 0; i < count; i++) {
        const int64_t low = (int64_t)weights[i] * -128, high = (int64_t)weights[i] * 127;
        least += low < high ? low : high;
        most += low < high ? high : low;
    }
    return least > -limit && most < limit;
}

/* Instructions of Armv8.0 for an input and an output channel, in sixteenths of one (docs/performance.md): direct, 9 products of 0.2 a pixel;
 * transformed, 36 of 0.27 a tile, 14 for weights a band, and what inputs and sums take, which the other side's channels share. */
static bool is_worth_it(const itg_conv *conv)
{
    const int64_t pixels = (int64_t)conv->out[0] * conv->out[1], tiles = itg_winograd_tiles(conv, conv->out[0]);
    const int64_t band = itg_winograd_band(conv, (int32_t)tiles), bands = (tiles + band - 1) / band;
    const int64_t direct = pixels * 9 * 16 / 5 * conv->in[2] * conv->out[2];
    const int64_t products = (tiles * 156 + bands * 224) * conv->in[2] * conv->out[2];
    return products + tiles * 16 * (40 * (int64_t)conv->in[2] + 80 * (int64_t)conv->out[2]) < direct;
}

bool itgc_can_transform(const itg_conv *conv)
{
    const int32_t count = 9 * conv->in[2];
    if (!itg_winograd_fits(conv) || !is_worth_it(conv)) {
        return false;
    }
    for (int32_t channel = 0; channel < conv->out[2]; channel++) {
        if (!divides_exactly(conv->epilogue.bias[channel], conv->weights + (size_t)channel * (size_t)count, count)) {
            return false;
        }
    }
    return true;
}
