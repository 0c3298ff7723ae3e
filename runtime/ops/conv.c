/* SPDX-License-Identifier: Apache-2.0
 * Convolution, grouped convolution and fully connected layers: images and rows; the kernel does the rest.
 * In: an itg_conv step (plan.h). Out: rows of [N,OH,OW,Cout]; work row r is line r % OH of image r / OH. Called by run.c. */
#include "runtime/kernels/conv.h"
#include "runtime/ops/parts.h"

/* A table that cannot compute blocks apart computes all with the first. */
static void compute_rows(const itg_work *work, const itg_step *step, void *out, const void *in, const itg_image_rows *rows)
{
    const itg_conv_kernels *kernels = work->kernels->conv;
    const bool is_part = work->block_end && work->block_end - work->block_begin < step->blocks;
    if (is_part && kernels->part) {
        const int32_t blocks[2] = {(int32_t)work->block_begin, (int32_t)work->block_end};
        kernels->part(step->params, out, in, (const int32_t[2]){rows->y0, rows->y1}, blocks, itg_scratch_of(work, step));
    } else if (!is_part || work->block_begin == 0) {
        kernels->rows(step->params, out, in, rows->y0, rows->y1, itg_scratch_of(work, step));
    }
}

void itg_op_conv(const itg_work *work, const itg_step *step)
{
    const itg_conv *params = step->params;
    const size_t in_bytes = itg_image_bytes(params->in, params->in_type);
    const int32_t out[3] = {params->out[0], params->out[1], itg_out_pitch(params)};
    const size_t out_bytes = itg_image_bytes(out, params->out_type);
    itg_image_rows rows;
    for (uint32_t row = work->row_begin; row < work->row_end; row += (uint32_t)(rows.y1 - rows.y0)) {
        rows = itg_next_rows(row, work->row_end, params->out[0]);
        uint8_t *to = work->arena + step->out + rows.image * out_bytes;
        const uint8_t *in = work->arena + step->in[0] + rows.image * in_bytes;
        compute_rows(work, step, to, in, &rows);
    }
}
