/* SPDX-License-Identifier: Apache-2.0
 * BatchNormalization (ONNX opsets 1 to 15): y = x * s + t, s = scale / sqrt(var + epsilon), t = B - mean * s per channel. With training_mode
 * (standardised weights: x is a constant) mean and var are those of x, and the running ones are outputs.
 * In: x [N,C,…] or [N,…,C], scale, B, mean, var [C]. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

#include <math.h>

static bool parse_batchnorm(itgc_node *node, itgc_diag *diag)
{
    itgc_norm_params *const params = node->params;
    params->epsilon = itgc_float_attribute(node, "epsilon", 1e-5f);
    params->momentum = itgc_float_attribute(node, "momentum", 0.9f);
    params->is_training = node->opset >= 14 && itgc_int_attribute(node, "training_mode", 0) != 0;
    for (int i = 1; i < node->out_count; i++) {
        if (node->out[i] != NULL && (!params->is_training || i > 2)) {
            return itgc_fail(diag, 229, "it gives running statistics, as in training; export the model in inference mode");
        }
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
    itgc_set_output(node, 1, node->in[3]->type, &node->in[3]->shape);
    itgc_set_output(node, 2, node->in[4]->type, &node->in[4]->shape);
    return true;
}

typedef struct extents {
    int64_t outer, channels, inner; /* x as [outer][channels][inner] */
} extents;

static extents read_extents(const itgc_norm_params *params, const itgc_shape *shape)
{
    const int axis = params->channels_last ? shape->rank - 1 : 1;
    if (shape->rank < 2) {
        return (extents){1, 1, shape->dim[0]};
    }
    return (extents){itgc_outer_count(shape, axis), shape->dim[axis], itgc_inner_count(shape, axis)};
}

/* Mean and population variance of one channel of x. */
static void measure_channel(const float *x, const extents *size, int64_t channel, double *mean, double *variance)
{
    const int64_t count = size->outer * size->inner;
    double sum = 0.0, squares = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t o = 0; o < size->outer; o++) {
            const float *const row = x + (o * size->channels + channel) * size->inner;
            for (int64_t j = 0; j < size->inner; j++) {
                const double distance = (double)row[j] - *mean;
                sum += pass == 0 ? (double)row[j] : 0.0;
                squares += pass == 0 ? 0.0 : distance * distance;
            }
        }
        *mean = count > 0 ? sum / (double)count : 0.0;
    }
    *variance = count > 0 ? squares / (double)count : 0.0;
}

/* What the running statistic becomes. */
static void update_running(const itgc_eval *eval, int output, int64_t channel, double seen)
{
    const double momentum = (double)((const itgc_norm_params *)eval->node->params)->momentum;
    if (output < eval->node->out_count && eval->out[output] != NULL) {
        eval->out[output]->f[channel] = (float)((double)eval->in[output + 2]->f[channel] * momentum + seen * (1.0 - momentum));
    }
}

static bool eval_batchnorm(const itgc_eval *eval)
{
    const itgc_norm_params *const params = eval->node->params;
    const extents size = read_extents(params, &eval->in[0]->shape);
    float *const scale = ITGC_NEW_ARRAY(eval->scratch, float, size.channels), *const shift = ITGC_NEW_ARRAY(eval->scratch, float, size.channels);
    for (int64_t c = 0; c < size.channels; c++) {
        double mean = (double)eval->in[3]->f[c], variance = (double)eval->in[4]->f[c];
        if (params->is_training) {
            measure_channel(eval->in[0]->f, &size, c, &mean, &variance);
            update_running(eval, 1, c, mean);
            update_running(eval, 2, c, variance);
        }
        const double factor = (double)eval->in[1]->f[c] / sqrt(variance + (double)params->epsilon);
        scale[c] = (float)factor;
        shift[c] = (float)((double)eval->in[2]->f[c] - mean * factor);
    }
    const float *x = eval->in[0]->f;
    float *y = eval->out[0]->f;
    for (int64_t i = 0; i < size.outer * size.channels; i++, x += size.inner, y += size.inner) {
        const float factor = scale[i % size.channels], term = shift[i % size.channels];
        for (int64_t j = 0; j < size.inner; j++) {
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
