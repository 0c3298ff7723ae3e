/* SPDX-License-Identifier: Apache-2.0
 * MatMul (ONNX opsets 1 to 13): numpy's matmul, batches broadcast, vectors as rows or columns.
 * In: a [...,m,k], b [...,k,n]. A single b serves all of a's batches in one product. */
#include "compiler/base/matmul.h"
#include "compiler/ops/product.h"
#include "compiler/ops/quantizers.h"

/* A vector gets its missing dimension: in front for a, behind for b. */
static itgc_shape matrix_shape(const itgc_shape *shape, bool is_first)
{
    if (shape->rank != 1) {
        return *shape;
    }
    const itgc_shape row = {.rank = 2, .dim = {1, shape->dim[0]}}, column = {.rank = 2, .dim = {shape->dim[0], 1}};
    return is_first ? row : column;
}

static itgc_shape batch_shape(const itgc_shape *shape)
{
    itgc_shape batch = *shape;
    batch.rank -= 2;
    return batch;
}

static bool infer_matmul(itgc_node *node, itgc_diag *diag)
{
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !itgc_require_same_type(diag, node, 1)) {
        return false;
    }
    const itgc_shape a = matrix_shape(&node->in[0]->shape, true), b = matrix_shape(&node->in[1]->shape, false);
    if (a.rank < 2 || b.rank < 2 || a.dim[a.rank - 1] != b.dim[b.rank - 2]) {
        return itgc_fail(diag, 228, "inputs %s and %s cannot be multiplied; check the input shape", itgc_shape_text(diag->arena, &node->in[0]->shape),
                         itgc_shape_text(diag->arena, &node->in[1]->shape));
    }
    const itgc_shape batch_a = batch_shape(&a), batch_b = batch_shape(&b);
    itgc_shape y;
    if (!itgc_broadcast(diag, &y, &batch_a, &batch_b)) {
        return false;
    }
    if (node->in[0]->shape.rank != 1) {
        y.dim[y.rank++] = a.dim[a.rank - 2];
    }
    if (node->in[1]->shape.rank != 1) {
        y.dim[y.rank++] = b.dim[b.rank - 1];
    }
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

/* Which of an operand's matrices output batch `index` reads. */
static int64_t find_batch(const itgc_shape *operand, const itgc_shape *joined, int64_t index)
{
    int64_t found = 0, step = 1;
    for (int i = 1; i <= joined->rank; i++) {
        const int64_t size = joined->dim[joined->rank - i], here = index % size;
        const int64_t own = i <= operand->rank ? operand->dim[operand->rank - i] : 1;
        found += own == 1 ? 0 : here * step;
        step *= own;
        index /= size;
    }
    return found;
}

static void multiply_batches(const itgc_eval *eval, const itgc_shape *a, const itgc_shape *b, itgc_dense dense)
{
    const itgc_shape batch_a = batch_shape(a), batch_b = batch_shape(b);
    itgc_shape joined;
    (void)itgc_broadcast(eval->diag, &joined, &batch_a, &batch_b);
    float *const packed = ITGC_NEW_ARRAY(eval->scratch, float, itgc_packed_floats(dense.k, dense.n));
    dense.packed = packed;
    int64_t last = -1;
    for (int64_t i = 0; i < itgc_elements(&joined); i++) {
        const int64_t from = find_batch(&batch_b, &joined, i);
        if (from != last) {
            itgc_pack_dense(packed, eval->in[1]->f + from * dense.k * dense.n, dense.k, dense.n, false);
            last = from;
        }
        dense.a = eval->in[0]->f + find_batch(&batch_a, &joined, i) * dense.m * dense.k;
        dense.out = eval->out[0]->f + i * dense.m * dense.n;
        itgc_multiply_dense(&dense, eval->threads);
    }
}

static bool eval_matmul(const itgc_eval *eval)
{
    const itgc_shape a = matrix_shape(&eval->in[0]->shape, true), b = matrix_shape(&eval->in[1]->shape, false);
    itgc_dense dense = {.m = a.dim[a.rank - 2], .n = b.dim[b.rank - 1], .k = a.dim[a.rank - 1]};
    const itgc_shape batch_b = batch_shape(&b);
    if (itgc_elements(&eval->out[0]->shape) == 0) {
        return true;
    }
    if (itgc_elements(&batch_b) != 1) {
        multiply_batches(eval, &a, &b, dense);
        return true;
    }
    dense.out = eval->out[0]->f;
    dense.a = eval->in[0]->f;
    dense.packed = itgc_pack_operand(eval, dense.k, dense.n, false);
    dense.m = itgc_elements(&eval->out[0]->shape) / dense.n;
    itgc_multiply_dense(&dense, eval->threads);
    return true;
}

const itgc_op itgc_op_matmul = {.family = "matmul",
                                .attributes = "",
                                .min_inputs = 2,
                                .max_inputs = 2,
                                .max_outputs = 1,
                                .infer = infer_matmul,
                                .eval = eval_matmul,
                                .quantize = itgc_quantize_matmul};
