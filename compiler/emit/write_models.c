/* SPDX-License-Identifier: Apache-2.0
 * The end of NAME.c: for each kernel table of the target the table itself, naming only the families used, and a model that names it; where
 * there are several, the list that a processor's is chosen from. Called by write_plan.c. */
#include "compiler/emit/writer.h"

#include <intaglio/intaglio.h>

static const struct {
    itg_family bit;
    const char *member, *macro;
} families[] = {
    {ITG_FAMILY_CONV, "conv", "ITG_FAMILY_CONV"},
    {ITG_FAMILY_DEPTHWISE, "depthwise", "ITG_FAMILY_DEPTHWISE"},
    {ITG_FAMILY_POOL, "pool", "ITG_FAMILY_POOL"},
    {ITG_FAMILY_ELEMENTWISE, "elementwise", "ITG_FAMILY_ELEMENTWISE"},
    {ITG_FAMILY_LOOKUP, "lookup", "ITG_FAMILY_LOOKUP"},
    {ITG_FAMILY_SOFTMAX, "softmax", "ITG_FAMILY_SOFTMAX"},
    {ITG_FAMILY_NORMALIZE, "normalize", "ITG_FAMILY_NORMALIZE"},
    {ITG_FAMILY_MATMUL, "matmul", "ITG_FAMILY_MATMUL"},
};

#define FAMILY_COUNT (sizeof families / sizeof families[0])

/* "_avx2" where the target has several tables. */
static const char *make_table_suffix(const itgc_writer *w, int index)
{
    return w->table_count == 1 ? "" : itgc_sprint(w->graph->arena, "_%s", w->target->tables[index]->name);
}

static void write_kernels(itgc_writer *w, int index)
{
    const itgc_kernel_table *table = w->target->tables[index];
    itgc_addf(w->text, "static const itg_kernels kernels%s = {\n    .name = \"%s\", .packing = %s, .is_supported = itg_runs_%s",
              make_table_suffix(w, index), table->name, itgc_packing_name(table->packing), table->name);
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        if (w->model->families & families[i].bit) {
            itgc_addf(w->text, ",\n    .%s = &itg_%s_%s", families[i].member, families[i].member, table->name);
        }
    }
    itgc_add(w->text, "\n};\n\n");
}

/* The first is known to all as NAME_model, the others are in NAME_models. */
static void write_model(itgc_writer *w, int index)
{
    const itg_model *model = w->model;
    if (index == 0) {
        itgc_addf(w->text, "const itg_model %s_model = {\n", w->name);
    } else {
        itgc_addf(w->text, "static const itg_model model%s = {\n", make_table_suffix(w, index));
    }
    itgc_addf(w->text, "    .name = \"%s\", .version = %uu, .packing = %s,\n", w->name, ITG_PLAN_VERSION,
              itgc_packing_name(w->target->tables[index]->packing));
    itgc_addf(w->text, "    .arena_bytes = %s_ARENA_BYTES, .arena_align = %s_ARENA_ALIGN, .kernels = &kernels%s,\n", w->upper, w->upper,
              make_table_suffix(w, index));
    itgc_addf(w->text, "    .steps = steps%s, .inputs = inputs, .outputs = outputs, .labels = %s%s,\n", itgc_plan_suffix(w, w->packing_of[index]),
              model->labels ? w->name : "NULL", model->labels ? "_labels" : "");
    itgc_addf(w->text, "    .step_count = %u, .input_count = %u, .output_count = %u, .label_count = %u,\n    .workers = 1, .families = ",
              (unsigned)model->step_count, (unsigned)model->input_count, (unsigned)model->output_count, (unsigned)model->label_count);
    const char *separator = "";
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        if (model->families & families[i].bit) {
            itgc_addf(w->text, "%s%s", separator, families[i].macro);
            separator = " | ";
        }
    }
    itgc_add(w->text, separator[0] ? "\n};\n" : "0\n};\n");
}

static void write_list(itgc_writer *w)
{
    itgc_addf(w->text, "\nconst itg_model *const %s_models[%s_MODEL_COUNT] = {&%s_model", w->name, w->upper, w->name);
    for (int t = 1; t < w->table_count; t++) {
        itgc_addf(w->text, ", &model%s", make_table_suffix(w, t));
    }
    itgc_add(w->text, "};\n");
}

void itgc_write_models(itgc_writer *w)
{
    itgc_add(w->text, "/* Only what this model needs, so that the linker can drop the rest. */\n");
    for (int t = 0; t < w->table_count; t++) {
        write_kernels(w, t);
    }
    for (int t = 0; t < w->table_count; t++) {
        itgc_add(w->text, t ? "\n" : "");
        write_model(w, t);
    }
    if (w->table_count > 1) {
        write_list(w);
    }
}
