/* SPDX-License-Identifier: Apache-2.0
 * intaglio inspect: what a model takes and gives, what it costs, every node that is not supported, and
 * what keeps it from int8.
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

/* What stands between the model and int8. Of an import with unsupported nodes nothing more is known; a graph that cannot be lowered has
 * the one reason of that. */
static bool survey_int8(cli_session *session, itgc_survey *survey)
{
    itgc_compilation *c = session->c;
    itgc_quantize_options quantize;
    *survey = (itgc_survey){0};
    if (!cli_fill_quantize(session, &quantize))
        return false;
    if (c->imported.unsupported_count > 0 || (cli_lower(session) && itgc_survey_int8(c, &quantize, survey)))
        return true;
    if (c->diag.code == 901 || !c->diag.error)
        return false;
    itgc_missing *missing = ITGC_NEW(c->arena, itgc_missing);
    *missing =
        (itgc_missing){.op = c->diag.op ? c->diag.op : "", .node = c->diag.node ? c->diag.node : "", .reason = c->diag.fact, .code = c->diag.code};
    itgc_push(c->arena, (void ***)&survey->missing, &survey->count, &survey->capacity, missing);
    itgc_clear_error(&c->diag);
    itgc_leave_node(&c->diag);
    return true;
}

static void add_int8_json(itgc_text *text, const itgc_import_result *imported, const itgc_survey *survey)
{
    const bool ready = imported->unsupported_count == 0 && survey->count == 0;
    itgc_addf(text, "  \"int8\": {\"ready\": %s, \"nodes\": %d, \"refused\": %d, \"missing\": [", ready ? "true" : "false", survey->nodes,
              survey->refused);
    for (int i = 0; i < survey->count; i++) {
        const itgc_missing *missing = survey->missing[i];
        itgc_add(text, i ? ",\n    {\"op\": " : "\n    {\"op\": ");
        itgc_add_json_string(text, missing->op);
        itgc_addf(text, ", \"nodes\": %d, \"node\": ", missing->nodes);
        itgc_add_json_string(text, missing->node);
        itgc_addf(text, ", \"code\": %d, \"reason\": ", missing->code);
        itgc_add_json_string(text, missing->reason);
        itgc_add(text, "}");
    }
    itgc_add(text, "]},\n");
}

static void print_int8(const itgc_import_result *imported, const itgc_survey *survey)
{
    if (imported->unsupported_count > 0)
        printf("int8     not ready: nodes are not supported\n");
    else if (survey->count == 0)
        printf("int8     ready: %d nodes after lowering, all with integer steps\n", survey->nodes);
    else if (survey->refused == 0)
        printf("int8     not ready\n");
    else
        printf("int8     not ready: %d of %d nodes after lowering have no integer steps\n", survey->refused, survey->nodes);
    for (int i = 0; i < survey->count; i++) {
        const itgc_missing *missing = survey->missing[i];
        if (*missing->op)
            printf("missing  %s, %d %s, first \"%s\": %s [E%03d]\n", missing->op, missing->nodes, missing->nodes == 1 ? "node" : "nodes",
                   missing->node, missing->reason, missing->code);
        else
            printf("missing  %s [E%03d]\n", missing->reason, missing->code);
    }
}

static void add_json(itgc_text *text, const itgc_import_result *imported, const itgc_survey *survey, model_totals totals)
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
    add_int8_json(text, imported, survey);
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
        printf("float    ready: every node is supported\n");
}

static bool run_inspect(cli_session *session)
{
    const char *json = session->options->json;
    const itgc_import_result *imported = &session->c->imported;
    if (!cli_load(session, true))
        return false;
    if (session->options->dump)
        return strcmp(session->options->dump, "import") == 0 || imported->unsupported_count > 0 || cli_lower(session);
    itgc_fill_uses(imported->graph);
    const model_totals totals = count_totals(imported->graph);
    itgc_survey survey;
    if (!survey_int8(session, &survey))
        return false;
    if (!json || strcmp(json, "-") != 0) {
        print_survey(session->c->arena, imported, totals);
        print_int8(imported, &survey);
    }
    itgc_text text;
    itgc_init_text(&text, session->c->arena);
    add_json(&text, imported, &survey, totals);
    return !json || cli_write_text(&session->c->diag, json, &text);
}

int cli_inspect(const cli_options *options)
{
    return cli_run_session(options, run_inspect);
}
