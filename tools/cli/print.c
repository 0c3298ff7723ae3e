/* SPDX-License-Identifier: Apache-2.0
 * Messages, result files and progress; the only place that writes to standard error.
 * Called by all commands. */
#include "tools/cli/print.h"

#include "tools/cli/options.h"

#include "compiler/base/files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_FAILED "standard output: writing failed (%s); free some space or choose another place"

bool cli_error(int code, const char *format, ...)
{
    va_list arguments;
    char text[2048];
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "intaglio: error: %s [E%03d]\n", itgc_hide_controls(text), code);
    return false;
}

void cli_tell(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
}

void cli_print_diagnosis(const itgc_diag *diag, int *printed, bool quiet)
{
    for (; *printed < diag->warning_count; ++*printed)
        if (!quiet)
            fprintf(stderr, "intaglio: %s\n", diag->warnings[*printed]);
    if (diag->error)
        fprintf(stderr, "intaglio: error: %s\n", diag->error);
}

void cli_print_code(const itgc_diag *diag)
{
    const itgc_code_row *row = diag->error ? itgc_find_code(diag->code) : NULL;
    if (row)
        fprintf(stderr, "intaglio: E%03d stands for: %s; %s\n", row->code, row->meaning, row->remedy);
}

int cli_status_of(const itgc_diag *diag)
{
    const bool limited = diag->code == 901; /* by --max-memory or the machine: nothing of ours is wrong */
    return diag->code >= 900 && !limited ? CLI_INTERNAL : CLI_WRONG_INPUT;
}

bool cli_write_text(itgc_diag *diag, const char *path, const itgc_text *text)
{
    if (strcmp(path, "-") == 0) {
        const bool fine = fwrite(text->bytes, 1, text->count, stdout) == text->count && fflush(stdout) == 0;
        return fine || itgc_fail(diag, 602, OUTPUT_FAILED, strerror(errno));
    }
    const char *partial = itgc_partial_path(diag->arena, path);
    FILE *file = fopen(partial, "wb");
    if (!file)
        return itgc_fail(diag, 601, "%s: cannot be written (%s); choose another file", path, strerror(errno));
    bool fine = fwrite(text->bytes, 1, text->count, file) == text->count;
    fine = fclose(file) == 0 && fine;
    return itgc_finish_partial(partial, path, fine) ||
           itgc_fail(diag, 602, "%s: writing failed (%s); free some space or choose another file", path, strerror(errno));
}

int cli_end_output(int status)
{
    errno = 0;
    const bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || status == CLI_WRONG_INPUT || status == CLI_INTERNAL) /* those said what went wrong already */
        return status;
    cli_error(602, OUTPUT_FAILED, errno ? strerror(errno) : "an earlier part of it");
    return CLI_WRONG_INPUT;
}

double cli_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void draw_bar(const cli_progress *state, int64_t done, int64_t total, double now)
{
    const int filled = total > 0 ? (int)(30 * done / total) : 30;
    const double left = done > 0 ? (now - state->started) * (double)(total - done) / (double)done : 0.0;
    fprintf(stderr, "\r%-12s [%.*s%.*s] %lld/%lld, %.0f s left \x1b[K", state->what, filled, "##############################", 30 - filled,
            "                              ", (long long)done, (long long)total, left);
}

static void report_progress(void *argument, const char *what, int64_t done, int64_t total)
{
    cli_progress *state = argument;
    if (state->quiet)
        return;
    const double now = cli_seconds();
    if (!state->what || strcmp(state->what, what) != 0) {
        cli_end_progress(state);
        state->what = what;
        state->started = now;
        state->shown = 0.0;
        if (!state->is_terminal)
            fprintf(stderr, "%s: %lld\n", what, (long long)total);
    }
    if (state->is_terminal && (now - state->shown > 0.1 || done == total)) {
        draw_bar(state, done, total, now);
        state->shown = now;
    } else if (!state->is_terminal && now - (state->shown > 0.0 ? state->shown : state->started) > 10.0) {
        fprintf(stderr, "%s: %lld of %lld\n", what, (long long)done, (long long)total);
        state->shown = now;
    }
}

itgc_progress cli_start_progress(cli_progress *state, bool quiet)
{
    *state = (cli_progress){.quiet = quiet, .is_terminal = isatty(STDERR_FILENO) != 0};
    return (itgc_progress){.report = report_progress, .argument = state};
}

void cli_end_progress(cli_progress *state)
{
    if (state->what && state->is_terminal && !state->quiet)
        fprintf(stderr, " done in %.1f s\n", cli_seconds() - state->started);
    state->what = NULL;
}
