/* SPDX-License-Identifier: Apache-2.0
 * Layers that the packer marked as widened (runtime/kernels/pairs.h), exact for every weight: a band of inputs as int16, then block after block
 * of weights as int16, both in scratch memory, and tiles of 1 to 4 pixels times 16 output channels by vpmaddwd, half as many as there are
 * products: x0 w0 + x2 w2 = (x0 + w2)(x2 + w0) - x0 x2 - w0 w2, where x0 x2 is a pixel's, taken once for all outputs, and w0 w2 a weight's.
 * Included by conv.c of this folder, after tile.h whose macros it goes on with. */
#ifndef ITG_AVX2_WIDENED_CONV_H
#define ITG_AVX2_WIDENED_CONV_H

#include "runtime/kernels/avx2/crossed.h"
#include "runtime/kernels/avx2/gather.h"
#include "runtime/kernels/avx2/tile.h"
#include "runtime/kernels/avx2/widen.h"

#define START_CROSSED(p)                                                                                                                             \
    const __m256i taken##p = _mm256_set1_epi32(crossed[p]);                                                                                          \
    __m256i a##p##0 = _mm256_sub_epi32(LOAD(tile.start), taken##p), a##p##1 = _mm256_sub_epi32(LOAD(tile.start + 8), taken##p);
