/* SPDX-License-Identifier: Apache-2.0
 * The command line as one table: options.c parses it, prints --help and COMMAND --help from it, and suggests the nearest name for a wrong one.
 * Every option of architecture.md 5 is here; scripts outside the project rely on names and meanings. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "compiler/compile.h"

#define CLI_MAX_LIST 64

/* Exit statuses. */
enum { CLI_DONE = 0, CLI_GATE_FAILED = 1, CLI_WRONG_INPUT = 2, CLI_INTERNAL = 3 };

typedef struct cli_list {
    const char *item[CLI_MAX_LIST];
    int count;
} cli_list;

typedef struct cli_numbers {
    double value[4];
    int count;
} cli_numbers;

typedef struct cli_options {
    const char *program, *command;
    cli_list arguments; /* what is not an option: model, folders */
    cli_list calib, data, input_shapes, inputs;
    const char *target, *name, *out, *labels, *input_type, *output_type, *layout, *color, *raw, *preset, *gate, *metric, *isa, *dump;
    const char *output, *image, *json, *save_calib, *weights;
    cli_list steps, taps, compare;
    cli_numbers scale, mean, std, crop, resize;
    uint64_t max_memory, ram, flash, threads;
    bool is_float, is_lowered, logits, raw_output, quiet, verbose, help, matrix;
} cli_options;

/* Commands an option belongs to. */
enum { CLI_COMPILE = 1, CLI_RUN = 2, CLI_EVAL = 4, CLI_INSPECT = 8, CLI_BENCH = 16, CLI_CONFORMANCE = 32, CLI_DIFF = 64, CLI_TARGETS = 128 };

typedef struct cli_command {
    const char *name;
    unsigned bit;
    int min_arguments, max_arguments; /* -1: any */
    const char *arguments, *help;
    int (*run)(const cli_options *options);
} cli_command;

/* Fills options from argv[first ..]. False after printing a message (exit status 2). */
bool cli_parse(cli_options *options, const cli_command *command, int argc, char **argv);

/* What of the command line decides about results, emitted bytes among them: without paths, budgets and shapes. */
const char *cli_option_text(itgc_arena *arena, const cli_options *options);

void cli_print_help(const cli_command *commands, int count);
void cli_print_command_help(const cli_command *command);

/* The command or option of `count` names most like `word`, NULL if none is near. */
const char *cli_nearest(const char *word, const char *(*name_at)(const void *list, int index), const void *list, int count);

#endif
