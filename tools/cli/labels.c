/* SPDX-License-Identifier: Apache-2.0
 * Class names from a file: JSON list, JSON object (index → name or name → index), or text with one name a line.
 * Called by pipeline.c. */
#include "tools/cli/pipeline.h"

#include "compiler/base/files.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_BYTES (16u << 20)
#define MAX_LABELS  1000000

/* -1 if the text is no whole number below size. */
static int read_index(const char *text, int size)
{
    char *end;
    const long long index = strtoll(text, &end, 10); /* saturates */
    return *text >= '0' && *text <= '9' && *end == '\0' && index < size ? (int)index : -1;
}

static const char **place_labels(itgc_arena *arena, const cJSON *root, int *count)
{
    const int size = cJSON_GetArraySize(root);
    const char **labels = ITGC_NEW_ARRAY(arena, const char *, size + 1);
    int at = 0;
    for (const cJSON *item = root->child; item; item = item->next, at++) {
        int index = at;
        const char *name = cJSON_IsString(item) ? item->valuestring : NULL;
        if (cJSON_IsObject(root) && name)
            index = read_index(item->string, size);
        else if (cJSON_IsObject(root) && cJSON_IsNumber(item)) {
            index = item->valueint;
            name = item->string;
        }
        if (!name || index < 0 || index >= size || labels[index])
            return NULL;
        labels[index] = itgc_copy_string(arena, name);
    }
    *count = size;
    return labels;
}

static void delete_json(void *root)
{
    cJSON_Delete(root);
}

/* cJSON takes memory of its own, which must go too when ours runs out. */
static const char **read_json(itgc_arena *arena, const char *text, size_t bytes, int *count)
{
    itgc_arena *scratch = itgc_new_child_arena(arena);
    void **root = itgc_own(scratch, delete_json);
    *root = cJSON_ParseWithLength(text, bytes);
    const char **labels = *root ? place_labels(arena, *root, count) : NULL;
    itgc_release_arena(scratch);
    return labels;
}

static const char **split_lines(itgc_arena *arena, char *text, int *count)
{
    const char **labels = NULL;
    int capacity = 0;
    *count = 0;
    for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n"))
        if (*line)
            itgc_push(arena, (void ***)&labels, count, &capacity, line);
    return labels;
}

const char *const *cli_read_labels(itgc_arena *arena, itgc_diag *diag, const char *path, int *count)
{
    size_t bytes;
    char *text = (char *)itgc_read_file(arena, diag, path, LIMIT_BYTES, &bytes);
    if (!text)
        return NULL;
    const char first = text[strspn(text, " \t\r\n")];
    const char **labels = NULL;
    if (first == '[' || first == '{')
        labels = read_json(arena, text, bytes, count);
    else
        labels = split_lines(arena, text, count);
    if (!labels || *count == 0 || *count > MAX_LABELS)
        itgc_fail(diag, 344, "%s: no class names; give a JSON list, an object from index to name, or one name a line", path);
    return diag->error ? NULL : labels;
}
