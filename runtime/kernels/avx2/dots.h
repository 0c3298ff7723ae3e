/* SPDX-License-Identifier: Apache-2.0
 * One block of 32 channels of one output row by dot products of four vertical taps (columns.h), for ISAs that have them: the includer
 * defines ITG_DOT(sums, activations, weights) on 256 bits. */
#ifndef ITG_AVX2_DOTS_H
#define ITG_AVX2_DOTS_H

#include "runtime/kernels/avx2/columns.h"

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define DOT(acc, q)   ITG_DOT(acc##q, LOAD(x + 32 * q), w##q);

/* Four neighbouring pixels, or one: the accumulators are named because GCC 12 keeps arrays of them in memory. */
static inline void itg_dot_four(const itg_block_job *job, int32_t pixel)
{
    const itg_depthwise *depthwise = job->depthwise;
    const ptrdiff_t column = (ptrdiff_t)job->row_groups * ITG_COLUMN_BYTES, step = depthwise->stride[1] * column;
    const uint8_t *first = job->columns + pixel * step;
    const int8_t *weights = job->weights;
    const __m256i s0 = job->finish.start[0], s1 = job->finish.start[1], s2 = job->finish.start[2], s3 = job->finish.start[3];
    __m256i a0 = s0, a1 = s1, a2 = s2, a3 = s3, b0 = s0, b1 = s1, b2 = s2, b3 = s3;
    __m256i c0 = s0, c1 = s1, c2 = s2, c3 = s3, d0 = s0, d1 = s1, d2 = s2, d3 = s3;
    for (int32_t g = 0; g < job->row_groups; g++) {
        for (int32_t kx = 0; kx < depthwise->kernel[1]; kx++, weights += ITG_COLUMN_BYTES) {
            const uint8_t *x = first + kx * depthwise->dilation[1] * column + g * ITG_COLUMN_BYTES;
            const __m256i w0 = LOAD(weights), w1 = LOAD(weights + 32), w2 = LOAD(weights + 64), w3 = LOAD(weights + 96);
            DOT(a, 0) DOT(a, 1) DOT(a, 2) DOT(a, 3) x += step;
            DOT(b, 0) DOT(b, 1) DOT(b, 2) DOT(b, 3) x += step;
            DOT(c, 0) DOT(c, 1) DOT(c, 2) DOT(c, 3) x += step;
            DOT(d, 0) DOT(d, 1) DOT(d, 2) DOT(d, 3)
        }
    }
    uint8_t *out = job->out + (ptrdiff_t)pixel * job->pixel_bytes;
    itg_avx2_finish_quarters(&job->finish, out, a0, a1, a2, a3);
    itg_avx2_finish_quarters(&job->finish, out + job->pixel_bytes, b0, b1, b2, b3);
    itg_avx2_finish_quarters(&job->finish, out + 2 * (ptrdiff_t)job->pixel_bytes, c0, c1, c2, c3);
    itg_avx2_finish_quarters(&job->finish, out + 3 * (ptrdiff_t)job->pixel_bytes, d0, d1, d2, d3);
}

static inline void itg_dot_one(const itg_block_job *job, int32_t pixel)
{
    const itg_depthwise *depthwise = job->depthwise;
    const ptrdiff_t column = (ptrdiff_t)job->row_groups * ITG_COLUMN_BYTES;
    const uint8_t *first = job->columns + pixel * depthwise->stride[1] * column;
    const int8_t *weights = job->weights;
    __m256i a0 = job->finish.start[0], a1 = job->finish.start[1], a2 = job->finish.start[2], a3 = job->finish.start[3];
    for (int32_t g = 0; g < job->row_groups; g++) {
        for (int32_t kx = 0; kx < depthwise->kernel[1]; kx++, weights += ITG_COLUMN_BYTES) {
            const uint8_t *x = first + kx * depthwise->dilation[1] * column + g * ITG_COLUMN_BYTES;
            const __m256i w0 = LOAD(weights), w1 = LOAD(weights + 32), w2 = LOAD(weights + 64), w3 = LOAD(weights + 96);
            DOT(a, 0) DOT(a, 1) DOT(a, 2) DOT(a, 3)
        }
    }
    itg_avx2_finish_quarters(&job->finish, job->out + (ptrdiff_t)pixel * job->pixel_bytes, a0, a1, a2, a3);
}

static inline void itg_compute_dots(const itg_block_job *job)
{
    int32_t x = 0;
    for (; x + 4 <= job->depthwise->out[1]; x += 4)
        itg_dot_four(job, x);
    for (; x < job->depthwise->out[1]; x++)
        itg_dot_one(job, x);
}

#undef LOAD
#undef DOT

#endif
