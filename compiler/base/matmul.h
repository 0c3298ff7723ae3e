/* SPDX-License-Identifier: Apache-2.0
 * Float products in one fixed order: every output is a sequential sum over k (k = 0, 1, 2, …), one multiply and one add a term, never
 * fused; vector units only run several outputs side by side. Equal bits on SSE, AVX, AVX-512 and NEON, whatever the split. */
#ifndef ITGC_MATMUL_H
#define ITGC_MATMUL_H

#include <stddef.h>
#include <stdint.h>

#define ITGC_PANEL 16 /* columns of b that are computed side by side */

/* out[m][n] = start[n] (0 if NULL) + sum over k of a[m][k] * b[k][n].
 * Row strides lda, ldb, ldo in elements; columns dense. */
void itgc_matmul(float *out, ptrdiff_t ldo, const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, const float *start, int64_t m, int64_t n,
                 int64_t k);

/* b as panels: packed[n / 16][k][n % 16], k = s * k_each + c, the last panel filled up with zeros.
 * The element is b[s * stride[0] + c * stride[1] + n * stride[2]]. */
int64_t itgc_packed_floats(int64_t k, int64_t n);
void itgc_pack_panels(float *packed, const float *b, const ptrdiff_t stride[3], int segments, int64_t k_each, int64_t n);

/* The same product with each row of a in `segments` pieces of k_each floats, and b packed: k runs through the pieces in order.
 * This is convolution without im2col: one piece a kernel position; padding is a row of zeros of the caller's. */
typedef struct itgc_product {
    float *out;
    ptrdiff_t out_stride;
    const float *const *rows; /* row m's piece s is rows[s * row_stride + m] */
    int64_t row_stride;
    int segments;
    int64_t k_each;
    const float *packed;
    const float *start;     /* NULL: zero. May be out itself (with its stride): a sum continued */
    ptrdiff_t start_stride; /* 0: the same for all rows */
    int64_t m, n;
} itgc_product;

void itgc_matmul_gathered(const itgc_product *product);

/* The compiled form for an instruction set ("baseline", "avx2"; NULL: the best here), NULL if this host lacks it. */
typedef void itgc_run_product(const itgc_product *product);
itgc_run_product *itgc_find_product(const char *isa);

/* Products channel by channel: out[n] = start[n] (0 if NULL) + sum over s of a[s][n] * b[s * n_count + n]. */
void itgc_multiply_channels(float *out, const float *const *a, int segments, const float *b, const float *start, int64_t n_count);

#endif
