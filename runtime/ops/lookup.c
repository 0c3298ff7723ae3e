/* SPDX-License-Identifier: Apache-2.0
 * Elementwise functions as tables.
 * In: an itg_lookup step (plan.h). Out: the parts of the run that the work rows stand for. Called by run.c. */
#include "runtime/kernels/lookup.h"
#include "runtime/ops/parts.h"

void itg_op_lookup(const itg_work *work, const itg_step *step)
{
    const itg_lookup *lookup = step->params;
    const itg_lookup_kernels *kernels = work->kernels->lookup;
    const itg_part part = itg_part_of(work, lookup->length, lookup->part);
    const uint8_t flip = lookup->in_type == ITG_S8 ? 0x80 : 0;
    void *out = work->arena + step->out + part.first * itg_element_bytes(lookup->out_type);
    const void *in = work->arena + step->in[0] + part.first * itg_element_bytes(lookup->in_type);
    if (lookup->in_type == ITG_S16)
        kernels->interpolate(out, in, lookup->table, part.count);
    else if (itg_element_bytes(lookup->out_type) == 2)
        kernels->words(out, in, lookup->table, flip, part.count);
    else
        kernels->bytes(out, in, lookup->table, flip, part.count);
}
