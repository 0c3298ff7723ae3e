/* SPDX-License-Identifier: Apache-2.0
 * Pooling and reduction: the definition every other table must equal. Contract: runtime/kernels/pool.h.
 * Channels are summed in blocks over all taps, so that the inner loop runs along memory. */
#include "runtime/kernels/pool.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/reduce.h"
#include "runtime/kernels/window.h"

#include <intaglio/fixed.h>

enum { BLOCK = 32 }; /* channels kept at once: 128 bytes of stack */

static void keep_larger(int32_t *largest, const void *in, itg_type type, size_t first, int32_t count)
{
    for (int32_t c = 0; c < count; c++) {
        const int32_t code = itg_load_code(in, type, first + (size_t)c);
        largest[c] = code > largest[c] ? code : largest[c];
    }
}

/* Combines the taps inside the image, channels [channel, channel + count), into values. */
static void walk_window(const itg_pool *pool, int32_t *values, const void *in, const itg_taps taps[2], int32_t channel, int32_t count)
{
    for (int32_t c = 0; c < count; c++)
        values[c] = pool->average ? 0 : INT32_MIN;
    for (int32_t ky = taps[0].begin; ky < taps[0].end; ky++) {
        const int32_t y = taps[0].first + ky * pool->dilation[0];
        for (int32_t kx = taps[1].begin; kx < taps[1].end; kx++) {
            const int32_t x = taps[1].first + kx * pool->dilation[1];
            const size_t first = ((size_t)y * (size_t)pool->in[1] + (size_t)x) * (size_t)pool->in[2] + (size_t)channel;
            if (pool->average)
                itg_add_codes(values, in, pool->in_type, first, count);
            else
                keep_larger(values, in, pool->in_type, first, count);
        }
    }
}

static void average_window(const itg_pool *pool, void *out, size_t out_pixel, const void *in, const itg_taps taps[2])
{
    const int32_t inside = (taps[0].end - taps[0].begin) * (taps[1].end - taps[1].begin);
    const int32_t multiplier = itg_average_multiplier(pool, taps);
    int32_t sums[BLOCK];
    for (int32_t channel = 0; channel < pool->out[2]; channel += BLOCK) {
        const int32_t count = pool->out[2] - channel < BLOCK ? pool->out[2] - channel : BLOCK;
        walk_window(pool, sums, in, taps, channel, count);
        for (int32_t c = 0; c < count; c++) {
            const int32_t code = pool->out_zero + itg_requantize_left(sums[c] - inside * pool->in_zero, pool->left, multiplier, pool->shift);
            itg_store_code(out, pool->out_type, out_pixel + (size_t)(channel + c), itg_clamp(code, pool->low, pool->high));
        }
    }
}

static void maximum_window(const itg_pool *pool, void *out, size_t out_pixel, const void *in, const itg_taps taps[2])
{
    int32_t largest[BLOCK];
    for (int32_t channel = 0; channel < pool->out[2]; channel += BLOCK) {
        const int32_t count = pool->out[2] - channel < BLOCK ? pool->out[2] - channel : BLOCK;
        walk_window(pool, largest, in, taps, channel, count);
        for (int32_t c = 0; c < count; c++)
            itg_store_code(out, pool->out_type, out_pixel + (size_t)(channel + c), largest[c]);
    }
}

typedef void pool_window(const itg_pool *pool, void *out, size_t out_pixel, const void *in, const itg_taps taps[2]);

static void walk_rows(const itg_pool *pool, void *out, const void *in, const int32_t rows[2], pool_window *window)
{
    itg_taps taps[2];
    for (int32_t y = rows[0]; y < rows[1]; y++) {
        taps[0] = itg_clip_taps(y * pool->stride[0] - pool->before[0], pool->kernel[0], pool->dilation[0], pool->in[0]);
        for (int32_t x = 0; x < pool->out[1]; x++) {
            taps[1] = itg_clip_taps(x * pool->stride[1] - pool->before[1], pool->kernel[1], pool->dilation[1], pool->in[1]);
            window(pool, out, ((size_t)y * (size_t)pool->out[1] + (size_t)x) * (size_t)pool->out[2], in, taps);
        }
    }
}

static void maximum_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    walk_rows(pool, out, in, (const int32_t[2]){y0, y1}, maximum_window);
}

static void average_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    walk_rows(pool, out, in, (const int32_t[2]){y0, y1}, average_window);
}

static void reduce_row(const itg_reduce *reduce, void *out, const void *in)
{
    int32_t sums[BLOCK];
    for (int32_t first = 0; first < reduce->inner; first += BLOCK) {
        const int32_t count = reduce->inner - first < BLOCK ? reduce->inner - first : BLOCK;
        for (int32_t c = 0; c < count; c++)
            sums[c] = -reduce->count * reduce->in_zero;
        for (int32_t i = 0; i < reduce->count; i++)
            itg_add_codes(sums, in, reduce->in_type, (size_t)i * (size_t)reduce->inner + (size_t)first, count);
        for (int32_t c = 0; c < count; c++)
            itg_store_reduced(reduce, out, (size_t)(first + c), sums[c]);
    }
}

const itg_pool_kernels itg_pool_scalar = {.maximum = maximum_rows, .average = average_rows, .reduce = reduce_row};
