/* SPDX-License-Identifier: Apache-2.0
 * Which nodes of a lowered graph have no integer steps: the quantizer itself is asked for every node, on a nominal range in place of
 * measured ones, and goes on where a node is refused. Called by compile.c for `intaglio inspect`. */
#include "compiler/quantize/quantize.h"

#include <string.h>

#define NOMINAL 4.0 /* half width of the range of every real tensor */

/* Refusals that are about the ranges that samples show, not about the op. */
static bool is_about_ranges(int code)
{
    return code == 401 || code == 404 || code == 405;
}

static void set_ranges(itgc_graph *graph)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        itgc_tensor *tensor = graph->tensors[i];
        const bool is_real = itgc_is_float(tensor->type);
        tensor->range = (itgc_range){.min = is_real ? -NOMINAL : 1.0, .max = is_real ? NOMINAL : 0.0};
    }
}

/* Counts a refusal with those of the same op that were refused alike. node NULL: of the model as a whole. */
static void add_refusal(itgc_quantizer *quantizer, const itgc_node *node, itgc_survey *survey)
{
    const itgc_diag *diag = quantizer->diag;
    const char *op = node ? node->type : "";
    for (int i = 0; i < survey->count; i++) {
        itgc_missing *known = survey->missing[i];
        if (known->code == diag->code && strcmp(known->op, op) == 0) {
            known->nodes++;
            return;
        }
    }
    itgc_missing *missing = ITGC_NEW(quantizer->arena, itgc_missing);
    *missing = (itgc_missing){.op = op, .node = node ? node->name : "", .reason = diag->fact, .code = diag->code, .nodes = 1};
    itgc_push(quantizer->arena, (void ***)&survey->missing, &survey->count, &survey->capacity, missing);
}

static void try_node(itgc_quantizer *quantizer, itgc_node *node, itgc_survey *survey)
{
    survey->nodes++;
    if (!itgc_quantize_node(quantizer, node)) {
        if (!is_about_ranges(quantizer->diag->code)) {
            survey->refused++;
            add_refusal(quantizer, node, survey);
        }
        itgc_clear_error(quantizer->diag);
        itgc_leave_node(quantizer->diag);
    }
}

void itgc_survey_integers(itgc_graph *graph, const itgc_quantize_options *options, itgc_survey *survey)
{
    itgc_quantizer quantizer = {.graph = graph, .diag = graph->diag, .arena = graph->arena, .options = options};
    const int warnings = graph->diag->warning_count;
    *survey = (itgc_survey){0};
    itgc_fill_uses(graph);
    set_ranges(graph);
    if (!itgc_check_expressible(graph) || !itgc_choose_formats(&quantizer)) {
        add_refusal(&quantizer, NULL, survey);
        itgc_clear_error(graph->diag);
        itgc_leave_node(graph->diag);
    } else {
        for (int i = 0; i < graph->node_count; i++) {
            if (!graph->nodes[i]->is_fused) {
                try_node(&quantizer, graph->nodes[i], survey);
            }
        }
    }
    graph->diag->warning_count = warnings; /* what the quantizer notes is about a compilation */
}
