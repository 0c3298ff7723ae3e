/* SPDX-License-Identifier: Apache-2.0
 * Float products in one fixed order: every output is a sequential sum over k (k = 0, 1, 2, …), one multiply and one add a term, never
 * fused; vector units only run several outputs side by side. Equal bits on SSE, AVX, AVX-512 and NEON, whatever the split. */
#ifndef ITGC_MATMUL_H
#define ITGC_MATMUL_H

#include <stddef.h>
#include <stdint.h>

/* out[m][n] = start[n] (0 if NULL) + sum over k of a[m][k] * b[k][n].
 * Row strides lda, ldb, ldo in elements; columns dense. */
void itgc_matmul(float *out, ptrdiff_t ldo, const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, const float *start, int64_t m, int64_t n,
                 int64_t k);

/* The same with `segments` pieces of a: row m's piece s is k_each floats at a[s * m_count + m] (a NULL pointer is a row of zeros, skipped).
 * b continues through the pieces. This is convolution without im2col: one piece a kernel position. */
void itgc_matmul_gathered(float *out, ptrdiff_t ldo, const float *const *a, int segments, int64_t k_each, const float *b, ptrdiff_t ldb,
                          const float *start, int64_t m, int64_t n);

#endif
