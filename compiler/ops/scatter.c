/* SPDX-License-Identifier: Apache-2.0
 * ScatterND, ScatterElements: a copy of the data with updates written, added, … at given indices, in the order of the indices. */
#include "compiler/ops/binary_value.h"
#include "compiler/ops/gather.h"
#include "compiler/ops/walk.h"

#include <string.h>

typedef struct scatter_params {
    itgc_axis_params axis;
    itgc_binary_params binary;
    bool replaces;
} scatter_params;

static bool parse_scatter(itgc_node *node, itgc_diag *diag)
{
    static const struct {
        const char *name;
        itgc_binary_kind kind;
    } reductions[] = {{"add", ITGC_ADD}, {"mul", ITGC_MUL}, {"max", ITGC_MAX}, {"min", ITGC_MIN}};
    scatter_params *const params = node->params;
    const char *const reduction = itgc_string_attribute(node, "reduction", "none");
    params->axis.axis = itgc_int_attribute(node, "axis", 0);
    params->replaces = strcmp(reduction, "none") == 0;
    for (size_t i = 0; i < sizeof reductions / sizeof reductions[0]; i++)
        if (strcmp(reduction, reductions[i].name) == 0) {
            params->binary.kind = reductions[i].kind;
            return true;
        }
    return params->replaces ? true : itgc_fail(diag, 216, "attribute \"reduction\" is \"%.40s\", which ONNX does not have; export again", reduction);
}

static bool check_types(const itgc_node *node, itgc_diag *diag)
{
    const scatter_params *const params = node->params;
    if (!itgc_require_type(diag, node, 0, params->replaces ? ITGC_ALL_TYPES : ITGC_NUMBERS) || !itgc_require_type(diag, node, 1, ITGC_INTEGERS))
        return false;
    if (node->in[2]->type != node->in[0]->type)
        return itgc_fail(diag, 215, "updates are %s, but the data %s; insert a Cast", itgc_type_name(node->in[2]->type),
                         itgc_type_name(node->in[0]->type));
    return true;
}

static bool fail_shapes(const itgc_node *node, itgc_diag *diag)
{
    return itgc_fail(diag, 212, "indices %s and updates %s do not fit data %s; check the input shape",
                     itgc_shape_text(diag->arena, &node->in[1]->shape), itgc_shape_text(diag->arena, &node->in[2]->shape),
                     itgc_shape_text(diag->arena, &node->in[0]->shape));
}

static bool infer_scatter_elements(itgc_node *node, itgc_diag *diag)
{
    scatter_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape, *const index = &node->in[1]->shape;
    if (!check_types(node, diag) || !itgc_normalize_axis(diag, &params->axis.axis, in->rank))
        return false;
    bool fits = index->rank == in->rank && itgc_same_shape(index, &node->in[2]->shape);
    for (int i = 0; fits && i < in->rank; i++)
        fits = i == params->axis.axis || index->dim[i] <= in->dim[i];
    if (!fits)
        return fail_shapes(node, diag);
    itgc_set_output(node, 0, node->in[0]->type, in);
    return true;
}

static bool infer_scatter_nd(itgc_node *node, itgc_diag *diag)
{
    const itgc_shape *const in = &node->in[0]->shape, *const index = &node->in[1]->shape, *const updates = &node->in[2]->shape;
    if (!check_types(node, diag))
        return false;
    if (index->rank < 1 || index->dim[index->rank - 1] < 1 || index->dim[index->rank - 1] > in->rank)
        return fail_shapes(node, diag);
    const int depth = (int)index->dim[index->rank - 1];
    bool fits = updates->rank == index->rank - 1 + in->rank - depth;
    for (int i = 0; fits && i < updates->rank; i++)
        fits = updates->dim[i] == (i < index->rank - 1 ? index->dim[i] : in->dim[i - (index->rank - 1) + depth]);
    if (!fits)
        return fail_shapes(node, diag);
    itgc_set_output(node, 0, node->in[0]->type, in);
    return true;
}

/* Writes `count` updates from element `from` on over the output's elements from `to` on. */
static void write_span(const itgc_eval *eval, int64_t to, int64_t from, int64_t count)
{
    const scatter_params *const params = eval->node->params;
    const itgc_shape shape = {.rank = 1, .dim = {count}};
    itgc_value target = *eval->out[0], source = *eval->in[2];
    target.shape = source.shape = shape;
    target.f = target.f == NULL ? NULL : target.f + to;
    target.i = target.i == NULL ? NULL : target.i + to;
    source.f = source.f == NULL ? NULL : source.f + from;
    source.i = source.i == NULL ? NULL : source.i + from;
    if (params->replaces)
        itgc_copy_elements(&target, &source);
    else
        itgc_combine(&params->binary, &target, &target, &source);
}

static bool eval_scatter_elements(const itgc_eval *eval)
{
    const int64_t axis = ((const scatter_params *)eval->node->params)->axis.axis;
    const itgc_shape *const in = &eval->in[0]->shape;
    const itgc_value *const index = eval->in[1];
    int64_t stride[ITGC_MAX_RANK];
    itgc_walk walk;
    itgc_copy_elements(eval->out[0], eval->in[0]);
    itgc_dense_strides(in, stride);
    const int64_t along = stride[axis];
    stride[axis] = 0;
    itgc_init_walk(&walk, index->shape.rank, index->shape.dim);
    itgc_add_strided(&walk, stride, 0);
    if (!itgc_first_row(&walk))
        return true;
    int64_t at = 0;
    do {
        for (int64_t i = 0; i < walk.dim[walk.rank - 1]; i++, at++) {
            int64_t pick = index->i[at];
            if (!itgc_resolve_index(eval->diag, &pick, in->dim[axis]))
                return false;
            write_span(eval, walk.offset[0] + i * walk.stride[0][walk.rank - 1] + pick * along, at, 1);
        }
    } while (itgc_next_row(&walk));
    return true;
}

static bool eval_scatter_nd(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0], *const index = eval->in[1];
    const int depth = (int)index->shape.dim[index->shape.rank - 1];
    const int64_t tuples = itgc_elements(&index->shape) / depth, row_length = itgc_inner_count(&in->shape, depth - 1);
    itgc_copy_elements(eval->out[0], in);
    for (int64_t i = 0; i < tuples; i++) {
        int64_t row;
        if (!itgc_resolve_tuple(eval->diag, &in->shape, 0, index->i + i * depth, depth, &row))
            return false;
        write_span(eval, row * row_length, i * row_length, row_length);
    }
    return true;
}

#define SCATTER(names, infer_it, eval_it)                                                                                                            \
    {                                                                                                                                                \
        .family = "scatter", .attributes = names, .min_inputs = 3, .max_inputs = 3, .max_outputs = 1, .params_bytes = sizeof(scatter_params),        \
        .parse = parse_scatter, .infer = infer_it, .eval = eval_it                                                                                   \
    }

const itgc_op itgc_op_scatter_elements = SCATTER("axis reduction", infer_scatter_elements, eval_scatter_elements);
const itgc_op itgc_op_scatter_nd = SCATTER("reduction", infer_scatter_nd, eval_scatter_nd);
