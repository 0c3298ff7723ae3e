/* SPDX-License-Identifier: Apache-2.0
 * Averages over windows and sums along a dimension, two vectors of int32 sums at a time; bytes are added as int16 before. Contract:
 * runtime/kernels/pool.h. Included by pool.c of a folder behind its lanes.h; fewer channels than two vectors have go to ITG_LANES_REST. */
#ifndef ITG_LANES_POOL_H
#define ITG_LANES_POOL_H

#include "runtime/kernels/pool.h"
#include "runtime/kernels/reduce.h"
#include "runtime/kernels/window.h"

enum { ITG_LANES_CHANNELS = 2 * ITG_LANES };

/* Positions `down` and `right` elements apart. */
typedef struct itg_lanes_window {
    int32_t rows, columns;
    size_t down, right;
} itg_lanes_window;

/* words + codes of ITG_LANES_CHANNELS channels at `columns` neighbours; three, the common number, without a loop. */
static inline itg_words itg_lanes_add_row(itg_words words, const void *in, itg_type type, size_t place, const itg_lanes_window *window)
{
    if (window->columns == 3) {
        const itg_words pair = itg_words_add(itg_words_load(in, type, place), itg_words_load(in, type, place + window->right));
        return itg_words_add(words, itg_words_add(pair, itg_words_load(in, type, place + 2 * window->right)));
    }
    for (int32_t x = 0; x < window->columns; x++, place += window->right)
        words = itg_words_add(words, itg_words_load(in, type, place));
    return words;
}

/* sums += codes of ITG_LANES_CHANNELS channels from element `place` on, at up to ITG_REDUCE_MOST positions. */
static inline void itg_lanes_add_bytes(itg_lanes sums[2], const void *in, itg_type type, size_t place, const itg_lanes_window *window)
{
    itg_words words = itg_words_set(0);
    for (int32_t y = 0; y < window->rows; y++, place += window->down)
        words = itg_lanes_add_row(words, in, type, place, window);
    sums[0] = itg_lanes_add(sums[0], itg_lanes_widen_low(words));
    sums[1] = itg_lanes_add(sums[1], itg_lanes_widen_high(words));
}

static inline void itg_lanes_add_words(itg_lanes sums[2], const void *in, size_t place, const itg_lanes_window *window)
{
    for (int32_t y = 0; y < window->rows; y++, place += window->down) {
        size_t at = place;
        for (int32_t x = 0; x < window->columns; x++, at += window->right) {
            sums[0] = itg_lanes_add(sums[0], itg_lanes_load(in, ITG_S16, at));
            sums[1] = itg_lanes_add(sums[1], itg_lanes_load(in, ITG_S16, at + ITG_LANES));
        }
    }
}

/* The same with the type as a constant in each loop. */
static inline void itg_lanes_add_window(itg_lanes sums[2], const void *in, itg_type type, size_t place, const itg_lanes_window *window)
{
    if (type == ITG_S16)
        itg_lanes_add_words(sums, in, place, window);
    else if (type == ITG_U8)
        itg_lanes_add_bytes(sums, in, ITG_U8, place, window);
    else
        itg_lanes_add_bytes(sums, in, ITG_S8, place, window);
}

/* Windows of any number of rows. */
static inline void itg_lanes_sum_window(itg_lanes sums[2], const void *in, itg_type type, size_t place, const itg_lanes_window *window)
{
    if (window->rows * window->columns <= ITG_REDUCE_MOST) {
        itg_lanes_add_window(sums, in, type, place, window);
        return;
    }
    itg_lanes_window part = *window;
    part.rows = ITG_REDUCE_MOST / window->columns;
    for (int32_t y = 0; y < window->rows; y += part.rows, place += (size_t)part.rows * window->down) {
        if (window->rows - y < part.rows)
            part.rows = window->rows - y;
        itg_lanes_add_window(sums, in, type, place, &part);
    }
}

