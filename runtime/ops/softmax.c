/* SPDX-License-Identifier: Apache-2.0
 * Softmax over the last dimension.
 * In: an itg_softmax step (plan.h). Out: one vector per work row. Called by run.c. */
#include "runtime/kernels/softmax.h"
#include "runtime/kernels/element.h"

void itg_op_softmax(const itg_work *work, const itg_step *step)
{
    const itg_softmax *softmax = step->params;
    const size_t in_bytes = (size_t)softmax->length * itg_element_bytes(softmax->in_type);
    const size_t out_bytes = (size_t)softmax->length * itg_element_bytes(softmax->out_type);
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        uint8_t *out = work->arena + step->out + row * out_bytes;
        work->kernels->softmax->row(softmax, out, work->arena + step->in[0] + row * in_bytes);
    }
}
