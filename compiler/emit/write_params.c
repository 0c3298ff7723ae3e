/* SPDX-License-Identifier: Apache-2.0
 * Prints any params struct from its kind's field table: no op knows C syntax, and this file knows no op. Called by write_plan.c. */
#include "compiler/emit/writer.h"

#include <string.h>

static int64_t load_number(const itgc_field *field, const char *at)
{
    int32_t word;
    uint16_t half;
    switch (field->kind) {
    case ITGC_FIELD_U8:
        return *(const uint8_t *)at;
    case ITGC_FIELD_U16:
        memcpy(&half, at, sizeof half);
        return half;
    case ITGC_FIELD_BOOL:
        return *(const bool *)at;
    case ITGC_FIELD_I32:
    case ITGC_FIELD_TYPE:
    case ITGC_FIELD_POINTER:
        break;
    }
    memcpy(&word, at, sizeof word);
    return word;
}

static size_t count_field_bytes(const itgc_field *field)
{
    switch (field->kind) {
    case ITGC_FIELD_U8:
        return 1;
    case ITGC_FIELD_U16:
        return 2;
    case ITGC_FIELD_BOOL:
        return sizeof(bool);
    case ITGC_FIELD_POINTER:
        return sizeof(void *);
    case ITGC_FIELD_I32:
    case ITGC_FIELD_TYPE:
        break;
    }
    return 4;
}

static bool is_zero_field(const itgc_field *field, const char *at)
{
    for (size_t i = 0; i < count_field_bytes(field) * (size_t)field->count; i++) {
        if (at[i]) {
            return false;
        }
    }
    return true;
}

static void write_element(itgc_writer *writer, const itgc_field *field, const char *at)
{
    const void *pointer = NULL;
    switch (field->kind) {
    case ITGC_FIELD_POINTER:
        memcpy(&pointer, at, sizeof pointer);
        itgc_add(writer->text, itgc_constant_name(writer, pointer));
        break;
    case ITGC_FIELD_TYPE:
        itgc_add(writer->text, itgc_code_type((itg_type)load_number(field, at)));
        break;
    case ITGC_FIELD_BOOL:
        itgc_add(writer->text, load_number(field, at) ? "true" : "false");
        break;
    case ITGC_FIELD_I32:
    case ITGC_FIELD_U8:
    case ITGC_FIELD_U16:
        itgc_addf(writer->text, "%lld", (long long)load_number(field, at));
        break;
    }
}

static void write_field(itgc_writer *writer, const itgc_field *field, const char *at)
{
    itgc_addf(writer->text, ".%s = ", field->name);
    if (field->count == 1) {
        write_element(writer, field, at);
        return;
    }
    for (int i = 0; i < field->count; i++) {
        itgc_add(writer->text, i ? "," : "{");
        write_element(writer, field, at + (size_t)i * count_field_bytes(field));
    }
    itgc_add(writer->text, "}");
}

#define LINE_BYTES 110 /* a field that would start behind them opens a new line */
#define HEAD_BYTES 32  /* what stands before the first field: `static const itg_conv step_00 = ` */

void itgc_write_params(itgc_writer *writer, const itgc_step_kind *kind, const void *params)
{
    const char *separator = "{ ";
    size_t end = writer->text->count + LINE_BYTES - HEAD_BYTES;
    for (int i = 0; i < kind->field_count; i++) {
        const itgc_field *field = &kind->fields[i];
        const char *at = (const char *)params + field->offset;
        if (!is_zero_field(field, at)) {
            itgc_add(writer->text, separator);
            write_field(writer, field, at);
            separator = ", ";
            if (writer->text->count > end) {
                separator = ",\n    ";
                end = writer->text->count + LINE_BYTES;
            }
        }
    }
    itgc_add(writer->text, separator[0] == '{' ? "{ 0 }" : " }");
}
