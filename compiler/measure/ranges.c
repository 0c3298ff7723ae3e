/* SPDX-License-Identifier: Apache-2.0
 * What calibration saw ↔ a text file (--save-calib, --calib FILE), exact and independent of host and locale.
 * Head `intaglio-ranges 1`, then a block a tensor: `tensor ID NAME`, `range MIN MAX`, `histogram WIDTH LOW TOTAL ZEROS SUM SQUARES`,
 * and lines `FIRST COUNT COUNT …` of bins from FIRST on that are not empty. Names escape control characters and %. */
#include "compiler/base/files.h"
#include "compiler/base/text.h"
#include "compiler/measure/measure.h"
#include "compiler/measure/observe.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "intaglio-ranges 1"

static void add_name(itgc_text *text, const char *name)
{
    for (; *name; name++) {
        const unsigned char byte = (unsigned char)*name;
        if (byte <= ' ' || byte == '%' || byte == 0x7f) {
            itgc_addf(text, "%%%02x", (unsigned)byte);
        } else {
            itgc_add_bytes(text, name, 1);
        }
    }
}

static void add_bins(itgc_text *text, const itgc_histogram *histogram)
{
    for (int i = 0; i < ITGC_BINS; i++) {
        if (!histogram->bin[i]) {
            continue;
        }
        itgc_addf(text, "%d", i);
        for (; i < ITGC_BINS && histogram->bin[i]; i++) {
            itgc_addf(text, " %llu", (unsigned long long)histogram->bin[i]);
        }
        itgc_add(text, "\n");
    }
}

static void add_tensor(itgc_text *text, const itgc_tensor *tensor)
{
    const itgc_histogram *histogram = tensor->range.histogram;
    itgc_addf(text, "tensor %d ", tensor->id);
    add_name(text, tensor->name);
    itgc_add(text, "\nrange ");
    itgc_add_double(text, tensor->range.min);
    itgc_add(text, " ");
    itgc_add_double(text, tensor->range.max);
    itgc_add(text, "\nhistogram ");
    itgc_add_double(text, histogram->width);
    itgc_addf(text, " %lld %llu %llu ", (long long)histogram->low, (unsigned long long)histogram->total, (unsigned long long)histogram->zeros);
    itgc_add_double(text, histogram->sum);
    itgc_add(text, " ");
    itgc_add_double(text, histogram->sum_squares);
    itgc_add(text, "\n");
    add_bins(text, histogram);
}

static bool write_file(itgc_diag *diag, const char *path, const itgc_text *text)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return itgc_fail(diag, 620, "%s cannot be written (%s); give another path", path, strerror(errno));
    }
    const bool written = fwrite(text->bytes, 1, text->count, file) == text->count;
    const bool closed = fclose(file) == 0;
    if (!written || !closed) {
        remove(path);
        return itgc_fail(diag, 620, "%s cannot be written whole (%s); make room or give another path", path, strerror(errno));
    }
    return true;
}

bool itgc_save_ranges(const itgc_graph *graph, const char *path)
{
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    itgc_text text;
    itgc_init_text(&text, scratch);
    itgc_add(&text, HEAD "\n");
    for (int i = 0; i < graph->tensor_count; i++) {
        if (graph->tensors[i]->range.histogram) {
            add_tensor(&text, graph->tensors[i]);
        }
    }
    const bool fine = write_file(graph->diag, path, &text);
    itgc_release_arena(scratch);
    return fine;
}

/* The file being read: `line` is the current one, NUL-terminated, NULL at the end. */
typedef struct range_reader {
    itgc_graph *graph;
    const char *path;
    char *rest, *line;
    int number;
} range_reader;

static void next_line(range_reader *reader)
{
    reader->line = *reader->rest ? reader->rest : NULL;
    if (reader->line) {
        char *end = strchr(reader->line, '\n');
        reader->rest = end ? end + 1 : reader->line + strlen(reader->line);
        if (end) {
            *end = '\0';
        }
        reader->number++;
    }
}

static bool fail_line(const range_reader *reader)
{
    return itgc_fail(reader->graph->diag, 335, "%s line %d is not of a calibration file; write it again with --save-calib", reader->path,
                     reader->number);
}

static bool read_real(char **at, double *value)
{
    char *end;
    *value = strtod(*at, &end);
    const bool fine = end != *at && isfinite(*value);
    *at = end;
    return fine;
}

