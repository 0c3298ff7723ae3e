/* SPDX-License-Identifier: Apache-2.0
 * Products of two activations on AVX2: the shared source on its vectors. Contract: runtime/kernels/matmul.h.
 * Fewer than 16 columns over many inputs, and products of int16 by int16 that need 64 bits, are the scalar table's. */
#include "runtime/kernels/avx2/lanes.h"

#define ITG_LANES_PADDED 128 /* four kilobytes of stack */
#define ITG_LANES_REST   itg_matmul_scalar
#include "runtime/kernels/lanes/matmul.h"

const itg_matmul_kernels itg_matmul_avx2 = {.rows = itg_lanes_matmul};
