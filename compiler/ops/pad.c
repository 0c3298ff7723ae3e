/* SPDX-License-Identifier: Apache-2.0
 * Pad (ONNX opsets 2 to 25): constant, reflect, edge, wrap; negative amounts crop. Amounts are an attribute (before 11) or a constant
 * input, for all axes or for those of a fourth input. In: any type. */
#include "compiler/ops/gather_axis.h"
#include "compiler/ops/pad.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <string.h>

static bool parse_pad(itgc_node *node, itgc_diag *diag)
{
    static const char *const names[] = {
        [ITGC_PAD_CONSTANT] = "constant", [ITGC_PAD_REFLECT] = "reflect", [ITGC_PAD_EDGE] = "edge", [ITGC_PAD_WRAP] = "wrap"};
    itgc_pad_params *const params = node->params;
    const char *const mode = itgc_string_attribute(node, "mode", "constant");
    int64_t pads[2 * ITGC_MAX_RANK];
    int found = -1;
    for (int i = 0; i < 4; i++) {
        found = strcmp(mode, names[i]) == 0 ? i : found;
    }
    if (found < 0) {
        return itgc_fail(diag, 231, "mode \"%.40s\" is unknown; constant, reflect, edge and wrap are supported", mode);
    }
    params->mode = (itgc_pad_mode)found;
    params->value = itgc_float_attribute(node, "value", 0.0f);
    const int count = itgc_ints_attribute(node, "pads", pads, 2 * ITGC_MAX_RANK);
    if (count == -2 || (count >= 0 && count % 2 != 0)) {
        return itgc_fail(diag, 231, "attribute \"pads\" does not have two integers for each axis; export the model again");
    }
    params->count = count < 0 ? 0 : count;
    for (int i = 0; i < params->count / 2; i++) {
        params->before[i] = pads[i];
        params->after[i] = pads[params->count / 2 + i];
    }
    return true;
}

/* Amounts from the inputs, spread to all axes. */
static bool read_amounts(const itgc_node *node, itgc_diag *diag, itgc_pad_params *params, int rank)
{
    int64_t pads[2 * ITGC_MAX_RANK], axes[ITGC_MAX_RANK];
    int count, axis_count = rank;
    for (int i = 0; i < ITGC_MAX_RANK; i++) {
        axes[i] = i;
    }
    if (!itgc_constant_ints(diag, node, 1, pads, 2 * ITGC_MAX_RANK, &count)) {
        return false;
    }
    if (itgc_input_of(node, 3) != NULL && !itgc_constant_ints(diag, node, 3, axes, ITGC_MAX_RANK, &axis_count)) {
        return false;
    }
    if (count != 2 * axis_count) {
        return itgc_fail(diag, 231, "%d padding amounts were given for %d axes; two an axis are needed", count, axis_count);
    }
    memset(params->before, 0, sizeof params->before);
    memset(params->after, 0, sizeof params->after);
    for (int i = 0; i < axis_count; i++) {
        if (!itgc_normalize_axis(diag, &axes[i], rank)) {
            return false;
        }
        params->before[axes[i]] = pads[i];
        params->after[axes[i]] = pads[axis_count + i];
    }
    params->count = 2 * rank;
    return true;
}

static bool read_value(const itgc_node *node, itgc_diag *diag, itgc_pad_params *params)
{
    const itgc_tensor *const value = itgc_input_of(node, 2);
    if (value == NULL || params->mode != ITGC_PAD_CONSTANT) {
        return true;
    }
    if (value->type != node->in[0]->type || itgc_elements(&value->shape) > 1) {
        return itgc_fail(diag, 231, "its padding value must be one %s; export the model again", itgc_type_name(node->in[0]->type));
    }
    if (value->constant != NULL && itgc_elements(&value->shape) == 1 && value->constant->f != NULL) {
        params->value = value->constant->f[0];
    }
    return true;
}

static bool infer_pad(itgc_node *node, itgc_diag *diag)
{
    const int64_t largest = (int64_t)1 << 31;
    itgc_pad_params *const params = node->params;
    itgc_shape y = node->in[0]->shape;
    if ((itgc_input_of(node, 1) != NULL && !read_amounts(node, diag, params, y.rank)) || !read_value(node, diag, params)) {
        return false;
    }
    if (params->count != 2 * y.rank) {
        return itgc_fail(diag, 231, "%d padding amounts were given for an input of %d dimensions; two a dimension are needed", params->count, y.rank);
    }
    for (int i = 0; i < y.rank; i++) {
        const int64_t before = params->before[i], after = params->after[i], in = y.dim[i];
        if (before < -largest || before > largest || after < -largest || after > largest || in + before + after < 0) {
            return itgc_fail(diag, 231, "amounts %" PRId64 " and %" PRId64 " do not fit a dimension of %" PRId64 "; check the input shape", before,
                             after, in);
        }
        y.dim[i] = in + before + after;
        if (params->mode != ITGC_PAD_CONSTANT && in == 0 && y.dim[i] > 0) {
            return itgc_fail(diag, 231, "an empty dimension cannot be extended from its own values; use mode constant");
        }
    }
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

static int64_t wrap_index(int64_t index, int64_t count)
{
    const int64_t rest = index % count;
    return rest < 0 ? rest + count : rest;
}

int64_t itgc_find_padded(itgc_pad_mode mode, int64_t index, int64_t count)
{
    if (index >= 0 && index < count) {
        return index;
    }
    switch (mode) {
    case ITGC_PAD_EDGE:
        return index < 0 ? 0 : count - 1;
    case ITGC_PAD_WRAP:
        return wrap_index(index, count);
    case ITGC_PAD_REFLECT: {
        const int64_t period = count == 1 ? 1 : 2 * (count - 1), rest = wrap_index(index, period);
        return rest < count ? rest : period - rest;
    }
    default:
        return -1;
    }
}

static bool eval_pad(const itgc_eval *eval)
{
    const itgc_pad_params *const params = eval->node->params;
    const itgc_value *value = eval->in[0];
    const itgc_value *const given = itgc_operand_of(eval, 2);
    const void *fill = itgc_is_float(value->type) ? (const void *)&params->value : (const void *)&(int64_t){(int64_t)params->value};
    if (given != NULL && itgc_elements(&given->shape) == 1) {
        fill = itgc_held_elements(given);
    }
    for (int axis = 0; axis < value->shape.rank; axis++) {
        const int64_t count = eval->out[0]->shape.dim[axis], in = value->shape.dim[axis];
        int64_t *const table = ITGC_NEW_ARRAY(eval->scratch, int64_t, count + 1);
        if (params->before[axis] == 0 && params->after[axis] == 0) {
            continue;
        }
        for (int64_t i = 0; i < count; i++) {
            table[i] = itgc_find_padded(params->mode, i - params->before[axis], in);
        }
        value = itgc_gather_axis(eval->scratch, value, axis, table, count, fill);
    }
    itgc_copy_elements(eval->out[0], value);
    return true;
}

const itgc_op itgc_op_pad = {.family = "pad",
                             .attributes = "mode pads value",
                             .min_inputs = 1,
                             .max_inputs = 4,
                             .max_outputs = 1,
                             .params_bytes = sizeof(itgc_pad_params),
                             .parse = parse_pad,
                             .infer = infer_pad,
                             .eval = eval_pad,
                             .quantize = itgc_quantize_pad,
                             .format = ITGC_FORMAT_PASS};
