/* SPDX-License-Identifier: Apache-2.0
 * The Armv8.0 table (Advanced SIMD). A family without its own file here is the parent's, so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_neon = {
    .name = "neon",
    .packing = ITG_PACK_16C4S,
    .storage = ITG_S8,
    .conv = &itg_conv_neon,
    .depthwise = &itg_depthwise_neon,
    .pool = &itg_pool_neon,
    .elementwise = &itg_elementwise_neon,
    .lookup = &itg_lookup_neon,
    .softmax = &itg_softmax_neon,
    .normalize = &itg_normalize_neon,
    .matmul = &itg_matmul_neon,
};
