/* SPDX-License-Identifier: Apache-2.0
 * Gather by constant indices, Pad, nearest Resize: one axis.
 * In: an itg_gather step (plan.h), [outer][in_count][inner]. Out: [outer][out_count][inner]; a work row is one outer index.
 * Called by run.c. */
#include "runtime/kernels/element.h"

#include <string.h>

static void fill_elements(const itg_gather *gather, uint8_t *out)
{
    const uint32_t fill = (uint32_t)gather->fill;
    for (int32_t i = 0; i < gather->inner; i++)
        for (uint32_t b = 0; b < gather->element_bytes; b++)
            *out++ = (uint8_t)(fill >> (8 * b));
}

void itg_op_gather(const itg_work *work, const itg_step *step)
{
    const itg_gather *gather = step->params;
    const size_t inner_bytes = (size_t)gather->inner * gather->element_bytes;
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        const uint8_t *in = work->arena + step->in[0] + row * (size_t)gather->in_count * inner_bytes;
        uint8_t *out = work->arena + step->out + row * (size_t)gather->out_count * inner_bytes;
        for (int32_t i = 0; i < gather->out_count; i++, out += inner_bytes) {
            const int32_t index = gather->index[i];
            if (index < 0)
                fill_elements(gather, out);
            else if (inner_bytes == 1)
                *out = in[index];
            else
                memcpy(out, in + (size_t)index * inner_bytes, inner_bytes);
        }
    }
}
