/* SPDX-License-Identifier: Apache-2.0
 * Expand (numpy broadcasting to a shape) and Tile (whole repetitions); shape and repeats are constants. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>

static bool infer_expand(itgc_node *node, itgc_diag *diag)
{
    itgc_shape wanted, shape;
    if (!itgc_constant_ints(diag, node, 1, wanted.dim, ITGC_MAX_RANK, &wanted.rank))
        return false;
    for (int i = 0; i < wanted.rank; i++)
        if (wanted.dim[i] < 0)
            return itgc_fail(diag, 214, "shape %s has a negative size; export the model again", itgc_shape_text(diag->arena, &wanted));
    if (!itgc_broadcast(diag, &shape, &node->in[0]->shape, &wanted))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool eval_expand(const itgc_eval *eval)
{
    itgc_walk walk;
    itgc_init_walk(&walk, eval->out[0]->shape.rank, eval->out[0]->shape.dim);
    itgc_add_broadcast(&walk, &eval->in[0]->shape);
    itgc_copy_walk(eval->out[0], eval->in[0], &walk);
    return true;
}

static bool infer_tile(itgc_node *node, itgc_diag *diag)
{
    itgc_shape shape = node->in[0]->shape;
    int64_t repeats[ITGC_MAX_RANK];
    int count;
    if (!itgc_constant_ints(diag, node, 1, repeats, ITGC_MAX_RANK, &count))
        return false;
    if (count != shape.rank)
        return itgc_fail(diag, 214, "repeats has %d entries for a tensor of %d dimensions; export the model again", count, shape.rank);
    for (int i = 0; i < count; i++) {
        if (repeats[i] < 0 || repeats[i] > INT32_MAX || shape.dim[i] > INT32_MAX)
            return itgc_fail(diag, 214, "repeats %" PRId64 " of dimension %d are out of range; export the model again", repeats[i], i);
        shape.dim[i] *= repeats[i];
    }
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

/* Each dimension as two: the repetition, which does not move in the input, and the dimension itself. */
static bool eval_tile(const itgc_eval *eval)
{
    const itgc_shape *const in = &eval->in[0]->shape, *const out = &eval->out[0]->shape;
    int64_t dense[ITGC_MAX_RANK], dim[2 * ITGC_MAX_RANK], stride[2 * ITGC_MAX_RANK];
    itgc_walk walk;
    if (itgc_elements(out) == 0)
        return true;
    itgc_dense_strides(in, dense);
    for (int i = 0; i < in->rank; i++) {
        dim[2 * i] = out->dim[i] / in->dim[i];
        stride[2 * i] = 0;
        dim[2 * i + 1] = in->dim[i];
        stride[2 * i + 1] = dense[i];
    }
    itgc_init_walk(&walk, 2 * in->rank, dim);
    itgc_add_strided(&walk, stride, 0);
    itgc_copy_walk(eval->out[0], eval->in[0], &walk);
    return true;
}

const itgc_op itgc_op_expand = {.family = "expand",
                                .attributes = "",
                                .min_inputs = 2,
                                .max_inputs = 2,
                                .max_outputs = 1,
                                .infer = infer_expand,
                                .eval = eval_expand,
                                .quantize = itgc_quantize_expand,
                                .format = ITGC_FORMAT_PASS};
const itgc_op itgc_op_tile = {.family = "expand",
                              .attributes = "",
                              .min_inputs = 2,
                              .max_inputs = 2,
                              .max_outputs = 1,
                              .infer = infer_tile,
                              .eval = eval_tile,
                              .format = ITGC_FORMAT_PASS};
