/* SPDX-License-Identifier: Apache-2.0
 * Weight layouts (itg_packing in plan.h): what the compiler writes and which tables read it.
 *
 * ITG_PACK_ROWS: plain rows, read by the scalar table.
 *     conv       int8 [Cout][KH][KW][C / groups]: one output channel after the other, each tap's channels contiguous
 *     depthwise  int8 [KH][KW][Cout]: one tap after the other, channels contiguous
 *   Alignment: none. No padding, no over-read.
 *
 * ITG_PACK_16C4: read by every x86 table with u8 * s8 products, and by SDOT.
 *     conv       for each group int32 corrections [blocks][16] = -128 * sum of the channel's weights, then
 *                int8 [blocks][segment][step][16][4]: 4 neighbouring inputs of 16 output channels (band.h cuts the segments);
 *                missing channels and inputs are zero weights
 *     depthwise  int32 corrections [blocks][32], then int8 [blocks][row group][kx][quarter][8][4]: four vertical taps of 8 channels
 *                (column.h); channel multipliers and outputs wider than 8 bits stay in ITG_PACK_ROWS
 *   Alignment: 64. Convolutions that it cannot hold (64-bit accumulation, more than ITG_MAX_SEGMENTS segments) stay in ITG_PACK_ROWS.
 *
 * bias and multipliers: int32 [Cout], in every packing. */
#ifndef ITG_KERNELS_PACKING_H
#define ITG_KERNELS_PACKING_H

#include <intaglio/plan.h>

#endif
