/* SPDX-License-Identifier: Apache-2.0
 * What some exporters write into a file about its use: a JSON doc_string with "means" and "vars" (standard deviations), and class labels
 * in an output's name, `scores-0:tench;1:goldfish;…`. Whatever does not fit is ignored: it is no part of ONNX. */
#include "compiler/onnx/importer.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_DOC_BYTES ((size_t)1 << 20)
#define MOST_LABELS    1048576
#define CHANNELS       4

/* Reads one to four finite numbers; 0 if they are anything else. */
static int read_numbers(const cJSON *object, const char *key, double *numbers)
{
    const cJSON *const list = cJSON_GetObjectItemCaseSensitive(object, key);
    const int count = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : 0;
    if (count < 1 || count > CHANNELS)
        return 0;
    for (int i = 0; i < count; i++) {
        const cJSON *const item = cJSON_GetArrayItem(list, i);
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return 0;
        numbers[i] = item->valuedouble;
    }
    return count;
}

/* cJSON allocates by itself: nothing here may take memory from an arena before it is deleted. */
static void read_normalisation(itgc_import_result *result, const char *doc)
{
    cJSON *const object = cJSON_ParseWithLength(doc, strlen(doc));
    if (object == NULL)
        return;
    result->mean_count = read_numbers(object, "means", result->mean);
    result->std_count = read_numbers(object, "vars", result->std);
    for (int i = 0; i < result->std_count; i++)
        if (!(result->std[i] > 0)) {
            result->std_count = 0;
            break;
        }
    cJSON_Delete(object);
}

/* `k:` at the text, with k the wanted number; what stands behind it, or NULL. */
static const char *skip_number(const char *text, int wanted)
{
    char digits[16];
    const int length = snprintf(digits, sizeof digits, "%d:", wanted);
    return strncmp(text, digits, (size_t)length) == 0 ? text + length : NULL;
}

/* End of label k: the semicolon before `k+1:`, else the end of the text. Labels themselves may hold semicolons. */
static const char *find_end(const char *label, int next)
{
    for (const char *at = strchr(label, ';'); at != NULL; at = strchr(at + 1, ';'))
        if (skip_number(at + 1, next) != NULL)
            return at;
    const size_t length = strlen(label);
    return label + (length > 0 && label[length - 1] == ';' ? length - 1 : length);
}

static const char *find_labels(const char *name)
{
    for (const char *dash = strchr(name, '-'); dash != NULL; dash = strchr(dash + 1, '-'))
        if (skip_number(dash + 1, 0) != NULL)
            return dash + 1;
    return NULL;
}

static void read_labels(itgc_importer *importer, const itgc_tensor *output)
{
    const char *const begin = find_labels(output->name);
    const int rank = output->shape.rank;
    if (begin == NULL || rank < 1 || output->shape.dim[rank - 1] < 2 || output->shape.dim[rank - 1] > MOST_LABELS)
        return;
    const int wanted = (int)output->shape.dim[rank - 1];
    const char **const labels = ITGC_NEW_ARRAY(importer->arena, const char *, wanted);
    const char *at = begin;
    for (int i = 0; i < wanted; i++) {
        const char *const label = skip_number(at, i);
        if (label == NULL)
            return;
        const char *const end = find_end(label, i + 1);
        labels[i] = itgc_copy_bytes(importer->arena, label, (size_t)(end - label));
        at = *end == ';' ? end + 1 : end;
    }
    if (*at != '\0')
        return;
    importer->graph->labels = labels;
    importer->graph->label_count = wanted;
}

void itgc_read_description(itgc_importer *importer)
{
    const char *const doc = importer->graph->doc;
    if (*doc == '{' && strlen(doc) <= MOST_DOC_BYTES)
        read_normalisation(importer->result, doc);
    for (int i = 0; i < importer->graph->output_count && importer->graph->label_count == 0; i++)
        read_labels(importer, importer->graph->outputs[i]);
}
