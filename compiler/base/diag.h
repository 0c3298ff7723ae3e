/* SPDX-License-Identifier: Apache-2.0
 * Diagnostics: the first error, and notes and warnings in order. Nobody prints and nobody exits here; tools/ does.
 * Form: `model.onnx: node "layer1/conv" (Conv, opset 12): auto_pad BEST is unknown; re-export with explicit pads [E222]`:
 * place, fact, remedy, stable code. Codes: 1xx files and ONNX, 2xx nodes and graph, 3xx samples and labels, 4xx quantization and gate,
 * 5xx plan and budgets, 6xx output, 7xx options, 9xx our own invariants (docs/errors.md lists them). */
#ifndef ITGC_DIAG_H
#define ITGC_DIAG_H

#include "compiler/base/arena.h"

#include <stdarg.h>

typedef struct itgc_diag {
    itgc_arena *arena;
    const char *file; /* what the messages are about: a model, a sample, a report */
    const char *node; /* current node's name, NULL outside nodes */
    const char *op;   /* its ONNX op type */
    int opset;
    const char *error; /* the first error's whole text, NULL while there is none */
    const char *fact;  /* the same without place and code */
    int code;          /* its number */
    char **warnings;   /* whole texts, `note: …` or `warning: …` */
    int warning_count, warning_capacity;
} itgc_diag;

/* What a code stands for (codes.inc); NULL if there is no such code. */
typedef struct itgc_code_row {
    int code;
    const char *meaning, *remedy;
} itgc_code_row;
const itgc_code_row *itgc_find_code(int code);

/* Records an error unless one is recorded already. The format's text is "fact; remedy". Always returns false. */
bool itgc_fail(itgc_diag *diag, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Records a warning (or a note: no action needed), with the place that is current. */
void itgc_warn(itgc_diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));
void itgc_note(itgc_diag *diag, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets the place for what follows; itgc_leave_node clears it. */
void itgc_enter_node(itgc_diag *diag, const char *node, const char *op, int opset);
void itgc_leave_node(itgc_diag *diag);

/* Replaces control characters, in place: names and words of others never drive a terminal. */
char *itgc_hide_controls(char *text);

/* Forgets the error: for surveys that go on. */
void itgc_clear_error(itgc_diag *diag);

#endif
