/* SPDX-License-Identifier: Apache-2.0
 * Walks a 16c4 depthwise convolution: bands of staged rows, blocks of 32 channels, columns of interleaved rows (column.h), 256 bits wide.
 * Each ISA brings the sums of one block of one output row (itg_compute_block). Used by this folder and by the ISAs above it. */
#ifndef ITG_AVX2_COLUMNS_H
#define ITG_AVX2_COLUMNS_H

#include "runtime/kernels/avx2/quarter_codes.h"
#include "runtime/kernels/column.h"
#include "runtime/kernels/depthwise.h"
#include "runtime/kernels/stage.h"

/* One block of 32 channels of one output row. */
typedef struct itg_block_job {
    const itg_depthwise *depthwise;
    const uint8_t *columns;
    const int8_t *weights;
    itg_avx2_quarters finish;
    uint8_t *out; /* the row's first pixel, the block's first channel */
    int32_t row_groups, pixel_bytes;
} itg_block_job;

static inline void itg_store_column(uint8_t *column, __m256i a, __m256i b, __m256i c, __m256i d)
{
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b), ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi8(c, d), cd_high = _mm256_unpackhi_epi8(c, d);
    _mm256_storeu_si256((__m256i *)(void *)column, _mm256_unpacklo_epi16(ab_low, cd_low));
    _mm256_storeu_si256((__m256i *)(void *)(column + 32), _mm256_unpackhi_epi16(ab_low, cd_low));
    _mm256_storeu_si256((__m256i *)(void *)(column + 64), _mm256_unpacklo_epi16(ab_high, cd_high));
    _mm256_storeu_si256((__m256i *)(void *)(column + 96), _mm256_unpackhi_epi16(ab_high, cd_high));
}

/* Interleaves the rows that one output row reads; rows past the kernel repeat the last one, their weights are zero. */
static inline void itg_fill_columns(const itg_depthwise *depthwise, uint8_t *columns, const uint8_t *rows, ptrdiff_t row_bytes, int32_t count)
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
            itg_store_column(
                columns + (ptrdiff_t)(x * groups + g) * ITG_COLUMN_BYTES, _mm256_loadu_si256((const __m256i *)(const void *)(row[0] + at)),
                _mm256_loadu_si256((const __m256i *)(const void *)(row[1] + at)), _mm256_loadu_si256((const __m256i *)(const void *)(row[2] + at)),
                _mm256_loadu_si256((const __m256i *)(const void *)(row[3] + at)));
        }
    }
}

/* One block of one output row, from filled columns. */
typedef void itg_compute_block(const itg_block_job *job);

/* Where a band's output rows lie, and where its columns are built. */
typedef struct itg_column_band {
    uint8_t *out, *columns;
    int32_t y0, y1;
} itg_column_band;

static inline void itg_compute_columns(const itg_depthwise *depthwise, const itg_column_band *band, const itg_staged *staged,
                                       itg_compute_block *compute)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    const int32_t count = itg_reach(&geometry, 1, geometry.out[1]), blocks = itg_column_blocks(depthwise);
    const int32_t *corrections = (const int32_t *)(const void *)depthwise->weights;
    const ptrdiff_t block_bytes = (ptrdiff_t)itg_row_groups(depthwise) * depthwise->kernel[1] * ITG_COLUMN_BYTES;
    itg_block_job job = {.depthwise = depthwise, .columns = band->columns, .row_groups = itg_row_groups(depthwise), .pixel_bytes = depthwise->out[2]};
    for (int32_t block = 0; block < blocks; block++) {
        const int32_t channel = block * ITG_COLUMN_CHANNELS;
        job.weights = depthwise->weights + blocks * ITG_COLUMN_CHANNELS * 4 + block * block_bytes;
        job.finish = itg_avx2_open_quarters(&depthwise->epilogue, depthwise->out_type, corrections + channel, channel, depthwise->out[2] - channel);
        for (int32_t y = band->y0; y < band->y1; y++) {
            const ptrdiff_t row = (ptrdiff_t)y * depthwise->stride[0] - depthwise->before[0] - staged->first_row;
            itg_fill_columns(depthwise, band->columns, staged->rows + row * staged->row_bytes + channel, staged->row_bytes, count);
            job.out = band->out + (ptrdiff_t)y * depthwise->out[1] * depthwise->out[2] + channel;
            compute(&job);
        }
    }
}

/* Rows [rows[0], rows[1]) of one image. */
static inline void itg_walk_columns(const itg_depthwise *depthwise, void *out, const void *in, const int32_t rows[2], void *scratch,
                                    itg_compute_block *compute)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    uint8_t *columns = scratch, *band_scratch = columns + itg_columns_bytes(depthwise);
    const int32_t most = itg_band_rows(&geometry);
    for (int32_t y = rows[0]; y < rows[1]; y += most) {
        const itg_column_band band = {out, columns, y, rows[1] - y < most ? rows[1] : y + most};
        const itg_staged staged = itg_copy_rows(&geometry, in, y, band.y1, band_scratch);
        itg_compute_columns(depthwise, &band, &staged, compute);
    }
}

#endif
