/* SPDX-License-Identifier: Apache-2.0
 * Maximum of bytes over windows on AVX2, 32 channels at a time. Contract: runtime/kernels/pool.h.
 * Fewer than 32 channels, wider types and the other functions of the family are the scalar table's. */
#include "runtime/kernels/pool.h"
#include "runtime/kernels/reduce.h"
#include "runtime/kernels/window.h"

#include <immintrin.h>

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

static void average_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    itg_pool_scalar.average(pool, out, in, y0, y1);
}

/* Sums 16 elements at a time, the last ones perhaps twice; what the 128 and the zero point add is taken back at the end. */
static void reduce_row(const itg_reduce *reduce, void *out, const void *in)
{
    if (!itg_sums_bytes(reduce) || reduce->inner < 16) {
        itg_pool_scalar.reduce(reduce, out, in);
        return;
    }
    const __m128i flip = _mm_set1_epi8(reduce->in_type == ITG_S8 ? -128 : 0);
    for (int32_t step = 0; step < reduce->inner; step += 16) {
        const int32_t first = step < reduce->inner - 16 ? step : reduce->inner - 16;
        const uint8_t *bytes = (const uint8_t *)in + first;
        uint16_t sums[16];
        __m256i sum = _mm256_setzero_si256();
        for (int32_t i = 0; i < reduce->count; i++, bytes += reduce->inner)
            sum = _mm256_add_epi16(sum, _mm256_cvtepu8_epi16(_mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)bytes), flip)));
        _mm256_storeu_si256((__m256i *)(void *)sums, sum);
        for (int32_t c = 0; c < 16; c++)
            itg_store_reduced(reduce, out, (size_t)(first + c), sums[c] - reduce->count * (128 + reduce->in_zero));
    }
}

const itg_pool_kernels itg_pool_avx2 = {.maximum = maximum_rows, .average = average_rows, .reduce = reduce_row};
