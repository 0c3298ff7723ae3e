/* SPDX-License-Identifier: Apache-2.0
 * Gather by constants, Pad and nearest Resize → itg_gather, one step for each axis that changes. */
#include "compiler/ops/copy_quantize.h"
#include "compiler/ops/pad.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/ops/walk.h"

#include <string.h>

static const itgc_field gather_fields[] = {
    ITGC_FIELD(itg_gather, index, ITGC_FIELD_POINTER, 1), ITGC_FIELD(itg_gather, in_count, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_gather, out_count, ITGC_FIELD_I32, 1), ITGC_FIELD(itg_gather, inner, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_gather, fill, ITGC_FIELD_I32, 1),      ITGC_FIELD(itg_gather, element_bytes, ITGC_FIELD_U8, 1),
};

const itgc_step_kind itgc_step_gather = ITGC_STEP_KIND(itg_op_gather, itg_gather, gather_fields, 0);

/* What out takes along one axis: source indices, -1 for the fill. */
typedef struct axis_picks {
    int axis;
    int64_t count;
    int32_t *index;
} axis_picks;

static void add_gather_step(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *in, itgc_tensor *out, const axis_picks *picks, int32_t fill)
{
    const itg_gather gather = {.index = itgc_keep_constant(quantizer, "index", picks->index, 4, true, (size_t)picks->count),
                               .in_count = (int32_t)in->shape.dim[picks->axis],
                               .out_count = (int32_t)picks->count,
                               .inner = (int32_t)itgc_inner_count(&in->shape, picks->axis),
                               .fill = fill,
                               .element_bytes = itgc_stored_bytes(in->format.type)};
    itgc_add_step(quantizer, &itgc_step_gather, &gather, node, &in, 1, out, (uint32_t)itgc_outer_count(&in->shape, picks->axis));
}

/* Runs the picks of several axes one after the other; the last step writes the node's output. None: the output is the input. */
static void add_axis_steps(itgc_quantizer *quantizer, itgc_node *node, const axis_picks *all, int count, int32_t fill)
{
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = node->out[0];
    if (count == 0) {
        out->alias_of = in;
    }
    for (int i = 0; i < count; i++) {
        itgc_tensor *to = out;
        if (i + 1 < count) {
            itgc_shape shape = in->shape;
            shape.dim[all[i].axis] = all[i].count;
            to = itgc_new_step_tensor(quantizer, out->name, &shape, &out->format);
        }
        add_gather_step(quantizer, node, in, to, &all[i], fill);
        in = to;
    }
}

bool itgc_quantize_gather(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const itgc_value *indices = node->in[1]->constant;
    if (strcmp(node->type, "Gather") != 0 || !indices || node->in[0]->constant) {
        return itgc_fail(quantizer->diag, 420, "only a Gather by constant indices has an integer step; make the indices constants");
    }
    axis_picks picks = {.axis = (int)(params->axis < 0 ? params->axis + shape->rank : params->axis), .count = itgc_elements(&indices->shape)};
    picks.index = ITGC_NEW_ARRAY(quantizer->arena, int32_t, picks.count);
    for (int64_t i = 0; i < picks.count; i++) {
        picks.index[i] = (int32_t)(indices->i[i] < 0 ? indices->i[i] + shape->dim[picks.axis] : indices->i[i]);
    }
    add_gather_step(quantizer, node, node->in[0], node->out[0], &picks, 0);
    return true;
}

/* A code as the gather op stores it: the low bytes. */
static int32_t stored_fill(const itgc_format *format, double value)
{
    const int32_t code = itgc_code_of(format, value);
    return format->type == ITG_U8 ? code + 128 : code;
}

bool itgc_quantize_pad(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_pad_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    axis_picks all[ITGC_MAX_RANK];
    int count = 0;
    for (int axis = 0; axis < shape->rank; axis++) {
        if (params->before[axis] == 0 && params->after[axis] == 0) {
            continue;
        }
        axis_picks *picks = &all[count++];
        picks->axis = axis;
        picks->count = shape->dim[axis] + params->before[axis] + params->after[axis];
        picks->index = ITGC_NEW_ARRAY(quantizer->arena, int32_t, picks->count);
        for (int64_t i = 0; i < picks->count; i++) {
            picks->index[i] = (int32_t)itgc_find_padded(params->mode, i - params->before[axis], shape->dim[axis]);
        }
    }
    add_axis_steps(quantizer, node, all, count, stored_fill(&node->in[0]->format, (double)params->value));
    return true;
}

/* Nearest Resize of a tensor that holds each element's coordinate along `axis` tells which element each output takes: the float
 * evaluator stays the only place that knows the coordinate rules. */
static bool find_nearest(itgc_quantizer *quantizer, itgc_node *node, int axis, axis_picks *picks)
{
    const itgc_shape *from = &node->in[0]->shape;
    const itgc_shape *to = &node->out[0]->shape;
    itgc_arena *scratch = itgc_new_child_arena(quantizer->arena);
    itgc_value *coordinates = itgc_new_value(scratch, ITGC_F32, from);
    itgc_value *result = itgc_new_value(scratch, ITGC_F32, to);
    int64_t from_stride[ITGC_MAX_RANK];
    int64_t to_stride[ITGC_MAX_RANK];
    itgc_dense_strides(from, from_stride);
    itgc_dense_strides(to, to_stride);
    for (int64_t i = 0; i < itgc_elements(from); i++) {
        coordinates->f[i] = (float)(i / from_stride[axis] % from->dim[axis]);
    }
    const itgc_value **in = ITGC_NEW_ARRAY(scratch, const itgc_value *, node->in_count);
    in[0] = coordinates;
    for (int i = 1; i < node->in_count; i++) {
        in[i] = node->in[i] ? node->in[i]->constant : NULL;
    }
    const itgc_eval eval = {.node = node, .in = in, .out = &result, .scratch = scratch, .diag = quantizer->diag, .threads = 1};
    const bool fine = node->op->eval(&eval);
    picks->axis = axis;
    picks->count = to->dim[axis];
    picks->index = ITGC_NEW_ARRAY(quantizer->arena, int32_t, picks->count);
    for (int64_t i = 0; fine && i < picks->count; i++) {
        picks->index[i] = (int32_t)result->f[i * to_stride[axis]];
    }
    itgc_release_arena(scratch);
    return fine;
}

bool itgc_quantize_resize(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_resize_params *params = node->params;
    axis_picks all[ITGC_MAX_RANK];
    int count = 0;
    if (params->mode != ITGC_RESIZE_NEAREST) {
        return itgc_fail(quantizer->diag, 421,
                         "a Resize that reads beyond its input has no integer step; use another coordinate mode, or resize outside the model");
    }
    for (int axis = 0; axis < node->in[0]->shape.rank; axis++) {
        if (node->in[0]->shape.dim[axis] == node->out[0]->shape.dim[axis] && params->scale[axis] == 1.0) {
            continue;
        }
        if (!find_nearest(quantizer, node, axis, &all[count++])) {
            return false;
        }
    }
    add_axis_steps(quantizer, node, all, count, 0);
    return true;
}
