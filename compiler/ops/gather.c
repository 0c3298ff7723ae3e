/* SPDX-License-Identifier: Apache-2.0
 * Gather, GatherElements, GatherND: pick elements by index. Negative indices count from the end; one outside the tensor is error 218. */
#include "compiler/ops/gather.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <string.h>

bool itgc_resolve_index(itgc_diag *diag, int64_t *index, int64_t dim)
{
    if (*index < -dim || *index >= dim)
        return itgc_fail(diag, 218, "index %" PRId64 " is outside a dimension of %" PRId64 "; check the indices", *index, dim);
    *index += *index < 0 ? dim : 0;
    return true;
}

static bool parse_axis(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    ((itgc_axis_params *)node->params)->axis = itgc_int_attribute(node, "axis", 0);
    return true;
}

static bool infer_gather(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape, *const index = &node->in[1]->shape;
    itgc_shape shape = {.rank = in->rank - 1 + index->rank};
    if (!itgc_normalize_axis(diag, &params->axis, in->rank) || !itgc_require_type(diag, node, 1, ITGC_INTEGERS))
        return false;
    if (shape.rank > ITGC_MAX_RANK)
        return itgc_fail(diag, 214, "its output has %d dimensions, more than the %d supported; reshape it before", shape.rank, ITGC_MAX_RANK);
    const int axis = (int)params->axis;
    for (int i = 0; i < shape.rank; i++) {
        const bool is_index = i >= axis && i < axis + index->rank;
        shape.dim[i] = is_index ? index->dim[i - axis] : in->dim[i < axis ? i : i - index->rank + 1];
    }
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool eval_gather(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0], *const index = eval->in[1];
    const int64_t outer = itgc_outer_count(&in->shape, params->axis), dim = in->shape.dim[params->axis];
    const int64_t picks = itgc_elements(&index->shape);
    if (itgc_elements(&eval->out[0]->shape) == 0)
        return true;
    const size_t row = (size_t)itgc_inner_count(&in->shape, params->axis) * itgc_held_bytes(in->type);
    char *to = itgc_held_elements(eval->out[0]);
    for (int64_t k = 0; k < outer; k++) {
        const char *const from = (const char *)itgc_held_elements(in) + (size_t)(k * dim) * row;
        for (int64_t i = 0; i < picks; i++, to += row) {
            int64_t pick = index->i[i];
            if (!itgc_resolve_index(eval->diag, &pick, dim))
                return false;
            memcpy(to, from + (size_t)pick * row, row);
        }
    }
    return true;
}

static bool infer_gather_elements(itgc_node *node, itgc_diag *diag)
{
    itgc_axis_params *const params = node->params;
    const itgc_shape *const in = &node->in[0]->shape, *const index = &node->in[1]->shape;
    if (!itgc_normalize_axis(diag, &params->axis, in->rank) || !itgc_require_type(diag, node, 1, ITGC_INTEGERS))
        return false;
    bool fits = index->rank == in->rank;
    for (int i = 0; fits && i < in->rank; i++)
        fits = i == params->axis || index->dim[i] <= in->dim[i];
    if (!fits)
        return itgc_fail(diag, 212, "shapes %s and %s do not fit together; check the input shape", itgc_shape_text(diag->arena, in),
                         itgc_shape_text(diag->arena, index));
    itgc_set_output(node, 0, node->in[0]->type, index);
    return true;
}

static void move_element(itgc_value *out, int64_t to, const itgc_value *in, int64_t from)
{
    if (itgc_is_float(out->type))
        out->f[to] = in->f[from];
    else
        out->i[to] = in->i[from];
}

static bool eval_gather_elements(const itgc_eval *eval)
{
    const itgc_axis_params *const params = eval->node->params;
    const itgc_value *const in = eval->in[0], *const index = eval->in[1];
    int64_t stride[ITGC_MAX_RANK];
    itgc_walk walk;
    itgc_dense_strides(&in->shape, stride);
    const int64_t along = stride[params->axis], dim = in->shape.dim[params->axis];
    stride[params->axis] = 0;
    itgc_init_walk(&walk, index->shape.rank, index->shape.dim);
    itgc_add_strided(&walk, stride, 0);
    if (!itgc_first_row(&walk))
        return true;
    const int last = walk.rank - 1;
    int64_t at = 0;
    do {
        for (int64_t i = 0; i < walk.dim[last]; i++, at++) {
            int64_t pick = index->i[at];
            if (!itgc_resolve_index(eval->diag, &pick, dim))
                return false;
            move_element(eval->out[0], at, in, walk.offset[0] + i * walk.stride[0][last] + pick * along);
        }
    } while (itgc_next_row(&walk));
    return true;
}

