/* SPDX-License-Identifier: Apache-2.0
 * A path → the sample files in it, sorted bytewise by name: the folder itself and one level of class folders.
 * Called by samples.c. */
#include "compiler/measure/sample_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static itgc_sample_kind kind_of(const char *name)
{
    static const struct {
        const char *ending;
        itgc_sample_kind kind;
    } kinds[] = {{".jpg", ITGC_SAMPLE_IMAGE}, {".jpeg", ITGC_SAMPLE_IMAGE}, {".png", ITGC_SAMPLE_IMAGE},
                 {".npy", ITGC_SAMPLE_NPY},   {".pb", ITGC_SAMPLE_PB},      {".bin", ITGC_SAMPLE_BIN}};
    const char *ending = strrchr(name, '.');
    if (!ending || name[0] == '.')
        return ITGC_SAMPLE_NONE;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        if (strcasecmp(ending, kinds[k].ending) == 0)
            return kinds[k].kind;
    return ITGC_SAMPLE_NONE;
}

static bool is_labels_file(const char *name)
{
    const char *ending = strstr(name, "_labels.npy");
    return ending && ending[11] == '\0';
}

static void add_file(itgc_samples *set, const char *path, const char *name, const char *folder)
{
    const itgc_sample_kind kind = kind_of(name);
    if (kind == ITGC_SAMPLE_NONE || is_labels_file(name))
        return;
    itgc_sample_file *file = ITGC_NEW(set->arena, itgc_sample_file);
    file->kind = kind;
    file->path = path;
    file->folder = folder;
    file->name = folder ? itgc_sprint(set->arena, "%s/%s", folder, name) : name;
    file->label = -1;
    file->rows = 1;
    itgc_push(set->arena, (void ***)&set->files, &set->file_count, &set->file_capacity, file);
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static void close_folder(void *dir)
{
    closedir(dir);
}

/* Entries of one folder; class folders are gone into when folder is NULL. */
static bool add_folder(itgc_samples *set, const char *path, const char *folder)
{
    void **owner = itgc_own(set->arena, close_folder);
    DIR *dir = opendir(path);
    *owner = dir;
    if (!dir)
        return itgc_fail(set->diag, 300, "%s: cannot be opened (%s); check the path", path, strerror(errno));
    bool fine = true;
    for (const struct dirent *entry; fine && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        const char *name = itgc_copy_string(set->arena, entry->d_name);
        const char *inner = itgc_sprint(set->arena, "%s/%s", path, name);
        if (!is_folder(inner))
            add_file(set, inner, name, folder);
        else if (!folder) {
            const int before = set->file_count;
            fine = add_folder(set, inner, name);
            set->has_folders = set->has_folders || set->file_count > before;
        }
    }
    *owner = NULL;
    closedir(dir);
    return fine;
}

static int compare_names(const void *a, const void *b)
{
    const itgc_sample_file *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

bool itgc_list_samples(itgc_samples *set)
{
    const char *path = set->spec.path;
    struct stat about;
    if (stat(path, &about) != 0)
        return itgc_fail(set->diag, 300, "%s: %s; check the path of the samples", path, strerror(errno));
    if (!S_ISDIR(about.st_mode)) {
        const char *slash = strrchr(path, '/');
        add_file(set, path, slash ? slash + 1 : path, NULL);
        return set->file_count == 1 ||
               itgc_fail(set->diag, 302, "%s: not a kind of sample that can be read; give .jpg, .png, .npy, .pb or .bin", path);
    }
    if (!add_folder(set, path, NULL))
        return false;
    if (set->file_count == 0)
        return itgc_fail(set->diag, 301, "%s: no samples in this folder; put .jpg, .png, .npy, .pb or .bin files there", path);
    qsort(set->files, (size_t)set->file_count, sizeof(itgc_sample_file *), compare_names);
    return true;
}
