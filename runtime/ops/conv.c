/* SPDX-License-Identifier: Apache-2.0
 * Convolution, grouped convolution and fully connected layers: images and rows; the kernel does the rest.
 * In: an itg_conv step (plan.h). Out: rows of [N,OH,OW,Cout]; work row r is line r % OH of image r / OH. Called by run.c. */
#include "runtime/ops/cascade.h"
#include "runtime/ops/conv_rows.h"

/* More than the rows of one image, the first of them whole: true if the kernel takes the whole ones together. */
static bool compute_images(const itg_work *work, const itg_step *step, const itg_blocks *blocks, void *out, const void *in, int32_t images)
{
    const int32_t part[2] = {blocks->is_all ? 0 : blocks->begin, blocks->is_all ? 0 : blocks->end};
    return images > 1 && work->kernels->conv->images && work->kernels->conv->images(step->params, out, in, images, part, itg_scratch_of(work, step));
}

void itg_op_conv(const itg_work *work, const itg_step *step)
{
    const itg_conv *params = step->params;
    const itg_blocks blocks = itg_blocks_of(work, step);
    const size_t in_bytes = itg_in_image_bytes(params), out_bytes = itg_out_image_bytes(params);
    const uint32_t height = (uint32_t)params->out[0];
    uint32_t done;
    for (uint32_t row = work->row_begin; blocks.end && row < work->row_end; row += done) {
        const itg_image_rows rows = itg_next_rows(row, work->row_end, params->out[0]);
        const uint32_t left = work->row_end - row;
        uint8_t *to = work->arena + step->out + rows.image * out_bytes;
        const uint8_t *in = work->arena + step->in[0] + rows.image * in_bytes;
        done = (uint32_t)(rows.y1 - rows.y0);
        if (left > height && done == height && compute_images(work, step, &blocks, to, in, (int32_t)(left / height)))
            done = left / height * height;
        else
            itg_compute_conv(work, params, &blocks, to, in, (const int32_t[2]){rows.y0, rows.y1}, itg_scratch_of(work, step));
    }
}

void itg_tier_conv(const struct itg_tier_job *job)
{
    const itg_blocks blocks = itg_blocks_of(job->work, job->step);
    if (blocks.end)
        itg_compute_conv(job->work, job->tier->params, &blocks, job->out, job->in, (const int32_t[2]){job->begin, job->end}, job->scratch);
}
