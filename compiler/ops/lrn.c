/* SPDX-License-Identifier: Apache-2.0
 * LRN (ONNX opsets 1 to 13): y = x / (bias + alpha / size * sum of squares over `size` neighbouring channels)^beta.
 * In: x [N,C,…] or [N,…,C]. */
#include "compiler/base/real.h"
#include "compiler/ops/op.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>

static bool parse_lrn(itgc_node *node, itgc_diag *diag)
{
    itgc_lrn_params *const params = node->params;
    params->alpha = itgc_float_attribute(node, "alpha", 1e-4f);
    params->beta = itgc_float_attribute(node, "beta", 0.75f);
    params->bias = itgc_float_attribute(node, "bias", 1.0f);
    params->size = itgc_int_attribute(node, "size", 0);
    return params->size > 0 || itgc_fail(diag, 227, "size %" PRId64 " is not a count; export the model again", params->size);
}

static bool infer_lrn(itgc_node *node, itgc_diag *diag)
{
    if (node->in[0]->shape.rank < 2) {
        return itgc_fail(diag, 223, "its input has %d dimensions; 2 or more are supported", node->in[0]->shape.rank);
    }
    itgc_set_output(node, 0, node->in[0]->type, &node->in[0]->shape);
    return itgc_require_type(diag, node, 0, ITGC_FLOATS);
}

/* All channels of one position, `step` apart. */
static void normalize_position(float *y, const float *x, int64_t channels, int64_t step, const itgc_lrn_params *params)
{
    const int64_t below = (params->size - 1) / 2, above = params->size - 1 - below;
    for (int64_t c = 0; c < channels; c++) {
        const int64_t first = c < below ? 0 : c - below, last = channels - 1 - c < above ? channels - 1 : c + above;
        double sum = 0;
        for (int64_t i = first; i <= last; i++) {
            sum += (double)x[i * step] * (double)x[i * step];
        }
        const double base = (double)params->bias + (double)params->alpha / (double)params->size * sum;
        y[c * step] = (float)((double)x[c * step] * itgc_pow(base, -(double)params->beta));
    }
}

static bool eval_lrn(const itgc_eval *eval)
{
    const itgc_lrn_params *const params = eval->node->params;
    const itgc_shape *const shape = &eval->in[0]->shape;
    const int axis = params->channels_last ? shape->rank - 1 : 1;
    const int64_t channels = shape->dim[axis], inner = itgc_inner_count(shape, axis);
    for (int64_t i = 0; i < itgc_outer_count(shape, axis) * inner; i++) {
        const int64_t start = i / inner * channels * inner + i % inner;
        normalize_position(eval->out[0]->f + start, eval->in[0]->f + start, channels, inner, params);
    }
    return true;
}

const itgc_op itgc_op_lrn = {.family = "lrn",
                             .attributes = "alpha beta bias size",
                             .min_inputs = 1,
                             .max_inputs = 1,
                             .max_outputs = 1,
                             .params_bytes = sizeof(itgc_lrn_params),
                             .parse = parse_lrn,
                             .infer = infer_lrn,
                             .eval = eval_lrn,
                             .quantize = itgc_quantize_lrn};
