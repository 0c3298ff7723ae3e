/* SPDX-License-Identifier: Apache-2.0
 * Convolution, grouped convolution and fully connected layers: images and rows; the kernel does the rest.
 * In: an itg_conv step (plan.h). Out: rows of [N,OH,OW,Cout]; work row r is line r % OH of image r / OH. Called by run.c. */
#include "runtime/ops/conv_rows.h"

void itg_op_conv(const itg_work *work, const itg_step *step)
{
    const itg_conv *params = step->params;
    const itg_blocks blocks = itg_blocks_of(work, step);
    const size_t in_bytes = itg_image_bytes(params->in, params->in_type);
    const int32_t out[3] = {params->out[0], params->out[1], itg_out_pitch(params)};
    const size_t out_bytes = itg_image_bytes(out, params->out_type);
    itg_image_rows rows;
    for (uint32_t row = work->row_begin; blocks.end && row < work->row_end; row += (uint32_t)(rows.y1 - rows.y0)) {
        rows = itg_next_rows(row, work->row_end, params->out[0]);
        uint8_t *to = work->arena + step->out + rows.image * out_bytes;
        const uint8_t *in = work->arena + step->in[0] + rows.image * in_bytes;
        itg_compute_conv(work, params, &blocks, to, in, (const int32_t[2]){rows.y0, rows.y1}, itg_scratch_of(work, step));
    }
}
