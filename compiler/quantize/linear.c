/* SPDX-License-Identifier: Apache-2.0
 * Nodes that are linear by constants, seen as one matrix of output channels and taps. Called by choose_format.c and the ops' quantizers. */
#include "compiler/quantize/quantize.h"
#include "compiler/quantize/tuning.h"

#include <string.h>

static const double *read_slopes(const itgc_quantizer *quantizer, const itgc_node *activation, int64_t channels)
{
    double *slope = ITGC_NEW_ARRAY(quantizer->arena, double, channels);
    const bool is_leaky = strcmp(activation->op->family, "unary") == 0;
    const itgc_value *values = is_leaky ? NULL : activation->in[1]->constant;
    const int64_t count = is_leaky ? 1 : itgc_elements(&values->shape);
    for (int64_t c = 0; c < channels; c++) {
        slope[c] = is_leaky ? ((const itgc_unary_params *)activation->params)->alpha : (double)values->f[count == 1 ? 0 : c];
    }
    return slope;
}

bool itgc_is_linear(const itgc_node *node)
{
    return strcmp(node->op->family, "conv") == 0 || strcmp(node->op->family, "gemm") == 0;
}

bool itgc_is_sum(const itgc_node *node)
{
    return strcmp(node->op->family, "binary") == 0 && ((const itgc_binary_params *)node->params)->kind == ITGC_ADD;
}

/* Normal forms of lower: Conv [M,C/g,k…], Gemm by [N,K] with alpha = beta = 1. */
static bool is_normal(const itgc_node *node)
{
    const itgc_tensor *weights = node->in_count > 1 ? node->in[1] : NULL;
    const itgc_tensor *bias = node->in_count > 2 ? node->in[2] : NULL;
    if (!weights || !weights->constant || !weights->constant->f || (bias && (!bias->constant || !bias->constant->f))) {
        return false;
    }
    if (bias && itgc_elements(&bias->shape) != weights->shape.dim[0]) {
        return false;
    }
    if (strcmp(node->op->family, "gemm") == 0) {
        const itgc_gemm_params *params = node->params;
        return params->alpha == 1.0f && params->beta == 1.0f && !params->transpose_a && params->transpose_b;
    }
    return true;
}

bool itgc_read_linear(const itgc_quantizer *quantizer, const itgc_node *node, itgc_linear *linear)
{
    if (!is_normal(node)) {
        return itgc_fail(quantizer->diag, 403,
                         "weights and bias must be constants with one bias per output channel; spell a product of two activations as MatMul");
    }
    const itgc_value *weights = node->in[1]->constant;
    const int64_t channels = weights->shape.dim[0];
    const int64_t taps = itgc_elements(&weights->shape) / channels;
    *linear = (itgc_linear){.weights = weights->f, .channels = channels, .taps = taps, .channel_stride = taps, .tap_stride = 1};
    linear->tuning = itgc_layer_tuning_of(quantizer->options->tuning, node);
    if (node->in_count > 2 && node->in[2]) {
        linear->bias = node->in[2]->constant->f;
    }
    if (itgc_activation_of(node->fused) == ITGC_SLOPES) {
        linear->slope = read_slopes(quantizer, node->fused, channels);
    }
    return true;
}
