/* SPDX-License-Identifier: Apache-2.0
 * The same values in another format → itg_rescale, or itg_lookup where only the storage differs. No ONNX op of its own: called by the
 * quantizers of ops whose operands must agree. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/quantize/quantize.h"

#define PART 4096 /* elements a row: small enough to share, large enough to be worth a call */

static const itgc_field rescale_fields[] = {
    ITGC_FIELD(itg_rescale, length, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, part, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, in_zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, low, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, requant.multiplier, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_rescale, requant.shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_rescale, requant.left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_rescale, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_rescale, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_rescale = ITGC_STEP_KIND(itg_op_rescale, itg_rescale, rescale_fields, ITG_FAMILY_ELEMENTWISE);

bool itgc_add_rescale_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_node *activation, itgc_tensor *in, itgc_tensor *out)
{
    const double ratio = in->format.scale / out->format.scale;
    const int64_t low = (int64_t)itgc_lowest_code(&in->format) - in->format.zero;
    const int64_t high = (int64_t)itgc_highest_code(&in->format) - in->format.zero;
    const itgc_ratios ratios = {.ratio = &ratio, .count = 1, .max_acc = high > -low ? high : -low, .type = out->format.type};
    const int64_t length = itgc_elements(&in->shape);
    itg_rescale rescale = {.length = (int32_t)length,
                           .part = PART,
                           .in_zero = in->format.zero,
                           .zero = out->format.zero,
                           .in_type = in->format.type,
                           .out_type = out->format.type};
    itgc_clamp_bounds(activation, &out->format, &rescale.low, &rescale.high);
    if (!itgc_choose_multipliers(quantizer->diag, &ratios, &rescale.requant.multiplier, &rescale.requant.shift, &rescale.requant.left)) {
        return false;
    }
    itgc_add_step(quantizer, &itgc_step_rescale, &rescale, node, &in, 1, out, (uint32_t)((length + PART - 1) / PART));
    return true;
}

itgc_tensor *itgc_rescale_tensor(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor, const itgc_format *format)
{
    const itgc_format *from = &tensor->format;
    if (from->type == format->type && from->scale == format->scale && from->zero == format->zero) {
        return tensor;
    }
    itgc_tensor *out = itgc_new_step_tensor(quantizer, tensor->name, &tensor->shape, format);
    return itgc_add_rescale_step(quantizer, node, NULL, tensor, out) ? out : NULL;
}

itgc_tensor *itgc_signed_input(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor)
{
    itgc_format format = tensor->format;
    if (format.type == ITG_S8) {
        return tensor;
    }
    if (format.type != ITG_U8) {
        format = itgc_format_s8(tensor->range.min, tensor->range.max);
        return itgc_rescale_tensor(quantizer, node, tensor, &format);
    }
    format.type = ITG_S8;
    itgc_tensor *out = itgc_new_step_tensor(quantizer, tensor->name, &tensor->shape, &format);
    int8_t *same = ITGC_NEW_ARRAY(quantizer->arena, int8_t, 256);
    for (int i = 0; i < 256; i++) {
        same[i] = (int8_t)(i - 128);
    }
    itgc_add_lookup_step(quantizer, node, same, tensor, out);
    return out;
}
