/* SPDX-License-Identifier: Apache-2.0
 * Tensor data in a file beside the model. The location is untrusted: only files in the model's folder or below are read, and only the
 * range that the tensor's shape asks for. */
#include "compiler/base/files.h"
#include "compiler/onnx/importer.h"

#include <inttypes.h>
#include <string.h>

static const char *find_entry(const ItgcOnnx__TensorProto *message, const char *key)
{
    for (size_t i = 0; i < message->n_external_data; i++) {
        const ItgcOnnx__StringStringEntry *const entry = message->external_data[i];
        if (entry->key != NULL && entry->value != NULL && strcmp(entry->key, key) == 0)
            return entry->value;
    }
    return NULL;
}

/* Decimal digits only, below 2^62. */
static bool parse_size(const char *text, uint64_t *size)
{
    *size = 0;
    if (*text == '\0')
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || *size > (uint64_t)1 << 58)
            return false;
        *size = *size * 10 + (uint64_t)(*c - '0');
    }
    return true;
}

static bool is_inside_folder(const char *location)
{
    if (*location == '\0' || *location == '/' || strchr(location, '\\') != NULL || strchr(location, ':') != NULL)
        return false;
    for (const char *part = location; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        const size_t length = strcspn(part, "/");
        if (length == 2 && part[0] == '.' && part[1] == '.')
            return false;
    }
    return true;
}

static bool fail_external(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, const char *fact)
{
    itgc_clear_error(reader->diag);
    return itgc_fail(reader->diag, 105, "external data of %s \"%.100s\": %s", reader->what, message->name == NULL ? "" : message->name, fact);
}

/* The place as the file gives it, checked for form. */
static bool parse_entries(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, size_t count, uint64_t *offset)
{
    const char *const location = find_entry(message, "location");
    const char *const offset_text = find_entry(message, "offset"), *const length_text = find_entry(message, "length");
    uint64_t length = count;
    if (reader->folder == NULL)
        return fail_external(reader, message, "not supported here; store the values in the file itself");
    if (location == NULL)
        return fail_external(reader, message, "no location is given; export the model again");
    if (!is_inside_folder(location))
        return fail_external(
            reader, message,
            itgc_sprint(reader->arena, "location \"%.200s\" leads out of the model's folder; put the file beside the model", location));
    *offset = 0;
    if ((offset_text != NULL && !parse_size(offset_text, offset)) || (length_text != NULL && !parse_size(length_text, &length)))
        return fail_external(reader, message, "offset or length is not a number; export the model again");
    if (length != count)
        return fail_external(
            reader, message,
            itgc_sprint(reader->arena, "%" PRIu64 " bytes are stored but its shape and type need %zu; export the model again", length, count));
    return true;
}

const char *itgc_find_external(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, size_t count, uint64_t *offset)
{
    uint64_t file_bytes = 0;
    if (!parse_entries(reader, message, count, offset))
        return NULL;
    const char *const location = find_entry(message, "location");
    const char *const path = itgc_sprint(reader->arena, "%s%s", reader->folder, location);
    if (!itgc_measure_file(reader->diag, path, &file_bytes)) {
        const char *const fact = reader->diag->code == 110
                                     ? itgc_sprint(reader->arena, "the file \"%.200s\" does not exist; copy it beside the model", location)
                                     : reader->diag->fact;
        fail_external(reader, message, fact);
        return NULL;
    }
    if (*offset > file_bytes || count > file_bytes - *offset) {
        fail_external(reader, message,
                      itgc_sprint(reader->arena, "the file \"%.200s\" has %" PRIu64 " bytes, too few for %zu at offset %" PRIu64 "; copy it again",
                                  location, file_bytes, count, *offset));
        return NULL;
    }
    return path;
}