/* The last channels may repeat some of the ones before. */
static inline int32_t itg_lanes_place_block(int32_t channel, int32_t channels)
{
    return channel + ITG_LANES_CHANNELS <= channels ? channel : channels - ITG_LANES_CHANNELS;
}

static void itg_lanes_average_row(const itg_pool *pool, void *out, const void *in, int32_t y, const itg_lanes_rounding *r)
{
    itg_taps taps[2];
    taps[0] = itg_clip_taps(y * pool->stride[0] - pool->before[0], pool->kernel[0], pool->dilation[0], pool->in[0]);
    const int32_t channels = pool->out[2], top = (taps[0].first + taps[0].begin * pool->dilation[0]) * pool->in[1];
    itg_lanes_window window = {.rows = taps[0].end - taps[0].begin, .right = (size_t)pool->dilation[1] * (size_t)channels};
    window.down = (size_t)pool->dilation[0] * (size_t)pool->in[1] * (size_t)channels;
    for (int32_t x = 0; x < pool->out[1]; x++) {
        taps[1] = itg_clip_taps(x * pool->stride[1] - pool->before[1], pool->kernel[1], pool->dilation[1], pool->in[1]);
        window.columns = taps[1].end - taps[1].begin;
        const size_t pixel = (size_t)(top + taps[1].first + taps[1].begin * pool->dilation[1]) * (size_t)channels;
        const size_t out_pixel = ((size_t)y * (size_t)pool->out[1] + (size_t)x) * (size_t)channels;
        const itg_lanes multiplier = itg_lanes_double(itg_lanes_set(itg_average_multiplier(pool, taps)), r);
        const itg_lanes zeros = itg_lanes_set(-window.rows * window.columns * pool->in_zero);
        for (int32_t step = 0; step < channels; step += ITG_LANES_CHANNELS) {
            const size_t channel = (size_t)itg_lanes_place_block(step, channels);
            itg_lanes sums[2] = {zeros, zeros};
            itg_lanes_sum_window(sums, in, pool->in_type, pixel + channel, &window);
            for (size_t half = 0; half < 2; half++)
                itg_lanes_store(out, pool->out_type, out_pixel + channel + half * ITG_LANES, itg_lanes_requantize(sums[half], multiplier, r));
        }
    }
}

static void itg_lanes_average(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1)
{
    if (pool->out[2] < ITG_LANES_CHANNELS || pool->kernel[1] > ITG_REDUCE_MOST) {
        ITG_LANES_REST.average(pool, out, in, y0, y1);
        return;
    }
    const itg_lanes_rounding r = itg_lanes_make_rounding(pool->shift, pool->left, pool->out_zero, pool->low, pool->high);
    for (int32_t y = y0; y < y1; y++)
        itg_lanes_average_row(pool, out, in, y, &r);
}

static void itg_lanes_reduce(const itg_reduce *reduce, void *out, const void *in)
{
    if (reduce->inner < ITG_LANES_CHANNELS) {
        ITG_LANES_REST.reduce(reduce, out, in);
        return;
    }
    const itg_requant *requant = &reduce->requant;
    const itg_lanes_rounding r = itg_lanes_make_rounding(requant->shift, requant->left, reduce->out_zero, reduce->low, reduce->high);
    const itg_lanes multiplier = itg_lanes_double(itg_lanes_set(requant->multiplier), &r);
    const itg_lanes zeros = itg_lanes_set(-reduce->count * reduce->in_zero);
    const itg_lanes_window window = {.rows = reduce->count, .columns = 1, .down = (size_t)reduce->inner};
    for (int32_t step = 0; step < reduce->inner; step += ITG_LANES_CHANNELS) {
        const size_t channel = (size_t)itg_lanes_place_block(step, reduce->inner);
        itg_lanes sums[2] = {zeros, zeros};
        itg_lanes_sum_window(sums, in, reduce->in_type, channel, &window);
        for (size_t half = 0; half < 2; half++)
            itg_lanes_store(out, reduce->out_type, channel + half * ITG_LANES, itg_lanes_requantize(sums[half], multiplier, &r));
    }
}

#endif
