/* SPDX-License-Identifier: Apache-2.0
 * Interpolated tables of int16, a vector of lanes at a time: both entries by one access of 32 bits, weighed by one product of pairs. Contract:
 * runtime/kernels/lookup.h. Included by lookup.c of a folder behind its lanes.h. */
#ifndef ITG_LANES_LOOKUP_H
#define ITG_LANES_LOOKUP_H

#include "runtime/kernels/lookup.h"

/* y0 + ((y1 - y0) * f + 64 >> 7) = y0 * (128 - f) + y1 * f + 64 >> 7. */
static inline itg_lanes itg_lanes_interpolate_lanes(const int16_t *table, itg_lanes x)
{
    const itg_lanes place = itg_lanes_add(x, itg_lanes_set(32768)), fraction = itg_lanes_and(place, itg_lanes_set(127));
    const itg_lanes pair = itg_lanes_look_up_pairs(table, itg_lanes_shift(place, 7));
    const itg_lanes weights = itg_lanes_add(itg_lanes_multiply(fraction, itg_lanes_set(65535)), itg_lanes_set(128)); /* f * 2^16 + 128 - f */
    return itg_lanes_shift_floor(itg_lanes_dot(itg_lanes_set(64), pair, weights), 7);
}

static void itg_lanes_interpolate(int16_t *out, const int16_t *in, const int16_t *table, int32_t count)
{
    int32_t i = 0;
    for (; i <= count - ITG_LANES; i += ITG_LANES)
        itg_lanes_store(out, ITG_S16, (size_t)i, itg_lanes_interpolate_lanes(table, itg_lanes_load(in, ITG_S16, (size_t)i)));
    itg_lookup_scalar.interpolate(out + i, in + i, table, count - i);
}

#endif
