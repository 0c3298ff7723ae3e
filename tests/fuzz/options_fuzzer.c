/* SPDX-License-Identifier: Apache-2.0
 * Command lines: words separated by newlines, the first one's first letter choosing the command. Those that are accepted go through the
 * phases on a small model and noise; options that name files to read or write are left out first. */
#include "tests/fuzz/pipeline.h"
#include "tests/support/model_writer.h"
#include "tools/cli/pipeline.h"

#include <stdio.h>
#include <unistd.h>

#define MOST_WORDS   80
#define MOST_THREADS 3
#define MOST_MEMORY  ((uint64_t)192 << 20)

static int split_words(char *text, size_t size, char **words)
{
    int count = 0;
    words[count++] = text;
    for (size_t i = 0; i < size && count < MOST_WORDS; i++)
        if (text[i] == '\n') {
            text[i] = '\0';
            words[count++] = text + i + 1;
        }
    return count;
}

/* Convolution, pool, classifier, Softmax on [N,3,4,4]. */
static void write_model(const char *path)
{
    itgc_compilation *const c = itgc_new_compilation(0);
    const float weights[15] = {0.5f, -0.25f, 0.125f, 1.0f, -1.0f, 0.75f};
    model_writer writer;
    FILE *const file = fopen(path, "wb");
    if (c == NULL || file == NULL)
        fuzz_fail("%s cannot be written", path);
    (void)itgc_arm_arena(c->arena);
    start_model(&writer, c->arena, 13);
    add_input(&writer, "x", ONNX_FLOAT, "N,3,4,4");
    add_floats(&writer, "w", "5,3,1,1", weights, 15);
    add_floats(&writer, "v", "5,3", weights, 15);
    add_node(&writer, "Conv", "layer", "x|w", "a");
    add_node(&writer, "Relu", "activation", "a", "b");
    add_node(&writer, "GlobalAveragePool", "pool", "b", "c");
    add_node(&writer, "Flatten", "flat", "c", "d");
    add_node(&writer, "MatMul", "classifier", "d|v", "e");
    add_node(&writer, "Softmax", "probabilities", "e", "y");
    add_output(&writer, "y");
    const itgc_text text = finish_model(&writer);
    (void)fwrite(text.bytes, 1, text.count, file);
    (void)fclose(file);
    itgc_release_compilation(c);
}

static bool run_session(cli_session *session)
{
    const itgc_target *const target = session->options->target == NULL ? NULL : itgc_find_target(session->options->target);
    const bool done = cli_load(session, false) && cli_lower(session) && cli_quantize(session, true) && cli_schedule(session, target);
    fuzz_check_diagnosis(&session->c->diag, done);
    return done;
}

/* What is left of the options names no file but the model. */
static void run_phases(const cli_options *parsed)
{
    char path[64];
    cli_options options = *parsed;
    (void)snprintf(path, sizeof path, "/tmp/intaglio-fuzz-%ld.onnx", (long)getpid());
    options.arguments.item[0] = path;
    options.out = options.labels = options.output = options.image = options.json = options.save_calib = NULL;
    options.calib.count = options.data.count = options.inputs.count = options.compare.count = 0;
    options.threads = options.threads > MOST_THREADS ? MOST_THREADS : options.threads;
    options.max_memory = options.max_memory == 0 || options.max_memory > MOST_MEMORY ? MOST_MEMORY : options.max_memory;
    write_model(path);
    if (cli_run_session(&options, run_session) == CLI_INTERNAL)
        fuzz_fail("an internal error");
    (void)remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *words[MOST_WORDS + 1] = {"intaglio", "any"};
    char *const text = calloc(size + 1, 1);
    if (text == NULL)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    const unsigned bit = size == 0 ? CLI_COMPILE : 1u << (data[0] % 8);
    const cli_command command = {.name = "any", .bit = bit, .min_arguments = 1, .max_arguments = 2, .arguments = "MODEL.onnx"};
    const int count = 1 + split_words(text, size, words + 1);
    cli_options options = {.program = words[0], .command = "any"};
    const bool done = cli_parse(&options, &command, count, words) && !options.help;
    if (done && (options.arguments.count < 1 || options.arguments.count > 2))
        fuzz_fail("a wrong number of arguments was accepted");
    if (options.crop.count > 4 || options.mean.count > 4 || options.calib.count > CLI_MAX_LIST)
        fuzz_fail("a list is longer than its room");
    if (done && bit <= CLI_BENCH)
        run_phases(&options);
    free(text);
    return 0;
}
