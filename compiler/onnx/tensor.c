/* SPDX-License-Identifier: Apache-2.0
 * TensorProto → dense value: shape and size checks, raw little-endian bytes or typed fields, half floats and doubles to float. */
#include "compiler/base/files.h"
#include "compiler/onnx/importer.h"
#include "compiler/ops/op.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define EXTERNAL      1
#define MOST_ELEMENTS ((int64_t)1 << 31)

/* TensorProto.DataType of the ONNX IR specification. */
static const struct element_type {
    const char *name;
    itgc_type type;
} element_types[] = {{"undefined", ITGC_NO_TYPE},
                     {"float32", ITGC_F32},
                     {"uint8", ITGC_U8},
                     {"int8", ITGC_I8},
                     {"uint16", ITGC_U16},
                     {"int16", ITGC_I16},
                     {"int32", ITGC_I32},
                     {"int64", ITGC_I64},
                     {"string", ITGC_NO_TYPE},
                     {"bool", ITGC_BOOL},
                     {"float16", ITGC_F16},
                     {"float64", ITGC_F64},
                     {"uint32", ITGC_U32},
                     {"uint64", ITGC_U64},
                     {"complex64", ITGC_NO_TYPE},
                     {"complex128", ITGC_NO_TYPE},
                     {"bfloat16", ITGC_BF16},
                     {"float8e4m3fn", ITGC_NO_TYPE},
                     {"float8e4m3fnuz", ITGC_NO_TYPE},
                     {"float8e5m2", ITGC_NO_TYPE},
                     {"float8e5m2fnuz", ITGC_NO_TYPE},
                     {"uint4", ITGC_NO_TYPE},
                     {"int4", ITGC_NO_TYPE},
                     {"float4e2m1", ITGC_NO_TYPE},
                     {"float8e8m0", ITGC_NO_TYPE},
                     {"uint2", ITGC_NO_TYPE},
                     {"int2", ITGC_NO_TYPE}};

static const struct element_type *find_type(int32_t code)
{
    return code >= 0 && (size_t)code < sizeof element_types / sizeof element_types[0] ? &element_types[code] : &element_types[0];
}

itgc_type itgc_type_of_code(int32_t code)
{
    return find_type(code)->type;
}

const char *itgc_name_of_code(int32_t code)
{
    return find_type(code)->name;
}

static uint64_t load_bytes(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16. */
static float float_of_half(uint32_t half)
{
    const uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31)
        return float_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent != 0)
        return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
    const float magnitude = ldexpf((float)fraction, -24);
    return sign != 0 ? -magnitude : magnitude;
}

static float float_of_code(itgc_type type, uint64_t bits)
{
    if (type == ITGC_F16)
        return float_of_half((uint32_t)bits & 0xffffu);
    if (type == ITGC_BF16)
        return float_of_bits((uint32_t)bits << 16);
    if (type == ITGC_F32)
        return float_of_bits((uint32_t)bits);
    double value;
    memcpy(&value, &bits, sizeof value);
    return (float)value;
}

static void store_bits(itgc_value *value, int64_t index, uint64_t bits)
{
    if (itgc_is_float(value->type))
        value->f[index] = float_of_code(value->type, bits);
    else
        value->i[index] = itgc_wrap(value->type, (int64_t)bits);
}

/* A finite double outside the range of float becomes infinite; which one, or -1. */
static int64_t find_overflow(const itgc_value *value, const uint8_t *raw, const double *typed, int64_t elements)
{
    for (int64_t i = 0; i < elements && value->type == ITGC_F64; i++) {
        double number;
        if (typed != NULL) {
            number = typed[i];
        } else {
            const uint64_t bits = load_bytes(raw + 8 * i, 8);
            memcpy(&number, &bits, sizeof number);
        }
        if (isfinite(number) && !isfinite(value->f[i]))
            return i;
    }
    return -1;
}

static bool fail_tensor(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, int code, const char *fact)
{
    const char *const name = message->name == NULL ? "" : message->name;
    if (*name == '\0')
        return itgc_fail(reader->diag, code, "%s: %s", reader->what, fact);
    return itgc_fail(reader->diag, code, "%s \"%.100s\": %s", reader->what, name, fact);
}

static bool fail_count(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, const itgc_value *value, uint64_t found,
                       uint64_t needed)
{
    return fail_tensor(reader, message, 106,
                       itgc_sprint(reader->arena, "%" PRIu64 " %s are stored but shape %s of %s needs %" PRIu64 "; export the model again", found,
                                   message->has_raw_data ? "bytes" : "values", itgc_shape_text(reader->arena, &value->shape),
                                   itgc_type_name(value->type), needed));
}

static bool fail_overflow(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, int64_t index)
{
    return fail_tensor(reader, message, 107,
                       itgc_sprint(reader->arena, "value %" PRId64 " is too large for float32; export the model in float32", index));
}

static bool decode_bytes(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, itgc_value *value, const uint8_t *raw,
                         int64_t elements)
{
    const int width = itgc_type_bytes(value->type);
    if (value->type == ITGC_F32 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && elements > 0) {
        memcpy(value->f, raw, (size_t)elements * sizeof *value->f);
        return true;
    }
    for (int64_t i = 0; i < elements; i++)
        store_bits(value, i, load_bytes(raw + i * width, width));
    const int64_t overflow = find_overflow(value, raw, NULL, elements);
    return overflow < 0 || fail_overflow(reader, message, overflow);
}

