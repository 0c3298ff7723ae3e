/* SPDX-License-Identifier: Apache-2.0
 * Div of two activations → itg_div (numerics.md 3): one integer division per element, so that small divisors keep their precision. */
#include "compiler/base/real.h"
#include "compiler/ops/operands_quantize.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"

#include <math.h>

#define MULTIPLIER_BITS 30
#define MOST_SHIFT      40 /* the divisor, up to 17 bits, times 2^shift stays below 2^62 */

static const itgc_field div_fields[] = {
    ITGC_FIELD(itg_div, walk.dim, ITGC_FIELD_I32, 4),      ITGC_FIELD(itg_div, walk.stride_a, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_div, walk.stride_b, ITGC_FIELD_I32, 4), ITGC_FIELD(itg_div, zero_a, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_div, zero_b, ITGC_FIELD_I32, 1),        ITGC_FIELD(itg_div, zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_div, low, ITGC_FIELD_I32, 1),           ITGC_FIELD(itg_div, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_div, multiplier, ITGC_FIELD_I32, 1),    ITGC_FIELD(itg_div, shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_div, a_type, ITGC_FIELD_TYPE, 1),       ITGC_FIELD(itg_div, b_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_div, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_div = ITGC_STEP_KIND(itg_op_div, itg_div, div_fields, 0);

/* ratio = multiplier / 2^shift, as fine as both allow. */
static bool choose_quotient(itgc_diag *diag, double ratio, itg_div *div)
{
    int exponent;
    frexp(ratio, &exponent);
    int shift = MULTIPLIER_BITS - exponent;
    if (itgc_round(ldexp(ratio, shift)) >= ldexp(1.0, MULTIPLIER_BITS)) {
        shift--;
    }
    shift = shift > MOST_SHIFT ? MOST_SHIFT : shift;
    if (shift < 0 || !isfinite(ratio)) {
        return itgc_fail(diag, 401,
                         "the quotient's range is too small for its operands (ratio %.6g); check that calibration samples are like real ones", ratio);
    }
    div->multiplier = (int32_t)fmax(1.0, itgc_round(ldexp(ratio, shift)));
    div->shift = (uint8_t)shift;
    return true;
}

bool itgc_add_div_step(itgc_quantizer *quantizer, itgc_node *node)
{
    itgc_tensor *out = itgc_result_of(node);
    itgc_operand_pair operands;
    if (node->in[0]->constant || node->in[1]->constant) {
        return itgc_fail(quantizer->diag, 415, "the constant operand must have one value, or one per channel");
    }
    if (!itgc_read_operands(quantizer, node, 0, &operands)) {
        return false;
    }
    itg_div div = {.walk = operands.walk,
                   .zero_a = operands.format[0].zero,
                   .zero_b = operands.format[1].zero,
                   .zero = out->format.zero,
                   .a_type = operands.format[0].type,
                   .b_type = operands.format[1].type,
                   .out_type = out->format.type};
    itgc_clamp_bounds(node->fused, &out->format, &div.low, &div.high);
    if (!choose_quotient(quantizer->diag, operands.format[0].scale / (operands.format[1].scale * out->format.scale), &div)) {
        return false;
    }
    itgc_add_step(quantizer, &itgc_step_div, &div, node, operands.in, 2, out, (uint32_t)(div.walk.dim[0] * div.walk.dim[1]));
    return true;
}
