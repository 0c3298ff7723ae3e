/* SPDX-License-Identifier: Apache-2.0
 * Contract of the softmax family: the final softmax of one vector (docs/numerics.md 4).
 * runtime/ops/softmax.c calls it; itg_softmax in plan.h says what is computed. */
#ifndef ITG_KERNELS_SOFTMAX_H
#define ITG_KERNELS_SOFTMAX_H

#include <intaglio/kernels.h>

/* One vector of `length` scores.
 * Shapes: in and out dense; in ITG_S8, ITG_U8, ITG_S16 or ITG_S32; out ITG_U16, ITG_U8 or ITG_S16.
 * Alignment: that of the element. Over-read, over-write: none. Values: (max - x) * multiplier + 2^(shift-1) < 2^63; length >= 1.
 * Aliasing: out may equal in if their element sizes are equal. Result: bit-equal to runtime/kernels/scalar/softmax.c. */
typedef void itg_softmax_row(const itg_softmax *softmax, void *out, const void *in);

/* round(2^30 * 2^(-i / 256)) for i = 0 .. 256: what all tables interpolate. */
extern const uint32_t itg_powers_of_two[257];

struct itg_softmax_kernels {
    itg_softmax_row *row;
};

#endif
