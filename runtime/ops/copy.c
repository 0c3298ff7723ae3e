/* SPDX-License-Identifier: Apache-2.0
 * Transpose, Slice, Split, Concat members, Expand: moves elements between two strided views.
 * In: an itg_copy step (plan.h). Out: the elements of outermost indices [row_begin, row_end). Called by run.c.
 * The two innermost dimensions are a block, copied run by run; those before are counted like the digits of a number. */
#include "runtime/kernels/conv.h"
#include "runtime/kernels/element.h"

#include <string.h>

/* The two innermost dimensions of a copy; strides are in bytes. */
typedef struct copy_block {
    int32_t rows, count;
    ptrdiff_t in_row, out_row, in_step, out_step;
    size_t element_bytes;
    uint8_t flip_in, flip_out; /* XORed to what is read and written: int8 codes as ITG_U8 */
    const int8_t *table;
} copy_block;

static bool is_matrix(const itg_copy *copy)
{
    return copy->dim[1] == 1 && copy->dim[2] == 1 && copy->dim[3] == 1 && copy->dim[4] == 1;
}

/* Dimensions 4 and 5, or 0 and 5 where those between are 1: then all `rows` work rows are one block. */
static copy_block open_block(const itg_copy *copy, int32_t rows)
{
    const ptrdiff_t bytes = copy->element_bytes;
    const int other = is_matrix(copy) ? 0 : 4;
    const int32_t dim[6] = {rows, 1, 1, 1, copy->dim[4], copy->dim[5]};
    const bool is_run = copy->in_stride[5] == 1 && copy->out_stride[5] == 1;
    const int inner = is_run || dim[5] >= dim[other] ? 5 : other, outer = 5 + other - inner; /* else the longer one inside */
    return (copy_block){.rows = dim[outer],
                        .count = dim[inner],
                        .in_row = copy->in_stride[outer] * bytes,
                        .out_row = copy->out_stride[outer] * bytes,
                        .in_step = copy->in_stride[inner] * bytes,
                        .out_step = copy->out_stride[inner] * bytes,
                        .element_bytes = copy->element_bytes,
                        .flip_in = copy->in_type == ITG_U8 ? 0x80 : 0,
                        .flip_out = copy->out_type == ITG_U8 ? 0x80 : 0,
                        .table = copy->table};
}

static void copy_bytes(const copy_block *block, uint8_t *out, const uint8_t *in)
{
    const ptrdiff_t in_step = block->in_step, out_step = block->out_step;
    const uint8_t flip = (uint8_t)(block->flip_in ^ block->flip_out);
    if (block->table) {
        for (int32_t i = 0; i < block->count; i++)
            out[i * out_step] = (uint8_t)(block->table[in[i * in_step] ^ block->flip_in ^ 0x80] ^ block->flip_out);
        return;
    }
    for (int32_t i = 0; i < block->count; i++)
        out[i * out_step] = in[i * in_step] ^ flip;
}

static void copy_run(const copy_block *block, uint8_t *out, const uint8_t *in)
{
    const ptrdiff_t bytes = (ptrdiff_t)block->element_bytes;
    const bool same = !block->table && block->flip_in == block->flip_out;
    if (same && block->in_step == bytes && block->out_step == bytes) {
        memcpy(out, in, (size_t)block->count * block->element_bytes);
    } else if (bytes == 1) {
        copy_bytes(block, out, in);
    } else {
        for (int32_t i = 0; i < block->count; i++)
            memcpy(out + i * block->out_step, in + i * block->in_step, block->element_bytes);
    }
}

/* Three planes of bytes that become pixels. */
static bool is_zip(const copy_block *block)
{
    return block->rows == 3 && block->element_bytes == 1 && !block->table && block->in_step == 1 && block->out_step == 3 && block->out_row == 1;
}

static void copy_block_of(const itg_work *work, const copy_block *block, uint8_t *out, const uint8_t *in)
{
    const itg_conv_kernels *kernels = work->kernels->conv; /* NULL in models without convolutions */
    if (kernels && kernels->zip_planes && is_zip(block)) {
        kernels->zip_planes(out, in, block->in_row, block->count, (uint8_t)(block->flip_in ^ block->flip_out));
        return;
    }
    for (int32_t i = 0; i < block->rows; i++)
        copy_run(block, out + i * block->out_row, in + i * block->in_row);
}

/* Advances the index of dimensions 1 .. 3 by one, and the two positions with it. False after the last. */
static bool advance(const itg_copy *copy, int32_t index[4], ptrdiff_t *out, ptrdiff_t *in)
{
    for (int d = 3; d >= 1; d--) {
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
    const copy_block block = open_block(copy, (int32_t)(work->row_end - work->row_begin));
    const uint8_t *source = copy->constant ? copy->constant : work->arena + step->in[0];
    const uint32_t row_end = is_matrix(copy) && work->row_end > work->row_begin ? work->row_begin + 1 : work->row_end;
    for (uint32_t row = work->row_begin; row < row_end; row++) {
        ptrdiff_t out = copy->out_start + (ptrdiff_t)row * copy->out_stride[0];
        ptrdiff_t in = copy->in_start + (ptrdiff_t)row * copy->in_stride[0];
        int32_t index[4] = {0};
        do {
            copy_block_of(work, &block, work->arena + step->out + out * copy->element_bytes, source + in * copy->element_bytes);
        } while (advance(copy, index, &out, &in));
    }
}
