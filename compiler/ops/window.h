/* SPDX-License-Identifier: Apache-2.0
 * Window arithmetic that Conv, ConvTranspose and the pools share: reading the attributes, padding, output sizes. */
#ifndef ITGC_WINDOW_H
#define ITGC_WINDOW_H

#include "compiler/ops/op.h"

/* The attributes of itgc_parse_window, for records. */
#define ITGC_WINDOW_ATTRIBUTES "kernel_shape strides dilations pads auto_pad"

/* kernel_shape, strides, dilations, pads, auto_pad, ceil_mode → window. rank stays 0 if no list tells it; kernel stays 0 if not given. */
bool itgc_parse_window(const itgc_node *node, itgc_diag *diag, itgc_window *window);

/* Spatial sizes of x at the window's layout → output sizes; sets rank and makes padding explicit. */
bool itgc_infer_window(itgc_window *window, itgc_diag *diag, const itgc_shape *x, int64_t *out);

/* Checks that x has 1 to 3 spatial dimensions and that the window's lists fit them; sets rank. */
bool itgc_check_window(itgc_window *window, itgc_diag *diag, const itgc_shape *x);

/* Dimension `axis` of the spatial ones; the channel dimension. */
int itgc_spatial_dim(const itgc_window *window, int axis);
int itgc_channel_dim(const itgc_window *window);

/* From first tap to last, along an axis. */
int64_t itgc_window_extent(const itgc_window *window, int axis);

/* A plane or volume with its window, always three spatial dimensions: the missing ones, in front, are 1 (and pad 0). */
typedef struct itgc_geometry {
    int64_t batch, channels;
    int64_t in[3], out[3], kernel[3], stride[3], dilation[3], before[3], after[3];
    ptrdiff_t in_step[3], out_step[3]; /* elements from one position to the next */
    ptrdiff_t in_batch, out_batch, in_channel, out_channel;
} itgc_geometry;

/* channels: of the output. */
void itgc_fill_geometry(itgc_geometry *geometry, const itgc_window *window, const itgc_shape *x, const itgc_shape *y);

#endif
