/* SPDX-License-Identifier: Apache-2.0
 * Classes of samples: class folders, `file label` lines of labels.txt, NAME_labels.npy beside NAME.npy.
 * In: the listed files. Out: their labels, each below the number of classes. Called by samples.c. */
#include "compiler/base/files.h"
#include "compiler/base/map.h"
#include "compiler/measure/sample_set.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LABELS_LIMIT_BYTES (64u << 20)

typedef struct names {
    const char **name;
    int count, capacity;
} names;

static bool exists(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* Cuts text into lines without surrounding blanks; empty ones are left out. */
static bool read_lines(itgc_samples *set, const char *path, names *lines)
{
    size_t count;
    char *text = (char *)itgc_read_file(set->arena, set->diag, path, LABELS_LIMIT_BYTES, &count);
    if (!text)
        return false;
    for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n")) {
        line += strspn(line, " \t");
        for (size_t end = strlen(line); end > 0 && strchr(" \t", line[end - 1]); end--)
            line[end - 1] = '\0';
        if (*line)
            itgc_push(set->arena, (void ***)&lines->name, &lines->count, &lines->capacity, line);
    }
    return true;
}

static int64_t find_name(const char *const *list, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return i;
    return -1;
}

/* Class folder names in alphabetical order: files are sorted, so folders are. */
static void collect_folders(itgc_samples *set, names *folders)
{
    for (int f = 0; f < set->file_count; f++) {
        const char *folder = set->files[f]->folder;
        if (folder && (folders->count == 0 || strcmp(folders->name[folders->count - 1], folder) != 0))
            itgc_push(set->arena, (void ***)&folders->name, &folders->count, &folders->capacity, (void *)(uintptr_t)folder);
    }
}

static bool all_among(const names *folders, const char *const *list, int count)
{
    for (int i = 0; i < folders->count; i++)
        if (find_name(list, count, folders->name[i]) < 0)
            return false;
    return folders->count > 0;
}

/* The order of classes: the model's labels, labels.txt in the folder or beside it, else the alphabet. */
static bool choose_order(itgc_samples *set, const names *folders, names *order)
{
    if (set->spec.class_names && all_among(folders, set->spec.class_names, set->spec.class_count)) {
        for (int i = 0; i < set->spec.class_count; i++)
            itgc_push(set->arena, (void ***)&order->name, &order->count, &order->capacity, (void *)(uintptr_t)set->spec.class_names[i]);
        return true;
    }
    for (int up = 0; up < 2; up++) {
        const char *path = itgc_sprint(set->arena, "%s/%slabels.txt", set->spec.path, up ? "../" : "");
        if (!exists(path))
            continue;
        if (!read_lines(set, path, order))
            return false;
        for (int i = 0; i < folders->count; i++)
            if (find_name(order->name, order->count, folders->name[i]) < 0)
                return itgc_fail(set->diag, 342, "%s: class folder \"%s\" is not listed in %s; add it there or remove the folder", set->spec.path,
                                 folders->name[i], path);
        return true;
    }
    *order = *folders;
    return true;
}

static bool check_label(const itgc_samples *set, const char *path, int64_t label)
{
    if (label >= 0 && (set->spec.class_count == 0 || label < set->spec.class_count))
        return true;
    return itgc_fail(set->diag, 341, "%s: label %lld is out of range; the model has classes 0 to %d", path, (long long)label,
                     set->spec.class_count - 1);
}

static bool label_folders(itgc_samples *set)
{
    names folders = {0}, order = {0};
    collect_folders(set, &folders);
    if (!choose_order(set, &folders, &order))
        return false;
    for (int f = 0; f < set->file_count; f++) {
        itgc_sample_file *file = set->files[f];
        if (!file->folder)
            continue;
        file->label = find_name(order.name, order.count, file->folder);
        if (!check_label(set, file->path, file->label))
            return false;
    }
    return true;
}

/* One line `file label`; the label is a number or one of the model's class names. */
static bool parse_line(const itgc_samples *set, const char *path, char *line, const itgc_map *by_name)
{
    char *blank = strrchr(line, ' '), *tab = strrchr(line, '\t');
    char *cut = tab > blank ? tab : blank;
    if (!cut)
        return itgc_fail(set->diag, 340, "%s: line \"%s\" has no label; write `file label` lines", path, line);
    const char *word = cut + 1;
    while (cut > line && strchr(" \t", cut[-1]))
        cut--;
    *cut = '\0';
    char *end;
    int64_t label = strtoll(word, &end, 10);
    if (*end)
        label = set->spec.class_names ? find_name(set->spec.class_names, set->spec.class_count, word) : -1;
    if (*end && label < 0)
        return itgc_fail(set->diag, 340, "%s: label \"%s\" of %s is neither a number nor a class of the model; correct the line", path, word, line);
    if (!check_label(set, path, label))
        return false;
    itgc_sample_file *file = itgc_find_in_map(by_name, line);
    if (file)
        file->label = label;
    return true;
}

static bool label_from_lines(itgc_samples *set, const char *path)
{
    names lines = {0};
    if (!read_lines(set, path, &lines))
        return false;
    itgc_map *by_name = itgc_new_map(set->arena);
    for (int f = 0; f < set->file_count; f++)
        itgc_put_in_map(by_name, set->files[f]->name, set->files[f]);
    for (int i = 0; i < lines.count; i++)
        if (!parse_line(set, path, (char *)(uintptr_t)lines.name[i], by_name))
            return false;
    return true;
}

/* NAME_labels.npy beside NAME.npy: one integer for each row. */
static bool label_npy(itgc_samples *set, itgc_sample_file *file)
{
    const char *path = itgc_sprint(set->arena, "%.*s_labels.npy", (int)(strlen(file->path) - 4), file->path);
    if (!exists(path))
        return true;
    const itgc_value *labels = itgc_read_npy(set->arena, set->diag, path);
    if (!labels)
        return false;
    if (!labels->i || itgc_elements(&labels->shape) != file->rows)
        return itgc_fail(set->diag, 343, "%s: %lld labels of type %s for %lld samples; give one integer for each", path,
                         (long long)itgc_elements(&labels->shape), itgc_type_name(labels->type), (long long)file->rows);
    for (int64_t row = 0; row < file->rows; row++)
        if (!check_label(set, path, labels->i[row]))
            return false;
    file->row_labels = labels;
    return true;
}

bool itgc_label_samples(itgc_samples *set)
{
    for (int f = 0; f < set->file_count; f++)
        if (set->files[f]->kind == ITGC_SAMPLE_NPY && !label_npy(set, set->files[f]))
            return false;
    if (set->spec.labels_path)
        return label_from_lines(set, set->spec.labels_path);
    if (set->has_folders)
        return label_folders(set);
    const char *path = itgc_sprint(set->arena, "%s/labels.txt", set->spec.path);
    return !exists(path) || label_from_lines(set, path);
}
