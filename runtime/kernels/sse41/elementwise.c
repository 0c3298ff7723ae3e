/* SPDX-License-Identifier: Apache-2.0
 * Add, Mul and rescale on SSE4.1: the AVX2 source on pairs of registers (wide.h). */
#include "runtime/kernels/sse41/wide.h"

#define itg_elementwise_avx2 itg_elementwise_sse41
#include "runtime/kernels/avx2/elementwise.c"
