/* SPDX-License-Identifier: Apache-2.0
 * Arrays as C: integer lists in rows, and octal string rows for byte arrays above 64 KiB (8 M values cost gcc 12 12.5 s and 890 MB as
 * a list, 0.55 s and 163 MB as strings). Called for constants and for the self-test's data. */
#include "compiler/emit/writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define STRING_ABOVE     65536u /* bytes */
#define BYTES_PER_STRING 36u    /* four characters each */
#define ROW_WIDTH        140u

const char *itgc_constant_type(const itgc_constant *constant)
{
    static const char *const names[3][2] = {{"uint8_t", "int8_t"}, {"uint16_t", "int16_t"}, {"uint32_t", "int32_t"}};
    return names[constant->element_bytes == 1 ? 0 : constant->element_bytes == 2 ? 1 : 2][constant->is_signed];
}

static bool is_string(const itgc_constant *array)
{
    return array->element_bytes == 1 && array->count > STRING_ABOVE;
}

size_t itgc_constant_entries(const itgc_constant *constant)
{
    return constant->count + is_string(constant);
}

static int64_t load_element(const itgc_constant *array, size_t index)
{
    const unsigned char *at = (const unsigned char *)array->bytes + index * (size_t)array->element_bytes;
    int16_t half;
    int32_t word;
    switch (array->element_bytes) {
    case 1:
        return array->is_signed ? (int8_t)*at : *at;
    case 2:
        memcpy(&half, at, sizeof half);
        return array->is_signed ? half : (uint16_t)half;
    default:
        memcpy(&word, at, sizeof word);
        return array->is_signed ? word : (int64_t)(uint32_t)word;
    }
}

static void add_string_rows(itgc_text *text, const itgc_constant *array)
{
    const unsigned char *bytes = array->bytes;
    char row[BYTES_PER_STRING * 4];
    for (size_t begin = 0; begin < array->count; begin += BYTES_PER_STRING) {
        size_t used = 0;
        for (size_t i = begin; i < array->count && i < begin + BYTES_PER_STRING; i++) {
            row[used++] = '\\';
            row[used++] = (char)('0' + (bytes[i] >> 6));
            row[used++] = (char)('0' + (bytes[i] >> 3 & 7));
            row[used++] = (char)('0' + (bytes[i] & 7));
        }
        itgc_add(text, "\n    \"");
        itgc_add_bytes(text, row, used);
        itgc_add(text, "\"");
    }
}

static void add_list_rows(itgc_text *text, const itgc_constant *array)
{
    char row[ROW_WIDTH + 32];
    size_t width = 0;
    itgc_add(text, "{");
    for (size_t i = 0; i < array->count; i++) {
        if (width == 0) {
            width = (size_t)snprintf(row, sizeof row, "\n   ");
        }
        width += (size_t)snprintf(row + width, sizeof row - width, array->is_signed ? " %" PRId64 "," : " %" PRId64 "u,", load_element(array, i));
        if (width >= ROW_WIDTH || i + 1 == array->count) {
            itgc_add_bytes(text, row, width);
            width = 0;
        }
    }
    itgc_add(text, "\n}");
}

void itgc_add_array(itgc_text *text, const itgc_constant *array)
{
    if (is_string(array)) {
        add_string_rows(text, array);
    } else {
        add_list_rows(text, array);
    }
}

void itgc_add_c_float(itgc_text *text, float value)
{
    const size_t begin = text->count;
    itgc_add_float(text, value);
    if (!strpbrk(text->bytes + begin, ".e")) {
        itgc_add(text, ".0");
    }
    itgc_add(text, "f");
}
