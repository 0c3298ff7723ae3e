/* SPDX-License-Identifier: Apache-2.0
 * Names in emitted C: of constants, types and macros; and foreign text made safe for comments. Called by every write_*.c. */
#include "compiler/emit/writer.h"

#include <intaglio/intaglio.h>
#include <string.h>

const char *itgc_code_type(itg_type type)
{
    static const char *const names[] = {"0", "ITG_S8", "ITG_S16", "ITG_S32", "ITG_U8", "ITG_U16", "ITG_F32"};
    return names[type >= ITG_S8 && type <= ITG_F32 ? type : 0];
}

const char *itgc_c_type(itg_type type)
{
    static const char *const names[] = {"void", "int8_t", "int16_t", "int32_t", "uint8_t", "uint16_t", "float"};
    return names[type >= ITG_S8 && type <= ITG_F32 ? type : 0];
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool itgc_is_identifier(const char *name)
{
    if (!is_letter(name[0])) {
        return false;
    }
    while (is_letter(*name) || (*name >= '0' && *name <= '9')) {
        name++;
    }
    return *name == 0;
}

/* The code that `length` bytes of valid UTF-8 stand for. */
static uint32_t decode_utf8(const char *c, size_t length)
{
    const unsigned char *byte = (const unsigned char *)c;
    uint32_t code = length == 1 ? byte[0] : byte[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        code = code << 6 | (byte[i] & 0x3Fu);
    }
    return code;
}

/* Line ends, control characters, and marks that reorder text on screen. */
static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

void itgc_add_comment(itgc_text *text, const char *string)
{
    char last = 0;
    while (*string) {
        const size_t length = itgc_measure_utf8(string);
        const uint32_t code = length ? decode_utf8(string, length) : 0;
        if (length == 0) {
            itgc_addf(text, "<%02X>", (unsigned)*(const unsigned char *)string);
        } else if (is_unsafe(code)) {
            itgc_addf(text, "<U+%04X>", (unsigned)code);
        } else {
            const bool pair = (last == '*' && code == '/') || (last == '/' && code == '*') || (last == '?' && code == '?');
            itgc_add(text, pair ? " " : "");
            itgc_add_bytes(text, string, length);
        }
        last = length == 1 ? *string : 0;
        string += length ? length : 1;
    }
}

static int find_constant(const itgc_graph *graph, const void *bytes)
{
    for (int i = 0; i < graph->constant_count; i++) {
        if (graph->constants[i]->bytes == bytes) {
            return i;
        }
    }
    return -1;
}

const char *itgc_constant_name(const itgc_writer *writer, const void *bytes)
{
    const int index = find_constant(writer->graph, bytes);
    return index < 0 ? NULL : writer->constant_names[index];
}

/* NAME_wSTEP_suffix, with a number behind if one step has several of that suffix. */
static const char *make_constant_name(const itgc_writer *writer, int step, const char *suffix)
{
    itgc_arena *arena = writer->graph->arena;
    const char *base = itgc_sprint(arena, "%s_w%0*d_%s", writer->name, writer->step_digits, step, suffix);
    const char *name = base;
    for (int n = 2, i = 0; i < writer->graph->constant_count; i++) {
        if (writer->constant_names[i] && strcmp(writer->constant_names[i], name) == 0) {
            name = itgc_sprint(arena, "%s%d", base, n++);
            i = -1;
        }
    }
    return name;
}

/* Every pointer must be a registered constant's: false with error 900 if one is not. */
static bool name_params_constants(itgc_writer *writer, int index, const itgc_step_kind *kind, const void *params)
{
    const itgc_graph *graph = writer->graph;
    for (int f = 0; f < kind->field_count; f++) {
        const itgc_field *field = &kind->fields[f];
        const void *pointer = NULL;
        if (field->kind == ITGC_FIELD_POINTER) {
            memcpy(&pointer, (const char *)params + field->offset, sizeof pointer);
        }
        const int constant = pointer ? find_constant(graph, pointer) : -1;
        if (pointer && constant < 0) {
            return itgc_fail(graph->diag, 900, "step %d: %s points to no kept constant; this is a defect of the compiler, please report it", index,
                             field->name);
        }
        if (constant >= 0 && !writer->constant_names[constant]) {
            writer->constant_names[constant] = make_constant_name(writer, index, graph->constants[constant]->suffix);
        }
    }
    return true;
}

static bool name_step_constants(itgc_writer *writer, int index)
{
    const itgc_step *step = writer->graph->steps[index];
    for (int l = 0; l < itgc_tier_count(step); l++) {
        const itgc_step *tier = itgc_tier_at(step, l);
        for (int k = 0; k < writer->graph->packing_count; k++) {
            if (!name_params_constants(writer, index, tier->kind, tier->variants[k])) {
                return false;
            }
        }
    }
    return true;
}

static char *copy_upper(itgc_arena *arena, const char *name)
{
    char *upper = itgc_copy_string(arena, name);
    for (char *c = upper; *c; c++) {
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    }
    return upper;
}

/* Which of the graph's packings each table reads. False if one reads none. */
static bool find_plans(itgc_writer *writer)
{
    const itgc_graph *graph = writer->graph;
    writer->table_count = itgc_count_tables(writer->target);
    for (int t = 0; t < writer->table_count; t++) {
        int k = 0;
        while (k < graph->packing_count && graph->packings[k] != writer->target->tables[t]->packing) {
            k++;
        }
        if (k == graph->packing_count) {
            return false;
        }
        writer->packing_of[t] = k;
    }
    return true;
}

bool itgc_init_writer(itgc_writer *writer, const itgc_graph *graph, const itg_model *model, const itgc_emit_options *options)
{
    *writer = (itgc_writer){.graph = graph, .model = model, .options = options, .name = options->name};
    if (!itgc_is_identifier(options->name)) {
        return itgc_fail(graph->diag, 601, "\"%s\" is not a C identifier; give one with --name, e.g. --name model", options->name);
    }
    writer->target = itgc_find_target(options->target);
    if (!writer->target) {
        return itgc_fail(graph->diag, 602, "target %s is unknown; `intaglio targets` lists what there is", options->target);
    }
    if (!find_plans(writer)) {
        return itgc_fail(graph->diag, 900, "the plan is not packed for target %s; this is a defect of the compiler, please report it",
                         options->target);
    }
    writer->upper = copy_upper(graph->arena, options->name);
    writer->constant_names = ITGC_NEW_ARRAY(graph->arena, const char *, graph->constant_count + 1);
    writer->step_digits = graph->step_count > 1000 ? 4 : graph->step_count > 100 ? 3 : 2;
    for (int i = 0; i < graph->constant_count; i++) {
        const itgc_constant *constant = graph->constants[i];
        writer->weights_crc = itg_crc32(writer->weights_crc, constant->bytes, constant->count * (size_t)constant->element_bytes);
    }
    for (int i = 0; i < graph->step_count; i++) {
        if (!name_step_constants(writer, i)) {
            return false;
        }
    }
    return true;
}
