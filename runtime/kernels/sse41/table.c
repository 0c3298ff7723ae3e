/* SPDX-License-Identifier: Apache-2.0
 * The SSE4.1 table: x86 processors without AVX2. It reads what AVX2 reads. A family without its own file here is the scalar one (kernels.h), so
 * what falls back is visible. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_sse41 = {
    .name = "sse41",
    .packing = ITG_PACK_16C4P,
    .storage = ITG_U8,
    .is_supported = itg_runs_sse41,
    .conv = &itg_conv_sse41,
    .depthwise = &itg_depthwise_sse41,
    .pool = &itg_pool_sse41,
    .elementwise = &itg_elementwise_sse41,
    .lookup = &itg_lookup_sse41,
    .softmax = &itg_softmax_sse41,
    .normalize = &itg_normalize_sse41,
    .matmul = &itg_matmul_sse41,
};
