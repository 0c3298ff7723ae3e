/* SPDX-License-Identifier: Apache-2.0
 * Contract of the matmul family: products of two activations.
 * runtime/ops/matmul.c calls it; itg_matmul in plan.h says what is computed. */
#ifndef ITG_KERNELS_MATMUL_H
#define ITG_KERNELS_MATMUL_H

#include <intaglio/kernels.h>

/* Some rows of one batch.
 * Shapes: a [rows][inner], b [inner][columns], out [rows][columns], dense. Types ITG_S8, ITG_U8 or ITG_S16.
 * Alignment: that of the element. Over-read, over-write: none.
 * Values: as itg_matmul says: sums fit 32 bits unless wide; narrowed or not, times 2^left they fit int32.
 * Aliasing: out does not overlap a or b. Result: bit-equal to runtime/kernels/scalar/matmul.c. */
typedef void itg_matmul_rows(const itg_matmul *matmul, void *out, const void *a, const void *b, int32_t rows);

struct itg_matmul_kernels {
    itg_matmul_rows *rows;
};

#endif
