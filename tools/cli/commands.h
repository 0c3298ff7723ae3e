/* SPDX-License-Identifier: Apache-2.0
 * One function for each command: parsed options in, exit status out. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "tools/cli/options.h"

int cli_compile(const cli_options *options);
int cli_run(const cli_options *options);
int cli_eval(const cli_options *options);
int cli_inspect(const cli_options *options);
int cli_bench(const cli_options *options);
int cli_conformance(const cli_options *options);
int cli_diff(const cli_options *options);
int cli_targets(const cli_options *options);

/* matrix.c: what `targets --matrix` prints. */
void cli_print_matrix(void);

#endif
