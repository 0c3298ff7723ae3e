/* SPDX-License-Identifier: Apache-2.0
 * Pooling on SSE4.1: the AVX2 source on pairs of registers (wide.h). */
#include "runtime/kernels/sse41/wide.h"

#define itg_pool_avx2 itg_pool_sse41
#include "runtime/kernels/avx2/pool.c"
