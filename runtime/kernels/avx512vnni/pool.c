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

/* A row of windows of up to three rows and exactly three columns, 64 channels of it: the largest of each column serves every window that has it.
 * Taps outside the image are taken from its border, which the same window has as well. */
typedef struct column_strip {
    const uint8_t *row[3];
    uint8_t *out;
    __mmask64 mask;
    int32_t width, before, channels, count; /* count: windows */
} column_strip;

static inline __m512i maximum_column(const column_strip *strip, int32_t x, bool is_signed)
{
    const ptrdiff_t at = (ptrdiff_t)(x < 0 ? 0 : x < strip->width ? x : strip->width - 1) * strip->channels;
    const __m512i upper =
        larger(_mm512_maskz_loadu_epi8(strip->mask, strip->row[0] + at), _mm512_maskz_loadu_epi8(strip->mask, strip->row[1] + at), is_signed);
    return larger(upper, _mm512_maskz_loadu_epi8(strip->mask, strip->row[2] + at), is_signed);
}

static inline void maximum_strip(const column_strip *given, int32_t stride, bool is_signed)
{
    const column_strip copy = *given, *strip = &copy; /* codes that are stored cannot change it */
    uint8_t *out = strip->out;
    __m512i first = maximum_column(strip, -strip->before, is_signed), second = first;
    if (stride == 1)
        second = maximum_column(strip, 1 - strip->before, is_signed);
    for (int32_t i = 0, x = 1 - strip->before; i < strip->count; i++, x += stride, out += strip->channels) {
        if (stride == 2)
            second = maximum_column(strip, x, is_signed);
        const __m512i third = maximum_column(strip, x + 1, is_signed);
        _mm512_mask_storeu_epi8(out, strip->mask, larger(larger(first, second, is_signed), third, is_signed));
        first = stride == 2 ? third : second;
        second = third;
    }
}

static void maximum_signed_one(const column_strip *strip)
{
    maximum_strip(strip, 1, true);
}

static void maximum_signed_two(const column_strip *strip)
{
    maximum_strip(strip, 2, true);
}

static void maximum_one(const column_strip *strip)
{
    maximum_strip(strip, 1, false);
}

static void maximum_two(const column_strip *strip)
{
    maximum_strip(strip, 2, false);
}

static bool has_columns(const itg_pool *pool)
{
    const bool small = pool->kernel[0] <= 3 && pool->kernel[1] == 3;
    return small && pool->dilation[0] == 1 && pool->dilation[1] == 1 && pool->stride[1] <= 2;
}

static void maximum_columns(const itg_pool *pool, uint8_t *out, const uint8_t *in, int32_t y)
{
    static void (*const walk[2][2])(const column_strip *) = {{maximum_one, maximum_two}, {maximum_signed_one, maximum_signed_two}};
    const int32_t width = pool->in[1], channels = pool->in[2], top = y * pool->stride[0] - pool->before[0];
    const itg_taps rows = itg_clip_taps(top, pool->kernel[0], 1, pool->in[0]);
    for (int32_t channel = 0; channel < channels; channel += 64) {
        const int32_t left = channels - channel;
        column_strip strip = {.out = out + channel,
                              .mask = left >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << left) - 1,
                              .width = width,
                              .before = pool->before[1],
                              .channels = channels,
                              .count = pool->out[1]};
        for (int32_t i = 0; i < 3; i++) {
            const int32_t tap = rows.begin + i < rows.end ? rows.begin + i : rows.end - 1;
            strip.row[i] = in + (ptrdiff_t)(top + tap) * width * channels + channel;
        }
        walk[pool->in_type == ITG_S8][pool->stride[1] - 1](&strip);
    }
}

static void maximum_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    if (itg_element_bytes(pool->in_type) != 1) {
        itg_pool_scalar.maximum(pool, out, in, y0, y1);
        return;
    }
    const bool by_columns = has_columns(pool);
    for (int32_t y = y0; y < y1; y++)
        (by_columns ? maximum_columns : maximum_row)(pool, (uint8_t *)out + (ptrdiff_t)y * pool->out[1] * pool->out[2], in, y);
}

const itg_pool_kernels itg_pool_avx512vnni = {.maximum = maximum_rows, .average = itg_lanes_average, .reduce = itg_lanes_reduce};
