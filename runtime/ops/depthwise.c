/* SPDX-License-Identifier: Apache-2.0
 * Depthwise convolution: images and rows; the kernel does the rest.
 * In: an itg_depthwise step (plan.h). Out: rows of [N,OH,OW,Cout]; work row r is line r % OH of image r / OH. Called by run.c. */
#include "runtime/kernels/depthwise.h"
#include "runtime/ops/cascade.h"
#include "runtime/ops/parts.h"

void itg_op_depthwise(const itg_work *work, const itg_step *step)
{
    const itg_depthwise *params = step->params;
    const size_t in_bytes = itg_image_bytes(params->in, params->in_type);
    const size_t out_bytes = itg_image_bytes(params->out, params->out_type);
    itg_image_rows rows;
    for (uint32_t row = work->row_begin; row < work->row_end; row += (uint32_t)(rows.y1 - rows.y0)) {
        rows = itg_next_rows(row, work->row_end, params->out[0]);
        uint8_t *out = work->arena + step->out + rows.image * out_bytes;
        const uint8_t *in = work->arena + step->in[0] + rows.image * in_bytes;
        work->kernels->depthwise->rows(params, out, in, rows.y0, rows.y1, itg_scratch_of(work, step));
    }
}

void itg_tier_depthwise(const struct itg_tier_job *job)
{
    job->work->kernels->depthwise->rows(job->tier->params, job->out, job->in, job->begin, job->end, job->scratch);
}
