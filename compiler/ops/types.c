/* SPDX-License-Identifier: Apache-2.0
 * Which element types an op takes: checked by infer, so that eval never meets another. */
#include "compiler/ops/op.h"

#include <inttypes.h>

static itgc_type_set set_of(itgc_type type)
{
    if (itgc_is_float(type))
        return ITGC_FLOATS;
    return type == ITGC_BOOL ? ITGC_BOOLS : ITGC_INTEGERS;
}

static const char *set_name(itgc_type_set set)
{
    switch (set) {
    case ITGC_FLOATS:
        return "floating point";
    case ITGC_INTEGERS:
        return "an integer type";
    case ITGC_BOOLS:
        return "bool";
    default:
        return "a number";
    }
}

itgc_tensor *itgc_input_of(const itgc_node *node, int index)
{
    return index < node->in_count ? node->in[index] : NULL;
}

const itgc_value *itgc_operand_of(const itgc_eval *eval, int index)
{
    return index < eval->node->in_count ? eval->in[index] : NULL;
}

bool itgc_require_type(itgc_diag *diag, const itgc_node *node, int input, itgc_type_set set)
{
    const itgc_tensor *const tensor = itgc_input_of(node, input);
    if (tensor == NULL || (set_of(tensor->type) & set) != 0)
        return true;
    return itgc_fail(diag, 215, "input %d (\"%.100s\") is %s, but this op needs %s; insert a Cast", input, tensor->name, itgc_type_name(tensor->type),
                     set_name(set));
}

bool itgc_require_same_type(itgc_diag *diag, const itgc_node *node, int first)
{
    for (int i = first; i < node->in_count; i++) {
        const itgc_tensor *const tensor = node->in[i];
        if (tensor != NULL && tensor->type != node->in[0]->type)
            return itgc_fail(diag, 215, "input %d (\"%.100s\") is %s, but input 0 is %s; insert a Cast", i, tensor->name,
                             itgc_type_name(tensor->type), itgc_type_name(node->in[0]->type));
    }
    return true;
}

int64_t itgc_int_of(double value)
{
    return value >= -0x1p63 && value < 0x1p63 ? (int64_t)value : INT64_MIN;
}

bool itgc_read_type(itgc_diag *diag, int64_t code, itgc_type *type)
{
    *type = code < 0 || code > INT32_MAX ? ITGC_NO_TYPE : itgc_type_of_code((int32_t)code);
    if (*type == ITGC_NO_TYPE)
        return itgc_fail(diag, 215, "element type %s (%" PRId64 ") is not supported; use float or an integer type of 8 to 64 bits",
                         itgc_name_of_code(code < 0 || code > INT32_MAX ? 0 : (int32_t)code), code);
    return true;
}
