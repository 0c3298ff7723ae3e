/* SPDX-License-Identifier: Apache-2.0
 * A convolution and the depthwise convolution that alone reads it (conv_band.h).
 * In: an itg_conv_depthwise step (plan.h). Out: rows as those of itg_op_depthwise. Called by run.c. */
#include "runtime/kernels/depthwise.h"
#include "runtime/ops/conv_band.h"

static void depthwise_rows(const itg_work *work, const itg_step *step, void *out, const void *in, int32_t y0, int32_t y1)
{
    const itg_conv_depthwise *params = step->params;
    work->kernels->depthwise->rows(&params->depthwise, out, in, y0, y1, itg_scratch_of(work, step));
}

void itg_op_conv_depthwise(const itg_work *work, const itg_step *step)
{
    const itg_conv_depthwise *params = step->params;
    const itg_depthwise *depthwise = &params->depthwise;
    const itg_conv_windows windows = {.conv = &params->conv,
                                      .out_rows = depthwise->out[0],
                                      .kernel = depthwise->kernel[0],
                                      .stride = depthwise->stride[0],
                                      .dilation = depthwise->dilation[0],
                                      .before = depthwise->before[0],
                                      .band_rows = params->band_rows,
                                      .band_offset = params->band_offset,
                                      .out_bytes = itg_image_bytes(depthwise->out, depthwise->out_type)};
    itg_walk_windows(work, step, &windows, depthwise_rows);
}
