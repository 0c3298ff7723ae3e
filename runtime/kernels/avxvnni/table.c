/* SPDX-License-Identifier: Apache-2.0
 * The AVX-VNNI table: AVX2 with a dot product of bytes. A family without its own file here is
 * its parent's (kernels.h), so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_avxvnni = {
    .name = "avxvnni",
    .packing = ITG_PACK_16C4,
    .storage = ITG_U8,
    .is_supported = itg_runs_avxvnni,
    .conv = &itg_conv_avxvnni,
    .depthwise = &itg_depthwise_avxvnni,
    .pool = &itg_pool_avxvnni,
    .elementwise = &itg_elementwise_avxvnni,
    .lookup = &itg_lookup_avxvnni,
    .softmax = &itg_softmax_avxvnni,
    .normalize = &itg_normalize_avxvnni,
    .matmul = &itg_matmul_avxvnni,
};
