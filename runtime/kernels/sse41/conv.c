/* SPDX-License-Identifier: Apache-2.0
 * Convolution on SSE4.1: the AVX2 source on pairs of registers (wide.h), tiles of 2 pixels times 16 output channels, exact for every weight.
 * Contract: runtime/kernels/conv.h; weights ITG_PACK_16C4P. */
#include "runtime/kernels/sse41/wide.h"

#define itg_conv_avx2 itg_conv_sse41
#include "runtime/kernels/avx2/conv.c"
