/* SPDX-License-Identifier: Apache-2.0
 * The SDOT table (Armv8.2 dot products). A family without its own file here is the parent's, so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_dotprod = {
    .name = "dotprod",
    .packing = ITG_PACK_16C4S,
    .storage = ITG_S8,
    .is_supported = itg_runs_dotprod,
    .conv = &itg_conv_dotprod,
    .depthwise = &itg_depthwise_dotprod,
    .pool = &itg_pool_dotprod,
    .elementwise = &itg_elementwise_dotprod,
    .lookup = &itg_lookup_dotprod,
    .softmax = &itg_softmax_dotprod,
    .normalize = &itg_normalize_dotprod,
    .matmul = &itg_matmul_dotprod,
};
