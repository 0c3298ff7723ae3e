/* SPDX-License-Identifier: Apache-2.0
 * Sample sets: opens a path, checks every file's header, reads one batch row at a time in the layout and units the graph input asks for.
 * Called by measure, evaluate and the tools. */
#include "compiler/base/files.h"
#include "compiler/measure/image.h"
#include "compiler/measure/npy.h"
#include "compiler/measure/sample_set.h"
#include "compiler/onnx/import.h"
#include "compiler/ops/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const itgc_shape *file_shape(const itgc_samples *set)
{
    return set->spec.onnx_shape.rank ? &set->spec.onnx_shape : &set->spec.shape;
}

/* Elements of one batch row. */
static int64_t row_elements(const itgc_samples *set)
{
    int64_t count = 1;
    for (int d = 1; d < set->spec.shape.rank; d++)
        count *= set->spec.shape.dim[d];
    return count;
}

static bool parse_raw(itgc_samples *set)
{
    const char *raw = set->image.raw;
    if (!raw)
        return true;
    set->raw_scale = 1.0;
    if (strcmp(raw, "f32") == 0) {
        set->raw_bytes = 4;
        return true;
    }
    if (strncmp(raw, "i8,", 3) == 0) {
        char *end, *last;
        set->raw_scale = strtod(raw + 3, &end);
        set->raw_zero = *end == ',' ? strtod(end + 1, &last) : 0.0;
        set->raw_bytes = 1;
        if (*end == ',' && last != end + 1 && *last == '\0' && set->raw_scale > 0.0)
            return true;
    }
    return itgc_fail(set->diag, 305, "--raw %s: not a format of raw samples; give f32 or i8,SCALE,ZERO", raw);
}

/* Whether dims [from, rank) of a and [1, rank) of the row's shape are the same but for ones. */
static bool fits(const itgc_shape *a, int from, const itgc_shape *row)
{
    int r = 1;
    for (int d = from; d < a->rank; d++) {
        if (a->dim[d] == 1)
            continue;
        while (r < row->rank && row->dim[r] == 1)
            r++;
        if (r == row->rank || row->dim[r++] != a->dim[d])
            return false;
    }
    while (r < row->rank && row->dim[r] == 1)
        r++;
    return r == row->rank;
}

static bool check_shape(const itgc_samples *set, itgc_sample_file *file, const itgc_shape *have)
{
    const itgc_shape *const shapes[2] = {file_shape(set), &set->spec.shape};
    for (int s = 0; s < 2; s++) {
        const itgc_shape *row = shapes[s];
        const bool single = have->rank == row->rank - 1 && fits(have, 0, row);
        if (single || (have->rank > 0 && fits(have, 1, row) && (have->rank == row->rank || s == 0))) {
            file->rows = single ? 1 : have->dim[0];
            file->shape = row;
            return true;
        }
    }
    return itgc_fail(set->diag, 303, "%s: shape %s does not fit input \"%s\" of shape %s; the first axis counts samples, the others are the input's",
                     file->path, itgc_shape_text(set->diag->arena, have), set->spec.input_name, itgc_shape_text(set->diag->arena, shapes[0]));
}

static bool check_type(const itgc_samples *set, const char *path, itgc_type have)
{
    const bool wants_float = itgc_is_float(set->spec.type);
    if (wants_float ? itgc_is_float(have) || have == ITGC_U8 : !itgc_is_float(have))
        return true;
    return itgc_fail(set->diag, 304, "%s: %s values for input \"%s\", which takes %s; convert them", path, itgc_type_name(have), set->spec.input_name,
                     itgc_type_name(set->spec.type));
}

static bool open_npy(itgc_samples *set, itgc_sample_file *file)
{
    itgc_npy npy;
    if (!itgc_open_npy(set->diag, file->path, &npy))
        return false;
    itgc_close_npy(&npy);
    if (npy.fortran && npy.shape.rank > 1 && !(file->whole = itgc_read_npy(set->arena, set->diag, file->path)))
        return false;
    return check_type(set, file->path, itgc_npy_type(&npy)) && check_shape(set, file, &npy.shape);
}

static bool open_file(itgc_samples *set, itgc_sample_file *file)
{
    uint64_t bytes;
    if (file->kind == ITGC_SAMPLE_NPY)
        return open_npy(set, file);
    if (file->kind == ITGC_SAMPLE_PB) {
        const itgc_value *value = itgc_read_tensor_file(set->arena, set->diag, file->path);
        file->whole = value;
        return value && check_type(set, file->path, value->type) && check_shape(set, file, &value->shape);
    }
    if (file->kind != ITGC_SAMPLE_BIN)
        return true;
    if (!set->raw_bytes)
        return itgc_fail(set->diag, 305, "%s: raw samples need their format; add --raw f32 or --raw i8,SCALE,ZERO", file->path);
    const int64_t need = row_elements(set) * set->raw_bytes;
    if (!itgc_measure_file(set->diag, file->path, &bytes))
        return false;
    return (int64_t)bytes == need || itgc_fail(set->diag, 306, "%s: %llu bytes where input \"%s\" takes %lld; check --raw and the input's shape",
                                               file->path, (unsigned long long)bytes, set->spec.input_name, (long long)need);
}

