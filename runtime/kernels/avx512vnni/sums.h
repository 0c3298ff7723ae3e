/* SPDX-License-Identifier: Apache-2.0
 * From the products of transformed tiles to stored codes, 16 channels of four pixels at a time: A of runtime/kernels/winograd.h on 512 bits and
 * the epilogue of direct.h. Included by winograd.c of this folder. */
#ifndef ITG_AVX512VNNI_SUMS_H
#define ITG_AVX512VNNI_SUMS_H

#include "runtime/kernels/avx512vnni/direct.h"
#include "runtime/kernels/avx512vnni/requantize.h"
#include "runtime/kernels/winograd_walk.h"

#include <immintrin.h>

#define TILE_ROWS_WORDS 384 /* of a tile whose columns are summed up: [4 rows][6 columns][16 channels] */

/* A on six vectors, scaled by what the weights leave of c (winograd_weights.h): -1 for the second and third, 4 for the last. */
static inline void gather_sums(__m512i y[4], __m512i m0, __m512i m1, __m512i m2, __m512i m3, __m512i m4, __m512i m5)
{
    const __m512i p = _mm512_add_epi32(m1, m2), q = _mm512_sub_epi32(m1, m2), r = _mm512_add_epi32(m3, m4), s = _mm512_sub_epi32(m3, m4);
    y[0] = _mm512_add_epi32(_mm512_sub_epi32(r, p), m0);
    y[1] = _mm512_sub_epi32(_mm512_add_epi32(s, s), q);
    y[2] = _mm512_sub_epi32(_mm512_slli_epi32(r, 2), p);
    y[3] = _mm512_sub_epi32(_mm512_slli_epi32(_mm512_add_epi32(_mm512_add_epi32(s, s), m5), 2), q);
}

static inline void store_column(int32_t *rows, const __m512i y[4])
{
    for (int row = 0; row < 4; row++)
        _mm512_storeu_si512(rows + row * 96, y[row]);
}

/* Codes of four pixels beside one another, of which `columns` are stored. */
static inline void store_row(const itg_direct *direct, const itg_avx512_direct *c, uint8_t *out, const __m512i sums[4], int32_t columns)
{
    const __m512i mixed =
        _mm512_packus_epi16(itg_avx512_round_direct(c, itg_avx512_scale_direct(sums[0], direct, 0), itg_avx512_scale_direct(sums[1], direct, 0)),
                            itg_avx512_round_direct(c, itg_avx512_scale_direct(sums[2], direct, 0), itg_avx512_scale_direct(sums[3], direct, 0)));
    const __m512i codes = itg_avx512_bound_direct(c, _mm512_permutexvar_epi32(c->order, mixed));
    const __mmask16 mask = (__mmask16)c->mask;
    const ptrdiff_t right = direct->pixel_stride;
    _mm_mask_storeu_epi8(out, mask, _mm512_castsi512_si128(codes));
    if (columns > 1)
        _mm_mask_storeu_epi8(out + right, mask, _mm512_extracti32x4_epi32(codes, 1));
    if (columns > 2)
        _mm_mask_storeu_epi8(out + 2 * right, mask, _mm512_extracti32x4_epi32(codes, 2));
    if (columns > 3)
        _mm_mask_storeu_epi8(out + 3 * right, mask, _mm512_extracti32x4_epi32(codes, 3));
}

static inline void store_word_pair(const itg_avx512_words *c, uint8_t *out, ptrdiff_t right, __m512i codes, int32_t columns)
{
    _mm256_mask_storeu_epi16(out, (__mmask16)c->mask, _mm512_castsi512_si256(codes));
    if (columns > 1)
        _mm256_mask_storeu_epi16(out + right, (__mmask16)c->mask, _mm512_extracti64x4_epi64(codes, 1));
}

/* The same for int16 codes. */
static inline void store_word_row(const itg_direct *direct, const itg_avx512_words *c, uint8_t *out, const __m512i sums[4], int32_t columns)
{
    const ptrdiff_t right = direct->pixel_stride;
    store_word_pair(c, out, right,
                    itg_avx512_narrow_words(c, itg_avx512_scale_words(sums[0], c, direct, 0), itg_avx512_scale_words(sums[1], c, direct, 0)),
                    columns);
    if (columns > 2)
        store_word_pair(c, out + 2 * right, right,
                        itg_avx512_narrow_words(c, itg_avx512_scale_words(sums[2], c, direct, 0), itg_avx512_scale_words(sums[3], c, direct, 0)),
                        columns - 2);
}

