/* SPDX-License-Identifier: Apache-2.0
 * Exact integer Winograd F(4x4, 3x3): 4 x 4 outputs of a 3x3 convolution of stride 1 from 36 products an input and output channel instead of
 * 144 (docs/decisions/0010). What every table that transforms shares: which layers, the arithmetic, how scratch memory is cut. The packer
 * proves and marks layers (compiler/schedule/pack_winograd.c); kernels transform the weights they find in the packing, nothing more ships.
 *
 *       | 4  0 -5  0  1  0 |         | 1  0  0 |         | 1  1  1  1  1  0 |
 *       | 0 -4 -4  1  1  0 |         | 1  1  1 |         | 0  1 -1  2 -2  0 |
 *   B = | 0  4 -4 -1  1  0 |     G = | 1 -1  1 |     A = | 0  1  1  4  4  0 |     c = (6, -4, -4, 1, 1, 24)
 *       | 0 -2 -1  2  1  0 |         | 1  2  4 |         | 0  1 -1  8 -8  1 |
 *       | 0  2 -1 -2  1  0 |         | 1 -2  4 |
 *       | 0  4  0 -5  0  1 |         | 0  0  1 |
 *
 * V = B d B' of 6 x 6 codes d: |V| <= 10 * 10 * 128 = 12800, of codes + 128 (as staged for ITG_PACK_16C4 and 16C4P, whose corrections take the
 * 128 back) at most 68 * 255 = 17340. U = G w G': |U| <= 7 * 7 * 127 = 6223. All fit int16 for every input.
 * M[i][j] = sum over input channels of U[i][j] V[i][j], then A (c c' * M) A' = 576 y, where y is the convolution's sum. All of that is
 * exact modulo 2^32, so sums may wrap; y = (576 y * 9^-1) >> 6 is exact where |y| < 2^25. A bias joins as 36 * bias in M[1][1], whose
 * 16 = c[1] c[1] reaches every output. */
#ifndef ITG_KERNELS_WINOGRAD_H
#define ITG_KERNELS_WINOGRAD_H

#include "runtime/kernels/band.h"

#define ITG_WINOGRAD_NINTH    0x38e38e39u /* 1/9 modulo 2^32 */
#define ITG_WINOGRAD_SHIFT    6
#define ITG_WINOGRAD_BIAS     36
#define ITG_WINOGRAD_BIAS_AT  7 /* place [1][1] of 36 */
#define ITG_WINOGRAD_SUM_BITS 25
#define ITG_WINOGRAD_PLACES   36
#define ITG_WINOGRAD_TILES    32          /* transformed at a time at most; in groups of four */
#define ITG_WINOGRAD_DEPTH    64          /* input channels whose weights are transformed at a time */
#define ITG_WINOGRAD_BYTES    (36 * 8192) /* of transformed inputs: with weights and sums they stay in a 512 KB second-level cache; twice with VNNI */
#define ITG_WINOGRAD_PLACE    2112        /* bytes from one place of weights or sums to the next: 33 lines, so that places do not share */
#define ITG_WINOGRAD_CHANNELS 2048        /* inputs at most: 36 pixels of them are gathered where the weights will be */

/* Layers that can be transformed at all; scratch is reserved for those the packer marks. */
static inline bool itg_winograd_fits(const itg_conv *conv)
{
    const bool is_3x3 = conv->kernel[0] == 3 && conv->kernel[1] == 3 && conv->stride[0] == 1 && conv->stride[1] == 1;
    const bool is_dense = conv->dilation[0] == 1 && conv->dilation[1] == 1 && conv->groups == 1;
    const bool is_unsigned = conv->packing == ITG_PACK_16C4 || conv->packing == ITG_PACK_16C4P;
    const bool is_signed = conv->packing == ITG_PACK_16C4S || conv->packing == ITG_PACK_8C4S;
    const bool is_packed = is_unsigned ? conv->in_type != ITG_S16 : is_signed && conv->in_type == ITG_S8;
    return is_3x3 && is_dense && is_packed && conv->in[2] % 16 == 0 && conv->in[2] <= ITG_WINOGRAD_CHANNELS;
}

