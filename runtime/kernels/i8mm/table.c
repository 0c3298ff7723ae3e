/* SPDX-License-Identifier: Apache-2.0
 * The SMMLA table (8-bit matrix products). A family without its own file here is the parent's, so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_i8mm = {
    .name = "i8mm",
    .packing = ITG_PACK_16C8S,
    .storage = ITG_S8,
    .is_supported = itg_runs_i8mm,
    .conv = &itg_conv_i8mm,
    .depthwise = &itg_depthwise_i8mm,
    .pool = &itg_pool_i8mm,
    .elementwise = &itg_elementwise_i8mm,
    .lookup = &itg_lookup_i8mm,
    .softmax = &itg_softmax_i8mm,
    .normalize = &itg_normalize_i8mm,
    .matmul = &itg_matmul_i8mm,
};
