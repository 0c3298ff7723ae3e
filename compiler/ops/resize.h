/* SPDX-License-Identifier: Apache-2.0
 * Resize's interpolation along one axis: where each output position reads, and with what weights (resize_taps.c). */
#ifndef ITGC_RESIZE_H
#define ITGC_RESIZE_H

#include "compiler/ops/op.h"

/* Output position i is the sum over t < count of weight[i * count + t] * in[source[i * count + t]]; source[i * count] is -1 where the
 * extrapolation value stands instead. */
typedef struct itgc_resize_taps {
    int64_t count;
    int64_t *source;
    float *weight;
} itgc_resize_taps;

/* Where an output position lies in the input, in ONNX Runtime's order of float operations. */
float itgc_resize_coordinate(const itgc_resize_params *params, int axis, int64_t position, int64_t in, int64_t out);

void itgc_fill_resize_taps(itgc_resize_taps *taps, itgc_arena *arena, const itgc_resize_params *params, int axis, int64_t in, int64_t out);

#endif
