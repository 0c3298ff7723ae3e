/* SPDX-License-Identifier: Apache-2.0
 * MatMul of two activations → itg_matmul (numerics.md 3). Products by constants are Gemm by now. */
#include "compiler/ops/copy_quantize.h"
#include "compiler/ops/operands_quantize.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"

#include <string.h>

static const itgc_field matmul_fields[] = {
    ITGC_FIELD(itg_matmul, dim, ITGC_FIELD_I32, 2),          ITGC_FIELD(itg_matmul, stride_a, ITGC_FIELD_I32, 2),
    ITGC_FIELD(itg_matmul, stride_b, ITGC_FIELD_I32, 2),     ITGC_FIELD(itg_matmul, rows, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_matmul, inner, ITGC_FIELD_I32, 1),        ITGC_FIELD(itg_matmul, columns, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_matmul, zero_a, ITGC_FIELD_I32, 1),       ITGC_FIELD(itg_matmul, zero_b, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_matmul, zero, ITGC_FIELD_I32, 1),         ITGC_FIELD(itg_matmul, low, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_matmul, high, ITGC_FIELD_I32, 1),         ITGC_FIELD(itg_matmul, requant.multiplier, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_matmul, requant.shift, ITGC_FIELD_U8, 1), ITGC_FIELD(itg_matmul, requant.left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_matmul, narrow, ITGC_FIELD_U8, 1),        ITGC_FIELD(itg_matmul, wide, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_matmul, a_type, ITGC_FIELD_TYPE, 1),      ITGC_FIELD(itg_matmul, b_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_matmul, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_matmul = ITGC_STEP_KIND(itg_op_matmul, itg_matmul, matmul_fields, ITG_FAMILY_MATMUL);

/* Elements from one of the operand's matrices to the next along each batch dimension of the output; 0 where it repeats. */
static void read_strides(const itgc_shape *operand, int batch_rank, int64_t *stride)
{
    int64_t step = operand->dim[operand->rank - 1] * operand->dim[operand->rank - 2];
    for (int i = batch_rank - 1; i >= 0; i--) {
        const int at = i - (batch_rank - (operand->rank - 2));
        const int64_t dim = at >= 0 ? operand->dim[at] : 1;
        stride[i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

/* The batch dimensions, neighbours merged where both operands walk on evenly: at most two. */
static bool walk_batches(itgc_diag *diag, const itgc_node *node, itg_matmul *matmul)
{
    const itgc_shape *out = &node->out[0]->shape;
    const int batch_rank = out->rank - 2;
    int64_t stride_a[ITGC_MAX_RANK];
    int64_t stride_b[ITGC_MAX_RANK];
    read_strides(&node->in[0]->shape, batch_rank, stride_a);
    read_strides(&node->in[1]->shape, batch_rank, stride_b);
    int at = 2;
    matmul->dim[0] = matmul->dim[1] = 1;
    for (int i = batch_rank - 1; i >= 0; i--) {
        if (out->dim[i] == 1) {
            continue;
        }
        if (at < 2 && stride_a[i] == (int64_t)matmul->stride_a[at] * matmul->dim[at] &&
            stride_b[i] == (int64_t)matmul->stride_b[at] * matmul->dim[at]) {
            matmul->dim[at] *= (int32_t)out->dim[i];
            continue;
        }
        if (at == 0) {
            return itgc_fail(diag, 414, "the batches are broadcast in more than two ways; reshape or expand them before");
        }
        at--;
        matmul->dim[at] = (int32_t)out->dim[i];
        matmul->stride_a[at] = (int32_t)stride_a[i];
        matmul->stride_b[at] = (int32_t)stride_b[i];
    }
    return true;
}

/* Sums beyond 32 bits are kept in 64 and brought below 2^30, so that rounding cannot pass the bound. */
static int64_t narrow_sums(int64_t largest, itg_matmul *matmul)
{
    if (largest <= INT32_MAX) {
        return largest;
    }
    matmul->wide = 1;
    while ((largest >> matmul->narrow) >= (int64_t)1 << 30) {
        matmul->narrow++;
    }
    return (largest >> matmul->narrow) + 1;
}

static bool add_matmul_step(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *const *in, itg_matmul *matmul)
{
    itgc_tensor *out = itgc_result_of(node);
    const itgc_format *a = &in[0]->format;
    const itgc_format *b = &in[1]->format;
    matmul->zero_a = a->zero;
    matmul->zero_b = b->zero;
    matmul->zero = out->format.zero;
    matmul->a_type = a->type;
    matmul->b_type = b->type;
    matmul->out_type = out->format.type;
    const int64_t most = narrow_sums(matmul->inner * itgc_largest_distance(a) * itgc_largest_distance(b), matmul);
    const double ratio = a->scale * b->scale / out->format.scale * (double)((int64_t)1 << matmul->narrow);
    const itgc_ratios ratios = {.ratio = &ratio, .count = 1, .max_acc = most, .type = out->format.type};
    itgc_clamp_bounds(node->fused, &out->format, &matmul->low, &matmul->high);
    if (!itgc_choose_multipliers(quantizer->diag, &ratios, &matmul->requant.multiplier, &matmul->requant.shift, &matmul->requant.left)) {
        return false;
    }
    const int64_t rows = (int64_t)matmul->dim[0] * matmul->dim[1] * matmul->rows;
    itgc_step *step = itgc_add_step(quantizer, &itgc_step_matmul, matmul, node, in, 2, out, (uint32_t)rows);
    step->macs = rows * matmul->inner * matmul->columns;
    return true;
}

/* A constant operand is copied into the arena: the step reads tensors. */
static itgc_tensor *place_operand(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor)
{
    if (!tensor->constant) {
        return tensor;
    }
    const itgc_format format = itgc_format_of_constant(tensor->constant, ITG_S8);
    itgc_moves moves = {.rank = 1, .dim = {itgc_elements(&tensor->shape)}, .in_stride = {1}, .out_stride = {1}};
    moves.constant = itgc_code_constant(quantizer, tensor->constant, &format);
    itgc_tensor *placed = itgc_new_step_tensor(quantizer, tensor->name, &tensor->shape, &format);
    return itgc_add_copy_step(quantizer, node, NULL, placed, &moves) ? placed : NULL;
}

bool itgc_quantize_matmul(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_shape *a = &node->in[0]->shape;
    const itgc_shape *b = &node->in[1]->shape;
    if (a->rank < 2 || b->rank < 2) {
        return itgc_fail(quantizer->diag, 403, "only a product of tensors of two and more dimensions has an integer step; reshape them");
    }
    itg_matmul matmul = {.rows = (int32_t)a->dim[a->rank - 2], .inner = (int32_t)a->dim[a->rank - 1], .columns = (int32_t)b->dim[b->rank - 1]};
    itgc_tensor *in[2] = {place_operand(quantizer, node, node->in[0]), place_operand(quantizer, node, node->in[1])};
    return in[0] && in[1] && walk_batches(quantizer->diag, node, &matmul) && add_matmul_step(quantizer, node, in, &matmul);
}
