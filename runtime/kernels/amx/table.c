/* SPDX-License-Identifier: Apache-2.0
 * The AMX-INT8 table: AVX-512 VNNI with convolutions in tiles. A family without its own file here is
 * its parent's (kernels.h), so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_amx = {
    .name = "amx",
    .packing = ITG_PACK_16C4,
    .storage = ITG_U8,
    .is_supported = itg_runs_amx,
    .conv = &itg_conv_amx,
    .depthwise = &itg_depthwise_amx,
    .pool = &itg_pool_amx,
    .elementwise = &itg_elementwise_amx,
    .lookup = &itg_lookup_amx,
    .softmax = &itg_softmax_amx,
    .normalize = &itg_normalize_amx,
    .matmul = &itg_matmul_amx,
};
