/* SPDX-License-Identifier: Apache-2.0
 * NAME.h: sizes, inputs and outputs as macros, labels, and how to call it. C99, C11 and C++. Called by emit.c. */
#include "compiler/emit/writer.h"

#include <intaglio/intaglio.h>

/* "INPUT" for the first, "INPUT1" for the second: most models have one. */
static const char *make_port_name(itgc_writer *w, const char *kind, uint32_t index)
{
    return index ? itgc_sprint(w->graph->arena, "%s_%s%u", w->upper, kind, (unsigned)index) : itgc_sprint(w->graph->arena, "%s_%s", w->upper, kind);
}

static void write_usage(itgc_writer *w)
{
    const char *n = w->name;
    const char *u = w->upper;
    const itg_port *in = w->model->inputs;
    const char *type = itgc_c_type(in->type);
    itgc_addf(w->text, "/* %s.h: written by intaglio %s from ", n, ITG_VERSION);
    itgc_add_comment(w->text, w->options->model_file);
    const bool is_chosen = w->table_count > 1;
    const char *model = is_chosen ? "model" : itgc_sprint(w->graph->arena, "&%s_model", n);
    itgc_addf(w->text, " for %s; belongs to you.\n * Link %s.c, %s_weights%s and libintaglio.a.\n *\n", w->options->target, n, n,
              w->options->weights_asm ? ".S" : ".c");
    itgc_addf(w->text, " *     static uint8_t arena[%s_ARENA_BYTES] ITG_ALIGNED;\n", u);
    if (is_chosen) {
        itgc_addf(w->text, " *     const itg_model *model = itg_choose_model(%s_models, %s_MODEL_COUNT);\n", n, u);
    }
    itgc_addf(w->text,
              " *     if (itg_check(%s, NULL, arena, sizeof arena) != ITG_OK) ...\n"
              " *     %s *input = (%s *)(arena + %s_INPUT_OFFSET);\n"
              " *     itg_run(%s, arena);\n"
              " *     int best = itg_argmax(itg_output(%s, arena, 0));\n *\n",
              model, type, type, u, model, model);
    itgc_addf(w->text,
              " * %sheck once. Fill all %u elements of input before every run, which may overwrite them: round(value / SCALE) + ZERO, kept\n"
              " * within the type. A stored value stands for (stored value - ZERO) * SCALE.%s%s%s */\n",
              is_chosen ? "Choose and c" : "C", (unsigned)itg_port_elements(in), w->model->labels ? " best is an index into " : "",
              w->model->labels ? n : "", w->model->labels ? "_labels." : "");
}

static void write_port(itgc_writer *w, const itg_port *port, const char *name)
{
    itgc_addf(w->text, "\n/* ");
    itgc_add_comment(w->text, port->name);
    itgc_addf(w->text,
              " */\n#define %s_OFFSET   %uu\n#define %s_BYTES    %uu\n#define %s_ELEMENTS %uu\n#define %s_TYPE     %s\n#define %s_RANK     %d\n",
              name, (unsigned)port->offset, name, (unsigned)port->bytes, name, (unsigned)itg_port_elements(port), name, itgc_c_type(port->type), name,
              (int)port->rank);
    itgc_addf(w->text, "#define %s_SHAPE    {", name);
    for (int d = 0; d < port->rank; d++) {
        itgc_addf(w->text, d ? ", %d" : "%d", (int)port->dim[d]);
    }
    itgc_addf(w->text, port->rank ? "}\n#define %s_SCALE    " : "1}\n#define %s_SCALE    ", name);
    itgc_add_c_float(w->text, port->scale);
    /* In the plan an ITG_U8 zero is the int8 code, which is 128 below the stored byte. */
    itgc_addf(w->text, "\n#define %s_ZERO     (%d)\n", name, (int)port->zero + (port->type == ITG_U8 ? 128 : 0));
}

static void write_sizes(itgc_writer *w)
{
    itgc_addf(w->text,
              "\n#define %s_ARENA_BYTES   %uu\n#define %s_ARENA_ALIGN   %uu\n#define %s_WEIGHTS_BYTES %lluu /* constants in flash */\n"
              "#define %s_STACK_BYTES   %uu /* what itg_run was budgeted; it takes less on the targets it was measured on */\n",
              w->upper, (unsigned)w->model->arena_bytes, w->upper, (unsigned)w->model->arena_align, w->upper,
              (unsigned long long)w->graph->weights_bytes, w->upper, (unsigned)w->graph->stack_bytes);
}

static void write_asserts(itgc_writer *w)
{
    itgc_addf(
        w->text,
        "\n#if ITG_PLAN_VERSION != %uu\n#error \"%s was compiled for another version of the intaglio runtime: run intaglio compile again\"\n#endif\n"
        "#if %s_ARENA_ALIGN > ITG_ARENA_ALIGN\n#error \"%s was compiled for a target with wider alignment: compile it with --target for this one\"\n"
        "#endif\n",
        ITG_PLAN_VERSION, w->name, w->upper, w->name);
}

static void write_models(itgc_writer *w)
{
    itgc_add(w->text, "\n/* The same network for each kernel table of the target, the best last:");
    for (int t = 0; t < w->table_count; t++) {
        itgc_addf(w->text, "%s %s", t ? "," : "", w->target->tables[t]->name);
    }
    itgc_addf(w->text, ". Results are equal; %s_model is the first. */\n", w->name);
    itgc_addf(w->text, "#define %s_MODEL_COUNT %d\nextern const itg_model *const %s_models[%s_MODEL_COUNT];\n", w->upper, w->table_count, w->name,
              w->upper);
}

void itgc_write_header(itgc_writer *w)
{
    write_usage(w);
    itgc_addf(w->text, "#ifndef %s_MODEL_H\n#define %s_MODEL_H\n\n#include <intaglio/intaglio.h>\n", w->upper, w->upper);
    write_sizes(w);
    for (uint32_t i = 0; i < w->model->input_count; i++) {
        write_port(w, &w->model->inputs[i], make_port_name(w, "INPUT", i));
    }
    for (uint32_t i = 0; i < w->model->output_count; i++) {
        write_port(w, &w->model->outputs[i], make_port_name(w, "OUTPUT", i));
    }
    write_asserts(w);
    itgc_addf(w->text, "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nextern const itg_model %s_model;\n", w->name);
    if (w->table_count > 1) {
        write_models(w);
    }
    if (w->model->labels) {
        itgc_addf(w->text, "\n#define %s_LABEL_COUNT %u\nextern const char *const %s_labels[%s_LABEL_COUNT];\n", w->upper,
                  (unsigned)w->model->label_count, w->name, w->upper);
    }
    itgc_addf(w->text, "\nextern const itg_selftest %s_selftest; /* in %s_test.c, which only a self-test needs to link */\n", w->name, w->name);
    itgc_add(w->text, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}
