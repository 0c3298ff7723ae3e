/* SPDX-License-Identifier: Apache-2.0
 * The command line tool: finds the command, parses its options, runs it. Commands are in tools/cli/, one file each. */
#include "tools/cli/commands.h"
#include "tools/cli/print.h"

#include <stdio.h>
#include <string.h>

#define VERSION "0.1.0"

static const cli_command commands[] = {
    {"compile", CLI_COMPILE, 1, 1, "MODEL.onnx", "int8 C, weights and a report from a float model", cli_compile},
    {"run", CLI_RUN, 1, 1, "MODEL.onnx", "run a model on inputs, as integers or in float", cli_run},
    {"eval", CLI_EVAL, 1, 1, "MODEL.onnx", "accuracy of float and int8 on samples", cli_eval},
    {"inspect", CLI_INSPECT, 1, 1, "MODEL.onnx", "inputs, outputs, work, and what keeps it from int8", cli_inspect},
    {"bench", CLI_BENCH, 1, 1, "MODEL.onnx", "time of every step on this machine", cli_bench},
    {"conformance", CLI_CONFORMANCE, 1, -1, "DIR...", "ONNX backend test folders through the float executor", cli_conformance},
    {"diff", CLI_DIFF, 2, 2, "A.json B.json", "two reports or evals side by side", cli_diff},
    {"targets", CLI_TARGETS, 0, 0, "", "what --target accepts", cli_targets},
};
enum { COMMAND_COUNT = sizeof commands / sizeof commands[0] };

static const char *command_name(const void *list, int index)
{
    return ((const cli_command *)list)[index].name;
}

static const cli_command *find_command(const char *name)
{
    for (int c = 0; c < COMMAND_COUNT; c++)
        if (strcmp(commands[c].name, name) == 0)
            return &commands[c];
    const char *near = cli_nearest(name, command_name, commands, COMMAND_COUNT);
    cli_error(724, "%s: unknown command%s%s; `intaglio --help` lists them", name, near ? "; did you mean " : "", near ? near : "");
    return NULL;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        cli_print_help(commands, COMMAND_COUNT);
        return CLI_WRONG_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        cli_print_help(commands, COMMAND_COUNT);
        return CLI_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("intaglio %s\n", VERSION);
        return CLI_DONE;
    }
    const cli_command *command = find_command(argv[1]);
    cli_options options = {.program = argv[0], .command = argv[1]};
    if (!command || !cli_parse(&options, command, argc, argv))
        return CLI_WRONG_INPUT;
    if (options.help) {
        cli_print_command_help(command);
        return CLI_DONE;
    }
    return command->run(&options);
}

int main(int argc, char **argv)
{
    return cli_end_output(run_command(argc, argv));
}
