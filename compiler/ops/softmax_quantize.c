/* SPDX-License-Identifier: Apache-2.0
 * Softmax over the last dimension → itg_softmax (numerics.md 4, final softmax). */
#include "compiler/base/real.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/quantize/quantize.h"

#include <math.h>
#include <string.h>

#define LOG2_E 1.4426950408889634
static const itgc_field softmax_fields[] = {
    ITGC_FIELD(itg_softmax, length, ITGC_FIELD_I32, 1),    ITGC_FIELD(itg_softmax, multiplier, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_softmax, shift, ITGC_FIELD_U8, 1),      ITGC_FIELD(itg_softmax, in_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_softmax, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_softmax = ITGC_STEP_KIND(itg_op_softmax, itg_softmax, softmax_fields, ITG_FAMILY_SOFTMAX);

/* multiplier / 2^shift = scale log2(e) 2^16, as fine as shift <= 62 allows. */
static bool choose_octaves(itgc_diag *diag, double scale, itg_softmax *softmax)
{
    const double factor = ldexp(scale * LOG2_E, 16);
    int exponent;
    frexp(factor, &exponent);
    int shift = 31 - exponent;
    if (itgc_round(ldexp(factor, shift)) > (double)INT32_MAX) {
        shift--;
    }
    shift = shift > 62 ? 62 : shift;
    if (shift < 1) {
        return itgc_fail(diag, 417, "the scores' steps of %.6g are too coarse for a Softmax; scale them down in the model", scale);
    }
    softmax->multiplier = (int32_t)fmax(1.0, itgc_round(ldexp(factor, shift)));
    softmax->shift = (uint8_t)shift;
    return true;
}

bool itgc_quantize_softmax(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    itgc_tensor *in = node->in[0];
    itgc_tensor *out = itgc_result_of(node);
    const int rank = in->shape.rank;
    const int64_t axis = params->axis < 0 ? params->axis + rank : params->axis;
    int64_t length = 1;
    int64_t behind = 1;
    for (int64_t i = axis; i < rank; i++) {
        length *= i == axis || params->coerce ? in->shape.dim[i] : 1;
        behind *= i == axis || params->coerce ? 1 : in->shape.dim[i];
    }
    if (strcmp(node->type, "Softmax") != 0 || behind != 1) {
        return itgc_fail(quantizer->diag, 417, "only a Softmax over the last dimension has an integer step; transpose its input");
    }
    itg_softmax softmax = {.length = (int32_t)length, .in_type = in->format.type, .out_type = out->format.type};
    if (!choose_octaves(quantizer->diag, in->format.scale, &softmax)) {
        return false;
    }
    itgc_add_step(quantizer, &itgc_step_softmax, &softmax, node, &in, 1, out, (uint32_t)(itgc_elements(&in->shape) / length));
    return true;
}
