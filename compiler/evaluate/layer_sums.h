/* SPDX-License-Identifier: Apache-2.0
 * Sums over samples behind one layer's row of the report. */
#ifndef ITGC_LAYER_SUMS_H
#define ITGC_LAYER_SUMS_H

#include "compiler/evaluate/layers.h"

/* Moments of one channel (the last axis). */
typedef struct itgc_channel_sums {
    double error, value, square;
} itgc_channel_sums;

#define ITGC_CODE_BINS 256

typedef struct itgc_layer_sums {
    int64_t elements, channels, count; /* a run's; count: all added so far */
    itgc_format format;
    int32_t low, high; /* codes */
    itgc_channel_sums *channel;
    itgc_energy cumulative, local;
    int64_t cut_low, cut_high, at_low, at_high, bins[ITGC_CODE_BINS];
} itgc_layer_sums;

void itgc_start_sums(itgc_arena *arena, const itgc_tensor *tensor, itgc_layer_sums *sums);

/* One run: float values, and reals of the codes. Everything but `local`. */
void itgc_add_sums(itgc_layer_sums *sums, const float *expected, const float *actual);

void itgc_fill_layer(const itgc_layer_sums *sums, itgc_layer_report *layer);

#endif
