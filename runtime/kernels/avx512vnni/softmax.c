/* SPDX-License-Identifier: Apache-2.0
 * Softmax on AVX-512: the shared source on its vectors. Contract: runtime/kernels/softmax.h. */
#include "runtime/kernels/avx512vnni/lanes.h"

#include "runtime/kernels/lanes/softmax.h"

const itg_softmax_kernels itg_softmax_avx512vnni = {.row = itg_lanes_softmax};
