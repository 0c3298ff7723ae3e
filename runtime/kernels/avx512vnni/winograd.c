/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution on AVX-512 VNNI (runtime/kernels/winograd.h): products by vpdpwssd with the inputs broadcast from memory,
 * 1 to 8 tiles times 16 output channels; the rest is avx2/winograd.h at 256 bits. Called by conv.c of this folder. */
#include "runtime/kernels/avx512vnni/transformed.h"

#include "runtime/kernels/avx2/winograd.h"
#include "runtime/kernels/avx512vnni/sums.h"

#define PLACE_TILES 8

/* Assembly, because GCC 12 loads what could be broadcast in the instruction. */
#define DOT(acc, weights, address) __asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(acc) : "v"(weights), "m"(*(const int32_t *)(const void *)(address)))
#define BEGIN_SUMS(t)              __m512i a##t = _mm512_loadu_si512(from + t * p->next);
#define ADD_TILE(t)                DOT(a##t, w0, x + t * tile);
#define ADD_NEXT(t)                DOT(a##t, w1, x + t * tile + 2);
#define END_SUMS(t)                _mm512_storeu_si512(to + t * 16, a##t);
#define TILES_1(X)                 X(0)
#define TILES_2(X)                 TILES_1(X) X(1)
#define TILES_3(X)                 TILES_2(X) X(2)
#define TILES_4(X)                 TILES_3(X) X(3)
#define TILES_5(X)                 TILES_4(X) X(4)
#define TILES_6(X)                 TILES_5(X) X(5)
#define TILES_7(X)                 TILES_6(X) X(6)
#define TILES_8(X)                 TILES_7(X) X(7)
#define DEFINE_PRODUCT(TILES)                                                                                                                        \
    static void multiply_place_##TILES(const itg_place_product *p)                                                                                   \
    {                                                                                                                                                \
        const ptrdiff_t tile = p->tile;                                                                                                              \
        const int32_t *from = p->from;                                                                                                               \
        int32_t *to = p->to;                                                                                                                         \
        for (int32_t group = 0; group < p->groups; group++, from += TILES * p->next, to += TILES * 16) {                                             \
            const int16_t *x = p->x + group * TILES * tile, *w = p->weights;                                                                         \
            TILES_##TILES(BEGIN_SUMS) for (int32_t i = 0; i < p->pairs; i += 2, x += 4, w += 64)                                                     \
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

static void finish_block(const itg_winograd_call *call, int32_t channel, int32_t first, int32_t tiles)
{
    const int32_t left = call->conv->out[2] - channel;
    if (itg_is_plain(call->conv, channel, left < 16 ? left : 16))
        finish_tiles(call, channel, first, tiles);
    else
        itg_avx2_finish_tiles(call, channel, first, tiles);
}

static void compute_tiles(const itg_winograd_call *call, const int8_t *packed, int32_t block, int32_t first, int32_t tiles)
{
    static itg_multiply_place *const multiply[] = {multiply_place_1, multiply_place_2, multiply_place_3, multiply_place_4,
                                                   multiply_place_5, multiply_place_6, multiply_place_7, multiply_place_8};
    static const itg_place_set set = {multiply, PLACE_TILES, finish_block};
    itg_avx2_compute_tiles(call, &set, packed, block, first, tiles);
}

void itg_avx512_compute_transformed(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch)
{
    static const itg_winograd_set set = {itg_avx2_transform_tile, compute_tiles};
    itg_walk_transformed(&set, conv, out, in, rows, blocks, scratch);
}
