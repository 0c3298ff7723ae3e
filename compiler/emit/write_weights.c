/* SPDX-License-Identifier: Apache-2.0
 * NAME_weights.c: the constants, each array once, their CRC-32 in the head. With --weights asm NAME_weights.S, which includes
 * NAME_weights.bin: little endian, in the same order. Called by emit.c. */
#include "compiler/emit/writer.h"

static void write_head(itgc_writer *w, const char *suffix)
{
    itgc_addf(w->text, "/* %s_weights.%s: constants of ", w->name, suffix);
    itgc_add_comment(w->text, w->options->model_file);
    itgc_add(w->text, ", ");
    itgc_add_grouped(w->text, (int64_t)w->graph->weights_bytes);
    itgc_addf(w->text, " bytes, crc32 %08x. Written by intaglio with %s.c; belongs to you. */\n", (unsigned)w->weights_crc, w->name);
}

void itgc_write_weights(itgc_writer *w)
{
    write_head(w, "c");
    itgc_add(w->text, "#include <intaglio/intaglio.h>\n");
    for (int i = 0; i < w->graph->constant_count; i++) {
        const itgc_constant *constant = w->graph->constants[i];
        const char *type = itgc_constant_type(constant);
        const char *name = w->constant_names[i];
        const size_t entries = itgc_constant_entries(constant);
        itgc_addf(w->text, "\nextern const %s %s[%zu];\nconst %s %s[%zu]%s = ", type, name, entries, type, name, entries,
                  constant->align > constant->element_bytes ? " ITG_ALIGNED" : "");
        itgc_add_array(w->text, constant);
        itgc_add(w->text, ";\n");
    }
}

static size_t count_bytes(const itgc_constant *constant)
{
    return constant->count * (size_t)constant->element_bytes;
}

void itgc_write_weights_assembler(itgc_writer *w)
{
    write_head(w, "S");
    itgc_add(w->text, "    .section .rodata, \"a\", %progbits\n");
    size_t offset = 0;
    for (int i = 0; i < w->graph->constant_count; i++) {
        const char *name = w->constant_names[i];
        const size_t bytes = count_bytes(w->graph->constants[i]);
        const int align = w->graph->constants[i]->align > 4 ? w->graph->constants[i]->align : 4;
        itgc_addf(w->text, "    .balign %d\n    .globl %s\n%s:\n    .incbin \"%s_weights.bin\", %zu, %zu\n", align, name, name, w->name, offset,
                  bytes);
        if (itgc_constant_entries(w->graph->constants[i]) > w->graph->constants[i]->count) {
            itgc_add(w->text, "    .byte 0\n");
        }
        offset += bytes;
    }
    itgc_add(w->text, "#if defined(__linux__) && defined(__ELF__)\n    .section .note.GNU-stack, \"\", %progbits\n#endif\n");
}

void itgc_write_weights_binary(itgc_writer *w)
{
    for (int i = 0; i < w->graph->constant_count; i++) {
        itgc_add_bytes(w->text, w->graph->constants[i]->bytes, count_bytes(w->graph->constants[i]));
    }
}
