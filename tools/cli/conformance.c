/* SPDX-License-Identifier: Apache-2.0
 * intaglio conformance: folders of ONNX backend tests (model.onnx, test_data_set_N/input_N.pb, output_N.pb) through the float executor.
 * Every test runs in a process of its own, so that a crash of one is not the end of all. Called by tools/intaglio.c. */
#include "tools/cli/commands.h"
#include "tools/cli/conformance.h"
#include "tools/cli/print.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct test_tally {
    int passed, failed, skipped;
} test_tally;

typedef struct folders {
    const char **path;
    int count, capacity;
} folders;

static bool has_model(itgc_arena *arena, const char *dir)
{
    struct stat about;
    return stat(itgc_sprint(arena, "%s/model.onnx", dir), &about) == 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A test folder itself, or the test folders in it. */
static bool collect(itgc_arena *arena, const char *dir, folders *found)
{
    if (has_model(arena, dir)) {
        itgc_push(arena, (void ***)&found->path, &found->count, &found->capacity, itgc_copy_string(arena, dir));
        return true;
    }
    DIR *list = opendir(dir);
    if (!list)
        return false;
    const int first = found->count;
    for (const struct dirent *entry; (entry = readdir(list));) {
        char *inner = itgc_sprint(arena, "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] != '.' && has_model(arena, inner))
            itgc_push(arena, (void ***)&found->path, &found->count, &found->capacity, inner);
    }
    closedir(list);
    if (found->count > first)
        qsort(found->path + first, (size_t)(found->count - first), sizeof(char *), compare_paths);
    return found->count > first;
}

static const char *test_name(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    return path + start;
}

/* Runs one test in a child; its verdict comes back through a pipe as one line. */
static void run_isolated(const char *path, int threads, test_tally *tally)
{
    int ends[2];
    char verdict[1024] = "";
    const char *name = test_name(path);
    fflush(stdout);
    const pid_t child = pipe(ends) == 0 ? fork() : -1;
    if (child == 0) {
        close(ends[0]);
        char line[sizeof verdict];
        cli_run_backend_test(path, threads, line, sizeof line);
        const ssize_t sent = write(ends[1], line, strlen(line));
        _exit(sent < 0);
    }
    if (child < 0) {
        printf("FAIL %s: no process could be started\n", name);
        tally->failed++;
        return;
    }
    close(ends[1]);
    size_t have = 0;
    for (ssize_t part; have < sizeof verdict - 1 && (part = read(ends[0], verdict + have, sizeof verdict - 1 - have)) > 0;)
        have += (size_t)part;
    verdict[have] = '\0';
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    if (!*verdict)
        snprintf(verdict, sizeof verdict, "FAIL: crashed with signal %d", WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    tally->passed += strncmp(verdict, "PASS", 4) == 0;
    tally->failed += strncmp(verdict, "FAIL", 4) == 0;
    tally->skipped += strncmp(verdict, "SKIP", 4) == 0;
    printf("%.4s %s%s\n", verdict, name, verdict + 4);
}

int cli_conformance(const cli_options *options)
{
    itgc_arena *arena = itgc_new_arena(0);
    folders found = {NULL, 0, 0};
    test_tally tally = {0, 0, 0};
    if (!arena || setjmp(*itgc_arm_arena(arena))) {
        cli_error(901, "memory ran out; free some");
        return CLI_INTERNAL;
    }
    for (int i = 0; i < options->arguments.count; i++)
        if (!collect(arena, options->arguments.item[i], &found)) {
            cli_error(728, "%s: no model.onnx in this folder or in those within it; give ONNX backend test folders", options->arguments.item[i]);
            itgc_release_arena(arena);
            return CLI_WRONG_INPUT;
        }
    for (int i = 0; i < found.count; i++)
        run_isolated(found.path[i], options->threads ? (int)options->threads : 1, &tally);
    printf("%d passed, %d failed, %d skipped\n", tally.passed, tally.failed, tally.skipped);
    itgc_release_arena(arena);
    return tally.failed ? CLI_GATE_FAILED : CLI_DONE;
}
