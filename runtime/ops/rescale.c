/* SPDX-License-Identifier: Apache-2.0
 * From one integer format to another.
 * In: an itg_rescale step (plan.h). Out: the parts of the run that the work rows stand for. Called by run.c. */
#include "runtime/kernels/elementwise.h"
#include "runtime/ops/parts.h"

void itg_op_rescale(const itg_work *work, const itg_step *step)
{
    const itg_rescale *rescale = step->params;
    const itg_part part = itg_part_of(work, rescale->length, rescale->part);
    void *out = work->arena + step->out + part.first * itg_element_bytes(rescale->out_type);
    const void *in = work->arena + step->in[0] + part.first * itg_element_bytes(rescale->in_type);
    work->kernels->elementwise->rescale(rescale, out, in, part.count);
}
