/* SPDX-License-Identifier: Apache-2.0
 * Pooling on AVX-512: maxima of bytes, 64 channels at a time; averages and sums by the shared source. Contract: runtime/kernels/pool.h.
 * Maxima of wider types are the scalar table's, sums of fewer than 32 channels those of AVX2. */
#include "runtime/kernels/avx512vnni/lanes.h"

#define ITG_LANES_REST itg_pool_avx2
#include "runtime/kernels/lanes/pool.h"

static __m512i larger(__m512i a, __m512i b, bool is_signed)
{
    return is_signed ? _mm512_max_epi8(a, b) : _mm512_max_epu8(a, b);
}

/* One output pixel, channels [channel, channel + 64) as far as mask goes. pixel: the window's first position inside the image. */
static __m512i maximum_window(const itg_pool *pool, const uint8_t *pixel, int32_t rows, int32_t columns, __mmask64 mask)
{
    const ptrdiff_t right = (ptrdiff_t)pool->dilation[1] * pool->in[2], down = (ptrdiff_t)pool->dilation[0] * pool->in[1] * pool->in[2];
    __m512i largest = _mm512_maskz_loadu_epi8(mask, pixel);
    for (int32_t y = 0; y < rows; y++)
        for (int32_t x = 0; x < columns; x++)
            largest = larger(largest, _mm512_maskz_loadu_epi8(mask, pixel + y * down + x * right), pool->in_type == ITG_S8);
    return largest;
}

static void maximum_row(const itg_pool *pool, uint8_t *out, const uint8_t *in, int32_t y)
{
    const itg_taps rows = itg_clip_taps(y * pool->stride[0] - pool->before[0], pool->kernel[0], pool->dilation[0], pool->in[0]);
    const ptrdiff_t top = (ptrdiff_t)(rows.first + rows.begin * pool->dilation[0]) * pool->in[1];
    for (int32_t x = 0; x < pool->out[1]; x++) {
        const itg_taps columns = itg_clip_taps(x * pool->stride[1] - pool->before[1], pool->kernel[1], pool->dilation[1], pool->in[1]);
        const uint8_t *pixel = in + (top + columns.first + columns.begin * pool->dilation[1]) * pool->in[2];
        for (int32_t channel = 0; channel < pool->out[2]; channel += 64) {
            const int32_t left = pool->out[2] - channel;
            const __mmask64 mask = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1;
            const __m512i largest = maximum_window(pool, pixel + channel, rows.end - rows.begin, columns.end - columns.begin, mask);
            _mm512_mask_storeu_epi8(out + (ptrdiff_t)x * pool->out[2] + channel, mask, largest);
        }
    }
}

static void maximum_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    if (itg_element_bytes(pool->in_type) != 1) {
        itg_pool_scalar.maximum(pool, out, in, y0, y1);
        return;
    }
    for (int32_t y = y0; y < y1; y++)
        maximum_row(pool, (uint8_t *)out + (ptrdiff_t)y * pool->out[1] * pool->out[2], in, y);
}

const itg_pool_kernels itg_pool_avx512vnni = {.maximum = maximum_rows, .average = itg_lanes_average, .reduce = itg_lanes_reduce};
