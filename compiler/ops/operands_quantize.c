/* SPDX-License-Identifier: Apache-2.0
 * The two operands of an elementwise step: in which types they are read, constants as codes, and the walk that broadcasts them.
 * Called by the quantizers of Add, Mul and Div. */
#include "compiler/ops/operands_quantize.h"

#include <math.h>

/* Strides of an operand along the output's dimensions; 0 where it repeats. */
static void broadcast_strides(const itgc_shape *operand, const itgc_shape *out, int64_t *stride)
{
    int64_t step = 1;
    for (int i = out->rank - 1; i >= 0; i--) {
        const int at = i - (out->rank - operand->rank);
        const int64_t dim = at >= 0 ? operand->dim[at] : 1;
        stride[i] = dim == 1 ? 0 : step;
        step *= dim;
    }
}

/* The output's dimensions, neighbours merged where both operands walk on evenly; innermost last. */
static bool make_walk(itgc_diag *diag, const itgc_shape *a, const itgc_shape *b, const itgc_shape *out, itg_walk *walk)
{
    int64_t stride_a[ITGC_MAX_RANK];
    int64_t stride_b[ITGC_MAX_RANK];
    broadcast_strides(a, out, stride_a);
    broadcast_strides(b, out, stride_b);
    *walk = (itg_walk){.dim = {1, 1, 1, 1}};
    int at = 4;
    for (int i = out->rank - 1; i >= 0; i--) {
        if (out->dim[i] == 1) {
            continue;
        }
        if (at < 4 && stride_a[i] == (int64_t)walk->stride_a[at] * walk->dim[at] && stride_b[i] == (int64_t)walk->stride_b[at] * walk->dim[at]) {
            walk->dim[at] *= (int32_t)out->dim[i];
            continue;
        }
        if (at == 0) {
            return itgc_fail(diag, 414, "the operands are broadcast in more than four ways; reshape or expand them before");
        }
        at--;
        walk->dim[at] = (int32_t)out->dim[i];
        walk->stride_a[at] = (int32_t)stride_a[i];
        walk->stride_b[at] = (int32_t)stride_b[i];
    }
    return true;
}

/* Moves the outermost dimension that is walked to the front, so that there are rows to share. */
static void spread_rows(itg_walk *walk)
{
    for (int i = 1; i < 3 && walk->dim[0] == 1; i++) {
        if (walk->dim[i] > 1) {
            walk->dim[0] = walk->dim[i];
            walk->stride_a[0] = walk->stride_a[i];
            walk->stride_b[0] = walk->stride_b[i];
            walk->dim[i] = 1;
            walk->stride_a[i] = walk->stride_b[i] = 0;
        }
    }
}

const void *itgc_code_constant(itgc_quantizer *quantizer, const itgc_value *value, const itgc_format *format)
{
    const int64_t count = itgc_elements(&value->shape);
    const bool is_wide = format->type == ITG_S16;
    void *codes = itgc_alloc_array(quantizer->arena, (size_t)count, is_wide ? 2 : 1);
    for (int64_t i = 0; i < count; i++) {
        const int32_t code = itgc_code_of(format, (double)value->f[i]);
        if (is_wide) {
            ((int16_t *)codes)[i] = (int16_t)code;
        } else {
            ((int8_t *)codes)[i] = (int8_t)code;
        }
    }
    return itgc_keep_constant(quantizer, "operand", codes, is_wide ? 2 : 1, true, (size_t)count);
}

itgc_format itgc_format_of_constant(const itgc_value *value, itg_type type)
{
    double low = 0.0;
    double high = 0.0;
    for (int64_t i = 0; i < itgc_elements(&value->shape); i++) {
        low = fmin(low, (double)value->f[i]);
        high = fmax(high, (double)value->f[i]);
    }
    return type == ITG_S16 ? itgc_format_s16(fmax(-low, high), 0) : itgc_format_s8(low, high);
}

/* An operand in the type the step reads: codes of int8 tensors become finer ones of int16, exactly. */
static itgc_tensor *convert_operand(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor, itg_type type)
{
    if (type != ITG_S16) {
        return itgc_signed_input(quantizer, node, tensor);
    }
    if (tensor->format.type == ITG_S16) {
        return tensor;
    }
    const itgc_format finer = {.type = ITG_S16, .scale = tensor->format.scale / 128.0};
    return itgc_rescale_tensor(quantizer, node, tensor, &finer);
}

bool itgc_read_operands(itgc_quantizer *quantizer, itgc_node *node, itg_type type, itgc_operand_pair *result)
{
    *result = (itgc_operand_pair){0};
    for (int i = 0; i < 2; i++) {
        const itgc_tensor *tensor = node->in[i];
        if (tensor->constant) {
            result->format[i] = itgc_format_of_constant(tensor->constant, type == ITG_S16 ? ITG_S16 : ITG_S8);
            result->constant = itgc_code_constant(quantizer, tensor->constant, &result->format[i]);
            continue;
        }
        const itg_type wanted = type ? type : tensor->format.type == ITG_S16 ? ITG_S16 : ITG_S8;
        result->in[i] = convert_operand(quantizer, node, node->in[i], wanted);
        if (!result->in[i]) {
            return false;
        }
        result->format[i] = result->in[i]->format;
    }
    const int first = node->in[0]->constant ? 1 : 0;
    if (first == 1) {
        const itgc_format format = result->format[0];
        result->format[0] = result->format[1];
        result->format[1] = format;
        result->in[0] = result->in[1];
        result->in[1] = NULL;
    }
    if (!make_walk(quantizer->diag, &node->in[first]->shape, &node->in[1 - first]->shape, &node->out[0]->shape, &result->walk)) {
        return false;
    }
    spread_rows(&result->walk);
    return true;
}

int64_t itgc_largest_distance(const itgc_format *format)
{
    const int64_t low = (int64_t)itgc_lowest_code(format) - format->zero;
    const int64_t high = (int64_t)itgc_highest_code(format) - format->zero;
    return high > -low ? high : -low;
}
