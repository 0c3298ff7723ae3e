/* SPDX-License-Identifier: Apache-2.0
 * Where: picks from x or y by a condition, all three broadcast. Left only among constants: folded away. */
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

static bool infer_where(itgc_node *node, itgc_diag *diag)
{
    itgc_tensor *const x = node->in[1], *const y = node->in[2];
    itgc_shape shape;
    if (!itgc_require_type(diag, node, 0, ITGC_BOOLS))
        return false;
    if (x->type != y->type)
        return itgc_fail(diag, 215, "inputs 1 and 2 are %s and %s, but must be of one type; insert a Cast", itgc_type_name(x->type),
                         itgc_type_name(y->type));
    if (!itgc_broadcast(diag, &shape, &x->shape, &y->shape) || !itgc_broadcast(diag, &shape, &shape, &node->in[0]->shape))
        return false;
    itgc_set_output(node, 0, x->type, &shape);
    return true;
}

static bool eval_where(const itgc_eval *eval)
{
    const itgc_value *const condition = eval->in[0], *const x = eval->in[1], *const y = eval->in[2];
    itgc_value *const out = eval->out[0];
    itgc_walk walk;
    itgc_init_walk(&walk, out->shape.rank, out->shape.dim);
    itgc_add_broadcast(&walk, &condition->shape);
    itgc_add_broadcast(&walk, &x->shape);
    itgc_add_broadcast(&walk, &y->shape);
    if (!itgc_first_row(&walk))
        return true;
    const int last = walk.rank - 1;
    int64_t at = 0;
    do {
        for (int64_t i = 0; i < walk.dim[last]; i++, at++) {
            const bool picks_x = condition->i[walk.offset[0] + i * walk.stride[0][last]] != 0;
            const itgc_value *const from = picks_x ? x : y;
            const int operand = picks_x ? 1 : 2;
            const int64_t index = walk.offset[operand] + i * walk.stride[operand][last];
            if (itgc_is_float(out->type))
                out->f[at] = from->f[index];
            else
                out->i[at] = from->i[index];
        }
    } while (itgc_next_row(&walk));
    return true;
}

const itgc_op itgc_op_where = {
    .family = "where", .attributes = "", .min_inputs = 3, .max_inputs = 3, .max_outputs = 1, .infer = infer_where, .eval = eval_where};