/* A packed layer that the packer marked. */
static inline bool itg_is_transformed(const itg_conv *conv)
{
    const int others = conv->packing == ITG_PACK_16C4 ? ITG_PAIRS_MARK : 0;
    return itg_winograd_fits(conv) && (conv->weights[(conv->out[2] + 15) / 16 * 64] & (ITG_WINOGRAD_MARK | others)) == ITG_WINOGRAD_MARK;
}

/* How many of `count` output rows or columns are transformed. A single one beyond whole tiles is not where products of bytes are twice as fast as
 * those of int16 (part.h): 13 x 13 pixels are 9 tiles and two edges, instead of 16 tiles. */
static inline int32_t itg_winograd_cover(const itg_conv *conv, int32_t count)
{
    return conv->packing == ITG_PACK_16C4 && count % 4 == 1 && count > 4 ? count - 1 : count;
}

/* Tiles of 4 x 4 for `rows` output rows. */
static inline int32_t itg_winograd_tiles(const itg_conv *conv, int32_t rows)
{
    return (itg_winograd_cover(conv, rows) + 3) / 4 * ((itg_winograd_cover(conv, conv->out[1]) + 3) / 4);
}

/* Tiles of a band of a call that has `tiles`: a multiple of 4, bands of nearly one size, their transformed inputs within ITG_WINOGRAD_BYTES. */
static inline int32_t itg_winograd_band(const itg_conv *conv, int32_t tiles)
{
    const int32_t bytes = conv->packing == ITG_PACK_16C4 ? 2 * ITG_WINOGRAD_BYTES : ITG_WINOGRAD_BYTES;
    const int32_t fitting = bytes / (2 * ITG_WINOGRAD_PLACES * conv->in[2]) / 4 * 4;
    const int32_t most = fitting < 4 ? 4 : fitting > ITG_WINOGRAD_TILES ? ITG_WINOGRAD_TILES : fitting;
    const int32_t bands = (tiles + most - 1) / most;
    return ((tiles + bands - 1) / bands + 3) / 4 * 4;
}

/* Elements from one place of transformed inputs to the next: a line more than they need, so that places do not share cache sets. */
static inline int32_t itg_winograd_place(const itg_conv *conv, int32_t band)
{
    return band * conv->in[2] + 32;
}

/* Transformed inputs: int16 [36] places, in each [band] tiles of all channels in the ISA's order. Behind them weights [36][up to 64 inputs]
 * [16 outputs] of int16 and sums [36][up to 32 tiles][16 outputs] of int32, places ITG_WINOGRAD_PLACE bytes apart. */
static inline uint32_t itg_winograd_input_bytes(const itg_conv *conv, int32_t band)
{
    return (uint32_t)(2 * ITG_WINOGRAD_PLACES) * (uint32_t)itg_winograd_place(conv, band);
}

/* For calls of some rows, which may have larger bands than the whole image, and of up to `images` images. */
static inline uint32_t itg_winograd_scratch_bytes(const itg_conv *conv, int32_t images)
{
    const int32_t image = itg_winograd_tiles(conv, conv->out[0]);
    int32_t band = 0;
    for (int32_t rows = 1; rows <= conv->out[0]; rows++) {
        const int32_t needed = itg_winograd_band(conv, itg_winograd_tiles(conv, rows));
        band = band < needed ? needed : band;
    }
    for (int32_t count = 2; count <= images; count++) {
        const int32_t needed = itg_winograd_band(conv, count * image);
        band = band < needed ? needed : band;
    }
    return itg_winograd_input_bytes(conv, band) + 2u * ITG_WINOGRAD_PLACES * ITG_WINOGRAD_PLACE;
}

#endif
