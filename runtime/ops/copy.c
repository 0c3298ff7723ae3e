/* SPDX-License-Identifier: Apache-2.0
 * Transpose, Slice, Split, Concat members, Expand: moves elements between two strided views.
 * In: an itg_copy step (plan.h). Out: the elements of outermost indices [row_begin, row_end). Called by run.c.
 * The innermost dimension is the run; the middle ones are counted like the digits of a number. */
#include "runtime/kernels/element.h"

#include <string.h>

/* Strides and counts of one run; out and in move in bytes. */
typedef struct copy_run {
    int32_t count;
    ptrdiff_t in_step, out_step;
    size_t element_bytes;
    const int8_t *table;
} copy_run;

static void copy_elements(const copy_run *run, uint8_t *out, const uint8_t *in)
{
    const ptrdiff_t bytes = (ptrdiff_t)run->element_bytes;
    if (run->table) {
        for (int32_t i = 0; i < run->count; i++)
            out[i * run->out_step] = (uint8_t)run->table[in[i * run->in_step] ^ 0x80];
        return;
    }
    if (run->in_step == bytes && run->out_step == bytes) {
        memcpy(out, in, (size_t)run->count * run->element_bytes);
        return;
    }
    if (bytes == 1) {
        for (int32_t i = 0; i < run->count; i++)
            out[i * run->out_step] = in[i * run->in_step];
        return;
    }
    for (int32_t i = 0; i < run->count; i++)
        memcpy(out + i * run->out_step, in + i * run->in_step, run->element_bytes);
}

/* Advances the index of dimensions 1 .. 4 by one, and the two positions with it. False after the last. */
static bool advance(const itg_copy *copy, int32_t index[6], ptrdiff_t *out, ptrdiff_t *in)
{
    for (int d = 4; d >= 1; d--) {
        *out += copy->out_stride[d];
        *in += copy->in_stride[d];
        if (++index[d] < copy->dim[d])
            return true;
        *out -= (ptrdiff_t)copy->dim[d] * copy->out_stride[d];
        *in -= (ptrdiff_t)copy->dim[d] * copy->in_stride[d];
        index[d] = 0;
    }
    return false;
}

void itg_op_copy(const itg_work *work, const itg_step *step)
{
    const itg_copy *copy = step->params;
    const ptrdiff_t bytes = copy->element_bytes;
    const copy_run run = {copy->dim[5], copy->in_stride[5] * bytes, copy->out_stride[5] * bytes, copy->element_bytes, copy->table};
    uint8_t *out_base = work->arena + step->out;
    const uint8_t *in_base = work->arena + step->in[0];
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        ptrdiff_t out = copy->out_start + (ptrdiff_t)row * copy->out_stride[0];
        ptrdiff_t in = copy->in_start + (ptrdiff_t)row * copy->in_stride[0];
        int32_t index[6] = {0};
        do {
            copy_elements(&run, out_base + out * bytes, in_base + in * bytes);
        } while (advance(copy, index, &out, &in));
    }
}
