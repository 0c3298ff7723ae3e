/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution on AVX-512 VNNI (runtime/kernels/winograd.h): products by vpdpwssd with the inputs broadcast from memory,
 * 1 to 16 tiles times 16 output channels; the rest is avx2/winograd.h at 256 bits. Called by conv.c of this folder. */
#include "runtime/kernels/avx512vnni/transformed.h"

#include "runtime/kernels/avx2/winograd.h"
#include "runtime/kernels/avx512vnni/sums.h"

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
    __asm__ volatile("vpdpwssd " #offset "(%2" index ")%{1to16%}, %1, %0" : "+v"(acc) : "v"(weights), "r"(base), "r"(distance));
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

static void finish_block(const itg_winograd_call *call, int32_t channel, int32_t first, int32_t tiles)
{
    const int32_t left = call->conv->out[2] - channel;
    if (itg_is_plain_words(call->conv))
        finish_tiles(call, channel, first, tiles, true);
    else if (itg_is_plain(call->conv, channel, left < 16 ? left : 16))
        finish_tiles(call, channel, first, tiles, false);
    else
        itg_avx2_finish_tiles(call, channel, first, tiles);
}

static void compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles)
{
    static itg_multiply_place *const multiply[] = {multiply_place_1,  multiply_place_2,  multiply_place_3,  multiply_place_4,
                                                   multiply_place_5,  multiply_place_6,  multiply_place_7,  multiply_place_8,
                                                   multiply_place_9,  multiply_place_10, multiply_place_11, multiply_place_12,
                                                   multiply_place_13, multiply_place_14, multiply_place_15, multiply_place_16};
    static const itg_place_set set = {multiply, PLACE_TILES, finish_block};
    itg_avx2_compute_tiles(call, &set, packed, block, first, tiles);
}

void itg_avx512_compute_transformed(const itg_conv *conv, const itg_conv_job *job)
{
    static const itg_winograd_set set = {itg_avx2_transform_tile, compute_tiles};
    itg_walk_transformed(&set, conv, job);
}
