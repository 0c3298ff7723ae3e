/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX-512 VNNI: the bytes of up to four kernel rows are interleaved once a column, so that one vpdpbusd does four
 * taps of 8 channels. Contract: runtime/kernels/depthwise.h; weights ITG_PACK_16C4; the walk: runtime/kernels/avx2/columns.h. */
#include "runtime/kernels/avx2/columns.h"
#include "runtime/kernels/avx512vnni/depthwise3.h"

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define DOT(acc, q)   acc##q = _mm256_dpbusd_epi32(acc##q, LOAD(x + 32 * q), w##q);

/* Four neighbouring pixels, or one: the accumulators are named because GCC 12 keeps arrays of them in memory. */
static void compute_four(const itg_block_job *job, int32_t pixel)
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

static void compute_one(const itg_block_job *job, int32_t pixel)
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

static void compute_block(const itg_block_job *job)
{
    int32_t x = 0;
    for (; x + 4 <= job->depthwise->out[1]; x += 4)
        compute_four(job, x);
    for (; x < job->depthwise->out[1]; x++)
        compute_one(job, x);
}

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    const int32_t rows[2] = {y0, y1};
    if (depthwise->packing != ITG_PACK_16C4)
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
    else if (itg_fits_taps(depthwise))
        itg_walk_taps(depthwise, out, in, rows);
    else
        itg_walk_columns(depthwise, out, in, rows, scratch, compute_block);
}

const itg_depthwise_kernels itg_depthwise_avx512vnni = {.rows = compute_rows};
