/* SPDX-License-Identifier: Apache-2.0
 * MaxPool and AveragePool: images and rows; the kernel does the rest.
 * In: an itg_pool step (plan.h). Out: rows of [N,OH,OW,C]; work row r is line r % OH of image r / OH. Called by run.c. */
#include "runtime/kernels/pool.h"
#include "runtime/ops/cascade.h"
#include "runtime/ops/parts.h"

static itg_pool_rows *choose_rows(const itg_work *work, const itg_pool *pool)
{
    return pool->average ? work->kernels->pool->average : work->kernels->pool->maximum;
}

void itg_op_pool(const itg_work *work, const itg_step *step)
{
    const itg_pool *pool = step->params;
    const size_t in_bytes = itg_image_bytes(pool->in, pool->in_type);
    const size_t out_bytes = itg_image_bytes(pool->out, pool->out_type);
    itg_pool_rows *const compute_rows = choose_rows(work, pool);
    itg_image_rows rows;
    for (uint32_t row = work->row_begin; row < work->row_end; row += (uint32_t)(rows.y1 - rows.y0)) {
        rows = itg_next_rows(row, work->row_end, pool->out[0]);
        uint8_t *out = work->arena + step->out + rows.image * out_bytes;
        const uint8_t *in = work->arena + step->in[0] + rows.image * in_bytes;
        compute_rows(pool, out, in, rows.y0, rows.y1);
    }
}

void itg_tier_pool(const struct itg_tier_job *job)
{
    const itg_pool *pool = job->tier->params;
    choose_rows(job->work, pool)(pool, job->out, job->in, job->begin, job->end);
}
