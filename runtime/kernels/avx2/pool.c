/* SPDX-License-Identifier: Apache-2.0
 * Pooling on AVX2: maxima of bytes, 32 channels at a time; averages and sums by the shared source. Contract: runtime/kernels/pool.h.
 * Maxima of fewer than 32 channels or wider types, and sums of fewer than 16, are the scalar table's. */
#include "runtime/kernels/avx2/lanes.h"

#define ITG_LANES_REST itg_pool_scalar
#include "runtime/kernels/lanes/pool.h"

/* 32 channels of one output pixel. pixel: the window's first position inside the image. */
static __m256i maximum_window(const itg_pool *pool, const uint8_t *pixel, int32_t rows, int32_t columns)
{
    const ptrdiff_t right = (ptrdiff_t)pool->dilation[1] * pool->in[2], down = (ptrdiff_t)pool->dilation[0] * pool->in[1] * pool->in[2];
    __m256i largest = _mm256_loadu_si256((const __m256i *)(const void *)pixel);
    for (int32_t y = 0; y < rows; y++)
        for (int32_t x = 0; x < columns; x++) {
            const __m256i codes = _mm256_loadu_si256((const __m256i *)(const void *)(pixel + y * down + x * right));
            largest = pool->in_type == ITG_S8 ? _mm256_max_epi8(largest, codes) : _mm256_max_epu8(largest, codes);
        }
    return largest;
}

static void maximum_row(const itg_pool *pool, uint8_t *out, const uint8_t *in, int32_t y)
{
    const itg_taps rows = itg_clip_taps(y * pool->stride[0] - pool->before[0], pool->kernel[0], pool->dilation[0], pool->in[0]);
    const ptrdiff_t top = (ptrdiff_t)(rows.first + rows.begin * pool->dilation[0]) * pool->in[1];
    const int32_t last = pool->out[2] - 32; /* the last 32 channels may repeat some of the ones before */
    for (int32_t x = 0; x < pool->out[1]; x++) {
        const itg_taps columns = itg_clip_taps(x * pool->stride[1] - pool->before[1], pool->kernel[1], pool->dilation[1], pool->in[1]);
        const uint8_t *pixel = in + (top + columns.first + columns.begin * pool->dilation[1]) * pool->in[2];
        for (int32_t step = 0; step < pool->out[2]; step += 32) {
            const int32_t channel = step < last ? step : last;
            const __m256i largest = maximum_window(pool, pixel + channel, rows.end - rows.begin, columns.end - columns.begin);
            _mm256_storeu_si256((__m256i *)(void *)(out + (ptrdiff_t)x * pool->out[2] + channel), largest);
        }
    }
}

static void maximum_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    if (itg_element_bytes(pool->in_type) != 1 || pool->out[2] < 32) {
        itg_pool_scalar.maximum(pool, out, in, y0, y1);
        return;
    }
    for (int32_t y = y0; y < y1; y++)
        maximum_row(pool, (uint8_t *)out + (ptrdiff_t)y * pool->out[1] * pool->out[2], in, y);
}

const itg_pool_kernels itg_pool_avx2 = {.maximum = maximum_rows, .average = itg_lanes_average, .reduce = itg_lanes_reduce};
