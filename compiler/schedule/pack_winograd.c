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

/* What a table takes, in a unit of its own. For an input and an output channel: 9 products of a pixel, 36 of a tile, the transform of 9 weights
 * for a band. For a tile's channel: transforms of its inputs and of its sums. */
typedef struct transform_costs {
    int32_t direct, product, weight, input, sum;
} transform_costs;

/* Armv8.0, and Armv7: sixteenths of an instruction (docs/performance.md). AVX2: the same; 30 for 256 products of byte pairs, 22 for 128 of int16.
 * VNNI: picoseconds on AVX-512, whose vpdpwssd does half as many products as vpdpbusd. */
static transform_costs find_costs(itg_packing packing)
{
    static const transform_costs armv8 = {29, 156, 288, 736, 1280}, avx2 = {17, 99, 130, 256, 464}, vnni = {40, 335, 850, 1600, 2300};
    return packing == ITG_PACK_16C4S || packing == ITG_PACK_8C4S ? armv8 : packing == ITG_PACK_16C4P ? avx2 : vnni;
}

static bool is_worth_it(const itg_conv *conv, int32_t images)
{
    const transform_costs costs = find_costs(conv->packing);
    const int64_t tiles = (int64_t)images * itg_winograd_tiles(conv, conv->out[0]), band = itg_winograd_band(conv, (int32_t)tiles);
    const int64_t bands = (tiles + band - 1) / band, pixels = (int64_t)images * conv->out[0] * conv->out[1];
    const int64_t edges = pixels - (int64_t)images * itg_winograd_cover(conv, conv->out[0]) * itg_winograd_cover(conv, conv->out[1]);
    const int64_t in = conv->in[2], out = conv->out[2];
    const int64_t products = tiles * costs.product + bands * costs.weight + edges * costs.direct;
    return products * in * out + tiles * (costs.input * in + costs.sum * out) < pixels * costs.direct * in * out;
}

bool itgc_can_transform(const itg_conv *conv, int32_t images)
{
    const int32_t count = 9 * conv->in[2];
    if (!itg_winograd_fits(conv) || !is_worth_it(conv, images)) {
        return false;
    }
    for (int32_t channel = 0; channel < conv->out[2]; channel++) {
        if (!divides_exactly(conv->epilogue.bias[channel], conv->weights + (size_t)channel * (size_t)count, count)) {
            return false;
        }
    }
    return true;
}
