/* SPDX-License-Identifier: Apache-2.0
 * From the products of transformed tiles to stored codes, 16 channels of four pixels at a time: A of runtime/kernels/winograd.h on 512 bits and
 * the epilogue of direct.h. Included by winograd.c of this folder. */
#ifndef ITG_AVX512VNNI_SUMS_H
#define ITG_AVX512VNNI_SUMS_H

#include "runtime/kernels/avx512vnni/direct.h"
#include "runtime/kernels/winograd_walk.h"

#include <immintrin.h>

/* A on six vectors, scaled by c. */
static inline void gather_sums(__m512i y[4], const __m512i m[6])
{
    const __m512i p = _mm512_slli_epi32(_mm512_add_epi32(m[1], m[2]), 2), q = _mm512_slli_epi32(_mm512_sub_epi32(m[1], m[2]), 2);
    const __m512i r = _mm512_add_epi32(m[3], m[4]), s = _mm512_sub_epi32(m[3], m[4]);
    const __m512i six = _mm512_mullo_epi32(m[0], _mm512_set1_epi32(6)), twenty_four = _mm512_mullo_epi32(m[5], _mm512_set1_epi32(24));
    y[0] = _mm512_add_epi32(_mm512_sub_epi32(r, p), six);
    y[1] = _mm512_sub_epi32(_mm512_add_epi32(s, s), q);
    y[2] = _mm512_sub_epi32(_mm512_slli_epi32(r, 2), p);
    y[3] = _mm512_add_epi32(_mm512_sub_epi32(_mm512_slli_epi32(s, 3), q), twenty_four);
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

/* m: M[0][0] of 16 channels. out: the tile's first pixel. */
static inline void finish_tile(const itg_direct *direct, uint8_t *out, size_t row_bytes, const int32_t *m, const itg_tile_extent *extent, bool words)
{
    const itg_avx512_direct c = itg_avx512_load_direct(direct);
    const itg_avx512_words of_words = itg_avx512_load_words(direct);
    const __m512i ninth = _mm512_set1_epi32((int32_t)ITG_WINOGRAD_NINTH);
    __m512i rows[6][4];
    for (int x = 0; x < 6; x++) {
        __m512i column[6];
        for (int y = 0; y < 6; y++)
            column[y] = _mm512_loadu_si512(m + (y * 6 + x) * (ITG_WINOGRAD_PLACE / 4));
        gather_sums(rows[x], column);
    }
    for (int y = 0; y < 4; y++) {
        const __m512i row[6] = {rows[0][y], rows[1][y], rows[2][y], rows[3][y], rows[4][y], rows[5][y]};
        __m512i pixel[4];
        gather_sums(pixel, row);
        for (int x = 0; x < 4; x++)
            pixel[x] = _mm512_srai_epi32(_mm512_mullo_epi32(pixel[x], ninth), ITG_WINOGRAD_SHIFT);
        if (y >= extent->rows)
            continue;
        if (words)
            store_word_row(direct, &of_words, out + (size_t)y * row_bytes, pixel, extent->columns);
        else
            store_row(direct, &c, out + (size_t)y * row_bytes, pixel, extent->columns);
    }
}

/* An itg_finish_block for plain epilogues, of bytes or, `words`, of int16. */
static inline void finish_tiles(const itg_winograd_call *call, int32_t channel, int32_t first, int32_t tiles, bool words)
{
    const itg_conv *conv = call->conv;
    const size_t bytes = words ? 2 : 1, pitch = (size_t)itg_out_pitch(conv) * bytes, row_bytes = (size_t)conv->out[1] * pitch;
    const int32_t left = conv->out[2] - channel;
    itg_direct direct = {.pixel_stride = (ptrdiff_t)pitch};
    itg_avx512_open_direct(conv, channel, left < 16 ? left : 16, direct.constants);
    for (int32_t i = 0; i < tiles; i++) {
        const itg_tile_extent extent = itg_find_tile(call, first + i);
        uint8_t *out = call->out + (size_t)extent.y * row_bytes + (size_t)extent.x * pitch + (size_t)channel * bytes;
        finish_tile(&direct, out, row_bytes, call->sums + i * 16, &extent, words);
    }
}

#endif
