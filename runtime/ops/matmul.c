/* SPDX-License-Identifier: Apache-2.0
 * Product of two activations, batch by batch; the kernel does the rest.
 * In: an itg_matmul step (plan.h), matrices a [rows][inner] and b [inner][columns]. Out: [rows][columns] each; a work row is one row of one
 * batch. Called by run.c. */
#include "runtime/kernels/matmul.h"
#include "runtime/ops/parts.h"

void itg_op_matmul(const itg_work *work, const itg_step *step)
{
    const itg_matmul *matmul = step->params;
    const size_t a_bytes = itg_element_bytes(matmul->a_type), b_bytes = itg_element_bytes(matmul->b_type);
    const size_t row_bytes = (size_t)matmul->columns * itg_element_bytes(matmul->out_type);
    itg_image_rows rows;
    for (uint32_t row = work->row_begin; row < work->row_end; row += (uint32_t)(rows.y1 - rows.y0)) {
        rows = itg_next_rows(row, work->row_end, matmul->rows);
        const uint32_t outer = rows.image / (uint32_t)matmul->dim[1], inner = rows.image % (uint32_t)matmul->dim[1];
        const size_t a = outer * (size_t)matmul->stride_a[0] + inner * (size_t)matmul->stride_a[1] + (size_t)rows.y0 * (size_t)matmul->inner;
        const size_t b = outer * (size_t)matmul->stride_b[0] + inner * (size_t)matmul->stride_b[1];
        work->kernels->matmul->rows(matmul, work->arena + step->out + row * row_bytes, work->arena + step->in[0] + a * a_bytes,
                                    work->arena + step->in[1] + b * b_bytes, rows.y1 - rows.y0);
    }
}
