/* SPDX-License-Identifier: Apache-2.0
 * .npy in and out: versions 1 to 3, little endian, C and Fortran order.
 * In: a path. Out: values as the graph holds them (float, or int64 wrapped to the declared type). Called by samples.c and the tools. */
#include "compiler/measure/npy.h"

#include "compiler/measure/samples.h"
#include "compiler/ops/op.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char magic[] = "\x93NUMPY";

/* Value text behind 'key': in the header's Python dictionary, or NULL. */
static const char *find_entry(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at || !(at = strchr(at, ':')))
        return NULL;
    do
        at++;
    while (*at == ' ');
    return at;
}

static bool parse_type(itgc_npy *npy, const char *text)
{
    if (!text || (*text != '\'' && *text != '"') || !strchr("<|=", text[1]) || !text[1])
        return false;
    if (text[2] == '\0' || text[3] == '\0')
        return false;
    npy->kind = text[2];
    npy->bytes = text[3] - '0';
    if (text[4] != '\'' && text[4] != '"')
        return false;
    if (npy->kind == 'f')
        return npy->bytes == 2 || npy->bytes == 4 || npy->bytes == 8;
    if (npy->kind == 'b')
        return npy->bytes == 1;
    return (npy->kind == 'i' || npy->kind == 'u') && (npy->bytes == 1 || npy->bytes == 2 || npy->bytes == 4 || (npy->bytes == 8));
}

static bool parse_shape(itgc_npy *npy, const char *text)
{
    if (!text || *text++ != '(')
        return false;
    npy->shape.rank = 0;
    for (;;) {
        while (*text == ' ' || *text == ',')
            text++;
        if (*text == ')')
            break;
        char *end;
        errno = 0;
        long long dim = strtoll(text, &end, 10);
        if (end == text || errno || dim < 0 || npy->shape.rank == ITGC_MAX_RANK)
            return false;
        npy->shape.dim[npy->shape.rank++] = dim;
        text = end;
    }
    npy->count = itgc_elements(&npy->shape);
    return npy->count >= 0;
}

static bool parse_header(itgc_npy *npy, char *header)
{
    const char *order = find_entry(header, "fortran_order");
    npy->fortran = order && strncmp(order, "True", 4) == 0;
    return order && parse_type(npy, find_entry(header, "descr")) && parse_shape(npy, find_entry(header, "shape"));
}

/* Reads the text between the magic and the elements; NULL if it is not a .npy header. */
static char *read_header(itgc_npy *npy)
{
    unsigned char head[12];
    if (fread(head, 1, 10, npy->file) != 10 || memcmp(head, magic, 6) != 0 || head[6] < 1 || head[6] > 3)
        return NULL;
    size_t length = (size_t)head[8] | (size_t)head[9] << 8;
    npy->data_at = 10;
    if (head[6] > 1) {
        if (fread(head + 10, 1, 2, npy->file) != 2)
            return NULL;
        length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
        npy->data_at = 12;
    }
    if (length > 65536)
        return NULL;
    npy->data_at += (long)length;
    char *header = calloc(length + 1, 1);
    if (header && fread(header, 1, length, npy->file) != length) {
        free(header);
        header = NULL;
    }
    return header;
}

static void close_file(void *file)
{
    fclose(file);
}

bool itgc_open_npy(itgc_diag *diag, const char *path, itgc_npy *npy)
{
    memset(npy, 0, sizeof *npy);
    npy->path = path;
    npy->owner = itgc_own(diag->arena, close_file);
    npy->file = fopen(path, "rb");
    *npy->owner = npy->file;
    if (!npy->file)
        return itgc_fail(diag, 310, "%s: cannot be opened (%s); check the path", path, strerror(errno));
    char *header = read_header(npy);
    const bool fine = header && parse_header(npy, header);
    free(header);
    if (!fine) {
        itgc_close_npy(npy);
        return itgc_fail(diag, 311, "%s: not a .npy file of little-endian f2, f4, f8, integers or bool; save it with numpy.save", path);
    }
    fseek(npy->file, 0, SEEK_END);
    const long size = ftell(npy->file);
    const int64_t have = size - npy->data_at, need = npy->count * npy->bytes;
    if (have < need) {
        itgc_close_npy(npy);
        return itgc_fail(diag, 312, "%s: %lld bytes of data where the header promises %lld; the file is truncated, copy it again", path,
                         (long long)have, (long long)need);
    }
    return true;
}

