/* SPDX-License-Identifier: Apache-2.0
 * One block of 32 channels of one output row, a quarter of four pixels at a time (columns.h), which 16 registers hold. The includer defines
 * ITG_QUARTER_WEIGHTS(w), what it makes of 32 bytes of weights, and ITG_QUARTER_DOT(acc, bytes), their product with 8 channels' taps. */
#ifndef ITG_AVX2_QUARTER_SUMS_H
#define ITG_AVX2_QUARTER_SUMS_H

#include "runtime/kernels/avx2/columns.h"

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define DOT(acc, x)                                                                                                                                  \
    {                                                                                                                                                \
        const __m256i bytes = LOAD(x);                                                                                                               \
        ITG_QUARTER_DOT(acc, bytes)                                                                                                                  \
    }

/* Not inlined: with its surroundings it has more values than registers. One quarter of four pixels `step` bytes apart (or of one pixel four times, at
 * step 0). */
__attribute__((noinline)) static void itg_sum_quarter(const itg_block_job *job, __m256i sums[4], int quarter, const uint8_t *first, ptrdiff_t step)
{
    const itg_depthwise *depthwise = job->depthwise;
    const ptrdiff_t column = (ptrdiff_t)job->row_groups * ITG_COLUMN_BYTES;
    const int8_t *weights = job->weights + 32 * quarter;
    __m256i a = job->finish.start[quarter], b = a, c = a, d = a;
    for (int32_t g = 0; g < job->row_groups; g++) {
        for (int32_t kx = 0; kx < depthwise->kernel[1]; kx++, weights += ITG_COLUMN_BYTES) {
            const uint8_t *x = first + kx * depthwise->dilation[1] * column + g * ITG_COLUMN_BYTES + 32 * quarter;
            const __m256i w = LOAD(weights);
            ITG_QUARTER_WEIGHTS(w)
            DOT(a, x)
            DOT(b, x + step)
            DOT(c, x + 2 * step)
            DOT(d, x + 3 * step)
        }
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
}

static inline void itg_compute_pixels(const itg_block_job *job, int32_t pixel, int32_t count)
{
    const ptrdiff_t step = (ptrdiff_t)job->depthwise->stride[1] * job->row_groups * ITG_COLUMN_BYTES;
    __m256i sums[4][4];
    for (int quarter = 0; quarter < 4; quarter++)
        itg_sum_quarter(job, sums[quarter], quarter, job->columns + pixel * step, count == 4 ? step : 0);
    for (int32_t p = 0; p < count; p++)
        itg_avx2_finish_quarters(&job->finish, job->out + (ptrdiff_t)(pixel + p) * job->pixel_bytes, sums[0][p], sums[1][p], sums[2][p], sums[3][p]);
}

static inline void itg_compute_quarters(const itg_block_job *job)
{
    int32_t x = 0;
    for (; x + 4 <= job->depthwise->out[1]; x += 4)
        itg_compute_pixels(job, x, 4);
    for (; x < job->depthwise->out[1]; x++)
        itg_compute_pixels(job, x, 1);
}

#undef LOAD
#undef DOT

#endif
