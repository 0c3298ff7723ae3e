/* SPDX-License-Identifier: Apache-2.0
 * Slice: starts, ends, axes and steps from attributes (before opset 10) or constant inputs. infer leaves one entry per dimension:
 * start inside the tensor, end where the walk stops (-dim - 1: before the first element), step; reading those again gives the same. */
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>

static bool parse_slice(itgc_node *node, itgc_diag *diag)
{
    itgc_slice_params *const params = node->params;
    const int starts = itgc_ints_attribute(node, "starts", params->start, ITGC_MAX_RANK);
    const int ends = itgc_ints_attribute(node, "ends", params->end, ITGC_MAX_RANK);
    const int axes = itgc_ints_attribute(node, "axes", params->axis, ITGC_MAX_RANK);
    params->from_attributes = starts != -1;
    if (!params->from_attributes)
        return node->in_count >= 3 ? true : itgc_fail(diag, 208, "starts and ends must be given; export the model again");
    if (starts < 0 || ends != starts || (axes != -1 && axes != starts))
        return itgc_fail(diag, 216, "starts, ends and axes are no lists of one length up to %d; export the model again", ITGC_MAX_RANK);
    params->count = starts;
    for (int i = 0; i < starts; i++) {
        params->axis[i] = axes == -1 ? i : params->axis[i];
        params->step[i] = 1;
    }
    return true;
}

/* The lists as given, from inputs. */
static bool read_inputs(const itgc_node *node, itgc_diag *diag, itgc_slice_params *given)
{
    int ends, axes = 0, steps = 0;
    if (!itgc_constant_ints(diag, node, 1, given->start, ITGC_MAX_RANK, &given->count) ||
        !itgc_constant_ints(diag, node, 2, given->end, ITGC_MAX_RANK, &ends))
        return false;
    if (itgc_input_of(node, 3) != NULL && !itgc_constant_ints(diag, node, 3, given->axis, ITGC_MAX_RANK, &axes))
        return false;
    if (itgc_input_of(node, 4) != NULL && !itgc_constant_ints(diag, node, 4, given->step, ITGC_MAX_RANK, &steps))
        return false;
    if (ends != given->count || (axes != 0 && axes != given->count) || (steps != 0 && steps != given->count))
        return itgc_fail(diag, 216, "starts, ends, axes and steps are not of one length; export the model again");
    for (int i = 0; i < given->count; i++) {
        given->axis[i] = axes == 0 ? i : given->axis[i];
        given->step[i] = steps == 0 ? 1 : given->step[i];
    }
    return true;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* One dimension: *start and *end as given on entry, normalised on return. Returns how many elements remain. */
static int64_t normalize_span(int64_t dim, int64_t *start, int64_t *end, int64_t step)
{
    const int64_t first = clamp(*start < 0 ? *start + dim : *start, 0, step > 0 ? dim : dim - 1);
    const int64_t last = clamp(*end < 0 ? *end + dim : *end, step > 0 ? 0 : -1, step > 0 ? dim : dim - 1);
    const int64_t span = step > 0 ? last - first : first - last;
    const uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    *start = first < 0 ? 0 : first;
    *end = last < 0 ? -dim - 1 : last;
    return dim == 0 || span <= 0 ? 0 : (int64_t)(((uint64_t)span - 1) / stride + 1);
}

static bool infer_slice(itgc_node *node, itgc_diag *diag)
{
    itgc_slice_params *const params = node->params;
    itgc_slice_params given = *params;
    itgc_shape shape = node->in[0]->shape;
    unsigned seen = 0;
    if (!given.from_attributes && !read_inputs(node, diag, &given))
        return false;
    params->count = shape.rank;
    for (int i = 0; i < shape.rank; i++) {
        params->start[i] = 0;
        params->end[i] = shape.dim[i];
        params->axis[i] = i;
        params->step[i] = 1;
    }
    for (int i = 0; i < given.count; i++) {
        int64_t axis = given.axis[i];
        if (!itgc_normalize_axis(diag, &axis, shape.rank))
            return false;
        if (given.step[i] == 0 || (seen >> axis & 1) != 0)
            return itgc_fail(diag, 216, "axis %" PRId64 " has step %" PRId64 " or is named twice; export the model again", axis, given.step[i]);
        seen |= 1u << axis;
        params->start[axis] = given.start[i];
        params->end[axis] = given.end[i];
        params->step[axis] = given.step[i];
        shape.dim[axis] = normalize_span(shape.dim[axis], &params->start[axis], &params->end[axis], given.step[i]);
    }
    itgc_set_output(node, 0, node->in[0]->type, &shape);
    return true;
}

static bool eval_slice(const itgc_eval *eval)
{
    const itgc_slice_params *const params = eval->node->params;
    const itgc_shape *const out = &eval->out[0]->shape;
    int64_t stride[ITGC_MAX_RANK], start = 0;
    itgc_walk walk;
    if (itgc_elements(out) == 0)
        return true;
    itgc_dense_strides(&eval->in[0]->shape, stride);
    for (int i = 0; i < out->rank; i++) {
        start += params->start[i] * stride[i];
        stride[i] = out->dim[i] == 1 ? 0 : stride[i] * params->step[i]; /* a lone element's step may be huge */
    }
    itgc_init_walk(&walk, out->rank, out->dim);
    itgc_add_strided(&walk, stride, start);
    itgc_copy_walk(eval->out[0], eval->in[0], &walk);
    return true;
}

const itgc_op itgc_op_slice = {.family = "slice",
                               .attributes = "starts ends axes",
                               .min_inputs = 1,
                               .max_inputs = 5,
                               .max_outputs = 1,
                               .params_bytes = sizeof(itgc_slice_params),
                               .parse = parse_slice,
                               .infer = infer_slice,
                               .eval = eval_slice,
                               .quantize = itgc_quantize_slice,
                               .format = ITGC_FORMAT_PASS};
