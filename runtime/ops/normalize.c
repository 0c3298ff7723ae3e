/* SPDX-License-Identifier: Apache-2.0
 * Normalization of groups of elements by their own moments.
 * In: an itg_normalize step (plan.h), [outer][space][groups][width]. Out: the same shape; a work row is one group of one outer index.
 * Called by run.c. */
#include "runtime/kernels/normalize.h"
#include "runtime/ops/parts.h"

void itg_op_normalize(const itg_work *work, const itg_step *step)
{
    const itg_normalize *normalize = step->params;
    const size_t elements = (size_t)normalize->space * (size_t)normalize->groups * (size_t)normalize->width;
    for (uint32_t row = work->row_begin; row < work->row_end;) {
        const itg_image_rows part = itg_next_rows(row, work->row_end, normalize->groups);
        uint8_t *out = work->arena + step->out + part.image * elements * itg_element_bytes(normalize->out_type);
        const uint8_t *in = work->arena + step->in[0] + part.image * elements * itg_element_bytes(normalize->in_type);
        work->kernels->normalize->groups(normalize, out, in, part.y0, part.y1);
        row += (uint32_t)(part.y1 - part.y0);
    }
}
