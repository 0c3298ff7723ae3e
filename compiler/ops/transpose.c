/* SPDX-License-Identifier: Apache-2.0
 * Transpose: dimension i of the output is dimension perm[i] of the input; without perm the order is reversed. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

static bool parse_transpose(itgc_node *node, itgc_diag *diag)
{
    itgc_list_params *const params = node->params;
    const int count = itgc_ints_attribute(node, "perm", params->value, ITGC_MAX_RANK);
    if (count == -2)
        return itgc_fail(diag, 216, "attribute \"perm\" is no list of at most %d integers; export the model again", ITGC_MAX_RANK);
    params->given = count >= 0;
    params->count = count < 0 ? 0 : count;
    return true;
}

static int64_t source_of(const itgc_list_params *params, int rank, int dimension)
{
    return params->given ? params->value[dimension] : rank - 1 - dimension;
}

static bool infer_transpose(itgc_node *node, itgc_diag *diag)
{
    itgc_list_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape;
    itgc_shape shape = {.rank = in->rank};
    unsigned seen = 0;
    if (params->given && params->count != in->rank)
        return itgc_fail(diag, 214, "perm has %d entries for a tensor of %d dimensions; export the model again", params->count, in->rank);
    for (int i = 0; i < in->rank; i++) {
        if (params->given && !itgc_normalize_axis(diag, &params->value[i], in->rank))
            return false;
        const int64_t source = source_of(params, in->rank, i);
        if ((seen >> source & 1) != 0)
            return itgc_fail(diag, 216, "perm names dimension %d twice; export the model again", (int)source);
        seen |= 1u << source;
        shape.dim[i] = in->dim[source];
    }
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool eval_transpose(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0];
    itgc_value *const out = eval->out[0];
    int64_t dense[ITGC_MAX_RANK], stride[ITGC_MAX_RANK];
    itgc_walk walk;
    itgc_dense_strides(&in->shape, dense);
    for (int i = 0; i < in->shape.rank; i++)
        stride[i] = dense[source_of(eval->node->params, in->shape.rank, i)];
    itgc_init_walk(&walk, out->shape.rank, out->shape.dim);
    itgc_add_strided(&walk, stride, 0);
    itgc_copy_walk(out, in, &walk);
    return true;
}

const itgc_op itgc_op_transpose = {.family = "transpose",
                                   .attributes = "perm",
                                   .min_inputs = 1,
                                   .max_inputs = 1,
                                   .max_outputs = 1,
                                   .params_bytes = sizeof(itgc_list_params),
                                   .parse = parse_transpose,
                                   .infer = infer_transpose,
                                   .eval = eval_transpose,
                                   .quantize = itgc_quantize_transpose,
                                   .format = ITGC_FORMAT_PASS};