/* The four sums of row `row` of a tile. */
static inline void load_row(__m512i pixel[4], const int32_t *rows, int row)
{
    const int32_t *m = rows + row * 96;
    const __m512i ninth = _mm512_set1_epi32((int32_t)ITG_WINOGRAD_NINTH);
    gather_sums(pixel, _mm512_loadu_si512(m), _mm512_loadu_si512(m + 16), _mm512_loadu_si512(m + 32), _mm512_loadu_si512(m + 48),
                _mm512_loadu_si512(m + 64), _mm512_loadu_si512(m + 80));
    for (int x = 0; x < 4; x++)
        pixel[x] = _mm512_srai_epi32(_mm512_mullo_epi32(pixel[x], ninth), ITG_WINOGRAD_SHIFT);
}

/* One block of 16 channels of one call. */
typedef struct itg_block_codes {
    const itg_winograd_call *call;
    int32_t channel, pixel_bytes, row_bytes;
    bool words, plain; /* of int16; of bytes: what direct.h does */
    itg_direct direct;
} itg_block_codes;

static inline void open_codes(itg_block_codes *codes, const itg_winograd_call *call, int32_t channel)
{
    const itg_conv *conv = call->conv;
    const int32_t left = conv->out[2] - channel, count = left < 16 ? left : 16;
    codes->call = call;
    codes->channel = channel;
    codes->pixel_bytes = itg_out_pitch(conv) * (int32_t)itg_element_bytes(conv->out_type);
    codes->row_bytes = conv->out[1] * codes->pixel_bytes;
    codes->words = itg_is_plain_words(conv);
    codes->plain = itg_is_plain(conv, channel, count);
    codes->direct.pixel_stride = codes->pixel_bytes;
    if (codes->words || codes->plain)
        itg_avx512_open_direct(conv, channel, count, codes->direct.constants);
}

/* What neither form of direct.h does. */
static inline void finish_others(const itg_block_codes *codes, uint8_t *out, int32_t x, const int32_t *rows, const itg_tile_extent *extent)
{
    int32_t sums[4 * 64];
    for (int y = 0; y < extent->rows; y++, out += codes->row_bytes) {
        __m512i pixel[4];
        load_row(pixel, rows, y);
        for (int i = 0; i < 4; i++)
            _mm512_storeu_si512(sums + i * 64, pixel[i]);
        itg_avx512_finish_tile(codes->call->conv, &(itg_tile_result){sums, out, x, extent->columns, codes->channel, 1});
    }
}

static inline void finish_words(const itg_block_codes *codes, uint8_t *out, const int32_t *rows, const itg_tile_extent *extent)
{
    const itg_avx512_words c = itg_avx512_load_words(&codes->direct);
    for (int y = 0; y < extent->rows; y++, out += codes->row_bytes) {
        __m512i pixel[4];
        load_row(pixel, rows, y);
        store_word_row(&codes->direct, &c, out, pixel, extent->columns);
    }
}

static inline void finish_bytes(const itg_block_codes *codes, uint8_t *out, const int32_t *rows, const itg_tile_extent *extent)
{
    const itg_avx512_direct c = itg_avx512_load_direct(&codes->direct);
    for (int y = 0; y < extent->rows; y++, out += codes->row_bytes) {
        __m512i pixel[4];
        load_row(pixel, rows, y);
        store_row(&codes->direct, &c, out, pixel, extent->columns);
    }
}

/* Codes of tiles [first, first + tiles) of the call, whose columns are summed up. */
static inline void finish_rows(const itg_block_codes *codes, const int32_t *rows, int32_t first, int32_t tiles)
{
    const size_t bytes = itg_element_bytes(codes->call->conv->out_type);
    for (int32_t i = 0; i < tiles; i++, rows += TILE_ROWS_WORDS) {
        const itg_tile_extent extent = itg_find_tile(codes->call, first + i);
        uint8_t *row = codes->call->out + (size_t)extent.y * (size_t)codes->row_bytes;
        uint8_t *out = row + (size_t)extent.x * (size_t)codes->pixel_bytes + (size_t)codes->channel * bytes;
        if (codes->words)
            finish_words(codes, out, rows, &extent);
        else if (codes->plain)
            finish_bytes(codes, out, rows, &extent);
        else
            finish_others(codes, row, extent.x, rows, &extent);
    }
}

#endif
