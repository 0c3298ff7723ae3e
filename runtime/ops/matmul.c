/* SPDX-License-Identifier: Apache-2.0
 * Product of two activations, batch by batch.
 * In: an itg_matmul step (plan.h), matrices a [rows][inner] and b [inner][columns]. Out: [rows][columns] each; a work row is one row of one
 * batch. Called by run.c. Columns are summed in blocks over the inner dimension, so that the inner loop runs along memory. */
#include "runtime/kernels/element.h"

#include <intaglio/fixed.h>

enum { BLOCK = 32 }; /* columns kept at once: 384 bytes of stack where sums are 64 bits wide */

/* Codes [first, first + count) less their zero point. */
static void load_distances(int32_t *to, const void *data, itg_type type, size_t first, int32_t count, int32_t zero)
{
    if (type == ITG_S8) {
        const int8_t *codes = (const int8_t *)data + first;
        for (int32_t i = 0; i < count; i++)
            to[i] = codes[i] - zero;
        return;
    }
    if (type == ITG_U8) {
        const uint8_t *codes = (const uint8_t *)data + first;
        for (int32_t i = 0; i < count; i++)
            to[i] = codes[i] - 128 - zero;
        return;
    }
    for (int32_t i = 0; i < count; i++)
        to[i] = itg_load_code(data, type, first + (size_t)i) - zero;
}

/* One row's operands: a points at it, b at its batch's matrix. */
typedef struct row_pair {
    const void *a, *b;
} row_pair;

static void sum_products(const itg_matmul *matmul, int32_t *sums, const row_pair *pair, int32_t first, int32_t count)
{
    int32_t b[BLOCK];
    for (int32_t i = 0; i < count; i++)
        sums[i] = 0;
    for (int32_t k = 0; k < matmul->inner; k++) {
        const int32_t a = itg_load_code(pair->a, matmul->a_type, (size_t)k) - matmul->zero_a;
        load_distances(b, pair->b, matmul->b_type, (size_t)k * (size_t)matmul->columns + (size_t)first, count, matmul->zero_b);
        for (int32_t i = 0; i < count; i++)
            sums[i] += a * b[i];
    }
}

static void sum_wide_products(const itg_matmul *matmul, int32_t *sums, const row_pair *pair, int32_t first, int32_t count)
{
    int64_t wide[BLOCK];
    int32_t b[BLOCK];
    for (int32_t i = 0; i < count; i++)
        wide[i] = 0;
    for (int32_t k = 0; k < matmul->inner; k++) {
        const int32_t a = itg_load_code(pair->a, matmul->a_type, (size_t)k) - matmul->zero_a;
        load_distances(b, pair->b, matmul->b_type, (size_t)k * (size_t)matmul->columns + (size_t)first, count, matmul->zero_b);
        for (int32_t i = 0; i < count; i++)
            wide[i] += (int64_t)a * b[i];
    }
    for (int32_t i = 0; i < count; i++)
        sums[i] = itg_narrow(wide[i], matmul->narrow);
}

static void multiply_row(const itg_matmul *matmul, void *out, const row_pair *pair)
{
    const itg_requant *requant = &matmul->requant;
    int32_t sums[BLOCK];
    for (int32_t first = 0; first < matmul->columns; first += BLOCK) {
        const int32_t count = matmul->columns - first < BLOCK ? matmul->columns - first : BLOCK;
        if (matmul->wide)
            sum_wide_products(matmul, sums, pair, first, count);
        else
            sum_products(matmul, sums, pair, first, count);
        for (int32_t i = 0; i < count; i++) {
            const int32_t code = matmul->zero + itg_requantize_left(sums[i], requant->left, requant->multiplier, requant->shift);
            itg_store_code(out, matmul->out_type, (size_t)(first + i), itg_clamp(code, matmul->low, matmul->high));
        }
    }
}

void itg_op_matmul(const itg_work *work, const itg_step *step)
{
    const itg_matmul *matmul = step->params;
    const size_t a_bytes = itg_element_bytes(matmul->a_type), b_bytes = itg_element_bytes(matmul->b_type);
    const size_t row_bytes = (size_t)matmul->columns * itg_element_bytes(matmul->out_type);
    for (uint32_t row = work->row_begin; row < work->row_end; row++) {
        const uint32_t batch = row / (uint32_t)matmul->rows, at = row % (uint32_t)matmul->rows;
        const uint32_t outer = batch / (uint32_t)matmul->dim[1], inner = batch % (uint32_t)matmul->dim[1];
        const size_t a = outer * (size_t)matmul->stride_a[0] + inner * (size_t)matmul->stride_a[1] + at * (size_t)matmul->inner;
        const size_t b = outer * (size_t)matmul->stride_b[0] + inner * (size_t)matmul->stride_b[1];
        const row_pair pair = {work->arena + step->in[0] + a * a_bytes, work->arena + step->in[1] + b * b_bytes};
        multiply_row(matmul, work->arena + step->out + row * row_bytes, &pair);
    }
}