void itgc_close_npy(itgc_npy *npy)
{
    if (npy->file) {
        *npy->owner = NULL;
        fclose(npy->file);
    }
    npy->file = NULL;
}

itgc_type itgc_npy_type(const itgc_npy *npy)
{
    if (npy->kind == 'f')
        return ITGC_F32;
    if (npy->kind == 'b')
        return ITGC_BOOL;
    const bool is_signed = npy->kind == 'i';
    switch (npy->bytes) {
    case 1:
        return is_signed ? ITGC_I8 : ITGC_U8;
    case 2:
        return is_signed ? ITGC_I16 : ITGC_U16;
    case 4:
        return is_signed ? ITGC_I32 : ITGC_U32;
    default:
        return is_signed ? ITGC_I64 : ITGC_U64;
    }
}

static uint64_t load_little(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static double load_half(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31), mantissa = (int)(bits & 1023);
    double value = exponent == 31  ? (mantissa ? (double)NAN : (double)INFINITY)
                   : exponent == 0 ? ldexp(mantissa, -24)
                                   : ldexp(1024 + mantissa, exponent - 25);
    return bits >> 15 & 1 ? -value : value;
}

static double load_float(const itgc_npy *npy, uint64_t bits)
{
    if (npy->bytes == 2)
        return load_half(bits);
    if (npy->bytes == 4) {
        const uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store_element(const itgc_npy *npy, const unsigned char *bytes, itgc_value *dst, int64_t at)
{
    const uint64_t bits = load_little(bytes, npy->bytes);
    if (npy->kind == 'f') {
        const double value = load_float(npy, bits);
        if (dst->f)
            dst->f[at] = (float)value;
        else
            dst->i[at] = itgc_wrap(dst->type, itgc_int_of(value));
        return;
    }
    const int64_t value = itgc_wrap(itgc_npy_type(npy), (int64_t)bits);
    if (dst->f)
        dst->f[at] = (float)value;
    else
        dst->i[at] = itgc_wrap(dst->type, value);
}

bool itgc_read_npy_run(itgc_diag *diag, const itgc_npy *npy, int64_t first, int64_t count, itgc_value *dst)
{
    unsigned char block[4096];
    const int64_t per_block = (int64_t)sizeof block / npy->bytes;
    bool fine = fseek(npy->file, npy->data_at + (long)(first * npy->bytes), SEEK_SET) == 0;
    for (int64_t done = 0; fine && done < count; done += per_block) {
        const int64_t part = count - done < per_block ? count - done : per_block;
        fine = fread(block, (size_t)npy->bytes, (size_t)part, npy->file) == (size_t)part;
        for (int64_t i = 0; fine && i < part; i++)
            store_element(npy, block + i * npy->bytes, dst, done + i);
    }
    return fine || itgc_fail(diag, 312, "%s: ends before element %lld; the file is truncated, copy it again", npy->path, (long long)(first + count));
}

/* Fortran order to row-major: element `at` of the file belongs at the index whose first dimension runs fastest. */
static itgc_value *reorder_fortran(itgc_arena *arena, const itgc_value *file)
{
    itgc_value *value = itgc_new_value(arena, file->type, &file->shape);
    const int64_t count = itgc_elements(&file->shape);
    for (int64_t at = 0; at < count; at++) {
        int64_t rest = at, index = 0;
        int64_t position[ITGC_MAX_RANK] = {0};
        for (int d = 0; d < file->shape.rank; d++) {
            position[d] = rest % file->shape.dim[d];
            rest /= file->shape.dim[d];
        }
        for (int d = 0; d < file->shape.rank; d++)
            index = index * file->shape.dim[d] + position[d];
        if (value->f)
            value->f[index] = file->f[at];
        else
            value->i[index] = file->i[at];
    }
    return value;
}

itgc_value *itgc_read_npy(itgc_arena *arena, itgc_diag *diag, const char *path)
{
    itgc_npy npy;
    if (!itgc_open_npy(diag, path, &npy))
        return NULL;
    itgc_value *value = itgc_new_value(arena, itgc_npy_type(&npy), &npy.shape);
    const bool fine = itgc_read_npy_run(diag, &npy, 0, npy.count, value);
    itgc_close_npy(&npy);
    if (!fine)
        return NULL;
    return npy.fortran && npy.shape.rank > 1 ? reorder_fortran(arena, value) : value;
}
