/* SPDX-License-Identifier: Apache-2.0
 * Products of two activations on AVX-512 VNNI: the shared source on its vectors. Contract: runtime/kernels/matmul.h.
 * Fewer than 32 columns, and products of int16 by int16 that need 64 bits, are the AVX2 table's. */
#include "runtime/kernels/avx512vnni/lanes.h"

#define ITG_LANES_PADDED 0
#define ITG_LANES_REST   itg_matmul_avx2
#include "runtime/kernels/lanes/matmul.h"

const itg_matmul_kernels itg_matmul_avx512vnni = {.rows = itg_lanes_matmul};
