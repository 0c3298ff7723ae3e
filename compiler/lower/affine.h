/* SPDX-License-Identifier: Apache-2.0
 * y = scale[c] * x + shift[c]: Mul and Add by constants, BatchNormalization and one-tap depthwise Conv read as one thing, and folded into the weights
 * of the linear node before or behind. Used by fold_batchnorm and fold_input. */
#ifndef ITGC_LOWER_AFFINE_H
#define ITGC_LOWER_AFFINE_H

#include "compiler/lower/edit.h"

typedef struct itgc_affine {
    itgc_tensor *in, *out;
    int axis;         /* of the channels; -1: one scale and one shift for all */
    int64_t channels; /* 1 if axis is -1 */
    double *scale, *shift;
} itgc_affine;

/* Whether node is one, with constants. */
bool itgc_read_affine(itgc_graph *graph, const itgc_node *node, itgc_affine *affine);

/* Where the reader of `tensor` may change the result of `axis` (updated) channel by channel: the Conv, ConvTranspose or Gemm with constant
 * weights that gives it, seen through Reshape and Transpose nodes that nothing else reads. NULL: none. */
itgc_node *itgc_find_linear(itgc_tensor *tensor, int *axis);

/* Multiplies a linear node's output channels and adds to its bias. */
void itgc_scale_outputs(itgc_graph *graph, itgc_node *linear, const itgc_affine *affine);

/* Whether a Conv or Gemm that reads affine->out can take the affine into its weights. with_padding: a padded Conv may carry pad_values. */
bool itgc_takes_affine(const itgc_node *reader, const itgc_affine *affine, bool with_padding);
/* Does that; index (NULL: none) says which channel of the new input each old input channel was. The caller re-wires the input. */
void itgc_scale_inputs(itgc_graph *graph, itgc_node *reader, const itgc_affine *affine, const int64_t *index);

#endif
