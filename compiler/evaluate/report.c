/* SPDX-License-Identifier: Apache-2.0
 * Scores and the compile report as JSON, keys as docs/architecture.md lists them.
 * In: scheduled graph, scores. Out: text. Called by the tools; report_html.c makes the page. */
#include "compiler/base/text.h"
#include "compiler/evaluate/report.h"

static const itgc_tensor *owner_of(const itgc_tensor *tensor)
{
    while (tensor->alias_of)
        tensor = tensor->alias_of;
    return tensor;
}

const char *itgc_code_name(itg_type type)
{
    static const char *const names[] = {"none", "int8", "int16", "int32", "uint8", "uint16", "float32"};
    return names[type];
}

static void add_number(itgc_text *text, const char *key, double value, bool known)
{
    itgc_addf(text, "\"%s\": ", key);
    if (known)
        itgc_addf(text, "%.6g", value);
    else
        itgc_add(text, "null");
}

void itgc_add_scores(itgc_text *text, const itgc_graph *graph, const itgc_scores *scores)
{
    const bool labelled = scores->labelled > 0 && scores->classifier;
    itgc_addf(text, "{\"samples\": %lld, \"labelled\": %lld, \"float\": {", (long long)scores->samples, (long long)scores->labelled);
    add_number(text, "top1", scores->float_top1, labelled);
    itgc_add(text, ", ");
    add_number(text, "top5", scores->float_top5, labelled);
    itgc_add(text, "}, \"int8\": {");
    add_number(text, "top1", scores->int8_top1, labelled);
    itgc_add(text, ", ");
    add_number(text, "top5", scores->int8_top5, labelled);
    itgc_add(text, "}, ");
    add_number(text, "agreement", scores->agreement, scores->classifier);
    itgc_add(text, ", ");
    add_number(text, "kl_mean", scores->kl_mean, scores->classifier);
    itgc_add(text, ", ");
    add_number(text, "kl_p99", scores->kl_p99, scores->classifier);
    itgc_add(text, ", ");
    add_number(text, "logit_sqnr_db", scores->logit_sqnr_db, true);
    itgc_add(text, ", ");
    add_number(text, "logit_cosine", scores->logit_cosine, true);
    itgc_add(text, ", \"outputs\": [");
    for (int i = 0; i < scores->output_count; i++) {
        itgc_add(text, i ? ", {\"name\": " : "{\"name\": ");
        itgc_add_json_string(text, graph->outputs[i]->name);
        itgc_add(text, ", ");
        add_number(text, "sqnr_db", scores->output_sqnr_db[i], true);
        itgc_add(text, ", ");
        add_number(text, "cosine", scores->output_cosine[i], true);
        itgc_add(text, "}");
    }
    itgc_add(text, "]}");
}

static void add_port(itgc_text *text, const itgc_tensor *tensor)
{
    itgc_add(text, "{\"name\": ");
    itgc_add_json_string(text, tensor->name);
    itgc_addf(text, ", \"type\": \"%s\", \"shape\": [", itgc_code_name(tensor->format.type));
    for (int d = 0; d < tensor->shape.rank; d++)
        itgc_addf(text, d ? ", %lld" : "%lld", (long long)tensor->shape.dim[d]);
    itgc_add(text, "], \"scale\": ");
    itgc_add_double(text, tensor->format.scale);
    itgc_addf(text, ", \"zero\": %d, \"offset\": %u}", (int)tensor->format.zero, owner_of(tensor)->place.offset);
}

static void add_ports(itgc_text *text, const char *key, itgc_tensor *const *tensors, int count)
{
    itgc_addf(text, "  \"%s\": [", key);
    for (int i = 0; i < count; i++) {
        itgc_add(text, i ? ",\n    " : "\n    ");
        add_port(text, tensors[i]);
    }
    itgc_add(text, "\n  ],\n");
}

static void add_step(itgc_text *text, const itgc_step *step)
{
    const itgc_tensor *out = owner_of(step->out);
    itgc_add(text, "{\"name\": ");
    itgc_add_json_string(text, step->node->name);
    itgc_addf(text, ", \"op\": \"%s\", \"onnx\": ", step->kind->op_name);
    itgc_add_json_string(text, step->node->type);
    itgc_addf(text, ", \"macs\": %lld, \"out\": ", (long long)step->macs);
    itgc_add_json_string(text, step->out->name);
    itgc_addf(text, ", \"type\": \"%s\", \"out_bytes\": %u, \"out_offset\": %u, \"scratch_bytes\": %u, \"wide\": %s}",
              itgc_code_name(step->out->format.type), out->place.bytes, out->place.offset, step->scratch_bytes,
              step->out->format.type == ITG_S16 || step->out->format.type == ITG_S32 ? "true" : "false");
}

int64_t itgc_count_macs(const itgc_graph *graph)
{
    int64_t macs = 0;
    for (int s = 0; s < graph->step_count; s++)
        macs += graph->steps[s]->macs;
    return macs;
}

void itgc_add_report(itgc_text *text, const itgc_graph *graph, const itgc_report *report)
{
    itgc_add(text, "{\n  \"model\": ");
    itgc_add_json_string(text, report->name);
    itgc_add(text, ",\n  \"target\": ");
    itgc_add_json_string(text, report->target);
    itgc_addf(text, ",\n  \"calibration_samples\": %lld,\n  \"macs\": %lld,\n", (long long)report->sample_count, (long long)itgc_count_macs(graph));
    itgc_addf(text, "  \"arena_bytes\": %u,\n  \"arena_lower_bound_bytes\": %u,\n  \"weights_bytes\": %llu,\n  \"stack_bytes\": %u,\n",
              graph->arena_bytes, graph->arena_lower_bound_bytes, (unsigned long long)graph->weights_bytes, graph->stack_bytes);
    add_ports(text, "inputs", graph->inputs, graph->input_count);
    add_ports(text, "outputs", graph->outputs, graph->output_count);
    itgc_add(text, "  \"evaluation\": ");
    if (report->scores)
        itgc_add_scores(text, graph, report->scores);
    else
        itgc_add(text, "null");
    itgc_add(text, ",\n  \"steps\": [");
    for (int s = 0; s < graph->step_count; s++) {
        itgc_add(text, s ? ",\n    " : "\n    ");
        add_step(text, graph->steps[s]);
    }
    itgc_add(text, "\n  ]\n}\n");
}
