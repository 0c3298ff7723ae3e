/* SPDX-License-Identifier: Apache-2.0
 * Gemm by constant weights → itg_conv: one row of pixels, a 1x1 kernel. lower has made every product by a constant a Gemm [M,K] x [N,K]. */
#include "compiler/ops/quantizers.h"
#include "compiler/quantize/quantize.h"

bool itgc_quantize_gemm(struct itgc_quantizer *quantizer, itgc_node *node)
{
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    itgc_linear linear;
    itgc_linear_codes codes;
    if (!itgc_read_linear(quantizer, node, &linear) || !itgc_quantize_linear(quantizer, &linear, &in->format, out->format.type, &codes)) {
        return false;
    }
    const int32_t rows = (int32_t)in->shape.dim[0];
    itg_conv conv = {.in = {1, rows, (int32_t)codes.taps},
                     .out = {1, rows, (int32_t)codes.channels},
                     .kernel = {1, 1},
                     .stride = {1, 1},
                     .dilation = {1, 1},
                     .groups = 1,
                     .pad_code = in->format.zero,
                     .in_type = in->format.type,
                     .out_type = out->format.type,
                     .packing = ITG_PACK_ROWS};
    conv.weights = itgc_keep_constant(quantizer, "weights", codes.weights, 1, true, (size_t)(codes.channels * codes.taps));
    if (!itgc_fill_epilogue(quantizer, node, &codes, &in->format, &out->format, &conv.epilogue)) {
        return false;
    }
    itgc_step *step = itgc_add_step(quantizer, &itgc_step_conv, &conv, node, &in, 1, out, 1);
    step->macs = rows * codes.channels * codes.taps;
    return true;
}
