/* SPDX-License-Identifier: Apache-2.0
 * Contract of the normalize family: layer, group, instance and root-mean-square normalization, division by a norm (docs/numerics.md 3).
 * runtime/ops/normalize.c calls it; itg_normalize in plan.h says what is computed. */
#ifndef ITG_KERNELS_NORMALIZE_H
#define ITG_KERNELS_NORMALIZE_H

#include <intaglio/kernels.h>

/* Groups [first, last) of one outer index.
 * Shapes: in and out [space][groups][width], dense; in ITG_S8, ITG_U8 or ITG_S16, out the same.
 * Alignment: that of the element. Over-read, over-write: none. Values: as itg_normalize says; space * width < 2^31.
 * Aliasing: out may equal in if their element sizes are equal. Result: bit-equal to runtime/kernels/scalar/normalize.c. */
typedef void itg_normalize_groups(const itg_normalize *normalize, void *out, const void *in, int32_t first, int32_t last);

struct itg_normalize_kernels {
    itg_normalize_groups *groups;
};

#endif
