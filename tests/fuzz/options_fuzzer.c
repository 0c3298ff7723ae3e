/* SPDX-License-Identifier: Apache-2.0
 * Command lines: words separated by newlines, the first one's first letter choosing the command's bit. Nothing is run. */
#include "tests/fuzz/pipeline.h"
#include "tools/cli/options.h"

#include <stdlib.h>
#include <string.h>

#define MOST_WORDS 80

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
    if (cli_parse(&options, &command, count, words) && !options.help && (options.arguments.count < 1 || options.arguments.count > 2))
        fuzz_fail("a wrong number of arguments was accepted");
    if (options.crop.count > 4 || options.mean.count > 4 || options.calib.count > CLI_MAX_LIST)
        fuzz_fail("a list is longer than its room");
    free(text);
    return 0;
}
