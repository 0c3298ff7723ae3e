/* SPDX-License-Identifier: Apache-2.0
 * Concat → one itg_copy per member; members with a format of their own are rescaled on the way, constants are written in the result's
 * (numerics.md 3). */
#include "compiler/ops/copy_quantize.h"
#include "compiler/ops/operands_quantize.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <assert.h>

static bool same_format(const itgc_format *a, const itgc_format *b)
{
    return a->type == b->type && a->scale == b->scale && a->zero == b->zero;
}

static const int8_t *rescale_table(itgc_quantizer *quantizer, const itgc_format *from, const itgc_format *to)
{
    int8_t *table = ITGC_NEW_ARRAY(quantizer->arena, int8_t, 256);
    for (int i = 0; i < 256; i++) {
        table[i] = (int8_t)itgc_code_of(to, (i - 128 - from->zero) * from->scale);
    }
    return itgc_keep_constant(quantizer, "table", table, 1, true, 256);
}

/* The member as the copy can read it; *table: how its codes change on the way. */
static itgc_tensor *prepare_member(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *member, const itgc_format *to, const int8_t **table)
{
    *table = NULL;
    if (same_format(&member->format, to)) {
        return member;
    }
    if (to->type != ITG_S8 || member->format.type == ITG_S16) {
        return itgc_rescale_tensor(quantizer, node, member, to);
    }
    itgc_tensor *in = itgc_signed_input(quantizer, node, member);
    if (in && !same_format(&in->format, to)) {
        *table = rescale_table(quantizer, &in->format, to);
    }
    return in;
}

/* One copy: member `index` begins at *start along the axis. */
static itgc_step *add_member(itgc_quantizer *quantizer, itgc_node *node, int index, int axis, int64_t *start)
{
    itgc_tensor *out = node->out[0];
    itgc_tensor *member = node->in[index];
    int64_t stride[ITGC_MAX_RANK];
    itgc_dense_strides(&out->shape, stride);
    itgc_moves moves = {.rank = out->shape.rank, .out_start = *start * stride[axis]};
    for (int k = 0; k < moves.rank; k++) {
        moves.dim[k] = member->shape.dim[k];
        moves.out_stride[k] = stride[k];
    }
    itgc_dense_strides(&member->shape, moves.in_stride);
    *start += member->shape.dim[axis];
    if (member->constant) {
        assert(out->format.type == ITG_S8 || out->format.type == ITG_S16); /* a result joins no member of fixed format, pixels among them */
        moves.constant = itgc_code_constant(quantizer, member->constant, &out->format);
        return itgc_add_copy_step(quantizer, node, NULL, out, &moves);
    }
    itgc_tensor *in = prepare_member(quantizer, node, member, &out->format, &moves.table);
    return in ? itgc_add_copy_step(quantizer, node, in, out, &moves) : NULL;
}

bool itgc_quantize_concat(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const int axis = (int)(params->axis < 0 ? params->axis + node->out[0]->shape.rank : params->axis);
    int64_t start = 0;
    for (int i = 0; i < node->in_count; i++) {
        itgc_step *step = add_member(quantizer, node, i, axis, &start);
        if (!step) {
            return false;
        }
        step->partial = i + 1 < node->in_count;
    }
    return true;
}
