/* SPDX-License-Identifier: Apache-2.0
 * Add and Sub with broadcasting.
 * In: an itg_add step (plan.h). Out: dense, dim[2] * dim[3] elements per work row. Called by run.c. */
#include "runtime/kernels/element.h"
#include "runtime/ops/broadcast.h"
#include "runtime/ops/cascade.h"
#include "runtime/ops/conv_rows.h"

void itg_op_add(const itg_work *work, const itg_step *step)
{
    const itg_add *add = step->params;
    const uint8_t *a = work->arena + step->in[0];
    const uint8_t *b = add->b_constant ? add->b_constant : work->arena + step->in[1];
    const size_t a_bytes = itg_element_bytes(add->a_type), b_bytes = itg_element_bytes(add->b_type), bytes = itg_element_bytes(add->out_type);
    itg_add_run *const add_run = itg_choose_add(work->kernels->elementwise, add);
    const size_t row_bytes = (size_t)add->walk.dim[2] * (size_t)add->walk.dim[3] * bytes;
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        const itg_row_runs runs = itg_runs_of_row(&add->walk, row);
        uint8_t *out = work->arena + step->out + row * row_bytes;
        itg_run_pair run = {a + runs.first_a * a_bytes, b + runs.first_b * b_bytes, runs.stride_a, runs.stride_b, runs.length};
        for (int32_t i = 0; i < runs.runs; i++) {
            add_run(add, out, &run);
            out += (size_t)runs.length * bytes;
            run.a = (const uint8_t *)run.a + (size_t)runs.step_a * a_bytes;
            run.b = (const uint8_t *)run.b + (size_t)runs.step_b * b_bytes;
        }
    }
}

/* Dense operands of `pixels` pixels, all channels or those of some blocks, to which the convolution before it keeps as well. */
static void add_pixels(const itg_work *work, const itg_add *add, const itg_blocks *blocks, void *out, const void *const in[2], int32_t pixels)
{
    itg_add_run *const add_run = itg_choose_add(work->kernels->elementwise, add);
    const int32_t channels = add->walk.dim[3];
    if (blocks->is_all) {
        add_run(add, out, &(itg_run_pair){in[0], in[1], 1, 1, pixels * channels});
        return;
    }
    const int32_t first = 16 * blocks->begin, end = 16 * blocks->end < channels ? 16 * blocks->end : channels;
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const size_t at = (size_t)pixel * (size_t)channels + (size_t)first;
        const itg_run_pair run = {(const uint8_t *)in[0] + at * itg_element_bytes(add->a_type),
                                  (const uint8_t *)in[1] + at * itg_element_bytes(add->b_type), 1, 1, end - first};
        add_run(add, (uint8_t *)out + at * itg_element_bytes(add->out_type), &run);
    }
}

void itg_tier_add(const struct itg_tier_job *job)
{
    const itg_tier *tier = job->tier;
    const itg_add *add = tier->params;
    const itg_blocks blocks = itg_blocks_of(job->work, job->step);
    const size_t width = (size_t)add->walk.dim[2] * (size_t)add->walk.dim[3], begin = (size_t)job->begin * width;
    const size_t term = (job->image * (size_t)tier->rows * width + begin) * itg_element_bytes(add->b_type);
    const void *const in[2] = {(const uint8_t *)job->in + begin * itg_element_bytes(add->a_type),
                               job->work->arena + job->step->in[tier->term] + term};
    if (blocks.end)
        add_pixels(job->work, add, &blocks, (uint8_t *)job->out + begin * itg_element_bytes(add->out_type), in,
                   (job->end - job->begin) * add->walk.dim[2]);
}