static bool decode_external(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, itgc_value *value, int64_t elements)
{
    itgc_arena *const scratch = itgc_new_child_arena(reader->arena);
    const size_t count = (size_t)elements * (size_t)itgc_type_bytes(value->type);
    uint64_t offset = 0;
    const char *const path = itgc_find_external(reader, message, count, &offset);
    uint8_t *const raw = itgc_alloc(scratch, count);
    const bool done = itgc_read_file_part(reader->diag, path, offset, raw, count) && decode_bytes(reader, message, value, raw, elements);
    itgc_release_arena(scratch);
    return done;
}

static size_t count_typed(const ItgcOnnx__TensorProto *message, itgc_type type)
{
    switch (type) {
    case ITGC_F32:
        return message->n_float_data;
    case ITGC_F64:
        return message->n_double_data;
    case ITGC_I64:
        return message->n_int64_data;
    case ITGC_U32:
    case ITGC_U64:
        return message->n_uint64_data;
    default:
        return message->n_int32_data;
    }
}

static bool decode_typed(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, itgc_value *value, int64_t elements)
{
    for (int64_t i = 0; i < elements; i++) {
        if (value->type == ITGC_F32)
            value->f[i] = message->float_data[i];
        else if (value->type == ITGC_F64)
            value->f[i] = (float)message->double_data[i];
        else if (value->type == ITGC_I64)
            value->i[i] = message->int64_data[i];
        else if (value->type == ITGC_U32 || value->type == ITGC_U64)
            store_bits(value, i, message->uint64_data[i]);
        else
            store_bits(value, i, (uint64_t)(int64_t)message->int32_data[i]);
    }
    const int64_t overflow = find_overflow(value, NULL, message->double_data, elements);
    return overflow < 0 || fail_overflow(reader, message, overflow);
}

static bool check_finite(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, const itgc_value *value, int64_t elements)
{
    for (int64_t i = 0; i < elements && value->f != NULL; i++)
        if (isnan(value->f[i]) || (isinf(value->f[i]) && elements > 1))
            return fail_tensor(
                reader, message, 107,
                itgc_sprint(reader->arena, "value %" PRId64 " is %s; train or export the model again", i, isnan(value->f[i]) ? "NaN" : "infinite"));
    return true;
}

static bool read_shape(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, itgc_shape *shape)
{
    if (message->n_dims > ITGC_MAX_RANK)
        return fail_tensor(
            reader, message, 103,
            itgc_sprint(reader->arena, "%zu dimensions, more than the %d supported; export it with fewer", message->n_dims, ITGC_MAX_RANK));
    shape->rank = (int)message->n_dims;
    for (int i = 0; i < shape->rank; i++)
        shape->dim[i] = message->dims[i];
    const int64_t elements = itgc_elements(shape);
    if (elements < 0 || elements > MOST_ELEMENTS)
        return fail_tensor(
            reader, message, 103,
            itgc_sprint(reader->arena, "its shape %s is impossible or too large; export the model again", itgc_shape_text(reader->arena, shape)));
    return true;
}

/* Whether as much is stored as shape and type need: known before memory is taken for a shape that may be made up. */
static bool check_stored(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, const itgc_value *wanted, int64_t elements)
{
    const uint64_t bytes = (uint64_t)elements * (uint64_t)itgc_type_bytes(wanted->type);
    uint64_t offset = 0;
    if (message->data_location == EXTERNAL)
        return itgc_find_external(reader, message, (size_t)bytes, &offset) != NULL;
    if (message->has_raw_data)
        return message->raw_data.len == bytes || fail_count(reader, message, wanted, message->raw_data.len, bytes);
    const size_t stored = count_typed(message, wanted->type);
    return stored == (uint64_t)elements || fail_count(reader, message, wanted, stored, (uint64_t)elements);
}

itgc_value *itgc_convert_tensor(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message)
{
    itgc_shape shape = {0};
    const itgc_type type = itgc_type_of_code(message->data_type);
    if (type == ITGC_NO_TYPE) {
        fail_tensor(reader, message, 108,
                    itgc_sprint(reader->arena, "element type %s (%" PRId32 ") is not supported; export in float32",
                                itgc_name_of_code(message->data_type), message->data_type));
        return NULL;
    }
    if (!read_shape(reader, message, &shape))
        return NULL;
    const int64_t elements = itgc_elements(&shape);
    const itgc_value wanted = {.type = type, .shape = shape};
    if (!check_stored(reader, message, &wanted, elements))
        return NULL;
    itgc_value *const value = itgc_new_value(reader->arena, type, &shape);
    const bool done = message->data_location == EXTERNAL ? decode_external(reader, message, value, elements)
                      : message->has_raw_data            ? decode_bytes(reader, message, value, message->raw_data.data, elements)
                                                         : decode_typed(reader, message, value, elements);
    if (!done || (reader->check_finite && !check_finite(reader, message, value, elements)))
        return NULL;
    return value;
}
