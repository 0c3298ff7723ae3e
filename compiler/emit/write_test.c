/* SPDX-License-Identifier: Apache-2.0
 * NAME_test.c: one real input, the expected output and the CRC-32 of every step's logical values, learned by running the plan with the
 * very runtime that ships (scalar kernels of the model's packing, whose result no other table may change). Called by emit.c. */
#include "compiler/emit/writer.h"

#include <intaglio/intaglio.h>
#include <string.h>

/* One host run. */
typedef struct test_run {
    uint8_t *arena;
    itg_selftest_view *views;
    uint32_t *crcs;
} test_run;

static itg_selftest_view make_view(const itgc_step *step, const itg_step *planned)
{
    if (step->partial) {
        return (itg_selftest_view){0, 0, step->out->format.type};
    }
    return (itg_selftest_view){planned->out - step->out_offset, (uint32_t)itgc_elements(&step->out->shape), step->out->format.type};
}

static test_run run_steps(const itgc_writer *w)
{
    const itg_model *model = w->model;
    itgc_arena *arena = w->graph->arena;
    test_run run = {itgc_alloc(arena, model->arena_bytes + 1u), ITGC_NEW_ARRAY(arena, itg_selftest_view, model->step_count + 1),
                    ITGC_NEW_ARRAY(arena, uint32_t, model->step_count + 1)};
    for (uint32_t i = 0; i < model->input_count; i++) {
        memcpy(run.arena + model->inputs[i].offset, w->options->test_inputs[i], model->inputs[i].bytes);
    }
    for (uint32_t i = 0; i < model->step_count; i++) {
        itg_run_step(model, NULL, run.arena, i);
        run.views[i] = make_view(w->graph->steps[i], &model->steps[i]);
        run.crcs[i] = itg_crc_view(&run.views[i], run.arena);
    }
    return run;
}

static void write_bytes(itgc_writer *w, const char *name, uint32_t index, const itg_port *port, const void *bytes)
{
    const bool is_signed = port->type != ITG_U8 && port->type != ITG_U16;
    const int element_bytes = (int)(port->bytes / itg_port_elements(port));
    const itgc_constant array = {
        .bytes = bytes, .suffix = name, .element_bytes = element_bytes, .is_signed = is_signed, .count = itg_port_elements(port)};
    itgc_addf(w->text, "static const %s %s_%u[%zu] = ", itgc_constant_type(&array), name, (unsigned)index, itgc_constant_entries(&array));
    itgc_add_array(w->text, &array);
    itgc_add(w->text, ";\n");
}

static void write_list(itgc_writer *w, const char *name, uint32_t count)
{
    itgc_addf(w->text, "static const void *const %ss[] = {", name);
    for (uint32_t i = 0; i < count; i++) {
        itgc_addf(w->text, "%s%s_%u", i ? ", " : "", name, (unsigned)i);
    }
    itgc_add(w->text, "};\n\n");
}

static void write_steps(itgc_writer *w, const test_run *run)
{
    itgc_add(w->text, "static const uint32_t step_crc[] = {\n");
    for (uint32_t i = 0; i < w->model->step_count; i++) {
        itgc_addf(w->text, "    0x%08xu, /* %u */\n", (unsigned)run->crcs[i], (unsigned)i);
    }
    itgc_add(w->text, "};\n\n/* offset, elements, type */\nstatic const itg_selftest_view step_view[] = {\n");
    for (uint32_t i = 0; i < w->model->step_count; i++) {
        itgc_addf(w->text, "    {%u, %u, %s},\n", (unsigned)run->views[i].offset, (unsigned)run->views[i].count, itgc_code_type(run->views[i].type));
    }
    itgc_add(w->text, "};\n\nstatic const char *const step_name[] = {\n");
    for (uint32_t i = 0; i < w->model->step_count; i++) {
        const itgc_node *node = w->graph->steps[i]->node;
        itgc_add(w->text, "    ");
        itgc_add_c_string(w->text, node ? node->name : "");
        itgc_add(w->text, ",\n");
    }
    itgc_add(w->text, "};\n\n");
}

void itgc_write_test(itgc_writer *w)
{
    const itg_model *model = w->model;
    const test_run run = run_steps(w);
    itgc_addf(w->text,
              "/* %s_test.c: self-test of %s.c: one real input, the output it must give, the CRC-32 of every step. Written by intaglio;\n"
              " * belongs to you. Run it with itg_run_selftest(&%s_selftest, NULL, arena, NULL)%s. */\n#include \"%s.h\"\n\n",
              w->name, w->name, w->name, w->table_count > 1 ? ",\n * and copies of it whose model is another of the list" : "", w->name);
    for (uint32_t i = 0; i < model->input_count; i++) {
        write_bytes(w, "input", i, &model->inputs[i], w->options->test_inputs[i]);
    }
    write_list(w, "input", model->input_count);
    for (uint32_t i = 0; i < model->output_count; i++) {
        write_bytes(w, "output", i, &model->outputs[i], run.arena + model->outputs[i].offset);
    }
    write_list(w, "output", model->output_count);
    write_steps(w, &run);
    itgc_addf(w->text, "const itg_selftest %s_selftest = {&%s_model, inputs, outputs, step_crc, step_view, step_name};\n", w->name, w->name);
}