static bool read_count(char **at, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(*at, &end, 10);
    const bool fine = end != *at && errno == 0;
    *at = end;
    return fine;
}

static void unescape_name(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from++) {
        unsigned byte;
        if (*from == '%' && from[1] && from[2] && sscanf(from + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static itgc_tensor *read_tensor_line(range_reader *reader)
{
    char *at = reader->line + 7;
    uint64_t id;
    if (strncmp(reader->line, "tensor ", 7) != 0 || !read_count(&at, &id) || *at++ != ' ') {
        fail_line(reader);
        return NULL;
    }
    unescape_name(at);
    itgc_graph *graph = reader->graph;
    if (id < (uint64_t)graph->tensor_count && strcmp(graph->tensors[id]->name, at) == 0) {
        return graph->tensors[id];
    }
    itgc_fail(graph->diag, 336, "%s is of another model or other options (it tells of tensor %s); calibrate again with --save-calib", reader->path,
              at);
    return NULL;
}

static bool read_head(range_reader *reader, itgc_range *range, itgc_histogram *histogram)
{
    next_line(reader);
    char *at = reader->line ? reader->line + 6 : NULL;
    if (!at || strncmp(reader->line, "range ", 6) != 0 || !read_real(&at, &range->min) || !read_real(&at, &range->max)) {
        return fail_line(reader);
    }
    next_line(reader);
    at = reader->line ? reader->line + 10 : NULL;
    if (!at || strncmp(reader->line, "histogram ", 10) != 0 || !read_real(&at, &histogram->width)) {
        return fail_line(reader);
    }
    char *end;
    histogram->low = strtoll(at, &end, 10);
    int exponent;
    const bool is_power = frexp(histogram->width, &exponent) == 0.5;
    histogram->min = range->min;
    histogram->max = range->max;
    if (end == at || !is_power || !(range->min <= range->max) || !read_count(&end, &histogram->total) || !read_count(&end, &histogram->zeros) ||
        !read_real(&end, &histogram->sum) || !read_real(&end, &histogram->sum_squares) || histogram->total == 0) {
        return fail_line(reader);
    }
    return true;
}

static bool read_bins(range_reader *reader, itgc_histogram *histogram)
{
    for (next_line(reader); reader->line && strncmp(reader->line, "tensor ", 7) != 0; next_line(reader)) {
        char *at = reader->line;
        uint64_t bin;
        if (!read_count(&at, &bin)) {
            return fail_line(reader);
        }
        for (; *at; bin++) {
            if (bin >= ITGC_BINS || !read_count(&at, &histogram->bin[bin])) {
                return fail_line(reader);
            }
        }
    }
    return true;
}

static bool read_tensors(range_reader *reader)
{
    while (reader->line) {
        itgc_tensor *tensor = read_tensor_line(reader);
        itgc_histogram *histogram = ITGC_NEW(reader->graph->arena, itgc_histogram);
        if (!tensor || !read_head(reader, &tensor->range, histogram) || !read_bins(reader, histogram)) {
            return false;
        }
        tensor->range.histogram = histogram;
    }
    return true;
}

/* Every float tensor that a node makes needs a range. */
static bool check_complete(const range_reader *reader)
{
    const itgc_graph *graph = reader->graph;
    for (int i = 0; i < graph->node_count; i++) {
        for (int k = 0; k < graph->nodes[i]->out_count; k++) {
            const itgc_tensor *tensor = graph->nodes[i]->out[k];
            if (tensor && itgc_is_float(tensor->type) && !tensor->range.histogram) {
                return itgc_fail(graph->diag, 336, "%s lacks tensor %s; calibrate again with --save-calib", reader->path, tensor->name);
            }
        }
    }
    return true;
}

bool itgc_load_ranges(itgc_graph *graph, const char *path)
{
    size_t count;
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    range_reader reader = {.graph = graph, .path = path, .rest = (char *)itgc_read_file(scratch, graph->diag, path, (uint64_t)1 << 30, &count)};
    bool fine = reader.rest != NULL;
    if (fine) {
        next_line(&reader);
        fine = (reader.line && strcmp(reader.line, HEAD) == 0) || fail_line(&reader);
    }
    if (fine) {
        next_line(&reader);
        fine = read_tensors(&reader) && check_complete(&reader);
    }
    itgc_release_arena(scratch);
    if (fine) {
        graph->level = ITGC_MEASURED;
    }
    return fine;
}
