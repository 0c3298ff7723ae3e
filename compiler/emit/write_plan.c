/* SPDX-License-Identifier: Apache-2.0
 * NAME.c: the plan as C that people read: one step a line, the ONNX node behind it, and a kernel table naming only the families used.
 * Called by emit.c. */
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

static void write_head(itgc_writer *w)
{
    const itgc_emit_options *options = w->options;
    itgc_addf(w->text, "/* %s.c: written by intaglio %s from ", w->name, ITG_VERSION);
    itgc_add_comment(w->text, options->model_file);
    itgc_addf(w->text, " for %s, %lld calibration samples. Do not edit.\n * The model's sha256 %s.\n * %u steps, ", options->target,
              (long long)options->sample_count, options->model_sha256, (unsigned)w->model->step_count);
    itgc_add_grouped(w->text, itgc_total_macs(w->graph));
    itgc_add(w->text, " MACs, arena ");
    itgc_add_grouped(w->text, w->graph->arena_bytes);
    itgc_add(w->text, " bytes (lower bound ");
    itgc_add_grouped(w->text, w->graph->arena_lower_bound_bytes);
    itgc_add(w->text, "), constants ");
    itgc_add_grouped(w->text, (int64_t)w->graph->weights_bytes);
    itgc_addf(w->text, " bytes (crc32 %08x).\n", (unsigned)w->weights_crc);
    if (options->options && options->options[0]) {
        itgc_add(w->text, " * Options: ");
        itgc_add_comment(w->text, options->options);
        itgc_add(w->text, "\n");
    }
    itgc_add(w->text, " * This file is output, not part of intaglio: it belongs to you, as the model does. */\n");
    itgc_addf(w->text, "#include \"%s.h\"\n\n", w->name);
}

static void write_declarations(itgc_writer *w)
{
    for (int i = 0; i < w->graph->constant_count; i++) {
        const itgc_constant *constant = w->graph->constants[i];
        itgc_addf(w->text, "extern const %s %s[%zu];\n", itgc_constant_type(constant), w->constant_names[i], itgc_constant_entries(constant));
    }
    itgc_add(w->text, w->graph->constant_count ? "\n" : "");
}

static void write_all_params(itgc_writer *w)
{
    for (int i = 0; i < w->graph->step_count; i++) {
        const itgc_step *step = w->graph->steps[i];
        itgc_addf(w->text, "static const %s step_%0*d = ", step->kind->params_name, w->step_digits, i);
        itgc_write_params(w, step->kind, step->params);
        itgc_add(w->text, ";\n");
    }
}

static void write_step_comment(itgc_writer *w, const itgc_step *step)
{
    if (!step->node && !step->macs) {
        itgc_add(w->text, "\n");
        return;
    }
    itgc_add(w->text, " /* ");
    if (step->node) {
        itgc_add_comment(w->text, step->node->name);
        if (step->node->fused) {
            itgc_addf(w->text, " + %s", step->node->fused->type);
        }
    }
    if (step->macs) {
        itgc_add(w->text, step->node ? "  " : "");
        itgc_add_grouped(w->text, step->macs);
        itgc_add(w->text, " MACs");
    }
    itgc_add(w->text, " */\n");
}

static void write_steps(itgc_writer *w)
{
    itgc_add(w->text, "\nstatic const itg_step steps[] = {\n    /* op, constants, where the inputs, the output and scratch lie in the arena, scratch "
                      "bytes, rows, blocks */\n");
    for (int i = 0; i < w->graph->step_count; i++) {
        const itg_step *step = &w->model->steps[i];
        itgc_addf(w->text, "    { %-18s &step_%0*d, { %6u, %6u, %6u }, %6u, %6u, %6u, %5u, %3u },",
                  itgc_sprint(w->graph->arena, "%s,", w->graph->steps[i]->kind->op_name), w->step_digits, i, (unsigned)step->in[0],
                  (unsigned)step->in[1], (unsigned)step->in[2], (unsigned)step->out, (unsigned)step->scratch, (unsigned)step->scratch_bytes,
                  (unsigned)step->rows, (unsigned)step->blocks);
        write_step_comment(w, w->graph->steps[i]);
    }
    itgc_add(w->text, "};\n\n");
}

static void write_ports(itgc_writer *w, const char *name, const itg_port *ports, uint32_t count)
{
    itgc_addf(w->text, "static const itg_port %s[] = {\n", name);
    for (uint32_t i = 0; i < count; i++) {
        const itg_port *port = &ports[i];
        itgc_add(w->text, "    { .name = ");
        itgc_add_c_string(w->text, port->name);
        itgc_addf(w->text, ", .type = %s, .offset = %u, .bytes = %u, .rank = %d", itgc_code_type(port->type), (unsigned)port->offset,
                  (unsigned)port->bytes, (int)port->rank);
        for (int d = 0; d < port->rank; d++) {
            itgc_addf(w->text, "%s%d", d ? "," : ", .dim = {", (int)port->dim[d]);
        }
        itgc_add(w->text, port->rank ? "}, .scale = " : ", .scale = ");
        itgc_add_c_float(w->text, port->scale);
        itgc_addf(w->text, ", .zero = %d },\n", (int)port->zero);
    }
    itgc_add(w->text, "};\n\n");
}

static void write_labels(itgc_writer *w)
{
    if (!w->model->labels) {
        return;
    }
    itgc_addf(w->text, "const char *const %s_labels[] = {\n", w->name);
    for (uint32_t i = 0; i < w->model->label_count; i++) {
        itgc_add(w->text, "    ");
        itgc_add_c_string(w->text, w->model->labels[i]);
        itgc_addf(w->text, ", /* %u */\n", (unsigned)i);
    }
    itgc_add(w->text, "};\n\n");
}

static void write_kernels(itgc_writer *w)
{
    itgc_addf(w->text,
              "/* Only what this model needs, so that the linker can drop the rest. */\nstatic const itg_kernels kernels = {\n"
              "    .name = \"%s\", .packing = %s, .is_supported = itg_runs_%s",
              w->target->kernels, itgc_packing_name(w->target->packing), w->target->kernels);
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        if (w->model->families & families[i].bit) {
            itgc_addf(w->text, ",\n    .%s = &itg_%s_%s", families[i].member, families[i].member, w->target->kernels);
        }
    }
    itgc_add(w->text, "\n};\n\n");
}

static void write_model(itgc_writer *w)
{
    const itg_model *model = w->model;
    itgc_addf(w->text, "const itg_model %s_model = {\n    .name = \"%s\", .version = %uu, .packing = %s,\n", w->name, w->name, ITG_PLAN_VERSION,
              itgc_packing_name(w->target->packing));
    itgc_addf(w->text, "    .arena_bytes = %s_ARENA_BYTES, .arena_align = %s_ARENA_ALIGN, .kernels = &kernels,\n", w->upper, w->upper);
    itgc_addf(w->text, "    .steps = steps, .inputs = inputs, .outputs = outputs, .labels = %s%s,\n", model->labels ? w->name : "NULL",
              model->labels ? "_labels" : "");
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

void itgc_write_plan(itgc_writer *w)
{
    write_head(w);
    write_declarations(w);
    write_all_params(w);
    write_steps(w);
    write_ports(w, "inputs", w->model->inputs, w->model->input_count);
    write_ports(w, "outputs", w->model->outputs, w->model->output_count);
    write_labels(w);
    write_kernels(w);
    write_model(w);
}
