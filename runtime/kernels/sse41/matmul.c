/* SPDX-License-Identifier: Apache-2.0
 * Products of two activations on SSE4.1: the AVX2 source on pairs of registers (wide.h). */
#include "runtime/kernels/sse41/wide.h"

#define itg_matmul_avx2 itg_matmul_sse41
#include "runtime/kernels/avx2/matmul.c"
