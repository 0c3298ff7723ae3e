/* SPDX-License-Identifier: Apache-2.0
 * Products of transformed tiles where all transformed weights of a block fit the scratch memory: the six places of a column of up to four tiles
 * stay in registers until they are summed up to four rows, so that neither M nor a second pass over it exists. Used by winograd.c of this folder.
 * Assembly, because GCC 12 loads what could be broadcast in the instruction, and keeps an address a tile. */
#ifndef ITG_AVX512VNNI_WINOGRAD_COLUMNS_H
#define ITG_AVX512VNNI_WINOGRAD_COLUMNS_H

#include "runtime/kernels/avx512vnni/sums.h"

#define COLUMN_TILES  4
#define COLUMN_DEPTH  128                /* inputs at most */
#define COLUMN_PLACE  4160               /* bytes from one place of weights to the next, 65 lines; those of sums are free */
#define COLUMN_HEIGHT (6 * COLUMN_PLACE) /* from one row of places to the next */

/* One column of places. */
typedef struct column_product {
    const int16_t *x; /* [tile][input] of the uppermost place */
    ptrdiff_t tile;   /* elements from a tile's inputs to the next tile's */
    ptrdiff_t down;   /* bytes from a place to the one below */
    const int8_t *weights;
    const int32_t *start; /* 16 first sums of the second place; the others start from 0 */
    int32_t pairs;
    int32_t *rows; /* [tile][TILE_ROWS_WORDS]: the column's place in what finish_rows reads */
} column_product;

typedef void multiply_column(const column_product *product);

/* An operand that tells the compiler of the memory that the instruction reads, from x on; clang wants an array of some length. */
#define READS_FROM(x) "m"(*(const int16_t(*)[1 << 16])(x))
#define DOT_AT(acc, weights, offset, tile, index)                                                                                                    \
    __asm__ volatile("vpdpwssd " #offset "(%2" index ")%{1to16%}, %1, %0"                                                                            \
                     : "+v"(acc)                                                                                                                     \
                     : "v"(weights), "r"(x##tile), "r"(down), "r"(down3), "r"(down5), READS_FROM(x##tile));
#define BEGIN_TILE(t)                                                                                                                                \
    const int16_t *x##t = p->x + t * p->tile;                                                                                                        \
    __m512i a0##t = zero, a1##t = start, a2##t = zero, a3##t = zero, a4##t = zero, a5##t = zero;
#define ADD_TILE(t, offset)                                                                                                                          \
    DOT_AT(a0##t, w0, offset, t, "")                                                                                                                 \
    DOT_AT(a1##t, w1, offset, t, ",%3")                                                                                                              \
    DOT_AT(a2##t, w2, offset, t, ",%3,2")                                                                                                            \
    DOT_AT(a3##t, w3, offset, t, ",%4")                                                                                                              \
    DOT_AT(a4##t, w4, offset, t, ",%3,4")                                                                                                            \
    DOT_AT(a5##t, w5, offset, t, ",%5")
#define ADD_FIRST(t) ADD_TILE(t, 0)
#define ADD_NEXT(t)  ADD_TILE(t, 4)
#define MOVE_TILE(t) x##t += 4;
#define END_TILE(t)                                                                                                                                  \
    gather_sums(y, a0##t, a1##t, a2##t, a3##t, a4##t, a5##t);                                                                                        \
    store_column(p->rows + t * TILE_ROWS_WORDS, y);
#define TILES_1(X) X(0)
#define TILES_2(X) TILES_1(X) X(1)
#define TILES_3(X) TILES_2(X) X(2)
#define TILES_4(X) TILES_3(X) X(3)
#define LOAD_COLUMN(offset)                                                                                                                          \
    const __m512i w0 = _mm512_loadu_si512(w + offset), w1 = _mm512_loadu_si512(w + offset + COLUMN_HEIGHT),                                          \
                  w2 = _mm512_loadu_si512(w + offset + 2 * COLUMN_HEIGHT), w3 = _mm512_loadu_si512(w + offset + 3 * COLUMN_HEIGHT),                  \
                  w4 = _mm512_loadu_si512(w + offset + 4 * COLUMN_HEIGHT), w5 = _mm512_loadu_si512(w + offset + 5 * COLUMN_HEIGHT);
#define DEFINE_COLUMN(TILES)                                                                                                                         \
    static void multiply_column_##TILES(const column_product *p)                                                                                     \
    {                                                                                                                                                \
        const __m512i zero = _mm512_setzero_si512(), start = _mm512_loadu_si512(p->start);                                                           \
        const ptrdiff_t down = p->down, down3 = 3 * down, down5 = 5 * down;                                                                          \
        const int8_t *w = p->weights;                                                                                                                \
        __m512i y[4];                                                                                                                                \
        TILES_##TILES(BEGIN_TILE) for (int32_t i = 0; i < p->pairs; i += 2, w += 128){                                                               \
            {LOAD_COLUMN(0) TILES_##TILES(ADD_FIRST)} LOAD_COLUMN(64) TILES_##TILES(ADD_NEXT) TILES_##TILES(MOVE_TILE)} TILES_##TILES(END_TILE)      \
    }
DEFINE_COLUMN(1)
DEFINE_COLUMN(2)
DEFINE_COLUMN(3)
DEFINE_COLUMN(4)
#undef DOT_AT
#undef BEGIN_TILE
#undef ADD_TILE
#undef ADD_FIRST
#undef ADD_NEXT
#undef MOVE_TILE
#undef END_TILE
#undef TILES_1
#undef TILES_2
#undef TILES_3
#undef TILES_4

/* Tiles [at, at + tiles) of the band, COLUMN_TILES at most -> rows. start: 16 first sums of M[1][1]. */
static inline void multiply_columns(const itg_winograd_call *call, const int32_t starts[2][16], int32_t at, int32_t tiles, int32_t *rows)
{
    static multiply_column *const multiply[COLUMN_TILES] = {multiply_column_1, multiply_column_2, multiply_column_3, multiply_column_4};
    const int32_t channels = call->conv->in[2];
    for (int column = 0; column < 6; column++)
        multiply[tiles - 1](&(column_product){.x = call->inputs + column * call->place + (ptrdiff_t)at * channels,
                                              .tile = channels,
                                              .down = 12 * call->place,
                                              .weights = (const int8_t *)call->weights + column * COLUMN_PLACE,
                                              .start = starts[column == 1],
                                              .pairs = channels / 2,
                                              .rows = rows + column * 16});
}

#endif
