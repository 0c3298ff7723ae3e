/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX2: the bytes of up to four kernel rows are interleaved once a column; four taps of 8 channels are two exact
 * vpmaddwd, of the even bytes and of the odd ones. Contract: runtime/kernels/depthwise.h; weights ITG_PACK_16C4P; the walk: columns.h. */
#include "runtime/kernels/avx2/columns.h"

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define DOT(acc, x)                                                                                                                                  \
    {                                                                                                                                                \
        const __m256i bytes = LOAD(x);                                                                                                               \
        acc = _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_and_si256(bytes, mask), even));                                                         \
        acc = _mm256_add_epi32(acc, _mm256_madd_epi16(_mm256_srli_epi16(bytes, 8), odd));                                                            \
    }

/* One quarter of four pixels `step` bytes apart (or of one pixel four times, at step 0). */
static void sum_quarter(const itg_block_job *job, __m256i sums[4], int quarter, const uint8_t *first, ptrdiff_t step)
{
    const itg_depthwise *depthwise = job->depthwise;
    const ptrdiff_t column = (ptrdiff_t)job->row_groups * ITG_COLUMN_BYTES;
    const __m256i mask = _mm256_set1_epi32(0x00ff00ff);
    const int8_t *weights = job->weights + 32 * quarter;
    __m256i a = job->finish.start[quarter], b = a, c = a, d = a;
    for (int32_t g = 0; g < job->row_groups; g++) {
        for (int32_t kx = 0; kx < depthwise->kernel[1]; kx++, weights += ITG_COLUMN_BYTES) {
            const uint8_t *x = first + kx * depthwise->dilation[1] * column + g * ITG_COLUMN_BYTES + 32 * quarter;
            const __m256i w = LOAD(weights), odd = _mm256_srai_epi16(w, 8), even = _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8);
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

static void compute_pixels(const itg_block_job *job, int32_t pixel, int32_t count)
{
    const ptrdiff_t step = (ptrdiff_t)job->depthwise->stride[1] * job->row_groups * ITG_COLUMN_BYTES;
    __m256i sums[4][4];
    for (int quarter = 0; quarter < 4; quarter++)
        sum_quarter(job, sums[quarter], quarter, job->columns + pixel * step, count == 4 ? step : 0);
    for (int32_t p = 0; p < count; p++)
        itg_avx2_finish_quarters(&job->finish, job->out + (ptrdiff_t)(pixel + p) * job->pixel_bytes, sums[0][p], sums[1][p], sums[2][p], sums[3][p]);
}

static void compute_block(const itg_block_job *job)
{
    int32_t x = 0;
    for (; x + 4 <= job->depthwise->out[1]; x += 4)
        compute_pixels(job, x, 4);
    for (; x < job->depthwise->out[1]; x++)
        compute_pixels(job, x, 1);
}

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (depthwise->packing == ITG_PACK_16C4P)
        itg_walk_columns(depthwise, out, in, (const int32_t[2]){y0, y1}, scratch, compute_block);
    else
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
}

const itg_depthwise_kernels itg_depthwise_avx2 = {.rows = compute_rows};