/* Four inputs by weights v of the first two and w of the others, for 8 channels. */
#define PIXEL_HALF(p)                                                                                                                                \
    {                                                                                                                                                \
        const __m256i first = BROADCAST(p), second = _mm256_broadcastd_epi32(_mm_loadu_si32(x + 4 + p * stride));                                    \
        ITG_ADD_PRODUCT(a##p##0, _mm256_add_epi16(first, w0), _mm256_add_epi16(second, v0))                                                          \
    }
/* A block of which 8 channels exist, or fewer. */
#define ONE_HALF(PIXELS)                                                                                                                             \
    for (int32_t step = 0; step < tile.steps; step++, x += 8, w += 128) {                                                                            \
        const __m256i v0 = LOAD(w), w0 = LOAD(w + 64);                                                                                               \
        EACH_##PIXELS(PIXEL_HALF)                                                                                                                    \
    }
#if TILE_PIXELS == 4
#define BOTH_HALVES(PIXELS) ITG_CROSSED_STEPS(PIXELS, x, w, tile.steps, stride)
#else
#define PIXEL_BOTH(p)                                                                                                                                \
    {                                                                                                                                                \
        const __m256i first = BROADCAST(p), second = _mm256_broadcastd_epi32(_mm_loadu_si32(x + 4 + p * stride));                                    \
        ITG_ADD_PRODUCT(a##p##0, _mm256_add_epi16(first, w0), _mm256_add_epi16(second, v0))                                                          \
        ITG_ADD_PRODUCT(a##p##1, _mm256_add_epi16(first, w1), _mm256_add_epi16(second, v1))                                                          \
    }
#define BOTH_HALVES(PIXELS)                                                                                                                          \
    for (int32_t step = 0; step < tile.steps; step++, x += 8, w += 128) {                                                                            \
        const __m256i v0 = LOAD(w), v1 = LOAD(w + 32), w0 = LOAD(w + 64), w1 = LOAD(w + 96);                                                         \
        EACH_##PIXELS(PIXEL_BOTH)                                                                                                                    \
    }
#endif
#define ACCUMULATE_WORDS(PIXELS, MULTIPLY)                                                                                                           \
    const int8_t *w = tile.weights;                                                                                                                  \
    EACH_##PIXELS(START_CROSSED) for (const uint8_t *const *segment = tile.segment; segment != end; segment++)                                       \
    {                                                                                                                                                \
        const uint8_t *x = *segment + at;                                                                                                            \
        MULTIPLY(PIXELS)                                                                                                                             \
    }
/* The empty assembly keeps the pixels' places a sum of two registers, of which there are not enough for one each. */
#define DIRECT_WORDS(PIXELS, MULTIPLY, CODES, WHOLE)                                                                                                 \
    {                                                                                                                                                \
        const bool is_whole = WHOLE;                                                                                                                 \
        for (ptrdiff_t at = 0; count > 0; count--, at += PIXELS * stride, out += PIXELS * pitch, crossed += PIXELS) {                                \
            ACCUMULATE_WORDS(PIXELS, MULTIPLY)                                                                                                       \
            __asm__("" : "+r"(out));                                                                                                                 \
            CODES##_##PIXELS                                                                                                                         \
        }                                                                                                                                            \
    }
#define OPEN_WORDS                                                                                                                                   \
    const itg_tile tile = *t; /* stored codes might be a part of what t points to, for all the compiler knows */                                     \
    const ptrdiff_t stride = tile.pixel_stride;                                                                                                      \
    const uint8_t *const *const end = tile.segment + tile.segments;                                                                                  \
    const int32_t *crossed = tile.crossed;
#define OPEN_DIRECT                                                                                                                                  \
    OPEN_WORDS                                                                                                                                       \
    const ptrdiff_t pitch = d->pixel_stride;                                                                                                         \
    uint8_t *out = d->out;
#define DEFINE_WHOLE(NAME, PIXELS, CODES)                                                                                                            \
    static void NAME##_##PIXELS(const itg_tile *t, const itg_direct *d, int32_t count)                                                               \
    {                                                                                                                                                \
        OPEN_DIRECT                                                                                                                                  \
        if (itg_avx2_is_whole(d))                                                                                                                    \
            DIRECT_WORDS(PIXELS, BOTH_HALVES, CODES, true)                                                                                           \
        else                                                                                                                                         \
            DIRECT_WORDS(PIXELS, BOTH_HALVES, CODES, false)                                                                                          \
    }
#define DEFINE_HALF(NAME, PIXELS, CODES)                                                                                                             \
    static void NAME##_##PIXELS(const itg_tile *t, const itg_direct *d, int32_t count)                                                               \
    {                                                                                                                                                \
        OPEN_DIRECT                                                                                                                                  \
        DIRECT_WORDS(PIXELS, ONE_HALF, CODES, false)                                                                                                 \
    }
#define DEFINE_WIDENED(PIXELS)                                                                                                                       \
    static void widened_tile_##PIXELS(const itg_tile *t, int32_t *sums)                                                                              \
    {                                                                                                                                                \
        OPEN_WORDS                                                                                                                                   \
        const ptrdiff_t at = 0;                                                                                                                      \
        ACCUMULATE_WORDS(PIXELS, BOTH_HALVES) EACH_##PIXELS(STORE)                                                                                   \
    }                                                                                                                                                \
    DEFINE_WHOLE(widened_direct, PIXELS, ITG_CODES)                                                                                                  \
    DEFINE_WHOLE(widened_words, PIXELS, ITG_WORDS)                                                                                                   \
    DEFINE_HALF(half_direct, PIXELS, ITG_CODES)                                                                                                      \
    DEFINE_HALF(half_words, PIXELS, ITG_WORDS)
DEFINE_WIDENED(1)
DEFINE_WIDENED(2)
#if TILE_PIXELS == 4
DEFINE_WIDENED(3)
DEFINE_WIDENED(4)
#define TILES(name)                                                                                                                                  \
    {                                                                                                                                                \
        name##_1, name##_2, name##_3, name##_4                                                                                                       \
    }
#else
#define TILES(name)                                                                                                                                  \
    {                                                                                                                                                \
        name##_1, name##_2                                                                                                                           \
    }
#endif
static itg_tile_function *const widened_sums[] = TILES(widened_tile);
static itg_direct_tiles *const widened_codes[] = TILES(widened_direct), *const widened_word_codes[] = TILES(widened_words);
static itg_direct_tiles *const half_codes[] = TILES(half_direct), *const half_word_codes[] = TILES(half_words);

/* Scratch memory (pairs.h). */
typedef struct widened_room {
    int16_t *weights;
    int32_t *corrections, *crossed; /* of the blocks' channels, of the band's pixels */
    int16_t *rows;
    int8_t *gathered; /* a block's weights, where inputs are gathered */
    uint8_t *bytes;   /* rows before they are widened */
} widened_room;

/* codes and words: of whole blocks or of half ones. */
static inline itg_tile_set widened_set(itg_direct_tiles *const *codes, itg_direct_tiles *const *words)
{
    return (itg_tile_set){.pixels = TILE_PIXELS,
                          .blocks = TILE_BLOCKS,
                          .compute = widened_sums,
                          .finish = itg_avx2_finish_tile,
                          .direct = codes,
                          .words = words,
                          .open_direct = itg_avx2_open_direct};
}

static void cross_rows(int32_t *crossed, const itg_layer *layer, const itg_staged *staged, int32_t y, int32_t end)
{
    const uint8_t *segment[ITG_MAX_SEGMENTS];
    const ptrdiff_t stride = (ptrdiff_t)layer->conv->stride[1] * layer->conv->in[2];
    for (; y < end; y++) {
        itg_point_segments(segment, layer->conv, &layer->runs, staged, y, 0);
        for (int32_t x = 0; x < layer->conv->out[1]; x++)
            *crossed++ = itg_cross_runs(segment, layer->runs.segments, x * stride, layer->runs.steps);
    }
}

/* Not inlined, so that its loops of products need not share registers with a caller. */
#define OWN_REGISTERS __attribute__((noinline))

/* What output rows [y, end) read, as int16; behind them zeros, which a run's last step may read. And what these inputs give each pixel. */
OWN_REGISTERS static itg_staged widen_rows(const itg_layer *layer, const itg_conv *conv, const itg_conv_job *job, int32_t y, int32_t end,
                                           widened_room *room)
{
    const itg_staged staged = itg_stage_rows(conv, job->in, y, end, room->bytes);
    const int32_t skipped = y * conv->stride[0] - conv->before[0] - staged.first_row; /* of an input that is read in place */
    const int32_t count = itg_reach(conv, 0, end - y) * (int32_t)staged.row_bytes, channels = conv->in[2];
    const uint8_t *from = staged.rows + skipped * staged.row_bytes;
    const itg_staged widened = {.rows = (const uint8_t *)room->rows, .first_row = staged.first_row + skipped, .row_bytes = 2 * staged.row_bytes};
    memset(room->rows + count, 0, 16);
    if (itg_is_flat(conv) && channels % 8 == 0) {
        for (int32_t p = 0; p * channels < count; p++)
            room->crossed[p] = itg_widen_pixel(room->rows + p * channels, from + p * channels, channels);
    } else {
        itg_widen_codes(room->rows, from, count);
        cross_rows(room->crossed, layer, &widened, y, end);
    }
    return widened;
}

/* The same of a gathered layer, as rows of the layer that it becomes. */
OWN_REGISTERS static itg_staged gather_rows(const itg_conv *conv, const itg_conv *view, const itg_conv_job *job, int32_t y, int32_t end,
                                            widened_room *room)
{
    const itg_staged staged = itg_stage_rows(conv, job->in, y, end, room->bytes);
    memset(room->bytes + itg_gathered_row_bytes(conv, end - y) - 16, 0, 16);
    itg_gather_rows(room->rows, room->crossed, conv, &staged, y, end);
    return (itg_staged){.rows = (const uint8_t *)room->rows, .first_row = y, .row_bytes = 2 * (ptrdiff_t)view->in[1] * view->in[2]};
}

/* view: the layer, or what it becomes when it is gathered. */
static inline widened_room cut_room(const itg_conv *view, bool gathers, void *scratch)
{
    const itg_runs runs = itg_cut_runs(view);
    widened_room room = {.weights = scratch};
    room.corrections = (int32_t *)(void *)(room.weights + itg_widened_weight_bytes(&runs) / 2);
    room.crossed = room.corrections + runs.blocks * 16;
    room.rows = (int16_t *)(void *)(room.crossed + itg_widened_pixel_bytes(view) / 4);
    room.gathered = (int8_t *)room.rows + itg_widened_row_bytes(view);
    room.bytes = (uint8_t *)room.gathered + (gathers ? view->in[2] * 16 : 0);
    return room;
}

/* One block's weights and first sums. */
OWN_REGISTERS static void widen_block(const itg_conv *conv, const itg_conv *view, int32_t block, widened_room *room)
{
    const itg_runs runs = itg_cut_runs(conv), view_runs = itg_cut_runs(view);
    const int8_t *packed = conv->weights + itg_head_bytes(conv, &runs) + (ptrdiff_t)block * runs.segments * runs.steps * 64;
    memcpy(room->corrections + block * 16, conv->weights + block * 64, 64);
    if (itg_gathers(conv)) {
        itg_gather_weights(room->gathered, packed, &runs, view->in[2]);
        packed = room->gathered;
    }
    itg_widen_weights(room->weights, packed, view_runs.segments * view_runs.steps, room->corrections + block * 16);
}

static void compute_widened(const itg_conv *conv, const itg_conv_job *job)
{
    const bool gathers = itg_gathers(conv);
    const itg_conv view = gathers ? itg_view_gathered(conv) : *conv;
    itg_conv doubled = view;
    doubled.in[2] *= 2;
    widened_room room = cut_room(&view, gathers, job->scratch);
    const itg_tile_set whole = widened_set(widened_codes, widened_word_codes), half = widened_set(half_codes, half_word_codes);
    itg_layer layer = {.conv = &doubled, .runs = itg_cut_runs(&view), .weights = (const int8_t *)room.weights};
    layer.correction = room.corrections;
    layer.crossed = room.crossed;
    const int32_t last = job->blocks[1] ? job->blocks[1] : layer.runs.blocks, band = itg_widened_rows(&view);
    for (int32_t y = job->rows[0]; y < job->rows[1]; y += band) {
        const int32_t end = job->rows[1] - y < band ? job->rows[1] : y + band;
        const itg_staged staged = gathers ? gather_rows(conv, &view, job, y, end, &room) : widen_rows(&layer, conv, job, y, end, &room);
        for (int32_t block = job->blocks[0]; block < last; block++) {
            widen_block(conv, &view, block, &room);
            layer.set = conv->out[2] - 16 * block > 8 ? &whole : &half;
            layer.first_block = block;
            layer.end_block = block + 1;
            itg_compute_band(&layer, job->out, &staged, 0, y, end);
        }
    }
}

#endif
