/* SPDX-License-Identifier: Apache-2.0
 * Layers in which an output channel sees one input channel → itg_depthwise: Conv with group = C, and every y = gain[c] x + bias[c]
 * (BatchNormalization, PRelu, Add and Mul by constants) as a 1x1 kernel. Called by the quantizers of those ops. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/ops/window_quantize.h"
#include "compiler/quantize/quantize.h"

#include <math.h>

static const itgc_field depthwise_fields[] = {ITGC_WINDOW_FIELDS(itg_depthwise), ITGC_LAYER_FIELDS(itg_depthwise)};

const itgc_step_kind itgc_step_depthwise =
    ITGC_TIER_KIND(itg_op_depthwise, itg_tier_depthwise, itg_depthwise, depthwise_fields, ITG_FAMILY_DEPTHWISE);

/* [Cout][taps] → [taps][Cout]. */
static const int8_t *pack_taps(itgc_quantizer *quantizer, const itgc_linear_codes *codes)
{
    int8_t *taps = ITGC_NEW_ARRAY(quantizer->arena, int8_t, codes->channels * codes->taps);
    for (int64_t c = 0; c < codes->channels; c++) {
        for (int64_t k = 0; k < codes->taps; k++) {
            taps[k * codes->channels + c] = codes->weights[c * codes->taps + k];
        }
    }
    return itgc_keep_constant(quantizer, "weights", taps, 1, true, (size_t)(codes->channels * codes->taps));
}

static bool add_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_window_shape *shape, const itgc_linear *linear, const float *pad_values)
{
    itgc_tensor *in = node->in[0]->constant ? node->in[1] : node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    itgc_linear_codes codes;
    itg_depthwise depthwise = {.in_type = in->format.type, .out_type = out->format.type, .packing = ITG_PACK_ROWS};
    if (!itgc_quantize_linear(quantizer, linear, &in->format, out->format.type, &codes) ||
        !itgc_fill_epilogue(quantizer, node, &codes, &in->format, &out->format, &depthwise.epilogue)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        depthwise.in[i] = shape->in[i];
        depthwise.out[i] = shape->out[i];
        depthwise.kernel[i] = shape->kernel[i];
        depthwise.stride[i] = shape->stride[i];
        depthwise.dilation[i] = shape->dilation[i];
        depthwise.before[i] = shape->before[i];
    }
    depthwise.in[2] = shape->in[2];
    depthwise.out[2] = shape->out[2];
    depthwise.weights = pack_taps(quantizer, &codes);
    depthwise.pad = itgc_pad_codes(quantizer, pad_values, shape, &in->format);
    depthwise.pad_code = depthwise.pad ? 0 : in->format.zero;
    itgc_step *step = itgc_add_step(quantizer, &itgc_step_depthwise, &depthwise, node, &in, 1, out, (uint32_t)(shape->batch * shape->out[0]));
    step->macs = shape->batch * shape->out[0] * shape->out[1] * codes.channels * codes.taps;
    return true;
}

bool itgc_add_depthwise_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_window_shape *shape)
{
    const itgc_conv_params *params = node->params;
    itgc_linear linear;
    return itgc_read_linear(quantizer, node, &linear) && add_step(quantizer, node, shape, &linear, params->pad_values);
}

bool itgc_add_affine_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_linear *affine)
{
    const int32_t channels = (int32_t)affine->channels;
    const int32_t pixels = (int32_t)(itgc_elements(&node->out[0]->shape) / affine->channels);
    const itgc_window_shape shape = {
        .batch = 1, .in = {pixels, 1, channels}, .out = {pixels, 1, channels}, .kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    return add_step(quantizer, node, &shape, affine, NULL);
}

/* scale, bias, mean, variance → gain and bias of each channel. */
bool itgc_quantize_batchnorm(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_norm_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    const int64_t channels = shape->dim[shape->rank - 1];
    if (params->is_training) {
        return itgc_fail(quantizer->diag, 411, "mean and variance are those of each input; export the model for inference");
    }
    for (int i = 1; i < 5; i++) {
        if (i >= node->in_count || !node->in[i] || !node->in[i]->constant || itgc_elements(&node->in[i]->shape) != channels) {
            return itgc_fail(quantizer->diag, 411, "input %d must be a constant with one value per channel; export the model for inference", i);
        }
    }
    float *gain = ITGC_NEW_ARRAY(quantizer->arena, float, channels);
    float *bias = ITGC_NEW_ARRAY(quantizer->arena, float, channels);
    for (int64_t c = 0; c < channels; c++) {
        const double factor = (double)node->in[1]->constant->f[c] / sqrt((double)node->in[4]->constant->f[c] + (double)params->epsilon);
        gain[c] = (float)factor;
        bias[c] = (float)((double)node->in[2]->constant->f[c] - factor * (double)node->in[3]->constant->f[c]);
    }
    const itgc_linear affine = {.weights = gain, .bias = bias, .channels = channels, .taps = 1, .channel_stride = 1, .tap_stride = 1};
    return itgc_add_affine_step(quantizer, node, &affine);
}
