/* SPDX-License-Identifier: Apache-2.0
 * Puts place, fact, remedy and code of a diagnostic together and keeps the first error. Names come from untrusted files: they are cut to
 * a readable length and control characters never reach a terminal. */
#include "compiler/base/diag.h"

#include <string.h>

#define NAME_LENGTH 120

static const itgc_code_row code_rows[] = {
#define ITGC_CODES(title)
#define ITGC_CODE(code, meaning, remedy) {code, meaning, remedy},
#include "compiler/base/codes.inc"
#undef ITGC_CODE
#undef ITGC_CODES
};

const itgc_code_row *itgc_find_code(int code)
{
    for (size_t i = 0; i < sizeof code_rows / sizeof code_rows[0]; i++)
        if (code_rows[i].code == code)
            return &code_rows[i];
    return NULL;
}

char *itgc_hide_controls(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        const bool is_c1 = (unsigned char)c[0] == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xa0; /* in UTF-8 */
        if ((unsigned char)*c < 32 || *c == 127 || is_c1)
            *c = '?';
        if (is_c1)
            *++c = '?';
    }
    return text;
}

static const char *describe_place(const itgc_diag *diag)
{
    const char *const file = diag->file == NULL ? "" : diag->file;
    const char *const colon = diag->file == NULL ? "" : ": ";
    if (diag->node == NULL)
        return itgc_sprint(diag->arena, "%s%s", file, colon);
    const char *const dots = strlen(diag->node) > NAME_LENGTH ? "..." : "";
    return itgc_sprint(diag->arena, "%s%snode \"%.*s%s\" (%.*s, opset %d): ", file, colon, NAME_LENGTH, diag->node, dots, NAME_LENGTH,
                       diag->op == NULL ? "?" : diag->op, diag->opset);
}

bool itgc_fail(itgc_diag *diag, int code, const char *format, ...)
{
    if (diag->error != NULL)
        return false;
    va_list list;
    va_start(list, format);
    diag->fact = itgc_hide_controls(itgc_sprint_list(diag->arena, format, list));
    va_end(list);
    diag->code = code;
    diag->error = itgc_hide_controls(itgc_sprint(diag->arena, "%s%s [E%03d]", describe_place(diag), diag->fact, code));
    return false;
}

static void add_warning(itgc_diag *diag, const char *kind, const char *fact)
{
    char *const text = itgc_hide_controls(itgc_sprint(diag->arena, "%s: %s%s", kind, describe_place(diag), fact));
    void **list = (void **)diag->warnings;
    itgc_push(diag->arena, &list, &diag->warning_count, &diag->warning_capacity, text);
    diag->warnings = (char **)list;
}

void itgc_warn(itgc_diag *diag, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *const fact = itgc_sprint_list(diag->arena, format, list);
    va_end(list);
    add_warning(diag, "warning", fact);
}

void itgc_note(itgc_diag *diag, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *const fact = itgc_sprint_list(diag->arena, format, list);
    va_end(list);
    add_warning(diag, "note", fact);
}

void itgc_enter_node(itgc_diag *diag, const char *node, const char *op, int opset)
{
    diag->node = node;
    diag->op = op;
    diag->opset = opset;
}

void itgc_leave_node(itgc_diag *diag)
{
    diag->node = NULL;
    diag->op = NULL;
    diag->opset = 0;
}

void itgc_clear_error(itgc_diag *diag)
{
    diag->error = NULL;
    diag->fact = NULL;
    diag->code = 0;
}
