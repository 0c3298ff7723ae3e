/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution on AVX-512 VNNI (runtime/kernels/winograd.h): products by vpdpwssd with the inputs broadcast from memory,
 * 1 to 16 tiles times 16 output channels; the rest is avx2/winograd.h at 256 bits. Called by conv.c of this folder. */
#include "runtime/kernels/avx512vnni/transformed.h"

#include "runtime/kernels/avx2/winograd.h"
#include "runtime/kernels/avx512vnni/sums.h"
#include "runtime/kernels/avx512vnni/winograd_columns.h"
#include "runtime/kernels/avx512vnni/winograd_weights.h"

#define PLACE_TILES 16

/* Where the inputs of a tile are: what x0 (tiles 0 to 7) or x1 points to, and a multiple of a distance between tiles. Assembly, because GCC 12
 * loads what could be broadcast in the instruction, and keeps an address a tile. */
#define AT_0  x0, "", apart[0]
#define AT_1  x0, ",%3", apart[0]
#define AT_2  x0, ",%3,2", apart[0]
#define AT_3  x0, ",%3", apart[1]
#define AT_4  x0, ",%3,4", apart[0]
#define AT_5  x0, ",%3", apart[2]
#define AT_6  x0, ",%3,2", apart[1]
#define AT_7  x0, ",%3", apart[3]
#define AT_8  x1, "", apart[0]
#define AT_9  x1, ",%3", apart[0]
#define AT_10 x1, ",%3,2", apart[0]
#define AT_11 x1, ",%3", apart[1]
#define AT_12 x1, ",%3,4", apart[0]
#define AT_13 x1, ",%3", apart[2]
#define AT_14 x1, ",%3,2", apart[1]
#define AT_15 x1, ",%3", apart[3]
#define DOT_AT(acc, weights, offset, base, index, distance)                                                                                          \
    __asm__ volatile("vpdpwssd " #offset "(%2" index ")%{1to16%}, %1, %0" : "+v"(acc) : "v"(weights), "r"(base), "r"(distance), READS_FROM(base));
#define DOT(acc, weights, offset, ...) DOT_AT(acc, weights, offset, __VA_ARGS__)
#define BEGIN_SUMS(t)                  __m512i a##t = _mm512_loadu_si512(from + t * p->next);
#define ADD_TILE(t)                    DOT(a##t, w0, 0, AT_##t)
#define ADD_NEXT(t)                    DOT(a##t, w1, 4, AT_##t)
#define END_SUMS(t)                    _mm512_storeu_si512(to + t * 16, a##t);
#define TILES_1(X)                     X(0)
#define TILES_2(X)                     TILES_1(X) X(1)
#define TILES_3(X)                     TILES_2(X) X(2)
#define TILES_4(X)                     TILES_3(X) X(3)
#define TILES_5(X)                     TILES_4(X) X(4)
#define TILES_6(X)                     TILES_5(X) X(5)
#define TILES_7(X)                     TILES_6(X) X(6)
#define TILES_8(X)                     TILES_7(X) X(7)
#define TILES_9(X)                     TILES_8(X) X(8)
#define TILES_10(X)                    TILES_9(X) X(9)
#define TILES_11(X)                    TILES_10(X) X(10)
#define TILES_12(X)                    TILES_11(X) X(11)
#define TILES_13(X)                    TILES_12(X) X(12)
#define TILES_14(X)                    TILES_13(X) X(13)
#define TILES_15(X)                    TILES_14(X) X(14)
#define TILES_16(X)                    TILES_15(X) X(15)
#define DEFINE_PRODUCT(TILES)                                                                                                                        \
    static void multiply_place_##TILES(const itg_place_product *p)                                                                                   \
    {                                                                                                                                                \
        const ptrdiff_t apart[4] = {2 * p->tile, 6 * p->tile, 10 * p->tile, 14 * p->tile};                                                           \
        const int32_t *from = p->from;                                                                                                               \
        int32_t *to = p->to;                                                                                                                         \
        for (int32_t group = 0; group < p->groups; group++, from += TILES * p->next, to += TILES * 16) {                                             \
            const int16_t *x0 = p->x + group * TILES * p->tile, *x1 = x0 + 8 * p->tile, *w = p->weights;                                             \
            TILES_##TILES(BEGIN_SUMS) for (int32_t i = 0; i < p->pairs; i += 2, x0 += 4, x1 += 4, w += 64)                                           \
            {                                                                                                                                        \
                const __m512i w0 = _mm512_loadu_si512(w), w1 = _mm512_loadu_si512(w + 32);                                                           \
                TILES_##TILES(ADD_TILE) TILES_##TILES(ADD_NEXT)                                                                                      \
            }                                                                                                                                        \
            TILES_##TILES(END_SUMS)                                                                                                                  \
        }                                                                                                                                            \
    }
DEFINE_PRODUCT(1)
DEFINE_PRODUCT(2)
DEFINE_PRODUCT(3)
DEFINE_PRODUCT(4)
DEFINE_PRODUCT(5)
DEFINE_PRODUCT(6)
DEFINE_PRODUCT(7)
DEFINE_PRODUCT(8)
DEFINE_PRODUCT(9)
DEFINE_PRODUCT(10)
DEFINE_PRODUCT(11)
DEFINE_PRODUCT(12)
DEFINE_PRODUCT(13)
DEFINE_PRODUCT(14)
DEFINE_PRODUCT(15)
DEFINE_PRODUCT(16)

/* M of a band, some inputs at a time; groups of tiles are of nearly one size. */
static void multiply_places(const itg_winograd_call *call, const int8_t *packed, const int32_t starts[2][16], int32_t tiles)
{
    static itg_multiply_place *const multiply[] = {multiply_place_1,  multiply_place_2,  multiply_place_3,  multiply_place_4,
                                                   multiply_place_5,  multiply_place_6,  multiply_place_7,  multiply_place_8,
                                                   multiply_place_9,  multiply_place_10, multiply_place_11, multiply_place_12,
                                                   multiply_place_13, multiply_place_14, multiply_place_15, multiply_place_16};
    static const itg_place_set set = {multiply, PLACE_TILES, NULL};
    const int32_t channels = call->conv->in[2];
    for (int32_t from = 0; from < channels; from += ITG_WINOGRAD_DEPTH) {
        const int32_t depth = channels - from < ITG_WINOGRAD_DEPTH ? channels - from : ITG_WINOGRAD_DEPTH;
        transform_depth((int8_t *)call->weights, ITG_WINOGRAD_PLACE, packed + from * 16, (ptrdiff_t)channels * 16, depth);
        itg_multiply_places(call, &set, starts, tiles, from, depth);
    }
}

/* M of tile `at` of the band, its columns summed up. */
static void gather_tile(const itg_winograd_call *call, int32_t at, int32_t rows[TILE_ROWS_WORDS])
{
    const int32_t *m = call->sums + at * 16;
    const ptrdiff_t place = ITG_WINOGRAD_PLACE / 4;
    for (int x = 0; x < 6; x++, m += place) {
        __m512i y[4];
        gather_sums(y, _mm512_loadu_si512(m), _mm512_loadu_si512(m + 6 * place), _mm512_loadu_si512(m + 12 * place),
                    _mm512_loadu_si512(m + 18 * place), _mm512_loadu_si512(m + 24 * place), _mm512_loadu_si512(m + 30 * place));
        store_column(rows + x * 16, y);
    }
}

static void compute_deep(const itg_block_codes *codes, const int8_t *packed, const int32_t starts[2][16], int32_t first, int32_t tiles)
{
    _Alignas(64) int32_t rows[TILE_ROWS_WORDS];
    multiply_places(codes->call, packed, starts, tiles);
    for (int32_t i = 0; i < tiles; i++) {
        gather_tile(codes->call, i, rows);
        finish_rows(codes, rows, first + i, 1);
    }
}

static void compute_shallow(const itg_block_codes *codes, const int8_t *packed, const int32_t starts[2][16], int32_t first, int32_t tiles)
{
    _Alignas(64) int32_t rows[COLUMN_TILES * TILE_ROWS_WORDS];
    const int32_t channels = codes->call->conv->in[2];
    transform_depth((int8_t *)codes->call->weights, COLUMN_PLACE, packed, (ptrdiff_t)channels * 16, channels);
    for (int32_t groups = (tiles + COLUMN_TILES - 1) / COLUMN_TILES, at = 0; groups > 0; groups--) {
        const int32_t count = (tiles - at) / groups; /* of nearly one size */
        multiply_columns(codes->call, starts, at, count, rows);
        finish_rows(codes, rows, first + at, count);
        at += count;
    }
}

static void compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles)
{
    const itg_conv *conv = call->conv;
    const int32_t channel = 16 * block;
    const int32_t *corrections = (const int32_t *)(const void *)conv->weights;
    int32_t starts[2][16] = {{0}};
    itg_block_codes codes;
    open_codes(&codes, call, channel);
    for (int32_t i = 0; i < 16 && channel + i < conv->out[2]; i++)
        starts[1][i] = (int32_t)((uint32_t)itg_add_wrap(conv->epilogue.bias[channel + i], corrections[channel + i]) * SCALED_BIAS);
    if (conv->in[2] <= COLUMN_DEPTH)
        compute_shallow(&codes, packed, starts, first, tiles);
    else
        compute_deep(&codes, packed, starts, first, tiles);
}

void itg_avx512_compute_transformed(const itg_conv *conv, const itg_conv_job *job)
{
    static const itg_winograd_set set = {itg_avx2_transform_tile, compute_tiles};
    itg_walk_transformed(&set, conv, job);
}
