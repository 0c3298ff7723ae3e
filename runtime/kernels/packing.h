/* SPDX-License-Identifier: Apache-2.0
 * Weight layouts (itg_packing in plan.h): what the compiler writes and which tables read it.
 *
 * ITG_PACK_ROWS: plain rows, read by the scalar table.
 *     conv       int8 [Cout][KH][KW][C / groups]: one output channel after the other, each tap's channels contiguous
 *     depthwise  int8 [KH][KW][Cout]: one tap after the other, channels contiguous
 *   bias and multipliers: int32 [Cout], in every packing. Alignment: none. No padding, no over-read. */
#ifndef ITG_KERNELS_PACKING_H
#define ITG_KERNELS_PACKING_H

#include <intaglio/plan.h>

#endif
