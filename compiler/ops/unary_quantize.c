/* SPDX-License-Identifier: Apache-2.0
 * Functions of one variable that no layer could fuse → itg_lookup; clamps of int16 tensors → itg_rescale. */
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/quantize/quantize.h"

#define PART 4096 /* elements a row, as in rescale_quantize.c */

static const itgc_field lookup_fields[] = {
    ITGC_FIELD(itg_lookup, table, ITGC_FIELD_POINTER, 1), ITGC_FIELD(itg_lookup, length, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_lookup, part, ITGC_FIELD_I32, 1),      ITGC_FIELD(itg_lookup, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_lookup, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_lookup = ITGC_STEP_KIND(itg_op_lookup, itg_lookup, lookup_fields, ITG_FAMILY_LOOKUP);

void itgc_add_lookup_step(itgc_quantizer *quantizer, itgc_node *node, const void *table, itgc_tensor *in, itgc_tensor *out)
{
    const bool from_words = in->format.type == ITG_S16;
    const bool to_words = out->format.type == ITG_S16;
    const int64_t length = itgc_elements(&in->shape);
    const itg_lookup lookup = {
        .table = itgc_keep_constant(quantizer, "table", table, to_words ? 2 : 1, out->format.type != ITG_U8, from_words ? 513 : 256),
        .length = (int32_t)length,
        .part = PART,
        .in_type = in->format.type,
        .out_type = out->format.type};
    itgc_add_step(quantizer, &itgc_step_lookup, &lookup, node, &in, 1, out, (uint32_t)((length + PART - 1) / PART));
}

bool itgc_quantize_unary(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_unary_params *params = node->params;
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    if (in->format.type == ITG_S16 && itgc_activation_of(node) == ITGC_CLAMP) {
        return itgc_add_rescale_step(quantizer, node, node, in, out);
    }
    if (in->format.type == ITG_S16 && out->format.type == ITG_S16) {
        itgc_add_lookup_step(quantizer, node, itgc_lookup_words(quantizer->arena, params, &in->format, &out->format), in, out);
        return true;
    }
    if (in->format.type == ITG_S16) {
        in = itgc_signed_input(quantizer, node, in);
        if (!in) {
            return false;
        }
    }
    itgc_add_lookup_step(quantizer, node, itgc_lookup_bytes(quantizer->arena, params, &in->format, &out->format), in, out);
    return true;
}
