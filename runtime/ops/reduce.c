/* SPDX-License-Identifier: Apache-2.0
 * Mean or sum along one dimension.
 * In: an itg_reduce step (plan.h), [outer][count][inner]. Out: [outer][inner]; a work row is one outer index. Called by run.c. */
#include "runtime/kernels/element.h"
#include "runtime/kernels/pool.h"

void itg_op_reduce(const itg_work *work, const itg_step *step)
{
    const itg_reduce *reduce = step->params;
    const size_t in_bytes = (size_t)reduce->count * (size_t)reduce->inner * itg_element_bytes(reduce->in_type);
    const size_t out_bytes = (size_t)reduce->inner * itg_element_bytes(reduce->out_type);
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        uint8_t *out = work->arena + step->out + row * out_bytes;
        work->kernels->pool->reduce(reduce, out, work->arena + step->in[0] + row * in_bytes);
    }
}
