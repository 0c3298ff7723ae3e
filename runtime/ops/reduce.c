/* SPDX-License-Identifier: Apache-2.0
 * Mean or sum along one dimension.
 * In: an itg_reduce step (plan.h), [outer][count][inner]. Out: [outer][inner]; a work row is one outer index. Called by run.c. */
#include "runtime/kernels/element.h"
#include "runtime/kernels/pool.h"
#include "runtime/kernels/reduce.h"
#include "runtime/ops/cascade.h"

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

/* Sums lie in scratch memory from an image's first rows to its last. */
void itg_tier_reduce(const struct itg_tier_job *job)
{
    const itg_tier *tier = job->tier;
    const itg_reduce *reduce = tier->params;
    const size_t width = (size_t)(reduce->count / tier->rows);
    int32_t *sums = (int32_t *)(void *)((uint8_t *)job->scratch + tier->band_offset);
    uint8_t *out = job->work->arena + job->step->out + (size_t)job->image * (size_t)reduce->inner * itg_element_bytes(reduce->out_type);
    if (job->begin == 0) {
        for (int32_t c = 0; c < reduce->inner; c++)
            sums[c] = -reduce->count * reduce->in_zero;
    }
    for (size_t pixel = (size_t)job->begin * width; pixel < (size_t)job->end * width; pixel++)
        itg_add_codes(sums, job->in, reduce->in_type, pixel * (size_t)reduce->inner, reduce->inner);
    if (job->end == tier->rows) {
        for (int32_t c = 0; c < reduce->inner; c++)
            itg_store_reduced(reduce, out, (size_t)c, sums[c]);
    }
}
