/* SPDX-License-Identifier: Apache-2.0
 * Convolution in float, for Conv and ConvTranspose alike: every output is its bias plus the sum over kernel positions, then channels.
 * No im2col: each kernel position is a piece of a gathered product (base/matmul.h); padding reads a row of its own. */
#ifndef ITGC_CONV_H
#define ITGC_CONV_H

#include "compiler/ops/op.h"

/* transposed: weights are [C, M/group, k…] and windows scatter; otherwise [M, C/group, k…]. Inputs x, weights, optional bias. */
bool itgc_run_convolution(const itgc_eval *eval, const itgc_conv_params *params, bool transposed);

#endif
