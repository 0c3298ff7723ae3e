/* SPDX-License-Identifier: Apache-2.0
 * Contract of the pool family: windows over an image, and means or sums along one dimension.
 * runtime/ops/pool.c, reduce.c and the op that pools a convolution inside call it; itg_pool and itg_reduce in plan.h say what is computed. */
#ifndef ITG_KERNELS_POOL_H
#define ITG_KERNELS_POOL_H

#include <intaglio/kernels.h>

/* Rows [y0, y1) of one image.
 * Shapes: in [H,W,C], out [OH,OW,C], dense, channels last; both point at the image's first element. Types ITG_S8, ITG_U8, ITG_S16; for
 * maximum any integer type, in_type == out_type.
 * Alignment: that of the element. Over-read, over-write: none.
 * Values: sums fit int32, (sum - inside * in_zero) * 2^left fits int32; every window has a position inside the image.
 * Aliasing: out does not overlap in. Result: bit-equal to runtime/kernels/scalar/pool.c. */
typedef void itg_pool_rows(const itg_pool *pool, void *out, const void *in, int32_t y0, int32_t y1);

/* One outer index. Shapes: in [count][inner], out [inner], dense, ITG_S8, ITG_U8 or ITG_S16 in; any integer type out. The rest as above. */
typedef void itg_reduce_row(const itg_reduce *reduce, void *out, const void *in);

struct itg_pool_kernels {
    itg_pool_rows *maximum, *average;
    itg_reduce_row *reduce;
};

#endif
