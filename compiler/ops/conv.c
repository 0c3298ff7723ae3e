/* SPDX-License-Identifier: Apache-2.0
 * Conv (ONNX opsets 1 to 22): 1, 2 or 3 spatial dimensions, groups, dilation, strides, explicit and automatic padding.
 * In: x [N,C,…] or [N,…,C], weights [M,C/group,k…], optional bias [M]. conv_eval.c computes it. */
#include "compiler/ops/conv.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/window.h"

#include <inttypes.h>

static bool parse_conv(itgc_node *node, itgc_diag *diag)
{
    itgc_conv_params *const params = node->params;
    params->group = itgc_int_attribute(node, "group", 1);
    if (params->group < 1) {
        return itgc_fail(diag, 225, "group %" PRId64 " is not a count; export the model again", params->group);
    }
    return itgc_parse_window(node, diag, &params->window);
}

/* kernel_shape may be left out: the weights tell it. */
static bool check_weights(const itgc_node *node, itgc_diag *diag, itgc_conv_params *params, int64_t channels)
{
    const itgc_shape *const weights = &node->in[1]->shape;
    if (weights->rank != params->window.rank + 2) {
        return itgc_fail(diag, 226, "its weights have shape %s, which does not fit %d spatial dimensions; export the model again",
                         itgc_shape_text(diag->arena, weights), params->window.rank);
    }
    for (int i = 0; i < params->window.rank; i++) {
        const int64_t size = weights->dim[2 + i];
        if (size < 1 || (params->window.kernel[i] != 0 && params->window.kernel[i] != size)) {
            return itgc_fail(diag, 226, "its weights have shape %s, which does not fit kernel_shape; export the model again",
                             itgc_shape_text(diag->arena, weights));
        }
        params->window.kernel[i] = size;
    }
    if (weights->dim[1] * params->group != channels || weights->dim[0] % params->group != 0 || weights->dim[0] < 1) {
        return itgc_fail(diag, 226,
                         "its weights have shape %s, which does not fit %" PRId64 " input channels in %" PRId64 " groups; check the input shape",
                         itgc_shape_text(diag->arena, weights), channels, params->group);
    }
    return true;
}

static bool infer_conv(itgc_node *node, itgc_diag *diag)
{
    itgc_conv_params *const params = node->params;
    itgc_window *const window = &params->window;
    const itgc_shape *const x = &node->in[0]->shape;
    int64_t out[ITGC_MAX_SPATIAL];
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS) || !itgc_require_same_type(diag, node, 1) || !itgc_check_window(window, diag, x) ||
        !check_weights(node, diag, params, x->dim[itgc_channel_dim(window)]) || !itgc_infer_window(window, diag, x, out)) {
        return false;
    }
    itgc_shape y = *x;
    y.dim[itgc_channel_dim(window)] = node->in[1]->shape.dim[0];
    for (int i = 0; i < window->rank; i++) {
        y.dim[itgc_spatial_dim(window, i)] = out[i];
    }
    const itgc_tensor *const bias = itgc_input_of(node, 2);
    if (bias != NULL && itgc_elements(&bias->shape) != node->in[1]->shape.dim[0]) {
        return itgc_fail(diag, 226, "its bias has shape %s but there are %" PRId64 " output channels; export the model again",
                         itgc_shape_text(diag->arena, &bias->shape), node->in[1]->shape.dim[0]);
    }
    itgc_set_output(node, 0, node->in[0]->type, &y);
    return true;
}

static bool eval_conv(const itgc_eval *eval)
{
    return itgc_run_convolution(eval, eval->node->params, false);
}

const itgc_op itgc_op_conv = {.family = "conv",
                              .attributes = ITGC_WINDOW_ATTRIBUTES " group",
                              .min_inputs = 2,
                              .max_inputs = 3,
                              .max_outputs = 1,
                              .params_bytes = sizeof(itgc_conv_params),
                              .parse = parse_conv,
                              .infer = infer_conv,
                              .eval = eval_conv,
                              .quantize = itgc_quantize_conv};
