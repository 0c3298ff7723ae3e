/* SPDX-License-Identifier: Apache-2.0
 * Layers that the packer marked as widened (runtime/kernels/pairs.h), exact for every weight: a band of inputs as int16, then block after block
 * of weights as int16, both in scratch memory, and tiles of 1 to 4 pixels times 16 output channels by vpmaddwd. The walk is that of tiles.h
 * over inputs of twice as many bytes. Included by conv.c of this folder, after tile.h whose macros it goes on with. */
#ifndef ITG_AVX2_WIDENED_H
#define ITG_AVX2_WIDENED_H

#include "runtime/kernels/avx2/tile.h"
#include "runtime/kernels/avx2/widen.h"

#define PIXEL_WORDS(p)                                                                                                                               \
    {                                                                                                                                                \
        const __m256i words = BROADCAST(p);                                                                                                          \
        ITG_ADD_PRODUCT(a##p##0, words, w0)                                                                                                          \
        ITG_ADD_PRODUCT(a##p##1, words, w1)                                                                                                          \
    }
#define BOTH_HALVES(PIXELS)                                                                                                                          \
    const __m256i w0 = LOAD(w), w1 = LOAD(w + 32);                                                                                                   \
    EACH_##PIXELS(PIXEL_WORDS)
/* A block of which 8 channels exist, or fewer. */
#define PIXEL_HALF(p) ITG_ADD_PRODUCT(a##p##0, BROADCAST(p), w0)
#define ONE_HALF(PIXELS)                                                                                                                             \
    const __m256i w0 = LOAD(w);                                                                                                                      \
    EACH_##PIXELS(PIXEL_HALF)
#define ACCUMULATE_WORDS(PIXELS, MULTIPLY)                                                                                                           \
    const ptrdiff_t stride = t->pixel_stride;                                                                                                        \
    const int8_t *w = t->weights;                                                                                                                    \
    EACH_##PIXELS(START) for (int32_t s = 0; s < t->segments; s++)                                                                                   \
    {                                                                                                                                                \
        const uint8_t *x = t->segment[s] + at;                                                                                                       \
        for (int32_t pair = 0; pair < 2 * t->steps; pair++, x += 4, w += 64) {                                                                       \
            MULTIPLY(PIXELS)                                                                                                                         \
        }                                                                                                                                            \
    }
#define DEFINE_DIRECT(NAME, PIXELS, MULTIPLY)                                                                                                        \
    static void NAME##_##PIXELS(const itg_tile *t, const itg_direct *d, int32_t count)                                                               \
    {                                                                                                                                                \
        uint8_t *out = d->out;                                                                                                                       \
        for (ptrdiff_t at = 0; count > 0; count--, at += PIXELS * t->pixel_stride, out += PIXELS * d->pixel_stride) {                                \
            ACCUMULATE_WORDS(PIXELS, MULTIPLY) const itg_avx2_direct c = itg_avx2_load_direct(d);                                                    \
            ITG_CODES_##PIXELS                                                                                                                       \
        }                                                                                                                                            \
    }
#define DEFINE_WIDENED(PIXELS)                                                                                                                       \
    static void widened_tile_##PIXELS(const itg_tile *t, int32_t *sums)                                                                              \
    {                                                                                                                                                \
        const ptrdiff_t at = 0;                                                                                                                      \
        ACCUMULATE_WORDS(PIXELS, BOTH_HALVES) EACH_##PIXELS(STORE)                                                                                   \
    }                                                                                                                                                \
    DEFINE_DIRECT(widened_direct, PIXELS, BOTH_HALVES)                                                                                               \
    DEFINE_DIRECT(half_direct, PIXELS, ONE_HALF)
DEFINE_WIDENED(1)
DEFINE_WIDENED(2)
#if TILE_PIXELS == 4
DEFINE_WIDENED(3)
DEFINE_WIDENED(4)
static itg_tile_function *const widened_sums[] = {widened_tile_1, widened_tile_2, widened_tile_3, widened_tile_4};
static itg_direct_tiles *const widened_codes[] = {widened_direct_1, widened_direct_2, widened_direct_3, widened_direct_4};
static itg_direct_tiles *const half_codes[] = {half_direct_1, half_direct_2, half_direct_3, half_direct_4};
#else
static itg_tile_function *const widened_sums[] = {widened_tile_1, widened_tile_2};
static itg_direct_tiles *const widened_codes[] = {widened_direct_1, widened_direct_2};
static itg_direct_tiles *const half_codes[] = {half_direct_1, half_direct_2};
#endif

/* codes: of whole blocks or of half ones. */
static inline itg_tile_set widened_set(itg_direct_tiles *const *codes)
{
    return (itg_tile_set){.pixels = TILE_PIXELS,
                          .blocks = TILE_BLOCKS,
                          .compute = widened_sums,
                          .finish = itg_avx2_finish_tile,
                          .direct = codes,
                          .open_direct = itg_avx2_open_direct};
}

/* What output rows [y, end) read, as int16. */
static itg_staged widen_rows(const itg_conv *conv, const void *in, int32_t y, int32_t end, int16_t *widened)
{
    uint8_t *bytes = (uint8_t *)widened + itg_widened_row_bytes(conv);
    itg_staged staged = itg_stage_rows(conv, in, y, end, bytes);
    const int32_t skipped = y * conv->stride[0] - conv->before[0] - staged.first_row; /* of an input that is read in place */
    itg_widen_codes(widened, staged.rows + skipped * staged.row_bytes, itg_reach(conv, 0, end - y) * (int32_t)staged.row_bytes);
    return (itg_staged){.rows = (const uint8_t *)widened, .first_row = staged.first_row + skipped, .row_bytes = 2 * staged.row_bytes};
}

static void compute_widened(const itg_conv *conv, const itg_conv_job *job)
{
    itg_conv doubled = *conv;
    doubled.in[2] *= 2;
    const itg_runs runs = itg_cut_runs(conv);
    int16_t *weights = job->scratch, *rows = weights + itg_widened_weight_bytes(&runs) / 2;
    const itg_tile_set whole = widened_set(widened_codes), half = widened_set(half_codes);
    itg_layer layer = {.conv = &doubled, .runs = runs, .weights = (const int8_t *)weights};
    layer.correction = (const int32_t *)(const void *)conv->weights;
    const int8_t *packed = conv->weights + itg_head_bytes(conv, &runs);
    const int32_t last = job->blocks[1] ? job->blocks[1] : runs.blocks, steps = runs.segments * runs.steps, band = itg_widened_rows(conv);
    for (int32_t y = job->rows[0]; y < job->rows[1]; y += band) {
        const int32_t end = job->rows[1] - y < band ? job->rows[1] : y + band;
        const itg_staged staged = widen_rows(conv, job->in, y, end, rows);
        for (int32_t block = job->blocks[0]; block < last; block++) {
            itg_widen_weights(weights, packed + (ptrdiff_t)block * steps * 64, steps);
            layer.set = conv->out[2] - 16 * block > 8 ? &whole : &half;
            layer.first_block = block;
            layer.end_block = block + 1;
            itg_compute_band(&layer, job->out, &staged, 0, y, end);
        }
    }
}

#endif
