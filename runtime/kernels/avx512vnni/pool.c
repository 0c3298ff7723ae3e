/* SPDX-License-Identifier: Apache-2.0
 * Maximum of bytes over windows on AVX-512, 64 channels at a time. Contract: runtime/kernels/pool.h.
 * Wider types and the other functions of the family are the scalar table's. */
#include "runtime/kernels/pool.h"
#include "runtime/kernels/reduce.h"
#include "runtime/kernels/window.h"

#include <immintrin.h>

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

static void average_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    itg_pool_scalar.average(pool, out, in, y0, y1);
}

/* Sums 32 elements at a time; what the 128 and the zero point add is taken back at the end. */
static void reduce_row(const itg_reduce *reduce, void *out, const void *in)
{
    if (!itg_sums_bytes(reduce)) {
        itg_pool_scalar.reduce(reduce, out, in);
        return;
    }
    const __m256i flip = _mm256_set1_epi8(reduce->in_type == ITG_S8 ? -128 : 0);
    for (int32_t first = 0; first < reduce->inner; first += 32) {
        const int32_t left = reduce->inner - first, count = left < 32 ? left : 32;
        const __mmask32 mask = 0xFFFFFFFFu >> (32 - count);
        const uint8_t *bytes = (const uint8_t *)in + first;
        uint16_t sums[32];
        __m512i sum = _mm512_setzero_si512();
        for (int32_t i = 0; i < reduce->count; i++, bytes += reduce->inner)
            sum = _mm512_add_epi16(sum, _mm512_cvtepu8_epi16(_mm256_xor_si256(_mm256_maskz_loadu_epi8(mask, bytes), flip)));
        _mm512_storeu_si512(sums, sum);
        for (int32_t c = 0; c < count; c++)
            itg_store_reduced(reduce, out, (size_t)(first + c), sums[c] - reduce->count * (128 + reduce->in_zero));
    }
}

const itg_pool_kernels itg_pool_avx512vnni = {.maximum = maximum_rows, .average = average_rows, .reduce = reduce_row};
