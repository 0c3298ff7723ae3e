/* SPDX-License-Identifier: Apache-2.0
 * QuantizeLinear, DequantizeLinear (one scale, one per slice along an axis, or one per block) and DynamicQuantizeLinear, as an
 * already quantized file carries them. Division and product in float, rounding half to even, saturation. */
#include "compiler/ops/quantize_linear.h"

#include "compiler/base/real.h"
#include "compiler/ops/walk.h"

#include <inttypes.h>
#include <math.h>

typedef struct linear_params {
    int64_t axis, block, type_code;
} linear_params;

static bool parse_linear(itgc_node *node, itgc_diag *diag)
{
    linear_params *const params = node->params;
    (void)diag;
    params->axis = itgc_int_attribute(node, "axis", 1);
    params->block = itgc_int_attribute(node, "block_size", 0);
    params->type_code = itgc_int_attribute(node, "output_dtype", 0);
    return true;
}

static bool fail_scale(const itgc_node *node, itgc_diag *diag)
{
    return itgc_fail(diag, 212, "scale %s does not fit x %s; export the model again", itgc_shape_text(diag->arena, &node->in[1]->shape),
                     itgc_shape_text(diag->arena, &node->in[0]->shape));
}

static bool is_blocked(const itgc_shape *x, const itgc_shape *scale, int64_t axis, int64_t block)
{
    if (block <= 0 || scale->rank != x->rank)
        return false;
    for (int i = 0; i < x->rank; i++)
        if (scale->dim[i] != (i == axis ? (x->dim[i] + block - 1) / block : x->dim[i]))
            return false;
    return true;
}

/* The scale's shape against x's; the axis counts only where there is more than one scale. */
static bool check_scale(const itgc_node *node, itgc_diag *diag)
{
    linear_params *const params = node->params;
    const itgc_shape *const x = &node->in[0]->shape, *const scale = &node->in[1]->shape;
    const itgc_tensor *const zero = itgc_input_of(node, 2);
    if (!itgc_require_type(diag, node, 1, ITGC_FLOATS) || !itgc_require_type(diag, node, 2, ITGC_INTEGERS))
        return false;
    if (zero != NULL && itgc_elements(&zero->shape) != itgc_elements(scale))
        return itgc_fail(diag, 212, "scale %s and zero point %s are not of one shape; export the model again", itgc_shape_text(diag->arena, scale),
                         itgc_shape_text(diag->arena, &zero->shape));
    if (itgc_elements(scale) == 1 && params->block == 0)
        return true;
    if (!itgc_normalize_axis(diag, &params->axis, x->rank))
        return false;
    const bool is_per_slice = params->block == 0 && scale->rank == 1 && scale->dim[0] == x->dim[params->axis];
    return is_per_slice || is_blocked(x, scale, params->axis, params->block) ? true : fail_scale(node, diag);
}

/* Which scale element `index` of x takes. */
static int64_t find_scale(const linear_params *params, const itgc_shape *x, const itgc_shape *scale, int64_t index)
{
    if (itgc_elements(scale) == 1)
        return 0;
    const int64_t inner = itgc_inner_count(x, params->axis), dim = x->dim[params->axis];
    const int64_t along = index / inner % dim;
    if (params->block == 0)
        return along;
    return (index / inner / dim * scale->dim[params->axis] + along / params->block) * inner + index % inner;
}

int64_t itgc_saturate_code(itgc_type type, double value)
{
    const int bits = 8 * itgc_type_bytes(type);
    const bool is_signed = type == ITGC_I8 || type == ITGC_I16 || type == ITGC_I32;
    const double high = ldexp(1.0, is_signed ? bits - 1 : bits) - 1.0, low = is_signed ? -ldexp(1.0, bits - 1) : 0.0;
    if (!(value >= low)) /* NaN too */
        return (int64_t)low;
    return (int64_t)(value > high ? high : value);
}

int64_t itgc_requantize_code(itgc_type type, int64_t acc, float multiplier, int64_t zero)
{
    return itgc_saturate_code(type, itgc_round_even((double)((float)acc * multiplier)) + (double)zero);
}

static bool infer_quantize(itgc_node *node, itgc_diag *diag)
{
    const linear_params *const params = node->params;
    const itgc_tensor *const zero = itgc_input_of(node, 2);
    itgc_type type = zero == NULL ? ITGC_U8 : zero->type;
    if (!itgc_require_type(diag, node, 0, ITGC_NUMBERS) || !check_scale(node, diag))
        return false;
    if (params->type_code != 0 && !itgc_read_type(diag, params->type_code, &type))
        return false;
    if (itgc_is_float(type) || type == ITGC_BOOL || itgc_type_bytes(type) > 4)
        return itgc_fail(diag, 215, "codes of type %s are not supported; use 8 or 16 bits", itgc_type_name(type));
    itgc_set_output(node, 0, type, &node->in[0]->shape);
    return true;
}

