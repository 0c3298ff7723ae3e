/* SPDX-License-Identifier: Apache-2.0
 * Conv (plain and grouped) → itg_conv; depthwise ones go to depthwise_quantize.c. Weights become rows [Cout][KH][KW][C / groups].
 * The quantizer of Gemm shares the step kind. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/ops/window_quantize.h"
#include "compiler/quantize/quantize.h"

#include <string.h>

static const itgc_field conv_fields[] = {
    ITGC_WINDOW_FIELDS(itg_conv),
    ITGC_FIELD(itg_conv, groups, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_conv, out_pitch, ITGC_FIELD_I32, 1),
    ITGC_LAYER_FIELDS(itg_conv),
};

const itgc_step_kind itgc_step_conv = ITGC_TIER_KIND(itg_op_conv, itg_tier_conv, itg_conv, conv_fields, ITG_FAMILY_CONV);

static bool is_wide(const itgc_tensor *tensor)
{
    return tensor && itgc_place_owner(tensor)->format.type == ITG_S16;
}

int64_t itgc_count_int16_macs(const itgc_step *step)
{
    int64_t macs = 0;
    for (int i = 0; i < itgc_tier_count(step); i++) {
        const itgc_step *tier = itgc_tier_at(step, i);
        macs += is_wide(tier->in[0]) || is_wide(tier->in[1]) || is_wide(tier->in[2]) ? tier->macs : 0;
    }
    return macs;
}

/* [Cout][C/g][KH][KW] → [Cout][KH][KW][C/g]. */
static const int8_t *pack_rows(itgc_quantizer *quantizer, const itgc_linear_codes *codes, int64_t channels, int64_t positions)
{
    int8_t *rows = ITGC_NEW_ARRAY(quantizer->arena, int8_t, codes->channels * codes->taps);
    for (int64_t o = 0; o < codes->channels; o++) {
        const int8_t *from = codes->weights + o * codes->taps;
        int8_t *to = rows + o * codes->taps;
        for (int64_t c = 0; c < channels; c++) {
            for (int64_t k = 0; k < positions; k++) {
                to[k * channels + c] = from[c * positions + k];
            }
        }
    }
    return itgc_keep_constant(quantizer, "weights", rows, 1, true, (size_t)(codes->channels * codes->taps));
}

static bool add_conv_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_window_shape *shape)
{
    const itgc_conv_params *params = node->params;
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    itgc_linear linear;
    itgc_linear_codes codes;
    itg_conv conv = {.groups = (int32_t)params->group, .in_type = in->format.type, .out_type = out->format.type, .packing = ITG_PACK_ROWS};
    if (!itgc_read_linear(quantizer, node, &linear) || !itgc_quantize_linear(quantizer, &linear, &in->format, out->format.type, &codes) ||
        !itgc_fill_epilogue(quantizer, node, &codes, &in->format, &out->format, &conv.epilogue)) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        conv.in[i] = shape->in[i];
        conv.out[i] = shape->out[i];
        conv.kernel[i] = shape->kernel[i];
        conv.stride[i] = shape->stride[i];
        conv.dilation[i] = shape->dilation[i];
        conv.before[i] = shape->before[i];
    }
    conv.in[2] = shape->in[2];
    conv.out[2] = shape->out[2];
    conv.weights = pack_rows(quantizer, &codes, shape->in[2] / params->group, (int64_t)shape->kernel[0] * shape->kernel[1]);
    conv.pad = itgc_pad_codes(quantizer, params->pad_values, shape, &in->format);
    conv.pad_code = conv.pad ? 0 : in->format.zero;
    itgc_step *step = itgc_add_step(quantizer, &itgc_step_conv, &conv, node, &in, 1, out, (uint32_t)(shape->batch * shape->out[0]));
    step->macs = shape->batch * shape->out[0] * shape->out[1] * codes.channels * codes.taps;
    return true;
}

static bool is_depthwise(const itgc_node *node)
{
    const int64_t group = ((const itgc_conv_params *)node->params)->group;
    return group > 1 && group == node->in[0]->shape.dim[node->in[0]->shape.rank - 1];
}

bool itgc_is_inner_term(const itgc_node *sum, const itgc_tensor *term)
{
    const itgc_tensor *other = sum->in[0] == term ? sum->in[1] : sum->in[0];
    const bool is_operand = sum->in[0] == term || sum->in[1] == term;
    if (!is_operand || !term->producer || term->use_count != 1 || term->is_output || other->constant ||
        !itgc_same_shape(&term->shape, &other->shape)) {
        return false;
    }
    const itgc_node *layer = term->producer->is_fused ? term->producer->in[0]->producer : term->producer;
    if (strcmp(layer->op->family, "conv") != 0 || is_depthwise(layer)) {
        return false;
    }
    return term->shape.rank == 4 && term->shape.dim[1] > 1; /* of one row a band would be all */
}

bool itgc_quantize_conv(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_conv_params *params = node->params;
    itgc_window_shape shape;
    if (!itgc_read_window(quantizer->diag, &params->window, &node->in[0]->shape, &node->out[0]->shape, &shape) ||
        !itgc_check_staging(quantizer->diag, &shape)) {
        return false;
    }
    return is_depthwise(node) ? itgc_add_depthwise_step(quantizer, node, &shape) : add_conv_step(quantizer, node, &shape);
}
