/* SPDX-License-Identifier: Apache-2.0
 * Runs files or folders of fuzz inputs once each through the fuzzer this is linked with, in the order of their names. An input that takes
 * longer than ten seconds, or ends the process, fails the test; the file's name is printed before. */
#include "tests/fuzz/pipeline.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_BYTES   ((size_t)1 << 20)
#define MOST_SECONDS 10

typedef struct replay {
    uint8_t *bytes;
    int count;
} replay;

/* In a block of exactly its size, so that reading behind it is seen. */
static void run_file(replay *r, const char *path)
{
    FILE *const file = fopen(path, "rb");
    if (file == NULL)
        fuzz_fail("%s cannot be read", path);
    const size_t size = fread(r->bytes, 1, MOST_BYTES, file);
    (void)fclose(file);
    uint8_t *const exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL)
        fuzz_fail("out of memory");
    memcpy(exact, r->bytes, size);
    printf("%s\n", path);
    (void)fflush(stdout);
    (void)alarm(MOST_SECONDS);
    LLVMFuzzerTestOneInput(exact, size);
    (void)alarm(0);
    free(exact);
    r->count++;
}

static void run_path(replay *r, const char *path)
{
    struct dirent **entries;
    const int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0 && errno == ENOTDIR)
        run_file(r, path);
    for (int i = 0; i < count; i++) {
        char whole[4096];
        const int length = snprintf(whole, sizeof whole, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof whole)
            run_file(r, whole);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

int main(int argc, char **argv)
{
    replay r = {.bytes = malloc(MOST_BYTES)};
    if (r.bytes == NULL)
        return 1;
    for (int i = 1; i < argc; i++)
        run_path(&r, argv[i]);
    free(r.bytes);
    printf("%d passed, %d failed\n", r.count, r.count == 0);
    return r.count == 0;
}
