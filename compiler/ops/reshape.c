/* SPDX-License-Identifier: Apache-2.0
 * Ops that rename dimensions and leave the elements where they are: Reshape, Flatten, Squeeze, Unsqueeze.
 * Sizes and axes come from attributes in older opsets, from constant inputs in newer ones. At run time nothing is left of them. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>

static bool parse_reshape(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    ((itgc_list_params *)node->params)->allow_zero = itgc_int_attribute(node, "allowzero", 0) != 0;
    return true;
}

static bool fail_sizes(itgc_diag *diag, const itgc_shape *in, const itgc_shape *wanted)
{
    return itgc_fail(diag, 214, "%s cannot be reshaped to %s; check the input shape", itgc_shape_text(diag->arena, in),
                     itgc_shape_text(diag->arena, wanted));
}

/* The one size given as -1: what is left of the elements. */
static bool resolve_rest(itgc_diag *diag, const itgc_shape *in, itgc_shape *shape, int rest)
{
    itgc_shape known = *shape;
    known.dim[rest] = 1;
    const int64_t elements = itgc_elements(in), others = itgc_elements(&known);
    if (others <= 0 || elements % others != 0)
        return fail_sizes(diag, in, shape);
    shape->dim[rest] = elements / others;
    return true;
}

static bool infer_reshape(itgc_node *node, itgc_diag *diag)
{
    const itgc_list_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape;
    itgc_shape shape;
    if (!itgc_constant_ints(diag, node, 1, shape.dim, ITGC_MAX_RANK, &shape.rank))
        return false;
    int rest = -1;
    for (int i = 0; i < shape.rank; i++) {
        if (shape.dim[i] == 0 && !params->allow_zero) {
            if (i >= in->rank)
                return fail_sizes(diag, in, &shape);
            shape.dim[i] = in->dim[i];
        }
        if (shape.dim[i] < -1 || (shape.dim[i] == -1 && rest >= 0))
            return fail_sizes(diag, in, &shape);
        rest = shape.dim[i] == -1 ? i : rest;
    }
    if (rest >= 0 && !resolve_rest(diag, in, &shape, rest))
        return false;
    if (itgc_elements(&shape) != itgc_elements(in))
        return fail_sizes(diag, in, &shape);
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool parse_flatten(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    ((itgc_axis_params *)node->params)->axis = itgc_int_attribute(node, "axis", 1);
    return true;
}

static bool infer_flatten(itgc_node *node, itgc_diag *diag)
{
    const itgc_shape *const in = &node->in[0]->shape;
    int64_t axis = ((const itgc_axis_params *)node->params)->axis;
    if (axis != in->rank && !itgc_normalize_axis(diag, &axis, in->rank))
        return false;
    itgc_set_output(node, 0, node->in[0]->type, &(itgc_shape){.rank = 2, .dim = {itgc_outer_count(in, axis), itgc_inner_count(in, axis - 1)}});
    return true;
}

static bool parse_axes(itgc_node *node, itgc_diag *diag)
{
    itgc_list_params *const params = node->params;
    const int count = itgc_ints_attribute(node, "axes", params->value, ITGC_MAX_RANK);
    if (count == -2)
        return itgc_fail(diag, 216, "attribute \"axes\" is no list of at most %d integers; export the model again", ITGC_MAX_RANK);
    params->given = count >= 0;
    params->count = count < 0 ? 0 : count;
    return true;
}

/* The axes as a mask over `rank` dimensions; *given: whether there are any. */
static bool read_axes(const itgc_node *node, itgc_diag *diag, int rank, unsigned *mask, bool *given)
{
    const itgc_list_params *const params = node->params;
    int64_t axes[ITGC_MAX_RANK];
    int count = params->count;
    for (int i = 0; i < count; i++)
        axes[i] = params->value[i];
    *given = params->given || itgc_input_of(node, 1) != NULL;
    if (itgc_input_of(node, 1) != NULL && !itgc_constant_ints(diag, node, 1, axes, ITGC_MAX_RANK, &count))
        return false;
    *mask = 0;
    for (int i = 0; i < count; i++) {
        if (!itgc_normalize_axis(diag, &axes[i], rank))
            return false;
        if ((*mask >> axes[i] & 1) != 0)
            return itgc_fail(diag, 216, "axis %" PRId64 " is named twice; export the model again", axes[i]);
        *mask |= 1u << axes[i];
    }
    return true;
}

static bool infer_squeeze(itgc_node *node, itgc_diag *diag)
{
    const itgc_shape *const in = &node->in[0]->shape;
    unsigned mask;
    bool given;
    if (!read_axes(node, diag, in->rank, &mask, &given))
        return false;
    itgc_shape shape = {.rank = 0};
    for (int i = 0; i < in->rank; i++) {
        const bool is_removed = given ? (mask >> i & 1) != 0 : in->dim[i] == 1;
        if (is_removed && in->dim[i] != 1)
            return itgc_fail(diag, 214, "dimension %d of %s is not 1 and cannot be squeezed; check the input shape", i,
                             itgc_shape_text(diag->arena, in));
        if (!is_removed)
            shape.dim[shape.rank++] = in->dim[i];
    }
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static int count_axes(const itgc_node *node)
{
    const itgc_tensor *const axes = itgc_input_of(node, 1);
    if (axes == NULL)
        return ((const itgc_list_params *)node->params)->count;
    const int64_t count = itgc_elements(&axes->shape);
    return count > ITGC_MAX_RANK ? ITGC_MAX_RANK + 1 : (int)count;
}

static bool infer_unsqueeze(itgc_node *node, itgc_diag *diag)
{
    const itgc_shape *const in = &node->in[0]->shape;
    itgc_shape shape = {.rank = in->rank + count_axes(node)};
    unsigned mask;
    bool given;
    if (shape.rank > ITGC_MAX_RANK)
        return itgc_fail(diag, 214, "its output has %d dimensions, more than the %d supported; reshape it before", shape.rank, ITGC_MAX_RANK);
    if (!read_axes(node, diag, shape.rank, &mask, &given))
        return false;
    if (!given)
        return itgc_fail(diag, 213, "the axes must be given; export the model again");
    int next = 0;
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = (mask >> i & 1) != 0 ? 1 : in->dim[next++];
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool eval_reshape(const itgc_eval *eval)
{
    itgc_copy_elements(eval->out[0], eval->in[0]);
    return true;
}

#define RESHAPE(names, least, most, params_type, parse_it, infer_it)                                                                                 \
    {                                                                                                                                                \
        .family = "reshape", .attributes = names, .min_inputs = least, .max_inputs = most, .max_outputs = 1, .params_bytes = sizeof(params_type),    \
        .parse = parse_it, .infer = infer_it, .eval = eval_reshape, .quantize = itgc_quantize_alias, .format = ITGC_FORMAT_PASS                      \
    }

const itgc_op itgc_op_reshape = RESHAPE("allowzero", 2, 2, itgc_list_params, parse_reshape, infer_reshape);
const itgc_op itgc_op_flatten = RESHAPE("axis", 1, 1, itgc_axis_params, parse_flatten, infer_flatten);
const itgc_op itgc_op_squeeze = RESHAPE("axes", 1, 2, itgc_list_params, parse_axes, infer_squeeze);
const itgc_op itgc_op_unsqueeze = RESHAPE("axes", 1, 2, itgc_list_params, parse_axes, infer_unsqueeze);
