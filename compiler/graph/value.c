/* SPDX-License-Identifier: Apache-2.0
 * Shapes, element types and dense values: sizes with overflow checks, wrapping of integers, rounding to half types, names for messages. */
#include "compiler/base/text.h"
#include "compiler/graph/graph.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MOST_ELEMENTS ((int64_t)1 << 40)

int64_t itgc_elements(const itgc_shape *shape)
{
    if (shape->rank < 0)
        return -1;
    int64_t product = 1;
    bool is_empty = false;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 0)
            return -1;
        is_empty = is_empty || shape->dim[i] == 0;
    }
    for (int i = 0; i < shape->rank && !is_empty; i++) {
        if (shape->dim[i] > MOST_ELEMENTS / product)
            return -1;
        product *= shape->dim[i];
    }
    return is_empty ? 0 : product;
}

bool itgc_same_shape(const itgc_shape *a, const itgc_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

itgc_value *itgc_new_value(itgc_arena *arena, itgc_type type, const itgc_shape *shape)
{
    itgc_value *const value = ITGC_NEW(arena, itgc_value);
    value->type = type;
    value->shape = *shape;
    const int64_t elements = itgc_elements(shape);
    const size_t count = elements < 0 ? SIZE_MAX : (size_t)elements; /* overflow counts as out of memory */
    if (itgc_is_float(type))
        value->f = ITGC_NEW_ARRAY(arena, float, count);
    else
        value->i = ITGC_NEW_ARRAY(arena, int64_t, count);
    return value;
}

bool itgc_is_float(itgc_type type)
{
    return type == ITGC_F32 || type == ITGC_F16 || type == ITGC_BF16 || type == ITGC_F64;
}

int itgc_type_bytes(itgc_type type)
{
    switch (type) {
    case ITGC_BOOL:
    case ITGC_U8:
    case ITGC_I8:
        return 1;
    case ITGC_F16:
    case ITGC_BF16:
    case ITGC_U16:
    case ITGC_I16:
        return 2;
    case ITGC_F32:
    case ITGC_U32:
    case ITGC_I32:
        return 4;
    case ITGC_F64:
    case ITGC_U64:
    case ITGC_I64:
        return 8;
    case ITGC_NO_TYPE:
        break;
    }
    return 0;
}

const char *itgc_type_name(itgc_type type)
{
    static const char *const names[] = {
        [ITGC_NO_TYPE] = "no type", [ITGC_F32] = "float32", [ITGC_F16] = "float16", [ITGC_BF16] = "bfloat16", [ITGC_F64] = "float64",
        [ITGC_BOOL] = "bool",       [ITGC_U8] = "uint8",    [ITGC_I8] = "int8",     [ITGC_U16] = "uint16",    [ITGC_I16] = "int16",
        [ITGC_U32] = "uint32",      [ITGC_I32] = "int32",   [ITGC_U64] = "uint64",  [ITGC_I64] = "int64"};
    return names[type];
}

int64_t itgc_wrap(itgc_type type, int64_t value)
{
    switch (type) {
    case ITGC_BOOL:
        return value != 0;
    case ITGC_U8:
        return (uint8_t)value;
    case ITGC_I8:
        return (int8_t)value;
    case ITGC_U16:
        return (uint16_t)value;
    case ITGC_I16:
        return (int16_t)value;
    case ITGC_U32:
        return (uint32_t)value;
    case ITGC_I32:
        return (int32_t)value;
    default:
        return value;
    }
}

/* Rounds to a multiple of 2^exponent, ties to even; |value / 2^exponent| < 2^24. */
static float round_to(float value, int exponent)
{
    const double magic = 0x1.8p52;
    return (float)ldexp((ldexp((double)value, -exponent) + magic) - magic, exponent);
}

/* binary16: 11 significant bits, smallest step 2^-24, largest 65504. */
static float round_to_half(float value)
{
    if (!isfinite(value) || value == 0.0f)
        return value;
    int exponent;
    frexp((double)value, &exponent);
    const float rounded = round_to(value, exponent - 11 < -24 ? -24 : exponent - 11);
    return fabsf(rounded) > 65504.0f ? copysignf(INFINITY, rounded) : copysignf(rounded, value);
}

/* bfloat16: the upper half of a float. */
static float round_to_bfloat(float value)
{
    uint32_t bits;
    if (isnan(value))
        return value;
    memcpy(&bits, &value, sizeof bits);
    bits += 0x7fffu + (bits >> 16 & 1);
    bits &= 0xffff0000u;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float itgc_round_float(itgc_type to, float value)
{
    if (to == ITGC_F16)
        return round_to_half(value);
    return to == ITGC_BF16 ? round_to_bfloat(value) : value;
}

void itgc_round_value(itgc_value *value)
{
    if (value->type != ITGC_F16 && value->type != ITGC_BF16)
        return;
    const int64_t elements = itgc_elements(&value->shape);
    for (int64_t i = 0; i < elements; i++)
        value->f[i] = itgc_round_float(value->type, value->f[i]);
}

const char *itgc_shape_text(itgc_arena *arena, const itgc_shape *shape)
{
    if (shape->rank < 0)
        return "[unknown]";
    itgc_text text;
    itgc_init_text(&text, arena);
    itgc_add(&text, "[");
    for (int i = 0; i < shape->rank; i++)
        itgc_addf(&text, "%s%" PRId64, i == 0 ? "" : ",", shape->dim[i]);
    itgc_add(&text, "]");
    return text.bytes;
}
