/* SPDX-License-Identifier: Apache-2.0
 * Ops that move elements: Slice, Split, Transpose, Expand, Concat members → itg_copy; Reshape and its kind make no step, their output
 * shares the place of their input. */
#include "compiler/ops/copy_quantize.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/ops/walk.h"

static const itgc_field copy_fields[] = {
    ITGC_FIELD(itg_copy, dim, ITGC_FIELD_I32, 6),          ITGC_FIELD(itg_copy, in_stride, ITGC_FIELD_I32, 6),
    ITGC_FIELD(itg_copy, out_stride, ITGC_FIELD_I32, 6),   ITGC_FIELD(itg_copy, in_start, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_copy, out_start, ITGC_FIELD_I32, 1),    ITGC_FIELD(itg_copy, table, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_copy, constant, ITGC_FIELD_POINTER, 1), ITGC_FIELD(itg_copy, element_bytes, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_copy, in_type, ITGC_FIELD_TYPE, 1),     ITGC_FIELD(itg_copy, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_copy = ITGC_STEP_KIND(itg_op_copy, itg_copy, copy_fields, 0);

uint8_t itgc_stored_bytes(itg_type type)
{
    return type == ITG_S8 || type == ITG_U8 ? 1 : type == ITG_S16 || type == ITG_U16 ? 2 : 4;
}

/* Drops dimensions of 1 and merges neighbours that both sides walk evenly; returns how many are left. */
static int merge_dimensions(itgc_moves *moves)
{
    int count = 0;
    for (int i = 0; i < moves->rank; i++) {
        if (moves->dim[i] == 1) {
            continue;
        }
        const int last = count - 1;
        if (count > 0 && moves->in_stride[last] == moves->in_stride[i] * moves->dim[i] &&
            moves->out_stride[last] == moves->out_stride[i] * moves->dim[i]) {
            moves->dim[last] *= moves->dim[i];
            moves->in_stride[last] = moves->in_stride[i];
            moves->out_stride[last] = moves->out_stride[i];
            continue;
        }
        moves->dim[count] = moves->dim[i];
        moves->in_stride[count] = moves->in_stride[i];
        moves->out_stride[count] = moves->out_stride[i];
        count++;
    }
    return count;
}

itgc_step *itgc_add_copy_step(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *in, itgc_tensor *out, itgc_moves *moves)
{
    const int count = merge_dimensions(moves);
    if (count > 6) {
        itgc_fail(quantizer->diag, 418, "elements move in more than six dimensions; split the op in two");
        return NULL;
    }
    itg_copy copy = {.dim = {1, 1, 1, 1, 1, 1},
                     .in_start = (int32_t)moves->in_start,
                     .out_start = (int32_t)moves->out_start,
                     .table = moves->table,
                     .constant = moves->constant,
                     .element_bytes = itgc_stored_bytes(out->format.type),
                     .in_type = in ? in->format.type : out->format.type,
                     .out_type = out->format.type};
    for (int i = 0; i < count; i++) {
        /* The outermost is what is shared between workers, the others lie innermost. */
        const int to = i == 0 && count > 1 ? 0 : 6 - count + i;
        copy.dim[to] = (int32_t)moves->dim[i];
        copy.in_stride[to] = (int32_t)moves->in_stride[i];
        copy.out_stride[to] = (int32_t)moves->out_stride[i];
    }
    return itgc_add_step(quantizer, &itgc_step_copy, &copy, node, &in, in ? 1 : 0, out, (uint32_t)copy.dim[0]);
}

static itgc_moves start_moves(const itgc_shape *out)
{
    itgc_moves moves = {.rank = out->rank};
    for (int i = 0; i < out->rank; i++) {
        moves.dim[i] = out->dim[i];
    }
    itgc_dense_strides(out, moves.out_stride);
    return moves;
}

bool itgc_quantize_slice(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_slice_params *params = node->params;
    int64_t stride[ITGC_MAX_RANK];
    itgc_dense_strides(&node->in[0]->shape, stride);
    itgc_moves moves = start_moves(&node->out[0]->shape);
    for (int i = 0; i < moves.rank; i++) {
        moves.in_start += params->start[i] * stride[i];
        moves.in_stride[i] = moves.dim[i] == 1 ? 0 : params->step[i] * stride[i]; /* a lone element's step may be huge */
    }
    return itgc_add_copy_step(quantizer, node, node->in[0], node->out[0], &moves) != NULL;
}

bool itgc_quantize_split(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const int rank = node->in[0]->shape.rank;
    const int64_t axis = params->axis < 0 ? params->axis + rank : params->axis;
    int64_t start = 0;
    for (int i = 0; i < node->out_count; i++) {
        if (!node->out[i]) {
            return itgc_fail(quantizer->diag, 418, "output %d has no name; name all outputs", i);
        }
        itgc_moves moves = start_moves(&node->out[i]->shape);
        itgc_dense_strides(&node->in[0]->shape, moves.in_stride);
        moves.in_start = start * moves.in_stride[axis];
        start += node->out[i]->shape.dim[axis];
        if (!itgc_add_copy_step(quantizer, node, node->in[0], node->out[i], &moves)) {
            return false;
        }
    }
    return true;
}

bool itgc_quantize_transpose(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_list_params *params = node->params;
    int64_t stride[ITGC_MAX_RANK];
    itgc_dense_strides(&node->in[0]->shape, stride);
    itgc_moves moves = start_moves(&node->out[0]->shape);
    for (int i = 0; i < moves.rank; i++) {
        moves.in_stride[i] = stride[params->given ? params->value[i] : moves.rank - 1 - i];
    }
    return itgc_add_copy_step(quantizer, node, node->in[0], node->out[0], &moves) != NULL;
}

bool itgc_quantize_expand(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_shape *in = &node->in[0]->shape;
    int64_t stride[ITGC_MAX_RANK];
    itgc_dense_strides(in, stride);
    itgc_moves moves = start_moves(&node->out[0]->shape);
    for (int i = 0; i < moves.rank; i++) {
        const int at = i - (moves.rank - in->rank);
        moves.in_stride[i] = at >= 0 && in->dim[at] > 1 ? stride[at] : 0;
    }
    return itgc_add_copy_step(quantizer, node, node->in[0], node->out[0], &moves) != NULL;
}

bool itgc_quantize_alias(struct itgc_quantizer *quantizer, itgc_node *node)
{
    (void)quantizer;
    node->out[0]->alias_of = node->in[0];
    return true;
}