static bool parse_gather_nd(itgc_node *node, itgc_diag *diag)
{
    (void)diag;
    ((itgc_axis_params *)node->params)->axis = itgc_int_attribute(node, "batch_dims", 0);
    return true;
}

/* Index tuples of `depth` entries: indices[batch…, …, depth] into in[batch…, …]. */
static bool infer_gather_nd(itgc_node *node, itgc_diag *diag)
{
    const int64_t batch = ((const itgc_axis_params *)node->params)->axis;
    const itgc_shape *const in = &node->in[0]->shape, *const index = &node->in[1]->shape;
    if (!itgc_require_type(diag, node, 1, ITGC_INTEGERS))
        return false;
    if (batch < 0 || batch >= in->rank || batch >= index->rank || index->dim[index->rank - 1] < 1 || index->dim[index->rank - 1] + batch > in->rank)
        return itgc_fail(diag, 214, "indices %s with %" PRId64 " batch dimensions do not fit a tensor %s; check the input shape",
                         itgc_shape_text(diag->arena, index), batch, itgc_shape_text(diag->arena, in));
    const int depth = (int)index->dim[index->rank - 1];
    itgc_shape shape = {.rank = index->rank - 1 + in->rank - (int)batch - depth};
    if (shape.rank > ITGC_MAX_RANK)
        return itgc_fail(diag, 214, "its output has %d dimensions, more than the %d supported; reshape it before", shape.rank, ITGC_MAX_RANK);
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = i < index->rank - 1 ? index->dim[i] : in->dim[i - (index->rank - 1) + batch + depth];
    for (int i = 0; i < batch; i++)
        if (in->dim[i] != index->dim[i])
            return itgc_fail(diag, 212, "shapes %s and %s do not fit together; check the input shape", itgc_shape_text(diag->arena, in),
                             itgc_shape_text(diag->arena, index));
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

bool itgc_resolve_tuple(itgc_diag *diag, const itgc_shape *shape, int first, const int64_t *tuple, int depth, int64_t *row)
{
    *row = 0;
    for (int i = 0; i < depth; i++) {
        int64_t index = tuple[i];
        if (!itgc_resolve_index(diag, &index, shape->dim[first + i]))
            return false;
        *row = *row * shape->dim[first + i] + index;
    }
    return true;
}

static bool eval_gather_nd(const itgc_eval *eval)
{
    const itgc_value *const in = eval->in[0], *const index = eval->in[1];
    const int batch = (int)((const itgc_axis_params *)eval->node->params)->axis;
    const int depth = (int)index->shape.dim[index->shape.rank - 1];
    if (itgc_elements(&eval->out[0]->shape) == 0)
        return true;
    const int64_t batches = itgc_outer_count(&in->shape, batch), tuples = itgc_elements(&index->shape) / depth / batches;
    const size_t row_bytes = (size_t)itgc_inner_count(&in->shape, batch + depth - 1) * itgc_held_bytes(in->type);
    const size_t batch_bytes = (size_t)itgc_inner_count(&in->shape, batch - 1) * itgc_held_bytes(in->type);
    char *to = itgc_held_elements(eval->out[0]);
    for (int64_t i = 0; i < batches * tuples; i++, to += row_bytes) {
        int64_t row;
        if (!itgc_resolve_tuple(eval->diag, &in->shape, batch, index->i + i * depth, depth, &row))
            return false;
        memcpy(to, (const char *)itgc_held_elements(in) + (size_t)(i / tuples) * batch_bytes + (size_t)row * row_bytes, row_bytes);
    }
    return true;
}

const itgc_op itgc_op_gather = {.family = "gather",
                                .attributes = "axis",
                                .min_inputs = 2,
                                .max_inputs = 2,
                                .max_outputs = 1,
                                .params_bytes = sizeof(itgc_axis_params),
                                .parse = parse_axis,
                                .infer = infer_gather,
                                .eval = eval_gather,
                                .quantize = itgc_quantize_gather,
                                .format = ITGC_FORMAT_PASS};
const itgc_op itgc_op_gather_elements = {.family = "gather",
                                         .attributes = "axis",
                                         .min_inputs = 2,
                                         .max_inputs = 2,
                                         .max_outputs = 1,
                                         .params_bytes = sizeof(itgc_axis_params),
                                         .parse = parse_axis,
                                         .infer = infer_gather_elements,
                                         .eval = eval_gather_elements,
                                         .format = ITGC_FORMAT_PASS};
const itgc_op itgc_op_gather_nd = {.family = "gather",
                                   .attributes = "batch_dims",
                                   .min_inputs = 2,
                                   .max_inputs = 2,
                                   .max_outputs = 1,
                                   .params_bytes = sizeof(itgc_axis_params),
                                   .parse = parse_gather_nd,
                                   .infer = infer_gather_nd,
                                   .eval = eval_gather_nd,
                                   .format = ITGC_FORMAT_PASS};
