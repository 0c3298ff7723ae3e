/* SPDX-License-Identifier: Apache-2.0
 * The AMX table's convolution on a model of its instructions (amx_model.h): one more table for check.c, on processors with AVX-512 VNNI, which
 * the rest of it needs. */
#include "tests/kernels/check.h"

#ifdef CHECK_STAND_INS
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")

#include "tests/kernels/amx_model.h"

#define itg_conv_amx check_conv_amx
#include "runtime/kernels/amx/conv.c"

const itg_kernels check_amx_model = {
    .name = "amx (model)",
    .packing = ITG_PACK_16C4,
    .storage = ITG_U8,
    .is_supported = itg_runs_avx512vnni,
    .conv = &check_conv_amx,
    .depthwise = &itg_depthwise_amx,
    .pool = &itg_pool_amx,
    .elementwise = &itg_elementwise_amx,
    .lookup = &itg_lookup_amx,
    .softmax = &itg_softmax_amx,
    .normalize = &itg_normalize_amx,
    .matmul = &itg_matmul_amx,
};
#endif
