/* SPDX-License-Identifier: Apache-2.0
 * Growable text: appending, number printing that does not depend on the locale, quoting for C and JSON. */
#include "compiler/base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_ROOM 64

void itgc_init_text(itgc_text *text, itgc_arena *arena)
{
    text->arena = arena;
    text->count = 0;
    text->capacity = 256;
    text->bytes = itgc_alloc(arena, text->capacity);
}

void itgc_add_bytes(itgc_text *text, const char *bytes, size_t count)
{
    if (count >= text->capacity - text->count) {
        size_t room = text->capacity;
        while (count >= room - text->count && room <= SIZE_MAX / 2)
            room *= 2;
        char *const grown = itgc_alloc(text->arena, room);
        memcpy(grown, text->bytes, text->count);
        text->bytes = grown;
        text->capacity = room;
    }
    if (count != 0)
        memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
    text->bytes[text->count] = '\0';
}

void itgc_add(itgc_text *text, const char *string)
{
    itgc_add_bytes(text, string, strlen(string));
}

void itgc_addf(itgc_text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    itgc_add(text, itgc_sprint_list(text->arena, format, list));
    va_end(list);
}

/* Whatever stands between the digits (a locale's decimal mark, of any number of bytes) becomes one point. */
static void add_number(itgc_text *text, const char *number)
{
    bool in_mark = false;
    for (const char *c = number; *c != '\0'; c++) {
        const bool is_plain = (*c >= '0' && *c <= '9') || *c == '-' || *c == '+' || *c == 'e';
        if (is_plain)
            itgc_add_bytes(text, c, 1);
        else if (!in_mark)
            itgc_add_bytes(text, ".", 1);
        in_mark = !is_plain;
    }
}

static bool add_special(itgc_text *text, double value)
{
    if (isnan(value))
        itgc_add(text, "nan");
    else if (isinf(value))
        itgc_add(text, value < 0 ? "-inf" : "inf");
    else
        return false;
    return true;
}

void itgc_add_float(itgc_text *text, float value)
{
    if (add_special(text, (double)value))
        return;
    char number[NUMBER_ROOM];
    for (int precision = 1; precision <= 9; precision++) {
        (void)snprintf(number, sizeof number, "%.*g", precision, (double)value);
        if (strtof(number, NULL) == value)
            break;
    }
    add_number(text, number);
}

void itgc_add_double(itgc_text *text, double value)
{
    if (add_special(text, value))
        return;
    char number[NUMBER_ROOM];
    for (int precision = 1; precision <= 17; precision++) {
        (void)snprintf(number, sizeof number, "%.*g", precision, value);
        if (strtod(number, NULL) == value)
            break;
    }
    add_number(text, number);
}

/* Octal escapes of three digits end by themselves, so a digit may follow; ?? would start a trigraph. */
void itgc_add_c_string(itgc_text *text, const char *string)
{
    itgc_add_bytes(text, "\"", 1);
    for (const char *c = string; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\' || byte == '?')
            itgc_addf(text, "\\%c", byte);
        else if (byte < 32 || byte > 126)
            itgc_addf(text, "\\%03o", (unsigned)byte);
        else
            itgc_add_bytes(text, c, 1);
    }
    itgc_add_bytes(text, "\"", 1);
}

size_t itgc_measure_utf8(const char *c)
{
    const unsigned char *const byte = (const unsigned char *)c;
    if (byte[0] < 0x80)
        return 1;
    const size_t length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80)
            return 0;
    if ((byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f))
        return 0;
    if ((byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
        return 0;
    return length;
}

void itgc_add_json_string(itgc_text *text, const char *string)
{
    itgc_add_bytes(text, "\"", 1);
    for (const char *c = string; *c != '\0';) {
        const size_t length = itgc_measure_utf8(c);
        if (length == 0)
            itgc_add(text, "\xef\xbf\xbd"); /* U+FFFD */
        else if (*c == '"' || *c == '\\')
            itgc_addf(text, "\\%c", *c);
        else if ((unsigned char)*c < 32 || *c == 127)
            itgc_addf(text, "\\u%04x", (unsigned)*c);
        else
            itgc_add_bytes(text, c, length);
        c += length == 0 ? 1 : length;
    }
    itgc_add_bytes(text, "\"", 1);
}

void itgc_add_grouped(itgc_text *text, int64_t value)
{
    char digits[NUMBER_ROOM];
    (void)snprintf(digits, sizeof digits, "%" PRId64, value);
    const char *rest = digits;
    if (*rest == '-')
        itgc_add_bytes(text, rest++, 1);
    for (size_t left = strlen(rest); left > 0; left--, rest++) {
        itgc_add_bytes(text, rest, 1);
        if (left > 1 && left % 3 == 1)
            itgc_add_bytes(text, ",", 1);
    }
}
