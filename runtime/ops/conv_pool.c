/* SPDX-License-Identifier: Apache-2.0
 * A convolution and the pooling that alone reads it (conv_band.h).
 * In: an itg_conv_pool step (plan.h). Out: rows as those of itg_op_pool. Called by run.c. */
#include "runtime/kernels/pool.h"
#include "runtime/ops/conv_band.h"

static void pool_rows(const itg_work *work, const itg_step *step, void *out, const void *in, int32_t y0, int32_t y1)
{
    const itg_pool *pool = &((const itg_conv_pool *)step->params)->pool;
    (pool->average ? work->kernels->pool->average : work->kernels->pool->maximum)(pool, out, in, y0, y1);
}

void itg_op_conv_pool(const itg_work *work, const itg_step *step)
{
    const itg_conv_pool *params = step->params;
    const itg_pool *pool = &params->pool;
    const itg_conv_windows windows = {.conv = &params->conv,
                                      .out_rows = pool->out[0],
                                      .kernel = pool->kernel[0],
                                      .stride = pool->stride[0],
                                      .dilation = pool->dilation[0],
                                      .before = pool->before[0],
                                      .band_rows = params->band_rows,
                                      .band_offset = params->band_offset,
                                      .out_bytes = itg_image_bytes(pool->out, pool->out_type)};
    itg_walk_windows(work, step, &windows, pool_rows);
}
