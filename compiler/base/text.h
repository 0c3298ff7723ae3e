/* SPDX-License-Identifier: Apache-2.0
 * Growable text with stable number printing: what dumps, emitted C, JSON and HTML are written with. Independent of the locale. */
#ifndef ITGC_TEXT_H
#define ITGC_TEXT_H

#include "compiler/base/arena.h"

typedef struct itgc_text {
    itgc_arena *arena;
    char *bytes; /* NUL-terminated */
    size_t count, capacity;
} itgc_text;

void itgc_init_text(itgc_text *text, itgc_arena *arena);
void itgc_add(itgc_text *text, const char *string);
void itgc_add_bytes(itgc_text *text, const char *bytes, size_t count);
void itgc_addf(itgc_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The shortest decimal that reads back as the same float or double; never a locale's comma; inf and nan as such. */
void itgc_add_float(itgc_text *text, float value);
void itgc_add_double(itgc_text *text, double value);

/* Text quoted for C and for JSON (control characters, quotes and backslashes escaped; JSON keeps valid UTF-8, replaces the rest). */
void itgc_add_c_string(itgc_text *text, const char *string);
void itgc_add_json_string(itgc_text *text, const char *string);

/* Length of the valid UTF-8 sequence at c (RFC 3629: shortest form, no surrogates), 0 if there is none. */
size_t itgc_measure_utf8(const char *c);

/* 1234567 as "1,234,567". */
void itgc_add_grouped(itgc_text *text, int64_t value);

#endif
