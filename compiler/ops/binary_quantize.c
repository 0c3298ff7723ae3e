/* SPDX-License-Identifier: Apache-2.0
 * Add, Sub → itg_add, Mul → itg_mul; with one constant per channel they, Div and PRelu are y = gain x + bias: a depthwise step
 * (numerics.md 3). */
#include "compiler/base/real.h"
#include "compiler/ops/operands_quantize.h"
#include "compiler/ops/quantizers.h"
#include "compiler/ops/step_fields.h"
#include "compiler/quantize/quantize.h"

#include <math.h>

static const itgc_field add_fields[] = {
    ITGC_FIELD(itg_add, walk.dim, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_add, walk.stride_a, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_add, walk.stride_b, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_add, multiplier_a, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_add, multiplier_b, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_add, constant, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_add, low, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_add, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_add, b_constant, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_add, shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_add, left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_add, a_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_add, b_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_add, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_add = ITGC_TIER_KIND(itg_op_add, itg_tier_add, itg_add, add_fields, ITG_FAMILY_ELEMENTWISE);

static const itgc_field mul_fields[] = {
    ITGC_FIELD(itg_mul, walk.dim, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_mul, walk.stride_a, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_mul, walk.stride_b, ITGC_FIELD_I32, 4),
    ITGC_FIELD(itg_mul, zero_a, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_mul, zero_b, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_mul, zero, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_mul, low, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_mul, high, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_mul, requant.multiplier, ITGC_FIELD_I32, 1),
    ITGC_FIELD(itg_mul, requant.shift, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_mul, requant.left, ITGC_FIELD_U8, 1),
    ITGC_FIELD(itg_mul, b_constant, ITGC_FIELD_POINTER, 1),
    ITGC_FIELD(itg_mul, a_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_mul, b_type, ITGC_FIELD_TYPE, 1),
    ITGC_FIELD(itg_mul, out_type, ITGC_FIELD_TYPE, 1),
};

const itgc_step_kind itgc_step_mul = ITGC_STEP_KIND(itg_op_mul, itg_mul, mul_fields, ITG_FAMILY_ELEMENTWISE);

/* S of numerics.md 3: the most fraction bits, up to 14, with which both ratios fit 16 bits; -1 if none. */
static int choose_add_shift(double ratio_a, double ratio_b)
{
    const double largest = fmax(fabs(ratio_a), fabs(ratio_b));
    int shift = 14;
    while (shift >= 0 && itgc_round(ldexp(largest, shift)) > 32767.0) {
        shift--;
    }
    return shift;
}

static bool fill_add_s8(itgc_diag *diag, const itgc_operand_pair *operands, const double *ratio, int32_t zero, itg_add *add)
{
    const int shift = choose_add_shift(ratio[0], ratio[1]);
    if (shift < 0) {
        return itgc_fail(diag, 401, "the sum's range is too small for its terms (ratio %.6g); check that calibration samples are like real ones",
                         fmax(fabs(ratio[0]), fabs(ratio[1])));
    }
    const double offset = zero - ratio[0] * operands->format[0].zero - ratio[1] * operands->format[1].zero;
    add->multiplier_a = (int32_t)itgc_round(ldexp(ratio[0], shift));
    add->multiplier_b = (int32_t)itgc_round(ldexp(ratio[1], shift));
    add->constant = (int32_t)itgc_round(ldexp(offset, shift)) + (shift > 0 ? 1 << (shift - 1) : 0);
    add->shift = (uint8_t)shift;
    return true;
}

static bool fill_add_s16(itgc_diag *diag, const double *ratio, itg_add *add)
{
    const double finer[2] = {16.0 * ratio[0], 16.0 * ratio[1]};
    int32_t multiplier[2];
    const itgc_ratios ratios = {.ratio = finer, .count = 2, .max_acc = 32768, .type = ITG_S16};
    if (!itgc_choose_multipliers(diag, &ratios, multiplier, &add->shift, &add->left)) {
        return false;
    }
    add->multiplier_a = multiplier[0];
    add->multiplier_b = multiplier[1];
    return true;
}

/* Whether one operand is a term (quantize/terms.c) and the other has 8 bits. */
static bool has_term(const itgc_node *node, const itgc_format *sum)
{
    const itgc_format *a = &node->in[0]->format;
    const itgc_format *b = &node->in[1]->format;
    if (!itgc_same_shape(&node->in[0]->shape, &node->in[1]->shape)) {
        return false;
    }
    return (itgc_is_term(node->in[0], sum) && b->type != ITG_S16) || (itgc_is_term(node->in[1], sum) && a->type != ITG_S16);
}

static void put_term_first(itgc_operand_pair *operands)
{
    if (operands->format[0].type == ITG_S16) {
        return;
    }
    itgc_tensor *const term = operands->in[1];
    operands->in[1] = operands->in[0];
    operands->in[0] = term;
    operands->format[1] = operands->format[0];
    operands->format[0] = term->format;
}

static bool quantize_sum(itgc_quantizer *quantizer, itgc_node *node, bool is_difference)
{
    itgc_tensor *out = itgc_result_of(node);
    const bool is_finer = !is_difference && has_term(node, &out->format);
    itgc_operand_pair operands;
    if (!itgc_read_operands(quantizer, node, is_finer ? 0 : out->format.type == ITG_S16 ? ITG_S16 : ITG_S8, &operands)) {
        return false;
    }
    if (is_finer) {
        put_term_first(&operands);
    }
    double ratio[2] = {operands.format[0].scale / out->format.scale, operands.format[1].scale / out->format.scale};
    if (is_difference) {
        const int subtracted = node->in[0]->constant ? 0 : 1;
        ratio[subtracted] = -ratio[subtracted];
    }
    const itg_type type = out->format.type;
    itg_add add = {.walk = operands.walk, .b_constant = operands.constant, .a_type = is_finer ? ITG_S16 : type, .b_type = type, .out_type = type};
    itgc_clamp_bounds(node->fused, &out->format, &add.low, &add.high);
    const bool fine =
        type == ITG_S16 ? fill_add_s16(quantizer->diag, ratio, &add) : fill_add_s8(quantizer->diag, &operands, ratio, out->format.zero, &add);
    if (!fine) {
        return false;
    }
    const uint32_t rows = (uint32_t)(add.walk.dim[0] * add.walk.dim[1]);
    itgc_add_step(quantizer, &itgc_step_add, &add, node, operands.in, operands.in[1] ? 2 : 1, out, rows);
    return true;
}

static bool quantize_product(itgc_quantizer *quantizer, itgc_node *node)
{
    itgc_tensor *out = itgc_result_of(node);
    itgc_operand_pair operands;
    if (!itgc_read_operands(quantizer, node, 0, &operands)) {
        return false;
    }
    const double ratio = operands.format[0].scale * operands.format[1].scale / out->format.scale;
    const itgc_ratios ratios = {.ratio = &ratio,
                                .count = 1,
                                .max_acc = itgc_largest_distance(&operands.format[0]) * itgc_largest_distance(&operands.format[1]),
                                .type = out->format.type};
    itg_mul mul = {.walk = operands.walk,
                   .zero_a = operands.format[0].zero,
                   .zero_b = operands.format[1].zero,
                   .zero = out->format.zero,
                   .b_constant = operands.constant,
                   .a_type = operands.format[0].type,
                   .b_type = operands.format[1].type,
                   .out_type = out->format.type};
    itgc_clamp_bounds(node->fused, &out->format, &mul.low, &mul.high);
    if (!itgc_choose_multipliers(quantizer->diag, &ratios, &mul.requant.multiplier, &mul.requant.shift, &mul.requant.left)) {
        return false;
    }
    const uint32_t rows = (uint32_t)(mul.walk.dim[0] * mul.walk.dim[1]);
    itgc_add_step(quantizer, &itgc_step_mul, &mul, node, operands.in, operands.in[1] ? 2 : 1, out, rows);
    return true;
}

/* Whether the constant operand is one number, or one per channel (the last dimension). */
static bool is_per_channel(const itgc_node *node, int constant)
{
    const itgc_shape *shape = &node->in[constant]->shape;
    const itgc_shape *other = &node->in[1 - constant]->shape;
    const int64_t count = itgc_elements(shape);
    if (other->rank == 0 || !itgc_same_shape(other, &node->out[0]->shape)) {
        return false;
    }
    return count == 1 || (shape->rank > 0 && shape->dim[shape->rank - 1] == count && other->dim[other->rank - 1] == count);
}

/* gain, bias and slope of one channel. */
static void read_affine(itgc_binary_kind kind, int constant, double value, float *gain, float *bias, double *slope)
{
    switch (kind) {
    case ITGC_ADD:
        *bias = (float)value;
        break;
    case ITGC_SUB:
        *gain = constant == 0 ? -1.0f : 1.0f;
        *bias = (float)(constant == 0 ? value : -value);
        break;
    case ITGC_MUL:
        *gain = (float)value;
        break;
    case ITGC_DIV:
        *gain = (float)(1.0 / value);
        break;
    default:
        *slope = value;
        break;
    }
}

static bool quantize_affine(itgc_quantizer *quantizer, itgc_node *node, int constant)
{
    const itgc_binary_kind kind = ((const itgc_binary_params *)node->params)->kind;
    const itgc_value *value = node->in[constant]->constant;
    const itgc_shape *shape = &node->out[0]->shape;
    const int64_t channels = shape->dim[shape->rank - 1];
    const bool is_single = itgc_elements(&value->shape) == 1;
    float *gain = ITGC_NEW_ARRAY(quantizer->arena, float, channels);
    float *bias = ITGC_NEW_ARRAY(quantizer->arena, float, channels);
    double *slope = ITGC_NEW_ARRAY(quantizer->arena, double, channels);
    for (int64_t c = 0; c < channels; c++) {
        gain[c] = 1.0f;
        read_affine(kind, constant, (double)value->f[is_single ? 0 : c], &gain[c], &bias[c], &slope[c]);
    }
    const itgc_linear affine = {.weights = gain,
                                .bias = bias,
                                .channels = channels,
                                .taps = 1,
                                .channel_stride = 1,
                                .tap_stride = 1,
                                .slope = kind == ITGC_PRELU ? slope : NULL};
    return itgc_add_affine_step(quantizer, node, &affine);
}

bool itgc_quantize_binary(struct itgc_quantizer *quantizer, itgc_node *node)
{
    const itgc_binary_params *params = node->params;
    const int constant = node->in[0]->constant ? 0 : node->in[1]->constant ? 1 : -1;
    const bool has_rule = params->kind <= ITGC_DIV || params->kind == ITGC_PRELU;
    if (params->legacy_axis >= 0 || !has_rule) {
        return itgc_fail(quantizer->diag, 415, "no integer step does this op; Add, Sub, Mul, Div, and PRelu by constants have one");
    }
    if (constant >= 0 && is_per_channel(node, constant) && !(constant == 0 && params->kind >= ITGC_DIV)) {
        return quantize_affine(quantizer, node, constant);
    }
    switch (params->kind) {
    case ITGC_ADD:
    case ITGC_SUB:
        return quantize_sum(quantizer, node, params->kind == ITGC_SUB);
    case ITGC_MUL:
        return quantize_product(quantizer, node);
    case ITGC_DIV:
        return itgc_add_div_step(quantizer, node);
    default:
        return itgc_fail(quantizer->diag, 415, "the second operand must be a constant with one value, or one per channel");
    }
}
