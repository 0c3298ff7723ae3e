/* SPDX-License-Identifier: Apache-2.0
 * .npy out: version 1, C order, under a temporary name that is renamed when all is written. Called by the tools' `run`. */
#include "compiler/measure/samples.h"

#include "compiler/base/files.h"
#include "compiler/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *descr_of(itgc_type type)
{
    switch (type) {
    case ITGC_BOOL:
        return "|b1";
    case ITGC_U8:
        return "|u1";
    case ITGC_I8:
        return "|i1";
    case ITGC_U16:
        return "<u2";
    case ITGC_I16:
        return "<i2";
    case ITGC_U32:
        return "<u4";
    case ITGC_I32:
        return "<i4";
    case ITGC_U64:
        return "<u8";
    case ITGC_I64:
        return "<i8";
    default:
        return "<f4";
    }
}

/* The header, padded so that the elements start at a multiple of 64. */
static void add_header(itgc_text *text, const char *descr, const itgc_shape *shape)
{
    itgc_addf(text, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int d = 0; d < shape->rank; d++)
        itgc_addf(text, "%lld,%s", (long long)shape->dim[d], d + 1 < shape->rank ? " " : "");
    itgc_add(text, "), }");
    while ((text->count + 11) % 64)
        itgc_add(text, " ");
    itgc_add(text, "\n");
}

bool itgc_write_npy_bytes(itgc_diag *diag, const char *path, const char *descr, const itgc_shape *shape, const void *bytes, size_t count)
{
    itgc_text header;
    itgc_init_text(&header, diag->arena);
    add_header(&header, descr, shape);
    const unsigned char head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(header.count & 255), (unsigned char)(header.count >> 8)};
    const char *partial = itgc_partial_path(diag->arena, path);
    FILE *file = fopen(partial, "wb");
    if (!file)
        return itgc_fail(diag, 601, "%s: cannot be written (%s); choose another --output", path, strerror(errno));
    bool fine = fwrite(head, 1, sizeof head, file) == sizeof head && fwrite(header.bytes, 1, header.count, file) == header.count &&
                (count == 0 || fwrite(bytes, 1, count, file) == count);
    fine = fclose(file) == 0 && fine;
    return itgc_finish_partial(partial, path, fine) ||
           itgc_fail(diag, 602, "%s: writing failed (%s); free some space or choose another --output", path, strerror(errno));
}

bool itgc_write_npy(itgc_diag *diag, const char *path, const itgc_value *value)
{
    const int64_t count = itgc_elements(&value->shape);
    if (value->f)
        return itgc_write_npy_bytes(diag, path, "<f4", &value->shape, value->f, (size_t)count * sizeof(float));
    const int width = itgc_type_bytes(value->type);
    unsigned char *bytes = itgc_alloc(diag->arena, (size_t)(count * width));
    for (int64_t i = 0; i < count; i++)
        for (int b = 0; b < width; b++)
            bytes[i * width + b] = (unsigned char)((uint64_t)value->i[i] >> (8 * b));
    return itgc_write_npy_bytes(diag, path, descr_of(value->type), &value->shape, bytes, (size_t)(count * width));
}
