/* SPDX-License-Identifier: Apache-2.0
 * Dense products for Gemm and MatMul: b packed (once per executor where it is constant), outputs shared out over threads in tiles. */
#ifndef ITGC_PRODUCT_H
#define ITGC_PRODUCT_H

#include "compiler/ops/op.h"

typedef struct itgc_dense {
    float *out; /* [m][n] */
    const float *a, *packed;
    int64_t m, n, k;
} itgc_dense;

/* Packs b [k][n], or [n][k] when transposed, into `packed` (room: itgc_packed_floats). */
void itgc_pack_dense(float *packed, const float *b, int64_t k, int64_t n, bool transposed);

/* Input 1 packed: kept for the next run if it is a constant. */
const float *itgc_pack_operand(const itgc_eval *eval, int64_t k, int64_t n, bool transposed);

void itgc_multiply_dense(const itgc_dense *dense, int threads);

#endif