static itgc_samples *new_set(itgc_arena *arena, itgc_diag *diag, const itgc_samples_spec *spec)
{
    itgc_samples *set = ITGC_NEW(arena, itgc_samples);
    set->arena = arena;
    set->diag = diag;
    set->spec = *spec;
    if (spec->image)
        set->image = *spec->image;
    return set;
}

itgc_samples *itgc_open_samples(itgc_arena *arena, itgc_diag *diag, const itgc_samples_spec *spec)
{
    itgc_samples *set = new_set(arena, diag, spec);
    const char *about = diag->file;
    diag->file = NULL;
    bool fine = parse_raw(set) && itgc_list_samples(set);
    for (int f = 0; fine && f < set->file_count; f++) {
        fine = open_file(set, set->files[f]);
        set->files[f]->first = set->total;
        set->total += set->files[f]->rows;
    }
    fine = fine && (spec->unlabelled || itgc_label_samples(set));
    if (fine && set->total == 0)
        fine = itgc_fail(diag, 301, "%s: holds no samples; its first axis is 0", spec->path);
    diag->file = about;
    return fine ? set : NULL;
}

itgc_samples *itgc_open_noise(itgc_arena *arena, itgc_diag *diag, const itgc_samples_spec *spec, uint64_t seed, int64_t count)
{
    itgc_samples *set = new_set(arena, diag, spec);
    itgc_sample_file *file = ITGC_NEW(arena, itgc_sample_file);
    file->kind = ITGC_SAMPLE_NOISE;
    file->path = file->name = "noise";
    file->label = -1;
    file->rows = set->total = count;
    set->seed = seed;
    itgc_push(arena, (void ***)&set->files, &set->file_count, &set->file_capacity, file);
    return set;
}

void itgc_join_samples(itgc_samples *samples, const itgc_samples *other)
{
    for (int f = 0; f < other->file_count; f++) {
        itgc_push(samples->arena, (void ***)&samples->files, &samples->file_count, &samples->file_capacity, other->files[f]);
        other->files[f]->first = samples->total;
        samples->total += other->files[f]->rows;
    }
}

void itgc_close_samples(itgc_samples *samples)
{
    samples->total = 0;
}

int64_t itgc_sample_count(const itgc_samples *samples)
{
    return samples->total;
}

static itgc_sample_file *file_of(const itgc_samples *set, int64_t index)
{
    int low = 0, high = set->file_count - 1;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (set->files[middle]->first <= index)
            low = middle;
        else
            high = middle - 1;
    }
    return set->files[low];
}

int64_t itgc_sample_label(const itgc_samples *samples, int64_t index)
{
    const itgc_sample_file *file = file_of(samples, index);
    return file->row_labels ? file->row_labels->i[index - file->first] : file->label;
}

const char *itgc_sample_name(const itgc_samples *samples, int64_t index)
{
    return file_of(samples, index)->name;
}

const char *itgc_sample_digest(itgc_samples *samples, int64_t index)
{
    itgc_sample_file *file = file_of(samples, index);
    if (!file->digest) {
        char *digest = itgc_alloc(samples->arena, ITGC_SHA256_TEXT);
        if (!itgc_digest_file(samples->diag, file->path, digest))
            return NULL;
        file->digest = digest;
    }
    return file->digest;
}

/* An image-like shape: where height, width and channels lie in one row. */
typedef struct image_layout {
    bool known;
    int64_t height, width, channels;
    int64_t stride_y, stride_x, stride_c;
} image_layout;

static image_layout layout_of(const itgc_shape *shape, bool channels_last)
{
    image_layout layout = {0};
    if (shape->rank != 4)
        return layout;
    layout.known = true;
    layout.height = shape->dim[channels_last ? 1 : 2];
    layout.width = shape->dim[channels_last ? 2 : 3];
    layout.channels = shape->dim[channels_last ? 3 : 1];
    layout.stride_c = channels_last ? 1 : layout.height * layout.width;
    layout.stride_x = channels_last ? layout.channels : 1;
    layout.stride_y = layout.stride_x * layout.width;
    return layout;
}

static void store(itgc_value *row, int64_t at, double value)
{
    if (row->f)
        row->f[at] = (float)value;
    else
        row->i[at] = itgc_wrap(row->type, itgc_int_of(value));
}

/* ONNX units → pixel of one channel, or back for pixels in a uint8 file. */
static double change_units(const itgc_image_options *image, int64_t channel, double value, bool to_pixel)
{
    const int c = (int)(channel < 4 ? channel : 0);
    const double scale = image->scale != 0.0 ? image->scale : 1.0, std = image->std[c] != 0.0 ? image->std[c] : 1.0;
    return to_pixel ? (value * std + image->mean[c]) / scale : (value * scale - image->mean[c]) / std;
}

