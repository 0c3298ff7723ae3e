/* SPDX-License-Identifier: Apache-2.0
 * What the quantizers of Conv, depthwise and the pools share: their windows in the two dimensions of the runtime's structs. */
#ifndef ITGC_WINDOW_QUANTIZE_H
#define ITGC_WINDOW_QUANTIZE_H

#include "compiler/ops/params.h"
#include "compiler/quantize/quantize.h"

/* Channels last; a 1-D op has height 1. */
typedef struct itgc_window_shape {
    int64_t batch;
    int32_t in[3], out[3];
    int32_t kernel[2], stride[2], dilation[2], before[2], after[2];
} itgc_window_shape;

/* False with error 410 for three spatial dimensions or channels first. */
bool itgc_read_window(itgc_diag *diag, const itgc_window *window, const itgc_shape *in, const itgc_shape *out, itgc_window_shape *shape);

/* What convolutions need, whose kernels stage their input: false with error 419 where a few rows of windows read more than kernels count. */
bool itgc_check_staging(itgc_diag *diag, const itgc_window_shape *shape);

/* What poolings need, which read in place: places that 32 bits count, and a position inside the image in every window; else false with error 419. */
bool itgc_check_windows(itgc_diag *diag, const itgc_window_shape *shape);

/* Codes of the real values that padding stands for, one per channel; NULL where they are 0 or there is no padding. */
const int8_t *itgc_pad_codes(itgc_quantizer *quantizer, const float *values, const itgc_window_shape *shape, const itgc_format *in);

/* Conv with one input channel per group → itg_depthwise. */
bool itgc_add_depthwise_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_window_shape *shape);

#endif
