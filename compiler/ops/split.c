/* SPDX-License-Identifier: Apache-2.0
 * Split along an axis: sizes from the attribute (before opset 13), from a constant input, or equal parts, the last one smaller (opset 18). */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <string.h>

static bool parse_split(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    params->axis = itgc_int_attribute(node, "axis", 0);
    params->outputs = itgc_int_attribute(node, "num_outputs", 0);
    const itgc_attribute *const sizes = itgc_find_attribute(node, "split");
    if (sizes != NULL && sizes->kind != ITGC_ATTR_INTS)
        return itgc_fail(diag, 210, "attribute \"split\" is of the wrong kind; export the model again");
    return true;
}

/* The sizes if the file gives any; NULL in *sizes: equal parts. */
static bool find_sizes(const itgc_node *node, itgc_diag *diag, const int64_t **sizes, int64_t *count)
{
    const itgc_attribute *const attribute = itgc_find_attribute(node, "split");
    const itgc_tensor *const input = itgc_input_of(node, 1);
    *sizes = NULL;
    *count = node->out_count;
    if (input != NULL) {
        int none;
        if (input->constant == NULL || itgc_is_float(input->type))
            return itgc_constant_ints(diag, node, 1, NULL, 0, &none);
        *sizes = input->constant->i;
        *count = itgc_elements(&input->shape);
    } else if (attribute != NULL) {
        *sizes = attribute->ints;
        *count = attribute->count;
    }
    return true;
}

static bool check_sizes(itgc_diag *diag, const int64_t *sizes, int64_t count, int64_t length, int outputs)
{
    int64_t left = length;
    for (int64_t i = 0; i < count; i++) {
        if (sizes[i] < 0 || sizes[i] > left)
            return itgc_fail(diag, 214, "part %" PRId64 " of size %" PRId64 " does not fit the %" PRId64 " elements left; check the input shape", i,
                             sizes[i], left);
        left -= sizes[i];
    }
    if (left != 0 || count != outputs)
        return itgc_fail(diag, 214, "%" PRId64 " sizes for %d outputs leave %" PRId64 " of %" PRId64 " elements; check the input shape", count,
                         outputs, left, length);
    return true;
}

static bool infer_split(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    itgc_shape shape = node->in[0]->shape;
    const int64_t *sizes;
    int64_t count;
    if (!itgc_normalize_axis(diag, &params->axis, shape.rank) || !find_sizes(node, diag, &sizes, &count))
        return false;
    const int64_t length = shape.dim[params->axis], part = (length + node->out_count - 1) / node->out_count;
    if (sizes != NULL && !check_sizes(diag, sizes, count, length, node->out_count))
        return false;
    if (sizes == NULL && node->opset < 18 && length % node->out_count != 0)
        return itgc_fail(diag, 214, "%" PRId64 " elements do not split into %d equal parts; check the input shape", length, node->out_count);
    if (params->outputs != 0 && params->outputs != node->out_count)
        return itgc_fail(diag, 216, "num_outputs is %" PRId64 " but there are %d outputs; export the model again", params->outputs, node->out_count);
    for (int i = 0; i < node->out_count; i++) {
        const int64_t rest = length - i * part;
        shape.dim[params->axis] = sizes != NULL ? sizes[i] : rest < 0 ? 0 : rest < part ? rest : part;
        itgc_set_output(node, i, node->in[0]->type, &shape);
    }
    return true;
}

/* Where each part starts follows from the sizes, left-out outputs included. */
static bool eval_split(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0];
    const int64_t *sizes;
    int64_t count;
    if (itgc_elements(&in->shape) == 0)
        return true;
    if (!find_sizes(eval->node, eval->diag, &sizes, &count))
        return false;
    const int64_t length = in->shape.dim[params->axis], part = (length + count - 1) / count;
    const size_t unit = (size_t)itgc_inner_count(&in->shape, params->axis) * itgc_held_bytes(in->type);
    const int64_t outer = itgc_outer_count(&in->shape, params->axis);
    int64_t start = 0;
    for (int i = 0; i < eval->node->out_count; i++) {
        const int64_t rest = length - start;
        const int64_t size = sizes != NULL ? sizes[i] : rest < part ? rest : part;
        const size_t row = (size_t)size * unit;
        for (int64_t k = 0; k < outer && eval->out[i] != NULL && row > 0; k++)
            memcpy((char *)itgc_held_elements(eval->out[i]) + (size_t)k * row,
                   (const char *)itgc_held_elements(in) + (size_t)(k * length + start) * unit, row);
        start += size;
    }
    return true;
}

const itgc_op itgc_op_split = {.family = "split",
                               .attributes = "axis split num_outputs",
                               .min_inputs = 1,
                               .max_inputs = 2,
                               .max_outputs = -1,
                               .params_bytes = sizeof(itgc_axis_params),
                               .parse = parse_split,
                               .infer = infer_split,
                               .eval = eval_split,
                               .quantize = itgc_quantize_split,
                               .format = ITGC_FORMAT_PASS};
