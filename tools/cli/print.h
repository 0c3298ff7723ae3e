/* SPDX-License-Identifier: Apache-2.0
 * What the tools say: messages on standard error as `intaglio: error: …`, progress, and files written under a temporary name. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "compiler/base/diag.h"
#include "compiler/base/text.h"
#include "compiler/measure/measure.h"

/* `intaglio: error: … [Ecode]`, for what is found where there is no itgc_diag; always false. */
bool cli_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Standard error as it is: advice, times, what follows next. */
void cli_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints warnings and notes not printed yet (unless quiet) and the error, if there is one. *printed counts the former. */
void cli_print_diagnosis(const itgc_diag *diag, int *printed, bool quiet);

/* What the error's code stands for in general; nothing without an error. */
void cli_print_code(const itgc_diag *diag);

/* Exit status that an error code stands for. */
int cli_status_of(const itgc_diag *diag);

/* Writes text to FILE under a temporary name, or to standard output for "-". False with 601 or 602. */
bool cli_write_text(itgc_diag *diag, const char *path, const itgc_text *text);

/* Writes what standard output still holds. The status given, or that of an error: what was printed did not arrive (602). */
int cli_end_output(int status);

/* Progress: a bar with the time left on a terminal, a plain line at the start and end of each piece of work elsewhere. */
typedef struct cli_progress {
    bool quiet, is_terminal;
    const char *what; /* the piece of work shown now */
    double started, shown;
} cli_progress;

/* progress->argument is state. */
itgc_progress cli_start_progress(cli_progress *state, bool quiet);
void cli_end_progress(cli_progress *state);

/* Seconds of a clock that only goes forward. */
double cli_seconds(void);

#endif
