/* SPDX-License-Identifier: Apache-2.0
 * Weight layouts (itg_packing in plan.h): what the compiler writes and which tables read it.
 *
 * ITG_PACK_ROWS: plain rows, read by the scalar table.
 *     conv       int8 [Cout][KH][KW][C / groups]: one output channel after the other, each tap's channels contiguous
 *     depthwise  int8 [KH][KW][Cout]: one tap after the other, channels contiguous
 *   Alignment: none. No padding, no over-read.
 *
 * ITG_PACK_16C4: read by the x86 tables with dot products of u8 by s8.
 *     conv       for each group int32 corrections [blocks][16] = -128 * sum of the channel's weights, then int8 marks [blocks], to 64
 *                bytes (ITG_WINOGRAD_MARK on the first: winograd.h), then
 *                int8 [blocks][segment][step][16][4]: 4 neighbouring inputs of 16 output channels (band.h cuts the segments);
 *                missing channels and inputs are zero weights
 *     depthwise  int32 corrections [blocks][32], then int8 [blocks][row group][kx][quarter][8][4]: four vertical taps of 8 channels
 *                (column.h); channel multipliers and outputs wider than 8 bits stay in ITG_PACK_ROWS
 *   Alignment: 64. Convolutions that it cannot hold (64-bit accumulation, more than ITG_MAX_SEGMENTS segments) stay in ITG_PACK_ROWS.
 *
 * ITG_PACK_16C4S: read by the 64-bit Arm tables with s8 * s8 products. As ITG_PACK_16C4, with these differences:
 *     conv       corrections are +128 * sum of weights, which only the low bytes of int16 inputs need; marks also say ITG_SHALLOW_MARK
 *                where the products of four steps do not surely fit an int16 lane (sum of magnitudes above 255); steps go in fours, the
 *                rest as two and one: [4][4, 2 or 1 steps][4 channels][4]
 *     depthwise  int8 [blocks of 16 channels][kx][row group][16][4], no corrections
 *
 * ITG_PACK_8C4S: read by 32-bit Arm. As ITG_PACK_16C4S, but a block is two halves of 8 channels, one after the other:
 *     conv       [2][segment], steps in fours, then two and one, of each [pair of channels][4, 2 or 1 steps][2][4]
 *
 * ITG_PACK_16C8S: read by SMMLA. Depthwise as ITG_PACK_16C4S
 *     conv       corrections as there and no marks, then int8 [blocks][segment][step][8][2][8]: 8 neighbouring inputs of pairs of output channels
 *
 * ITG_PACK_16C4P: read by SSE4.1 and AVX2, whose byte products are summed in pairs that saturate (pairs.h). As ITG_PACK_16C4, with these differences:
 *     conv       weights are taken back so far that no pair can saturate, except in layers with ITG_WINOGRAD_MARK or ITG_WIDENED_MARK; behind each
 *                group's blocks int32 heads [blocks][4] padded to 64 bytes, then what was taken: int32 places [extras], int8 [extras][8][4],
 *                extras padded to 16 a group. An array whose blocks are all whole may also be read as ITG_PACK_16C4, for which ITG_PAIRS_MARK takes
 *                back ITG_WINOGRAD_MARK
 *
 * bias and multipliers: int32 [Cout], in every packing. */
#ifndef ITG_KERNELS_PACKING_H
#define ITG_KERNELS_PACKING_H

#include <intaglio/plan.h>

#endif