static float real_at(const itgc_value *value, int64_t index)
{
    return itgc_is_float(value->type) ? value->f[index] : (float)value->i[index];
}

static bool eval_quantize(const itgc_eval *eval)
{
    const itgc_value *const x = eval->in[0], *const scale = eval->in[1], *const zero = itgc_operand_of(eval, 2);
    itgc_value *const out = eval->out[0];
    const int64_t count = itgc_elements(&x->shape);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = find_scale(eval->node->params, &x->shape, &scale->shape, i);
        const double steps = itgc_round_even((double)(real_at(x, i) / scale->f[k]));
        out->i[i] = itgc_saturate_code(out->type, steps + (zero == NULL ? 0.0 : (double)zero->i[k]));
    }
    return true;
}

static bool infer_dequantize(itgc_node *node, itgc_diag *diag)
{
    const linear_params *const params = node->params;
    itgc_type type = node->in[1]->type;
    if (!itgc_require_type(diag, node, 0, ITGC_INTEGERS) || !check_scale(node, diag))
        return false;
    if (params->type_code != 0 && !itgc_read_type(diag, params->type_code, &type))
        return false;
    if (!itgc_is_float(type))
        return itgc_fail(diag, 215, "real values of type %s are not supported; use float", itgc_type_name(type));
    itgc_set_output(node, 0, type, &node->in[0]->shape);
    return true;
}

static bool eval_dequantize(const itgc_eval *eval)
{
    const itgc_value *const x = eval->in[0], *const scale = eval->in[1], *const zero = itgc_operand_of(eval, 2);
    const int64_t count = itgc_elements(&x->shape);
    for (int64_t i = 0; i < count; i++) {
        const int64_t k = find_scale(eval->node->params, &x->shape, &scale->shape, i);
        const uint64_t offset = zero == NULL ? 0 : (uint64_t)zero->i[k];
        eval->out[0]->f[i] = (float)(int64_t)((uint64_t)x->i[i] - offset) * scale->f[k];
    }
    return true;
}

static bool infer_dynamic(itgc_node *node, itgc_diag *diag)
{
    const itgc_shape scalar = {.rank = 0};
    if (!itgc_require_type(diag, node, 0, ITGC_FLOATS))
        return false;
    itgc_set_output(node, 0, ITGC_U8, &node->in[0]->shape);
    itgc_set_output(node, 1, ITGC_F32, &scalar);
    itgc_set_output(node, 2, ITGC_U8, &scalar);
    return true;
}

static bool eval_dynamic(const itgc_eval *eval)
{
    const itgc_value *const x = eval->in[0];
    const int64_t count = itgc_elements(&x->shape);
    float low = 0.0f, high = 0.0f;
    for (int64_t i = 0; i < count; i++) {
        low = x->f[i] < low ? x->f[i] : low;
        high = x->f[i] > high ? x->f[i] : high;
    }
    const float range = (high - low) / 255.0f, scale = range == 0.0f ? 1.0f : range;
    const int64_t zero = itgc_saturate_code(ITGC_U8, itgc_round_even((double)(-low / scale)));
    for (int64_t i = 0; i < count && eval->out[0] != NULL; i++)
        eval->out[0]->i[i] = itgc_saturate_code(ITGC_U8, itgc_round_even((double)(x->f[i] / scale)) + (double)zero);
    if (eval->node->out_count > 1 && eval->out[1] != NULL)
        eval->out[1]->f[0] = range;
    if (eval->node->out_count > 2 && eval->out[2] != NULL)
        eval->out[2]->i[0] = zero;
    return true;
}

const itgc_op itgc_op_quantize_linear = {.family = "quantize_linear",
                                         .attributes = "axis saturate block_size output_dtype precision",
                                         .min_inputs = 2,
                                         .max_inputs = 3,
                                         .max_outputs = 1,
                                         .params_bytes = sizeof(linear_params),
                                         .parse = parse_linear,
                                         .infer = infer_quantize,
                                         .eval = eval_quantize};
const itgc_op itgc_op_dequantize_linear = {.family = "quantize_linear",
                                           .attributes = "axis block_size output_dtype",
                                           .min_inputs = 2,
                                           .max_inputs = 3,
                                           .max_outputs = 1,
                                           .params_bytes = sizeof(linear_params),
                                           .parse = parse_linear,
                                           .infer = infer_dequantize,
                                           .eval = eval_dequantize};
const itgc_op itgc_op_dynamic_quantize_linear = {
    .family = "quantize_linear", .attributes = "", .min_inputs = 1, .max_inputs = 1, .max_outputs = 3, .infer = infer_dynamic, .eval = eval_dynamic};
