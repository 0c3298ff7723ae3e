/* SPDX-License-Identifier: Apache-2.0
 * The table of 32-bit Arm with Advanced SIMD (Armv7-A). A family without its own file here is that of 64-bit Arm, compiled for 32 bits, or the
 * scalar one (kernels.h), so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_neon32 = {
    .name = "neon32",
    .packing = ITG_PACK_8C4S,
    .storage = ITG_S8,
    .is_supported = itg_runs_neon32,
    .conv = &itg_conv_neon32,
    .depthwise = &itg_depthwise_neon32,
    .pool = &itg_pool_neon32,
    .elementwise = &itg_elementwise_neon32,
    .lookup = &itg_lookup_neon32,
    .softmax = &itg_softmax_neon32,
    .normalize = &itg_normalize_neon32,
    .matmul = &itg_matmul_neon32,
};
