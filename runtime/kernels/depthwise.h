/* SPDX-License-Identifier: Apache-2.0
 * Contract of the depthwise family: rows [y0, y1) of one image of a depthwise convolution.
 * runtime/ops/depthwise.c and the op with a convolution inside call it; itg_depthwise in plan.h says what is computed. */
#ifndef ITG_KERNELS_DEPTHWISE_H
#define ITG_KERNELS_DEPTHWISE_H

#include <intaglio/kernels.h>

/* Shapes: in [H,W,C] of in_type (ITG_S8, ITG_U8, ITG_S16), out [OH,OW,Cout] of out_type (ITG_S8, ITG_U8, ITG_S16, ITG_S32), dense, channels last;
 * Cout a multiple of C; both point at the image's first element; weights in the packing that the params name.
 * scratch: as many bytes as the scheduler reserved for this step (band.h), aligned to 16; NULL where none are needed.
 * Alignment: in and out that of their element; constants that of theirs. Over-read: none. Over-write: none; rows outside [y0, y1) stay.
 * Values: weights in [-127,127]; |acc * 2^left| < 2^31 proven by the compiler unless wide; sums in between may wrap. 0 <= y0 <= y1 <= OH.
 * Aliasing: out does not overlap in or any constant.
 * Result: bit-equal to runtime/kernels/scalar/depthwise.c on every input that meets this contract. */
typedef void itg_depthwise_rows(const itg_depthwise *step, void *out, const void *in, int32_t y0, int32_t y1, void *scratch);

struct itg_depthwise_kernels {
    itg_depthwise_rows *rows;
};

#endif
