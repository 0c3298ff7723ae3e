/* SPDX-License-Identifier: Apache-2.0
 * Parses the command line from one table of options and prints help from the same table.
 * Called by tools/intaglio.c. */
#include "tools/cli/options.h"

#include "tools/cli/print.h"

#include "compiler/base/text.h"
#include "compiler/quantize/quantize.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum option_kind { FLAG, TEXT, LIST, NUMBERS, COUNT, BYTES } option_kind;

typedef struct option_row {
    const char *name;
    option_kind kind;
    size_t offset;
    unsigned commands;
    int numbers; /* NUMBERS: how many; 0: one to four */
    const char *argument, *help;
    const char *choices; /* "a|b|c": the only values; NULL: any */
} option_row;

#define AT(field) offsetof(cli_options, field)
#define MODEL     (CLI_COMPILE | CLI_RUN | CLI_EVAL | CLI_INSPECT | CLI_BENCH)
#define BUILDS    (CLI_COMPILE | CLI_RUN | CLI_EVAL | CLI_BENCH)
#define ALL       255u

static const option_row rows[] = {
    /* name, kind, field, commands, numbers, argument, help, choices */
    {"--calib", LIST, AT(calib), BUILDS, 0, "PATH", "calibration samples ([INPUT=]PATH), or ranges written by --save-calib", NULL},
    {"--data", LIST, AT(data), CLI_COMPILE | CLI_EVAL, 0, "PATH", "labelled samples to measure accuracy on", NULL},
    {"--save-calib", TEXT, AT(save_calib), BUILDS, 0, "FILE", "write the measured ranges; --calib FILE reads them back", NULL},
    {"--target", TEXT, AT(target), CLI_COMPILE, 0, "NAME", "a core or board of `intaglio targets` (default: generic)", NULL},
    {"--name", TEXT, AT(name), CLI_COMPILE, 0, "ID", "C name of the model (default: the file's name)", NULL},
    {"-o", TEXT, AT(out), CLI_COMPILE, 0, "DIR", "where the emitted files go", NULL},
    {"--weights", TEXT, AT(weights), CLI_COMPILE, 0, "c|asm", "how constants are emitted", "c|asm"},
    {"--float", FLAG, AT(is_float), CLI_RUN, 0, NULL, "run the float model instead of the integer one", NULL},
    {"--lowered", FLAG, AT(is_lowered), CLI_RUN, 0, NULL, "with --float: the float model as the lowering passes leave it", NULL},
    {"--input", LIST, AT(inputs), CLI_RUN, 0, "[NAME=]X.npy", "values of an input", NULL},
    {"--image", TEXT, AT(image), CLI_RUN, 0, "PHOTO", "classify a picture and print the top five labels", NULL},
    {"--output", TEXT, AT(output), CLI_RUN, 0, "Y.npy|DIR", "where outputs go; a folder gets one file for each", NULL},
    {"--logits", FLAG, AT(logits), CLI_RUN, 0, NULL, "write the input of a final Softmax instead of its output", NULL},
    {"--tap", LIST, AT(taps), CLI_RUN, 0, "TENSOR", "write a tensor of this ONNX name as well (with --output DIR)", NULL},
    {"--raw-output", FLAG, AT(raw_output), CLI_RUN, 0, NULL, "write integer codes instead of real values", NULL},
    {"--json", TEXT, AT(json), CLI_EVAL | CLI_INSPECT | CLI_BENCH | CLI_COMPILE, 0, "FILE", "write the result as JSON; - is standard output", NULL},
    {"--input-shape", LIST, AT(input_shapes), MODEL, 0, "NAME=1,3,224,224", "shape of an input; needed where a dimension is symbolic", NULL},
    {"--labels", TEXT, AT(labels), MODEL, 0, "FILE", "class names: JSON list or object, or one name a line", NULL},
    {"--input-type", TEXT, AT(input_type), BUILDS, 0, "u8|i8|f32", "what the caller hands over", "u8|i8|f32"},
    {"--output-type", TEXT, AT(output_type), BUILDS, 0, "TYPE", "f32, u8, u16, i16 or i32 (default: the last op's best)", "f32|u8|u16|i16|i32"},
    {"--layout", TEXT, AT(layout), MODEL, 0, "nchw|nhwc", "order of the input the caller hands over", "nchw|nhwc"},
    {"--scale", NUMBERS, AT(scale), BUILDS, 1, "S", "pictures: x = (pixel * scale - mean) / std; 1/255 may be written so", NULL},
    {"--mean", NUMBERS, AT(mean), BUILDS, 0, "A,B,C", "pictures: mean of each channel in the model's order", NULL},
    {"--std", NUMBERS, AT(std), BUILDS, 0, "A,B,C", "pictures: deviation of each channel in the model's order", NULL},
    {"--color", TEXT, AT(color), BUILDS, 0, "rgb|bgr", "pictures: channel order of the model", "rgb|bgr"},
    {"--resize", NUMBERS, AT(resize), BUILDS, 1, "SHORT", "pictures: length of the short side, antialiased bilinear", NULL},
    {"--crop", NUMBERS, AT(crop), BUILDS, 2, "H,W", "pictures: centre crop", NULL},
    {"--raw", TEXT, AT(raw), BUILDS, 0, "SPEC", ".bin samples: f32 or i8,SCALE,ZERO", NULL},
    {"--preset", TEXT, AT(preset), BUILDS, 0, "fast|accurate",
     "which quantization steps run (default: fast; compile goes on to accurate if the gate fails)", "fast|accurate"},
    {"--steps", LIST, AT(steps), BUILDS, 0, "=+NAME,-NAME", "single quantization steps on or off; the list is below", NULL},
    {"--gate", TEXT, AT(gate), CLI_COMPILE | CLI_EVAL, 0, "SPEC", "top1-drop<=0.5,agreement>=97,kl<=0.01: exit 1 if not met; none", NULL},
    {"--metric", TEXT, AT(metric), CLI_EVAL, 0, "NAME", "top1, top5, auc, agreement, kl, kl-p99, sqnr or cosine: the number asked for, first",
     "top1|top5|auc|agreement|kl|kl-p99|sqnr|cosine"},
    {"--compare", LIST, AT(compare), CLI_EVAL, 0, "FILE", "--json of an earlier eval on the same samples; repeatable", NULL},
    {"--max-memory", BYTES, AT(max_memory), ALL, 0, "BYTES", "most memory the compiler may use (K, M, G allowed)", NULL},
    {"--isa", TEXT, AT(isa), BUILDS, 0, "NAME", "kernel table on this machine (also INTAGLIO_ISA)", NULL},
    {"--ram", BYTES, AT(ram), BUILDS, 0, "BYTES", "budget for arena and stack, for which time is spent; exceeding it is an error", NULL},
    {"--flash", BYTES, AT(flash), BUILDS, 0, "BYTES", "budget for constants, plan and runtime code; exceeding it is an error", NULL},
    {"--threads", COUNT, AT(threads), MODEL | CLI_CONFORMANCE, 0, "N", "threads of the tools (default: all cores); results do not depend on it",
     NULL},
    {"--dump", TEXT, AT(dump), BUILDS | CLI_INSPECT, 0, "=PHASE", "print the graph after import, lower, measure, quantize or schedule",
     "import|lower|measure|quantize|schedule"},
    {"--matrix", FLAG, AT(matrix), CLI_TARGETS, 0, NULL, "print ops and what runs them on each ISA as Markdown", NULL},
    {"--quiet", FLAG, AT(quiet), ALL, 0, NULL, "no progress, notes or warnings", NULL},
    {"--verbose", FLAG, AT(verbose), ALL, 0, NULL, "time and memory of each phase", NULL},
    {"--help", FLAG, AT(help), ALL, 0, NULL, "this list", NULL},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static const char *row_name(const void *list, int index)
{
    return ((const option_row *)list)[index].name;
}

/* Edit distance of two short words, two rows at a time. */
static int distance(const char *a, const char *b)
{
    int previous[64], current[64];
    const int length = (int)strlen(b) < 63 ? (int)strlen(b) : 63;
    for (int j = 0; j <= length; j++)
        previous[j] = j;
    for (int i = 0; a[i]; i++) {
        current[0] = i + 1;
        for (int j = 0; j < length; j++) {
            int best = previous[j] + (a[i] != b[j]);
            best = previous[j + 1] + 1 < best ? previous[j + 1] + 1 : best;
            current[j + 1] = current[j] + 1 < best ? current[j] + 1 : best;
        }
        memcpy(previous, current, sizeof previous);
    }
    return previous[length];
}

const char *cli_nearest(const char *word, const char *(*name_at)(const void *list, int index), const void *list, int count)
{
    const char *best = NULL;
    int nearest = (int)strlen(word) / 2 + 1;
    for (int i = 0; i < count; i++) {
        const int d = distance(word, name_at(list, i));
        if (d < nearest) {
            nearest = d;
            best = name_at(list, i);
        }
    }
    return best;
}

static const option_row *find_row(const char *name, size_t length)
{
    for (int r = 0; r < ROW_COUNT; r++)
        if (strlen(rows[r].name) == length && strncmp(rows[r].name, name, length) == 0)
            return &rows[r];
    return NULL;
}

static bool is_choice(const char *choices, const char *value)
{
    const size_t length = strlen(value);
    for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return length > 0;
    return false;
}

/* A number, or a fraction such as 1/255. */
static bool parse_number(const char **text, double *value)
{
    char *end;
    *value = strtod(*text, &end);
    if (end == *text)
        return false;
    *text = end;
    if (*end == '/') {
        const char *below = end + 1;
        const double divisor = strtod(below, &end);
        if (end == below || divisor == 0.0)
            return false;
        *value /= divisor;
        *text = end;
    }
    return *value - *value == 0.0;
}

static bool parse_numbers(const option_row *row, const char *text, cli_numbers *numbers)
{
    numbers->count = 0;
    for (const char *at = text; numbers->count < 4; at++) {
        if (!parse_number(&at, &numbers->value[numbers->count++]))
            break;
        if (*at == '\0' && (row->numbers == 0 || row->numbers == numbers->count))
            return true;
        if (*at != ',')
            break;
    }
    return cli_error(726, "%s %s: expected %s; give numbers separated by commas", row->name, text, row->argument);
}

static bool parse_count(const option_row *row, const char *text, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    bool fine = text[0] >= '0' && text[0] <= '9' && !errno;
    if (fine && row->kind == BYTES && *end) {
        const char *unit = strchr("KMG", *end);
        const int shift = unit ? 10 * (int)(unit - "KMG" + 1) : 0;
        fine = unit && end[1] == '\0' && *value < (uint64_t)1 << (63 - shift);
        *value <<= fine ? shift : 0;
    } else
        fine = fine && *end == '\0';
    return fine || cli_error(726, "%s %s: not a number; give a whole number%s", row->name, text,
                             row->kind == BYTES ? ", K, M or G behind it if you like" : "");
}

static bool store_option(cli_options *options, const option_row *row, const char *value)
{
    void *field = (char *)options + row->offset;
    if (row->choices && !is_choice(row->choices, value))
        return cli_error(726, "%s %s: unknown value; give one of %s", row->name, value, row->choices);
    switch (row->kind) {
    case FLAG:
        *(bool *)field = true;
        return true;
    case TEXT:
        *(const char **)field = value;
        return *value != '\0' || cli_error(726, "%s: the value is empty; give %s", row->name, row->argument);
    case LIST: {
        cli_list *list = field;
        if (list->count == CLI_MAX_LIST)
            return cli_error(726, "%s: given more than %d times; put the samples into one folder", row->name, CLI_MAX_LIST);
        list->item[list->count++] = value;
        return true;
    }
    case NUMBERS:
        return parse_numbers(row, value, field);
    default:
        return parse_count(row, value, field);
    }
}

static bool parse_option(cli_options *options, const cli_command *command, int argc, char **argv, int *at)
{
    const char *word = argv[*at], *equals = strchr(word, '=');
    const size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const option_row *row = find_row(word, length);
    if (!row) {
        const char *near = cli_nearest(word, row_name, rows, ROW_COUNT);
        return cli_error(725, "%s: unknown option%s%s; `intaglio %s --help` lists them", word, near ? "; did you mean " : "", near ? near : "",
                         command->name);
    }
    if (!(row->commands & command->bit))
        return cli_error(725, "%s: not an option of `%s`; `intaglio %s --help` lists them", row->name, command->name, command->name);
    if (row->kind == FLAG)
        return equals ? cli_error(726, "%s: takes no value; leave out \"%s\"", row->name, equals) : store_option(options, row, "");
    if (equals)
        return store_option(options, row, equals + 1);
    if (*at + 1 >= argc)
        return cli_error(726, "%s: needs a value; give %s", row->name, row->argument);
    bool fine = store_option(options, row, argv[++*at]);
    /* `--calib A B`: every path up to the next option. */
    while (fine && row->kind == LIST && row->offset == AT(calib) && *at + 1 < argc && argv[*at + 1][0] != '-')
        fine = store_option(options, row, argv[++*at]);
    return fine;
}

bool cli_parse(cli_options *options, const cli_command *command, int argc, char **argv)
{
    bool only_arguments = false;
    for (int at = 2; at < argc; at++) {
        if (strcmp(argv[at], "--") == 0)
            only_arguments = true;
        else if (!only_arguments && argv[at][0] == '-' && argv[at][1]) {
            if (!parse_option(options, command, argc, argv, &at))
                return false;
        } else if (options->arguments.count < CLI_MAX_LIST)
            options->arguments.item[options->arguments.count++] = argv[at];
    }
    if (options->help)
        return true;
    const int given = options->arguments.count;
    if (given < command->min_arguments)
        return cli_error(727, "%s: %s is missing; `intaglio %s --help` shows how", command->name, command->arguments, command->name);
    if (command->max_arguments >= 0 && given > command->max_arguments)
        return cli_error(727, "%s: \"%s\" is one argument too many; `intaglio %s --help` shows how", command->name,
                         options->arguments.item[command->max_arguments], command->name);
    return true;
}

const char *cli_option_text(itgc_arena *arena, const cli_options *o)
{
    itgc_text text;
    itgc_init_text(&text, arena);
    itgc_addf(&text, "--preset %s", o->preset ? o->preset : "fast");
    for (int i = 0; i < o->steps.count; i++)
        itgc_addf(&text, " --steps=%s", o->steps.item[i]);
    const struct {
        const char *name, *value;
    } words[] = {
        {"--input-type", o->input_type}, {"--output-type", o->output_type}, {"--layout", o->layout}, {"--color", o->color}, {"--raw", o->raw}};
    for (size_t w = 0; w < sizeof words / sizeof words[0]; w++)
        if (words[w].value)
            itgc_addf(&text, " %s %s", words[w].name, words[w].value);
    const struct {
        const char *name;
        const cli_numbers *numbers;
    } lists[] = {{"--scale", &o->scale}, {"--mean", &o->mean}, {"--std", &o->std}, {"--resize", &o->resize}, {"--crop", &o->crop}};
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (int i = 0; i < lists[l].numbers->count; i++) {
            itgc_addf(&text, "%s%s", i ? "," : " ", i ? "" : lists[l].name);
            itgc_add(&text, i ? "" : " ");
            itgc_add_double(&text, lists[l].numbers->value[i]);
        }
    return text.bytes;
}

void cli_print_help(const cli_command *commands, int count)
{
    printf("intaglio: float ONNX classifiers to int8 C and weights\n\n");
    for (int c = 0; c < count; c++)
        printf("  intaglio %-12s %-22s %s\n", commands[c].name, commands[c].arguments, commands[c].help);
    printf("\n  intaglio --version, intaglio --help, intaglio COMMAND --help\n\nExit status: 0 done, 1 the gate failed, 2 the input, an option or a "
           "file is "
           "wrong, 3 internal error.\n");
}

static void print_steps(void)
{
    int count;
    const itgc_step_row *steps = itgc_step_rows(&count);
    printf("\nquantization steps (--steps), and the presets that have them:\n");
    for (int s = 0; s < count; s++)
        printf("  %-16s %-14s %s\n", steps[s].name, steps[s].fast ? "fast, accurate" : steps[s].accurate ? "accurate" : "neither", steps[s].help);
}

void cli_print_command_help(const cli_command *command)
{
    printf("intaglio %s%s%s: %s\n\n", command->name, *command->arguments ? " " : "", command->arguments, command->help);
    for (int r = 0; r < ROW_COUNT; r++) {
        if (!(rows[r].commands & command->bit))
            continue;
        char form[48];
        const char *argument = rows[r].argument ? rows[r].argument : "";
        snprintf(form, sizeof form, "%s%s%s", rows[r].name, *argument && *argument != '=' ? " " : "", argument);
        printf("  %-30s %s\n", form, rows[r].help);
    }
    if (command->bit & BUILDS)
        print_steps();
}
