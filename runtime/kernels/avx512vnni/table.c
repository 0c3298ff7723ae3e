/* SPDX-License-Identifier: Apache-2.0
 * The AVX-512 VNNI table. A family without its own file here is
 * its parent's (kernels.h), so what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_avx512vnni = {
    .name = "avx512vnni",
    .packing = ITG_PACK_16C4,
    .storage = ITG_U8,
    .is_supported = itg_runs_avx512vnni,
    .conv = &itg_conv_avx512vnni,
    .depthwise = &itg_depthwise_avx512vnni,
    .pool = &itg_pool_avx512vnni,
    .elementwise = &itg_elementwise_avx512vnni,
    .lookup = &itg_lookup_avx512vnni,
    .softmax = &itg_softmax_avx512vnni,
    .normalize = &itg_normalize_avx512vnni,
    .matmul = &itg_matmul_avx512vnni,
};
