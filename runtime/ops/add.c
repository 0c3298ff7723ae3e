/* SPDX-License-Identifier: Apache-2.0
 * Add and Sub with broadcasting.
 * In: an itg_add step (plan.h). Out: dense, dim[2] * dim[3] elements per work row. Called by run.c. */
#include "runtime/kernels/element.h"
#include "runtime/ops/broadcast.h"

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
