/* SPDX-License-Identifier: Apache-2.0
 * The AVX2 table: processors without a dot product of bytes. A family without its own file here is
 * its parent's (kernels.h), so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_avx2 = {
    .name = "avx2",
    .packing = ITG_PACK_16C4P,
    .storage = ITG_U8,
    .is_supported = itg_runs_avx2,
    .conv = &itg_conv_avx2,
    .depthwise = &itg_depthwise_avx2,
    .pool = &itg_pool_avx2,
    .elementwise = &itg_elementwise_avx2,
    .lookup = &itg_lookup_avx2,
    .softmax = &itg_softmax_avx2,
    .normalize = &itg_normalize_avx2,
    .matmul = &itg_matmul_avx2,
};
