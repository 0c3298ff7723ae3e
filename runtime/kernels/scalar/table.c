/* SPDX-License-Identifier: Apache-2.0
 * The scalar table: every family, plain rows of weights. It is the specification of all other tables and runs everywhere. */
#include <intaglio/kernels.h>

const itg_kernels itg_kernels_scalar = {
    .name = "scalar",
    .packing = ITG_PACK_ROWS,
    .storage = ITG_S8,
    .conv = &itg_conv_scalar,
    .depthwise = &itg_depthwise_scalar,
    .pool = &itg_pool_scalar,
    .elementwise = &itg_elementwise_scalar,
    .lookup = &itg_lookup_scalar,
    .softmax = &itg_softmax_scalar,
    .normalize = &itg_normalize_scalar,
    .matmul = &itg_matmul_scalar,
};
