/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution on AVX-512 VNNI: the bytes of up to four kernel rows are interleaved once a column, so that one vpdpbusd does four
 * taps of 8 channels. Contract: runtime/kernels/depthwise.h; weights ITG_PACK_16C4, layout and scratch: column.h. */
#include "runtime/kernels/avx512vnni/requantize256.h"
#include "runtime/kernels/column.h"
#include "runtime/kernels/depthwise.h"
#include "runtime/kernels/stage.h"

/* One block of 32 channels of one output row. */
typedef struct block_job {
    const itg_depthwise *depthwise;
    const uint8_t *columns;
    const int8_t *weights;
    itg_avx256_block finish;
    uint8_t *out; /* the row's first pixel, the block's first channel */
    int32_t row_groups, pixel_bytes;
} block_job;

static void store_column(uint8_t *column, __m256i a, __m256i b, __m256i c, __m256i d)
{
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b), ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi8(c, d), cd_high = _mm256_unpackhi_epi8(c, d);
    _mm256_storeu_si256((__m256i *)(void *)column, _mm256_unpacklo_epi16(ab_low, cd_low));
    _mm256_storeu_si256((__m256i *)(void *)(column + 32), _mm256_unpackhi_epi16(ab_low, cd_low));
    _mm256_storeu_si256((__m256i *)(void *)(column + 64), _mm256_unpacklo_epi16(ab_high, cd_high));
    _mm256_storeu_si256((__m256i *)(void *)(column + 96), _mm256_unpackhi_epi16(ab_high, cd_high));
}

/* Interleaves the rows that one output row reads; rows past the kernel repeat the last one, their weights are zero. */
static void fill_columns(const itg_depthwise *depthwise, uint8_t *columns, const uint8_t *rows, ptrdiff_t row_bytes, int32_t count)
{
    const int32_t groups = (depthwise->kernel[0] + 3) / 4, channels = depthwise->in[2];
    for (int32_t g = 0; g < groups; g++) {
        const uint8_t *row[4];
        for (int32_t i = 0; i < 4; i++) {
            const int32_t ky = 4 * g + i < depthwise->kernel[0] ? 4 * g + i : depthwise->kernel[0] - 1;
            row[i] = rows + (ptrdiff_t)ky * depthwise->dilation[0] * row_bytes;
        }
        for (int32_t x = 0; x < count; x++) {
            const ptrdiff_t at = (ptrdiff_t)x * channels;
            store_column(columns + (ptrdiff_t)(x * groups + g) * ITG_COLUMN_BYTES, _mm256_loadu_si256((const __m256i *)(const void *)(row[0] + at)),
                         _mm256_loadu_si256((const __m256i *)(const void *)(row[1] + at)),
                         _mm256_loadu_si256((const __m256i *)(const void *)(row[2] + at)),
                         _mm256_loadu_si256((const __m256i *)(const void *)(row[3] + at)));
        }
    }
}

#define LOAD(address) _mm256_loadu_si256((const __m256i *)(const void *)(address))
#define DOT(acc, q)   acc##q = _mm256_dpbusd_epi32(acc##q, LOAD(x + 32 * q), w##q);

/* Four neighbouring pixels, or one: the accumulators are named because GCC 12 keeps arrays of them in memory. */
static void compute_four(const block_job *job, int32_t pixel)
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
    itg_avx256_finish(&job->finish, out, a0, a1, a2, a3);
    itg_avx256_finish(&job->finish, out + job->pixel_bytes, b0, b1, b2, b3);
    itg_avx256_finish(&job->finish, out + 2 * (ptrdiff_t)job->pixel_bytes, c0, c1, c2, c3);
    itg_avx256_finish(&job->finish, out + 3 * (ptrdiff_t)job->pixel_bytes, d0, d1, d2, d3);
}

static void compute_one(const block_job *job, int32_t pixel)
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
    itg_avx256_finish(&job->finish, job->out + (ptrdiff_t)pixel * job->pixel_bytes, a0, a1, a2, a3);
}

static void compute_block(const block_job *job)
{
    int32_t x = 0;
    for (; x + 4 <= job->depthwise->out[1]; x += 4)
        compute_four(job, x);
    for (; x < job->depthwise->out[1]; x++)
        compute_one(job, x);
}

static void compute_band(const itg_depthwise *depthwise, void *out, const itg_staged *staged, int32_t y0, int32_t y1, uint8_t *columns)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    const int32_t count = itg_reach(&geometry, 1, geometry.out[1]), blocks = itg_column_blocks(depthwise);
    const int32_t *corrections = (const int32_t *)(const void *)depthwise->weights;
    const ptrdiff_t block_bytes = (ptrdiff_t)itg_row_groups(depthwise) * depthwise->kernel[1] * ITG_COLUMN_BYTES;
    block_job job = {.depthwise = depthwise, .columns = columns, .row_groups = itg_row_groups(depthwise), .pixel_bytes = depthwise->out[2]};
    for (int32_t block = 0; block < blocks; block++) {
        const int32_t channel = block * ITG_COLUMN_CHANNELS;
        job.weights = depthwise->weights + blocks * ITG_COLUMN_CHANNELS * 4 + block * block_bytes;
        job.finish = itg_avx256_open_block(&depthwise->epilogue, depthwise->out_type, corrections + channel, channel, depthwise->out[2] - channel);
        for (int32_t y = y0; y < y1; y++) {
            const ptrdiff_t row = (ptrdiff_t)y * depthwise->stride[0] - depthwise->before[0] - staged->first_row;
            fill_columns(depthwise, columns, staged->rows + row * staged->row_bytes + channel, staged->row_bytes, count);
            job.out = (uint8_t *)out + (ptrdiff_t)y * depthwise->out[1] * depthwise->out[2] + channel;
            compute_block(&job);
        }
    }
}

static void compute_rows(const itg_depthwise *depthwise, void *out, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    if (depthwise->packing != ITG_PACK_16C4) {
        itg_depthwise_scalar.rows(depthwise, out, in, y0, y1, scratch);
        return;
    }
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    uint8_t *columns = scratch, *band_scratch = columns + itg_columns_bytes(depthwise);
    const int32_t band = itg_band_rows(&geometry);
    for (int32_t y = y0; y < y1; y += band) {
        const int32_t end = y1 - y < band ? y1 : y + band;
        const itg_staged staged = itg_copy_rows(&geometry, in, y, end, band_scratch);
        compute_band(depthwise, out, &staged, y, end, columns);
    }
}

const itg_depthwise_kernels itg_depthwise_avx512vnni = {.rows = compute_rows};
