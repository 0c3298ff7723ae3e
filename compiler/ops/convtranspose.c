/* SPDX-License-Identifier: Apache-2.0
 * ConvTranspose (ONNX opsets 1 to 22), as a convolution that looks up, for each output, the inputs whose windows reach it.
 * In: x [N,C,…] or [N,…,C], weights [C,M/group,k…], optional bias [M]. */
#include "compiler/ops/conv.h"
#include "compiler/ops/window.h"

#include <inttypes.h>

static bool parse_convtranspose(itgc_node *node, itgc_diag *diag)
{
    itgc_convtranspose_params *const params = node->params;
    params->conv.group = itgc_int_attribute(node, "group", 1);
    if (params->conv.group < 1) {
        return itgc_fail(diag, 225, "group %" PRId64 " is not a count; export the model again", params->conv.group);
    }
    const int paddings = itgc_ints_attribute(node, "output_padding", params->out_padding, ITGC_MAX_SPATIAL);
    const int sizes = itgc_ints_attribute(node, "output_shape", params->out_shape, ITGC_MAX_SPATIAL);
    params->shape_given = sizes > 0;
    if (paddings == -2 || sizes == -2) {
        return itgc_fail(diag, 220, "output_padding or output_shape has more than 3 values; export the model again");
    }
    return itgc_parse_window(node, diag, &params->conv.window);
}

static bool check_weights(const itgc_node *node, itgc_diag *diag, itgc_conv_params *params, int64_t channels)
{
    const itgc_shape *const weights = &node->in[1]->shape;
    bool fits = weights->rank == params->window.rank + 2 && weights->dim[0] == channels && channels % params->group == 0 && weights->dim[1] > 0;
    for (int i = 0; i < params->window.rank && fits; i++) {
        const int64_t size = weights->dim[2 + i];
        fits = size > 0 && (params->window.kernel[i] == 0 || params->window.kernel[i] == size);
        params->window.kernel[i] = size;
    }
    const itgc_tensor *const bias = itgc_input_of(node, 2);
    if (!fits || (bias != NULL && itgc_elements(&bias->shape) != weights->dim[1] * params->group)) {
        return itgc_fail(diag, 226, "its weights or bias (weights %s) do not fit its input %s and attributes; check the input shape",
                         itgc_shape_text(diag->arena, weights), itgc_shape_text(diag->arena, &node->in[0]->shape));
    }
    return true;
}

/* Output size of an axis; padding becomes explicit. */
static int64_t settle_axis(itgc_convtranspose_params *params, int axis, int64_t in)
{
    itgc_window *const window = &params->conv.window;
    const int64_t full = window->stride[axis] * (in - 1) + params->out_padding[axis] + itgc_window_extent(window, axis);
    if (!params->shape_given && (window->auto_pad == ITGC_PAD_EXPLICIT || window->auto_pad == ITGC_PAD_VALID)) {
        return full - window->before[axis] - window->after[axis];
    }
    const int64_t out = params->shape_given ? params->out_shape[axis] : in * window->stride[axis];
    const int64_t surplus = full > out ? full - out : 0;
    window->before[axis] = window->auto_pad == ITGC_PAD_SAME_UPPER ? surplus / 2 : surplus - surplus / 2;
    window->after[axis] = full - out - window->before[axis]; /* below zero where the output is to be longer */
    return out;
}

static bool infer_convtranspose(itgc_node *node, itgc_diag *diag)
{
    itgc_convtranspose_params *const params = node->params;
    itgc_window *const window = &params->conv.window;
    const itgc_shape *const x = &node->in[0]->shape;
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !itgc_require_same_type(diag, node, 1) || !itgc_check_window(window, diag, x) ||
        !check_weights(node, diag, &params->conv, x->dim[itgc_channel_dim(window)])) {
        return false;
    }
    itgc_shape y = *x;
    y.dim[itgc_channel_dim(window)] = node->in[1]->shape.dim[1] * params->conv.group;
    for (int i = 0; i < window->rank; i++) {
        const int64_t out = settle_axis(params, i, x->dim[itgc_spatial_dim(window, i)]);
        if (out < 1) {
            return itgc_fail(diag, 224, "its output would have a size of %" PRId64 "; check the input shape", out);
        }
        y.dim[itgc_spatial_dim(window, i)] = out;
        params->out_shape[i] = out;
    }
    params->shape_given = false; /* the padding says it all from here on, however often shapes are inferred */
    window->auto_pad = ITGC_PAD_EXPLICIT;
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

static bool eval_convtranspose(const itgc_eval *eval)
{
    const itgc_convtranspose_params *const params = eval->node->params;
    return itgc_run_convolution(eval, &params->conv, true);
}

const itgc_op itgc_op_convtranspose = {.family = "convtranspose",
                                       .attributes = ITGC_WINDOW_ATTRIBUTES " group output_padding output_shape",
                                       .min_inputs = 2,
                                       .max_inputs = 3,
                                       .max_outputs = 1,
                                       .params_bytes = sizeof(itgc_convtranspose_params),
                                       .parse = parse_convtranspose,
                                       .infer = infer_convtranspose,
                                       .eval = eval_convtranspose};
