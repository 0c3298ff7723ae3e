/* SPDX-License-Identifier: Apache-2.0
 * Mul with broadcasting; operand and output types may differ.
 * In: an itg_mul step (plan.h). Out: dense, dim[2] * dim[3] elements per work row. Called by run.c. */
#include "runtime/kernels/element.h"
#include "runtime/ops/broadcast.h"

void itg_op_mul(const itg_work *work, const itg_step *step)
{
    const itg_mul *mul = step->params;
    const uint8_t *a = work->arena + step->in[0];
    const uint8_t *b = mul->b_constant ? mul->b_constant : work->arena + step->in[1];
    const size_t a_bytes = itg_element_bytes(mul->a_type), b_bytes = itg_element_bytes(mul->b_type);
    const size_t out_bytes = itg_element_bytes(mul->out_type);
    const size_t row_bytes = (size_t)mul->walk.dim[2] * (size_t)mul->walk.dim[3] * out_bytes;
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        const itg_row_runs runs = itg_runs_of_row(&mul->walk, row);
        uint8_t *out = work->arena + step->out + row * row_bytes;
        itg_run_pair run = {a + runs.first_a * a_bytes, b + runs.first_b * b_bytes, runs.stride_a, runs.stride_b, runs.length};
        for (int32_t i = 0; i < runs.runs; i++) {
            work->kernels->elementwise->mul(mul, out, &run);
            out += (size_t)runs.length * out_bytes;
            run.a = (const uint8_t *)run.a + (size_t)runs.step_a * a_bytes;
            run.b = (const uint8_t *)run.b + (size_t)runs.step_b * b_bytes;
        }
    }
}
