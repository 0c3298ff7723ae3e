/* SPDX-License-Identifier: Apache-2.0
 * The AVX-VNNI table with its one instruction in the form that AVX-512 VNNI has: one more table for check.c, on processors that have this form
 * and not the other. Its depthwise kernels: evex_depthwise.c. */
#include "tests/kernels/check.h"

#ifdef CHECK_STAND_INS
#pragma GCC target("avx2")

#define ITG_VEX          ""
#define itg_conv_avxvnni check_conv_evex
#include "runtime/kernels/avxvnni/conv.c"

const itg_kernels check_evex = {
    .name = "avxvnni (EVEX)",
    .packing = ITG_PACK_16C4,
    .storage = ITG_U8,
    .is_supported = itg_runs_avx512vnni,
    .conv = &check_conv_evex,
    .depthwise = &check_depthwise_evex,
    .pool = &itg_pool_avxvnni,
    .elementwise = &itg_elementwise_avxvnni,
    .lookup = &itg_lookup_avxvnni,
    .softmax = &itg_softmax_avxvnni,
    .normalize = &itg_normalize_avxvnni,
    .matmul = &itg_matmul_avxvnni,
};
#endif
