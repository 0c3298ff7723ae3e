/* SPDX-License-Identifier: Apache-2.0
 * BatchNormalization for inference (ONNX opsets 1 to 15): y = x * s + t, s = scale / sqrt(var + epsilon), t = B - mean * s per channel.
 * In: x [N,C,…] or [N,…,C], scale, B, mean, var [C]. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <math.h>

static bool parse_batchnorm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    params->epsilon = itgc_float_attribute(node, "epsilon", 1e-5f);
    for (int i = 1; i < node->out_count; i++) {
        if (node->out[i] != NULL) {
            return itgc_fail(diag, 229, "it gives running statistics, as in training; export the model in inference mode");
        }
    }
    if (itgc_int_attribute(node, "training_mode", 0) != 0) {
        return itgc_fail(diag, 229, "training_mode is set; export the model in inference mode");
    }
    if (itgc_int_attribute(node, "spatial", 1) == 0) {
        return itgc_fail(diag, 229, "spatial = 0 (statistics per position) is not supported; export the model again with opset 9 or later");
    }
    return true;
}

static bool infer_batchnorm(itgc_node *node, itgc_diag *diag)
{
    const itgc_norm_params *const params = node->params;
    const itgc_shape *const x = &node->in[0]->shape;
    if (x->rank < 1) {
        return itgc_fail(diag, 223, "its input has no channel dimension; check the input shape");
    }
    const int64_t channels = x->rank < 2 ? 1 : x->dim[params->channels_last ? x->rank - 1 : 1];
    for (int i = 0; i < 5; i++) {
        if (!itgc_require_type(diag, node, i, ITGC_FLOATS)) {
            return false;
        }
        if (i > 0 && itgc_elements(&node->in[i]->shape) != channels) {
            return itgc_fail(diag, 226, "input %d has shape %s, which does not fit its input %s; check the input shape", i,
                             itgc_shape_text(diag->arena, &node->in[i]->shape), itgc_shape_text(diag->arena, x));
        }
    }
    itgc_set_output(node, 0, node->in[0]->type, x);
    return true;
}

static bool eval_batchnorm(const itgc_eval *eval)
{
    const itgc_norm_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    const int axis = params->channels_last ? shape->rank - 1 : 1;
    const int64_t channels = shape->rank < 2 ? 1 : shape->dim[axis];
    const int64_t inner = shape->rank < 2 ? shape->dim[0] : itgc_inner_count(shape, axis);
    const int64_t outer = shape->rank < 2 ? 1 : itgc_outer_count(shape, axis);
    float *const scale = ITGC_NEW_ARRAY(eval->scratch, float, channels), *const shift = ITGC_NEW_ARRAY(eval->scratch, float, channels);
    for (int64_t c = 0; c < channels; c++) {
        const double factor = (double)eval->in[1]->f[c] / sqrt((double)eval->in[4]->f[c] + (double)params->epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)((double)eval->in[2]->f[c] - (double)eval->in[3]->f[c] * factor);
    }
    const float *x = eval->in[0]->f;
    float *y = eval->out[0]->f;
    for (int64_t i = 0; i < outer * channels; i++, x += inner, y += inner) {
        const float factor = scale[i % channels], term = shift[i % channels];
        for (int64_t j = 0; j < inner; j++) {
            y[j] = x[j] * factor + term;
        }
    }
    return true;
}

const itgc_op itgc_op_batchnorm = {.family = "batchnorm",
                                   .attributes = "epsilon momentum spatial training_mode is_test consumed_inputs",
                                   .min_inputs = 5,
                                   .max_inputs = 5,
                                   .max_outputs = 5,
                                   .params_bytes = sizeof(itgc_norm_params),
                                   .parse = parse_batchnorm,
                                   .infer = infer_batchnorm,
                                   .eval = eval_batchnorm,
                                   .quantize = itgc_quantize_batchnorm};
