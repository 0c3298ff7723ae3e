/* SPDX-License-Identifier: Apache-2.0
 * A graph of any level as stable text for goldens and --dump: inputs, nodes in order with what their outputs know, steps, outputs. */
#include "compiler/base/text.h"
#include "compiler/graph/graph.h"

#include <inttypes.h>

static const char *const level_names[] = {"", "imported", "lowered", "measured", "quantized", "scheduled"};

static const char *name_format(itg_type type)
{
    static const char *const names[] = {"", "s8", "s16", "s32", "u8", "u16", "f32"};
    return (unsigned)type < sizeof names / sizeof names[0] ? names[type] : "?";
}

static void add_shape(itgc_text *text, const itgc_shape *shape)
{
    if (shape->rank < 0) {
        itgc_add(text, "[unknown]");
        return;
    }
    itgc_add(text, "[");
    for (int i = 0; i < shape->rank; i++)
        itgc_addf(text, "%s%" PRId64, i == 0 ? "" : ",", shape->dim[i]);
    itgc_add(text, "]");
}

static void add_facts(itgc_text *text, const itgc_graph *graph, const itgc_tensor *tensor)
{
    itgc_addf(text, "%s", itgc_type_name(tensor->type));
    add_shape(text, &tensor->shape);
    if (graph->level >= ITGC_LOWERED && graph->level < ITGC_QUANTIZED && tensor->prescribed.type != 0) {
        itgc_addf(text, " prescribed %s scale ", name_format(tensor->prescribed.type));
        itgc_add_double(text, tensor->prescribed.scale);
        itgc_addf(text, " zero %" PRId32, tensor->prescribed.zero);
    }
    if (graph->level >= ITGC_MEASURED && tensor->range.min <= tensor->range.max) {
        itgc_add(text, " range ");
        itgc_add_double(text, tensor->range.min);
        itgc_add(text, "..");
        itgc_add_double(text, tensor->range.max);
    }
    if (graph->level >= ITGC_QUANTIZED && tensor->format.type != 0) {
        itgc_addf(text, " %s scale ", name_format(tensor->format.type));
        itgc_add_double(text, tensor->format.scale);
        itgc_addf(text, " zero %" PRId32, tensor->format.zero);
    }
    if (graph->level >= ITGC_SCHEDULED && tensor->place.bytes != 0)
        itgc_addf(text, " at %" PRIu32 " (%" PRIu32 " bytes, steps %d to %d)", tensor->place.offset, tensor->place.bytes, tensor->place.first_step,
                  tensor->place.last_step);
}

/* Names in quotes, so that any name stays on its line and reads back. */
static void add_tensor(itgc_text *text, const itgc_tensor *tensor)
{
    if (tensor == NULL) {
        itgc_add(text, "none");
        return;
    }
    itgc_add_json_string(text, tensor->name);
    if (tensor->constant == NULL)
        return;
    itgc_add(text, " constant ");
    itgc_add(text, itgc_type_name(tensor->type));
    add_shape(text, &tensor->shape);
}

static void add_node(itgc_text *text, const itgc_graph *graph, const itgc_node *node)
{
    itgc_addf(text, "%s%s ", node->is_fused ? "  fused " : "node ", node->type);
    itgc_add_json_string(text, node->name);
    itgc_add(text, " (");
    for (int i = 0; i < node->in_count; i++) {
        itgc_add(text, i == 0 ? "" : ", ");
        add_tensor(text, node->in[i]);
    }
    itgc_add(text, ") ->");
    for (int i = 0; i < node->out_count; i++) {
        itgc_add(text, i == 0 ? " " : ", ");
        add_tensor(text, node->out[i]);
        if (node->out[i] == NULL)
            continue;
        itgc_add(text, " ");
        add_facts(text, graph, node->out[i]);
    }
    itgc_add(text, node->in_gate ? " gate" : "");
    itgc_add(text, node->is_precise ? " precise\n" : "\n");
}

static void add_step(itgc_text *text, const itgc_graph *graph, int index)
{
    const itgc_step *const step = graph->steps[index];
    itgc_addf(text, "step %d %s (", index, step->kind->op_name);
    for (int i = 0; i < 3 && step->in[i] != NULL; i++) {
        itgc_add(text, i == 0 ? "" : ", ");
        add_tensor(text, step->in[i]);
    }
    itgc_add(text, ") -> ");
    add_tensor(text, step->out);
    itgc_add(text, " ");
    add_facts(text, graph, step->out);
    itgc_addf(text, " rows %" PRIu32 " macs %" PRId64 "\n", step->rows, step->macs);
}

void itgc_dump_graph(itgc_text *text, const itgc_graph *graph)
{
    itgc_add(text, "graph ");
    itgc_add_json_string(text, graph->name);
    itgc_addf(text, " %s, %d nodes\n", level_names[graph->level], graph->node_count);
    for (int i = 0; i < graph->input_count; i++) {
        itgc_add(text, "input ");
        add_tensor(text, graph->inputs[i]);
        itgc_add(text, " ");
        add_facts(text, graph, graph->inputs[i]);
        itgc_add(text, "\n");
    }
    for (int i = 0; i < graph->node_count; i++)
        add_node(text, graph, graph->nodes[i]);
    for (int i = 0; i < graph->step_count; i++)
        add_step(text, graph, i);
    for (int i = 0; i < graph->output_count; i++) {
        itgc_add(text, "output ");
        add_tensor(text, graph->outputs[i]);
        itgc_add(text, " ");
        add_facts(text, graph, graph->outputs[i]);
        itgc_add(text, "\n");
    }
    if (graph->level >= ITGC_SCHEDULED)
        itgc_addf(text, "arena %" PRIu32 " bytes, lower bound %" PRIu32 "\n", graph->arena_bytes, graph->arena_lower_bound_bytes);
}