/* What a file holds → what the graph takes: layout, colour order and units. */
static void convert_row(const itgc_samples *set, const itgc_value *src, bool src_pixels, itgc_value *row)
{
    const itgc_shape *from_shape = itgc_same_shape(&src->shape, &row->shape) ? &row->shape : &src->shape;
    const image_layout from = layout_of(from_shape, itgc_guess_channels_last(from_shape)),
                       to = layout_of(&row->shape, itgc_guess_channels_last(&row->shape));
    const bool change = src_pixels != set->image.pixels;
    const int64_t count = itgc_elements(&row->shape);
    if (!from.known || !to.known || (!change && from.stride_c == to.stride_c)) {
        for (int64_t i = 0; i < count; i++) {
            const double value = src->f ? (double)src->f[i] : (double)src->i[i];
            store(row, i, change ? change_units(&set->image, 0, value, set->image.pixels) : value);
        }
        return;
    }
    const bool swap = change && set->image.color == ITGC_BGR && to.channels == 3;
    for (int64_t i = 0; i < count; i++) {
        const int64_t c = i % to.channels, x = i / to.channels % to.width, y = i / to.channels / to.width;
        const int64_t source_c = swap ? 2 - c : c, at = y * from.stride_y + x * from.stride_x + source_c * from.stride_c;
        const double value = src->f ? (double)src->f[at] : (double)src->i[at];
        const int64_t units_c = set->image.pixels ? source_c : c;
        store(row, y * to.stride_y + x * to.stride_x + c * to.stride_c,
              change ? change_units(&set->image, units_c, value, set->image.pixels) : value);
    }
}

/* A buffer for one row as the file holds it. */
static itgc_value *new_row(itgc_arena *arena, itgc_type type, const itgc_shape *of)
{
    itgc_shape shape = *of;
    if (shape.rank > 0)
        shape.dim[0] = 1;
    return itgc_new_value(arena, type, &shape);
}

static void copy_row(itgc_value *row, const itgc_value *whole, int64_t index, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (whole->f)
            row->f[i] = whole->f[index * count + i];
        else
            row->i[i] = whole->i[index * count + i];
    }
}

static bool read_stored_row(itgc_samples *set, itgc_arena *arena, const itgc_sample_file *file, int64_t index, itgc_value *row)
{
    itgc_npy npy = {.file = NULL};
    if (!file->whole && !itgc_open_npy(set->diag, file->path, &npy))
        return false;
    const itgc_type type = file->whole ? file->whole->type : itgc_npy_type(&npy);
    const int64_t count = row_elements(set);
    itgc_value *stored = new_row(arena, type, file->shape);
    bool fine = true;
    if (file->whole)
        copy_row(stored, file->whole, index, count);
    else
        fine = itgc_read_npy_run(set->diag, &npy, index * count, count, stored);
    itgc_close_npy(&npy);
    if (fine)
        convert_row(set, stored, type == ITGC_U8 && set->image.byte_pixels, row);
    return fine;
}

static bool read_raw_row(itgc_samples *set, itgc_arena *arena, const itgc_sample_file *file, itgc_value *row)
{
    const int64_t count = row_elements(set);
    uint8_t *bytes = itgc_alloc(arena, (size_t)(count * set->raw_bytes));
    if (!itgc_read_file_part(set->diag, file->path, 0, bytes, (size_t)(count * set->raw_bytes)))
        return false;
    itgc_value *stored = new_row(arena, ITGC_F32, file_shape(set));
    if (set->raw_bytes == 4)
        memcpy(stored->f, bytes, (size_t)count * sizeof(float));
    else
        for (int64_t i = 0; i < count; i++)
            stored->f[i] = (float)(((int8_t)bytes[i] - set->raw_zero) * set->raw_scale);
    convert_row(set, stored, false, row);
    return true;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void make_noise(const itgc_samples *set, int64_t index, itgc_value *row)
{
    uint64_t state = (set->seed + 1) * 0x9e3779b97f4a7c15u + (uint64_t)index * 0xbf58476d1ce4e5b9u;
    const int64_t count = itgc_elements(&row->shape);
    for (int64_t i = 0; i < count; i++) {
        double sum = 0.0;
        for (int k = 0; k < 4; k++)
            sum += (double)(next_random(&state) >> 40) / (1 << 24);
        store(row, i, set->image.pixels || !row->f ? floor(sum * 64.0) : (sum - 2.0) * 1.7);
    }
}

bool itgc_read_sample(itgc_samples *samples, int64_t index, itgc_value *row)
{
    const itgc_sample_file *file = file_of(samples, index);
    itgc_arena *arena = itgc_new_child_arena(samples->arena);
    const char *about = samples->diag->file;
    samples->diag->file = NULL;
    bool fine = true;
    if (file->kind == ITGC_SAMPLE_IMAGE)
        fine = itgc_read_image(arena, samples->diag, file->path, &samples->image, row);
    else if (file->kind == ITGC_SAMPLE_BIN)
        fine = read_raw_row(samples, arena, file, row);
    else if (file->kind == ITGC_SAMPLE_NOISE)
        make_noise(samples, index, row);
    else
        fine = read_stored_row(samples, arena, file, index - file->first, row);
    samples->diag->file = about;
    itgc_release_arena(arena);
    return fine;
}
