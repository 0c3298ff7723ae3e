/* SPDX-License-Identifier: Apache-2.0
 * The depthwise kernels of AVX-VNNI with their one instruction in the form that AVX-512 VNNI has (evex_conv.c). */
#include "tests/kernels/check.h"

#ifdef CHECK_STAND_INS
#pragma GCC target("avx2")

#define ITG_VEX               ""
#define itg_depthwise_avxvnni check_depthwise_evex
#include "runtime/kernels/avxvnni/depthwise.c"
#endif
