/* SPDX-License-Identifier: Apache-2.0
 * intaglio inspect: what a model takes and gives, what it costs, and every node that is not supported, with the reason.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"
#include "tools/cli/pipeline.h"

#include <stdio.h>
#include <string.h>

/* Multiply-accumulates of one node of the float graph: elements of the output times the length of the sum behind each. */
static int64_t node_macs(const itgc_node *node)
{
    if (node->out_count == 0 || !node->out[0] || node->in_count < 2 || !node->in[1])
        return 0;
    const itgc_shape *weights = &node->in[1]->shape, *in = &node->in[0]->shape;
    const int64_t out = itgc_elements(&node->out[0]->shape);
    if (out < 0 || weights->rank < 0 || in->rank < 0)
        return 0;
    if (strcmp(node->type, "Conv") == 0 && weights->rank > 1 && weights->dim[0] > 0)
        return out * (itgc_elements(weights) / weights->dim[0]);
    if (strcmp(node->type, "ConvTranspose") == 0 && weights->rank > 1 && weights->dim[0] > 0)
        return itgc_elements(in) * (itgc_elements(weights) / weights->dim[0]);
    if (strcmp(node->type, "MatMul") == 0 && in->rank > 0)
        return out * in->dim[in->rank - 1];
    if (strcmp(node->type, "Gemm") == 0 && node->out[0]->shape.rank == 2 && node->out[0]->shape.dim[0] > 0)
        return out / node->out[0]->shape.dim[0] * (itgc_elements(in));
    return 0;
}

typedef struct model_totals {
    int64_t macs, params;
} model_totals;

static model_totals count_totals(const itgc_graph *graph)
{
    model_totals totals = {0, 0};
    for (int n = 0; n < graph->node_count; n++)
        totals.macs += node_macs(graph->nodes[n]);
    for (int t = 0; t < graph->tensor_count; t++) {
        const itgc_tensor *tensor = graph->tensors[t];
        if (tensor->constant && !tensor->producer && itgc_is_float(tensor->type) && tensor->use_count > 0)
            totals.params += itgc_elements(&tensor->shape);
    }
    return totals;
}

static void add_tensors(itgc_text *text, const char *key, itgc_tensor *const *tensors, int count)
{
    itgc_addf(text, "  \"%s\": [", key);
    for (int i = 0; i < count; i++) {
        itgc_add(text, i ? ", {\"name\": " : "{\"name\": ");
        itgc_add_json_string(text, tensors[i]->name);
        itgc_addf(text, ", \"type\": \"%s\", \"shape\": [", itgc_type_name(tensors[i]->type));
        for (int d = 0; d < tensors[i]->shape.rank; d++)
            itgc_addf(text, d ? ", %lld" : "%lld", (long long)tensors[i]->shape.dim[d]);
        itgc_add(text, "]}");
    }
    itgc_add(text, "],\n");
}

/* Op types in order of first use, with how often each occurs. */
static void add_ops(itgc_text *text, const itgc_graph *graph, bool json)
{
    for (int n = 0, shown = 0; n < graph->node_count; n++) {
        const char *type = graph->nodes[n]->type;
        int uses = 0;
        bool first = true;
        for (int k = 0; k < graph->node_count; k++) {
            uses += strcmp(graph->nodes[k]->type, type) == 0;
            first = first && (k >= n || strcmp(graph->nodes[k]->type, type) != 0);
        }
        if (!first)
            continue;
        itgc_addf(text, json ? "%s\"%s\": %d" : "%s%s %d", shown++ ? ", " : "", type, uses);
    }
}

static void add_json(itgc_text *text, const itgc_import_result *imported, model_totals totals)
{
    itgc_addf(text, "{\n  \"supported\": %s,\n  \"unsupported\": [", imported->unsupported_count ? "false" : "true");
    for (int i = 0; i < imported->unsupported_count; i++) {
        itgc_add(text, i ? ",\n    {\"node\": " : "\n    {\"node\": ");
        itgc_add_json_string(text, imported->unsupported[i].node);
        itgc_add(text, ", \"op\": ");
        itgc_add_json_string(text, imported->unsupported[i].op);
        itgc_add(text, ", \"reason\": ");
        itgc_add_json_string(text, imported->unsupported[i].reason);
        itgc_add(text, "}");
    }
    itgc_add(text, "],\n");
    add_tensors(text, "inputs", imported->graph->inputs, imported->graph->input_count);
    add_tensors(text, "outputs", imported->graph->outputs, imported->graph->output_count);
    itgc_add(text, "  \"ops\": {");
    add_ops(text, imported->graph, true);
    itgc_addf(text, "},\n  \"macs\": %lld,\n  \"params\": %lld\n}\n", (long long)totals.macs, (long long)totals.params);
}

static void print_tensors(itgc_arena *arena, const char *what, itgc_tensor *const *tensors, int count)
{
    for (int i = 0; i < count; i++)
        printf("%-8s %s %s %s\n", what, tensors[i]->name, itgc_type_name(tensors[i]->type), itgc_shape_text(arena, &tensors[i]->shape));
}

static void print_survey(itgc_arena *arena, const itgc_import_result *imported, model_totals totals)
{
    const itgc_graph *graph = imported->graph;
    itgc_text ops;
    itgc_init_text(&ops, arena);
    add_ops(&ops, graph, false);
    print_tensors(arena, "input", graph->inputs, graph->input_count);
    print_tensors(arena, "output", graph->outputs, graph->output_count);
    printf("ops      %s\n%lld MACs, %lld parameters, %d nodes\n", ops.bytes ? ops.bytes : "none", (long long)totals.macs, (long long)totals.params,
           graph->node_count);
    for (int i = 0; i < imported->unsupported_count; i++)
        printf("not supported: node \"%s\" (%s): %s\n", imported->unsupported[i].node, imported->unsupported[i].op, imported->unsupported[i].reason);
    if (imported->unsupported_count == 0)
        printf("every node is supported\n");
}

static bool run_inspect(cli_session *session)
{
    const char *json = session->options->json;
    if (!cli_load(session, true))
        return false;
    const itgc_import_result *imported = &session->c->imported;
    if (session->options->dump && strcmp(session->options->dump, "import") != 0 && imported->unsupported_count == 0 && !cli_lower(session))
        return false;
    itgc_fill_uses(imported->graph);
    const model_totals totals = count_totals(imported->graph);
    if (session->options->dump)
        return true;
    if (!json || strcmp(json, "-") != 0)
        print_survey(session->c->arena, imported, totals);
    itgc_text text;
    itgc_init_text(&text, session->c->arena);
    add_json(&text, imported, totals);
    return !json || cli_write_text(&session->c->diag, json, &text);
}

int cli_inspect(const cli_options *options)
{
    return cli_run_session(options, run_inspect);
}
