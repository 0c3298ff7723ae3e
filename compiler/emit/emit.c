/* SPDX-License-Identifier: Apache-2.0
 * Writes the set of files: all of them as texts first, then under temporary names in DIR, then renamed; whatever fails, nothing that is
 * half written stays. Called by compile.c, and by tools to check DIR before the work. */
#include "compiler/emit/writer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct output_file {
    const char *path, *temporary;
    itgc_text text;
} output_file;

#define MAX_FILES 8

typedef struct output_set {
    itgc_arena *arena;
    itgc_diag *diag;
    const char *dir;
    bool made_dir;
    int count;
    output_file files[MAX_FILES];
    const char *stale[MAX_FILES]; /* of the other form of the weights */
    int stale_count;
} output_set;

static const struct {
    const char *which, *suffix;
    void (*write)(itgc_writer *writer);
} kinds[] = {
    {"h", ".h", itgc_write_header},
    {"c", ".c", itgc_write_plan},
    {"weights", "_weights.c", itgc_write_weights},
    {"asm", "_weights.S", itgc_write_weights_assembler},
    {"bin", "_weights.bin", itgc_write_weights_binary},
    {"test", "_test.c", itgc_write_test},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static output_file *add_file(output_set *set, const char *name, const char *suffix)
{
    output_file *file = &set->files[set->count++];
    file->path = itgc_sprint(set->arena, "%s/%s%s", set->dir, name, suffix);
    file->temporary = itgc_sprint(set->arena, "%s.partial", file->path);
    itgc_init_text(&file->text, set->arena);
    return file;
}

/* Whether a file of this kind belongs to the set that the options ask for. */
static bool is_wanted(const itgc_emit_options *options, const char *which)
{
    if (strcmp(which, "weights") == 0) {
        return !options->weights_asm;
    }
    if (strcmp(which, "asm") == 0 || strcmp(which, "bin") == 0) {
        return options->weights_asm;
    }
    return strcmp(which, "test") != 0 || options->test_inputs;
}

bool itgc_emit_text(itgc_text *text, const itgc_graph *graph, const itg_model *model, const itgc_emit_options *options, const char *which)
{
    itgc_writer writer;
    if (!itgc_init_writer(&writer, graph, model, options)) {
        return false;
    }
    writer.text = text;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].which, which) == 0) {
            kinds[i].write(&writer);
        }
    }
    return true;
}

static void collect_files(output_set *set, itgc_writer *writer)
{
    const itgc_emit_options *options = writer->options;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (is_wanted(options, kinds[i].which)) {
            writer->text = &add_file(set, options->name, kinds[i].suffix)->text;
            kinds[i].write(writer);
        }
    }
    if (options->report_json) {
        itgc_add(&add_file(set, options->name, ".report.json")->text, options->report_json);
    }
    if (options->report_html) {
        itgc_add(&add_file(set, options->name, ".report.html")->text, options->report_html);
    }
}

static bool make_dir(itgc_diag *diag, const char *dir, bool *made)
{
    struct stat status;
    *made = false;
    if (stat(dir, &status) == 0) {
        return S_ISDIR(status.st_mode) || itgc_fail(diag, 603, "%s: this is a file, not a folder; give another -o", dir);
    }
    if (mkdir(dir, 0777) != 0) {
        return itgc_fail(diag, 603, "%s: the folder cannot be made (%s); give another -o", dir, strerror(errno));
    }
    *made = true;
    return true;
}

bool itgc_check_folder(itgc_diag *diag, const char *dir)
{
    bool made;
    if (!make_dir(diag, dir, &made)) {
        return false;
    }
    const bool is_open = access(dir, W_OK | X_OK) == 0;
    const int cause = errno;
    if (made) {
        (void)rmdir(dir);
    }
    return is_open || itgc_fail(diag, 604, "%s: cannot be written (%s); check permissions or give another -o", dir, strerror(cause));
}

/* 0, or the errno of what went wrong. */
static int write_file(const output_file *file)
{
    FILE *stream = fopen(file->temporary, "wb");
    if (!stream) {
        return errno;
    }
    int cause = 0;
    if (fwrite(file->text.bytes, 1, file->text.count, stream) != file->text.count || fflush(stream) != 0 || fsync(fileno(stream)) != 0) {
        cause = errno ? errno : EIO;
    }
    if (fclose(stream) != 0 && !cause) {
        cause = errno;
    }
    return cause;
}

static bool fail_writing(output_set *set, const output_file *file, int cause)
{
    for (int i = 0; i < set->count; i++) {
        (void)unlink(set->files[i].temporary);
    }
    if (set->made_dir) {
        (void)rmdir(set->dir);
    }
    const char *remedy = cause == ENOSPC || cause == EDQUOT ? "free some space or give another -o" : "check permissions or give another -o";
    return itgc_fail(set->diag, 604, "%s: cannot be written (%s); %s; nothing was changed", file->path, strerror(cause), remedy);
}

/* A folder in the way of a file would stop the renaming half way. */
static bool is_blocked(const output_file *file)
{
    struct stat status;
    return stat(file->path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool write_all(output_set *set)
{
    for (int i = 0; i < set->count; i++) {
        const int cause = is_blocked(&set->files[i]) ? EISDIR : write_file(&set->files[i]);
        if (cause) {
            return fail_writing(set, &set->files[i], cause);
        }
    }
    for (int i = 0; i < set->count; i++) {
        if (rename(set->files[i].temporary, set->files[i].path) != 0) {
            return fail_writing(set, &set->files[i], errno);
        }
    }
    return true;
}

/* The other form of the weights, left by an earlier run, would define the same constants twice. */
static void collect_stale(output_set *set, const itgc_emit_options *options)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!is_wanted(options, kinds[i].which) && strcmp(kinds[i].which, "test") != 0) {
            set->stale[set->stale_count++] = itgc_sprint(set->arena, "%s/%s%s", set->dir, options->name, kinds[i].suffix);
        }
    }
}

bool itgc_emit_files(const itgc_graph *graph, const itg_model *model, const itgc_emit_options *options, const char *dir)
{
    itgc_writer writer;
    output_set set = {.arena = graph->arena, .diag = graph->diag, .dir = dir};
    if (!itgc_init_writer(&writer, graph, model, options)) {
        return false;
    }
    collect_files(&set, &writer); /* all memory is taken before the folder is made: it may run out */
    collect_stale(&set, options);
    const char *const about = set.diag->file;
    set.diag->file = NULL; /* a message is about the place, not about the model */
    const bool is_written = make_dir(set.diag, dir, &set.made_dir) && write_all(&set);
    set.diag->file = about;
    for (int i = 0; is_written && i < set.stale_count; i++) {
        (void)unlink(set.stale[i]);
    }
    return is_written;
}
