/* SPDX-License-Identifier: Apache-2.0
 * Concat: inputs of one type, equal but for the axis, behind one another along it. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <string.h>

static bool parse_concat(itgc_node *node, itgc_diag *diag)
{
    if (itgc_find_attribute(node, "axis") == NULL)
        return itgc_fail(diag, 216, "attribute \"axis\" must be given; export the model again");
    ((itgc_axis_params *)node->params)->axis = itgc_int_attribute(node, "axis", 0);
    return true;
}

static bool infer_concat(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    itgc_shape shape = node->in[0]->shape;
    if (!itgc_require_same_type(diag, node, 1) || !itgc_normalize_axis(diag, &params->axis, shape.rank))
        return false;
    int64_t total = 0;
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] == NULL)
            return itgc_fail(diag, 208, "its input %d is left out but needed; export the model again", i);
        itgc_shape other = node->in[i]->shape;
        if (other.rank == shape.rank) {
            total += other.dim[params->axis];
            other.dim[params->axis] = shape.dim[params->axis];
        }
        if (!itgc_same_shape(&shape, &other))
            return itgc_fail(diag, 212, "shapes %s and %s do not fit together; check the input shape", itgc_shape_text(diag->arena, &shape),
                             itgc_shape_text(diag->arena, &node->in[i]->shape));
    }
    shape.dim[params->axis] = total;
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool eval_concat(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    itgc_value *const out = eval->out[0];
    if (itgc_elements(&out->shape) == 0)
        return true;
    const size_t bytes = itgc_held_bytes(out->type);
    const int64_t outer = itgc_outer_count(&out->shape, params->axis);
    const size_t out_row = (size_t)itgc_inner_count(&out->shape, params->axis - 1) * bytes;
    size_t at = 0;
    for (int i = 0; i < eval->node->in_count; i++) {
        const size_t row = (size_t)itgc_inner_count(&eval->in[i]->shape, params->axis - 1) * bytes;
        const char *const from = itgc_held_elements(eval->in[i]);
        char *const to = (char *)itgc_held_elements(out) + at;
        for (int64_t k = 0; k < outer && row > 0; k++)
            memcpy(to + (size_t)k * out_row, from + (size_t)k * row, row);
        at += row;
    }
    return true;
}

const itgc_op itgc_op_concat = {.family = "concat",
                                .attributes = "axis",
                                .min_inputs = 1,
                                .max_inputs = -1,
                                .max_outputs = 1,
                                .params_bytes = sizeof(itgc_axis_params),
                                .parse = parse_concat,
                                .infer = infer_concat,
                                .eval = eval_concat,
                                .quantize = itgc_quantize_concat,
                                .format = ITGC_FORMAT_JOIN};
