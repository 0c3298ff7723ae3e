/* SPDX-License-Identifier: Apache-2.0
 * NAME.c: the plan as C that people read: one step a line, the ONNX node behind it; steps whose packed weights differ by kernel table are
 * there once for each packing, all else once. Called by emit.c. */
#include "compiler/emit/writer.h"

#include <intaglio/intaglio.h>

/* Which tables there is a model for, where there are several. */
static void write_tables(itgc_writer *w)
{
    itgc_add(w->text, " * Kernel tables, of which itg_choose_model takes the last that runs:");
    for (int t = 0; t < w->table_count; t++) {
        const itgc_kernel_table *table = w->target->tables[t];
        const bool is_last = t + 1 == w->table_count;
        itgc_addf(w->text, " %s", table->name);
        if (is_last || w->packing_of[t + 1] != w->packing_of[t]) {
            itgc_addf(w->text, " (%s)%s", itgc_packing_name(table->packing), is_last ? ".\n" : ",");
        }
    }
}

static void write_head(itgc_writer *w)
{
    const itgc_emit_options *options = w->options;
    itgc_addf(w->text, "/* %s.c: written by intaglio %s from ", w->name, ITG_VERSION);
    itgc_add_comment(w->text, options->model_file);
    itgc_addf(w->text, " for %s, %lld calibration samples. Do not edit.\n * The model's sha256 %s.\n * %u steps, ", options->target,
              (long long)options->sample_count, options->model_sha256, (unsigned)w->model->step_count);
    itgc_add_grouped(w->text, itgc_count_macs(w->graph));
    itgc_add(w->text, " MACs, arena ");
    itgc_add_grouped(w->text, w->graph->arena_bytes);
    itgc_add(w->text, " bytes (lower bound ");
    itgc_add_grouped(w->text, w->graph->arena_lower_bound_bytes);
    itgc_add(w->text, "), constants ");
    itgc_add_grouped(w->text, (int64_t)w->graph->weights_bytes);
    itgc_addf(w->text, " bytes (crc32 %08x).\n", (unsigned)w->weights_crc);
    if (w->table_count > 1) {
        write_tables(w);
    }
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

/* The first packing whose plan is, step for step, that of packing k. */
static int find_plan(const itgc_graph *graph, int k)
{
    for (int first = 0; first < k; first++) {
        int step = 0;
        while (step < graph->step_count && graph->steps[step]->variants[first] == graph->steps[step]->variants[k]) {
            step++;
        }
        if (step == graph->step_count) {
            return first;
        }
    }
    return k;
}

/* "_16c4p" behind names that there is one of for each packing, "" behind those there is only one of. */
static const char *make_suffix(const itgc_writer *w, int k, bool is_alone)
{
    char *suffix = itgc_sprint(w->graph->arena, "_%s", itgc_packing_name(w->graph->packings[k]) + sizeof "ITG_PACK_" - 1);
    for (char *c = suffix; *c; c++) {
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    }
    return is_alone ? "" : suffix;
}

const char *itgc_plan_suffix(const itgc_writer *w, int k)
{
    bool is_alone = true;
    for (int other = 0; other < w->graph->packing_count; other++) {
        is_alone = is_alone && find_plan(w->graph, other) == 0;
    }
    return make_suffix(w, find_plan(w->graph, k), is_alone);
}

/* "step_07" */
static const char *make_step_name(const itgc_writer *w, int index)
{
    return itgc_sprint(w->graph->arena, "step_%0*d", w->step_digits, index);
}

/* "step_07", or "step_07_16c4p" where packings differ. */
static const char *make_params_name(const itgc_writer *w, const itgc_step *step, const char *name, int k)
{
    int first = 0, same = 0;
    while (step->variants[first] != step->variants[k]) {
        first++;
    }
    for (int other = 0; other < w->graph->packing_count; other++) {
        same += step->variants[other] == step->variants[0];
    }
    return itgc_sprint(w->graph->arena, "%s%s", name, make_suffix(w, first, same == w->graph->packing_count));
}

/* "step_07_2": the name of a tier's params. */
static const char *make_tier_name(const itgc_writer *w, const itgc_step *cascade, const char *name, int tier, int k)
{
    return make_params_name(w, cascade->tiers[tier], itgc_sprint(w->graph->arena, "%s_%d", name, tier), k);
}

static void write_tier_comment(itgc_writer *w, const itgc_step *tier)
{
    itgc_add(w->text, tier->node ? " /* " : "\n");
    if (tier->node) {
        itgc_add_comment(w->text, tier->node->name);
        itgc_add(w->text, " */\n");
    }
}

static void write_cascade(itgc_writer *w, const itgc_step *step, const char *name, int k)
{
    const itg_cascade *cascade = step->variants[k];
    const char *params = make_params_name(w, step, name, k);
    itgc_addf(
        w->text,
        "static const itg_tier %s_tiers[] = {\n    /* op, constants, rows and their bytes; what a row sees: rows, stride, rows before; rows at a "
        "time, rows in scratch, where, the term's input */\n",
        params);
    for (int i = 0; i < step->tier_count; i++) {
        const itg_tier *tier = &cascade->tiers[i];
        itgc_addf(w->text, "    { %-18s &%s, %3d, %6d, %2d, %d, %2d, %3d, %3d, %6d, %d },",
                  itgc_sprint(w->graph->arena, "%s,", step->tiers[i]->kind->tier_name), make_tier_name(w, step, name, i, k), (int)tier->rows,
                  (int)tier->row_bytes, (int)tier->reach, (int)tier->stride, (int)tier->before, (int)tier->most_rows, (int)tier->band_rows,
                  (int)tier->band_offset, (int)tier->term);
        write_tier_comment(w, step->tiers[i]);
    }
    itgc_addf(w->text, "};\nstatic const itg_cascade %s = { %s_tiers, %d, %d, %d };\n", params, params, (int)cascade->count,
              (int)cascade->in_image_bytes, (int)cascade->out_rows);
}

static void write_step_params(itgc_writer *w, const itgc_step *step, const char *name)
{
    for (int k = 0; k < w->graph->packing_count; k++) {
        if (k > 0 && step->variants[k] == step->params) {
            continue;
        }
        if (step->tiers) {
            write_cascade(w, step, name, k);
            continue;
        }
        itgc_addf(w->text, "static const %s %s = ", step->kind->params_name, make_params_name(w, step, name, k));
        itgc_write_params(w, step->kind, step->variants[k]);
        itgc_add(w->text, ";\n");
    }
}

static void write_all_params(itgc_writer *w)
{
    for (int i = 0; i < w->graph->step_count; i++) {
        const itgc_step *step = w->graph->steps[i];
        const char *name = make_step_name(w, i);
        for (int l = 0; step->tiers && l < step->tier_count; l++) {
            write_step_params(w, step->tiers[l], itgc_sprint(w->graph->arena, "%s_%d", name, l));
        }
        write_step_params(w, step, name);
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
        itgc_add_comment(w->text, itgc_tier_at(step, 0)->node->name);
        for (int l = 1; l < itgc_tier_count(step); l++) {
            itgc_addf(w->text, " + %s", step->tiers[l]->node->type);
        }
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

static void write_steps(itgc_writer *w, int packing)
{
    itgc_addf(w->text,
              "\nstatic const itg_step steps%s[] = {\n    /* op, constants, where the inputs, the output and scratch lie in the arena, scratch "
              "bytes, rows, blocks */\n",
              itgc_plan_suffix(w, packing));
    for (int i = 0; i < w->graph->step_count; i++) {
        const itg_step *step = &w->model->steps[i];
        itgc_addf(w->text, "    { %-18s &%s, { %6u, %6u, %6u }, %6u, %6u, %6u, %5u, %3u },",
                  itgc_sprint(w->graph->arena, "%s,", w->graph->steps[i]->kind->op_name),
                  make_params_name(w, w->graph->steps[i], make_step_name(w, i), packing), (unsigned)step->in[0], (unsigned)step->in[1],
                  (unsigned)step->in[2], (unsigned)step->out, (unsigned)step->scratch, (unsigned)step->scratch_bytes, (unsigned)step->rows,
                  (unsigned)step->blocks);
        write_step_comment(w, w->graph->steps[i]);
    }
    itgc_add(w->text, "};\n");
}

static void write_all_steps(itgc_writer *w)
{
    for (int k = 0; k < w->graph->packing_count; k++) {
        if (find_plan(w->graph, k) == k) {
            write_steps(w, k);
        }
    }
    itgc_add(w->text, "\n");
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

void itgc_write_plan(itgc_writer *w)
{
    write_head(w);
    write_declarations(w);
    write_all_params(w);
    write_all_steps(w);
    write_ports(w, "inputs", w->model->inputs, w->model->input_count);
    write_ports(w, "outputs", w->model->outputs, w->model->output_count);
    write_labels(w);
    itgc_write_models(w);
}
