/* SPDX-License-Identifier: Apache-2.0
 * Scores and the compile report as JSON, keys as docs/architecture.md lists them.
 * In: scheduled graph, scores, layers. Out: text. Called by the tools; report_html.c makes the page. */
#include "compiler/base/text.h"
#include "compiler/evaluate/report.h"

const char *itgc_code_name(itg_type type)
{
    static const char *const names[] = {"none", "int8", "int16", "int32", "uint8", "uint16", "float32"};
    return names[type];
}

void itgc_add_number(itgc_text *text, const char *key, double value, bool known)
{
    itgc_addf(text, "\"%s\": ", key);
    if (known)
        itgc_addf(text, "%.6g", value);
    else
        itgc_add(text, "null");
}

static void add_side(itgc_text *text, const char *key, double top1, double top5, bool known)
{
    itgc_addf(text, "\"%s\": {", key);
    itgc_add_number(text, "top1", top1, known);
    itgc_add(text, ", ");
    itgc_add_number(text, "top5", top5, known);
    itgc_add(text, "}, ");
}

void itgc_add_paired(itgc_text *text, const itgc_paired *paired)
{
    const bool known = paired->labelled > 0;
    itgc_addf(text, "\"paired\": {\"different\": %lld, \"only_first\": %lld, \"only_second\": %lld, ", (long long)paired->different,
              (long long)paired->only_first, (long long)paired->only_second);
    itgc_add_number(text, "p_value", paired->p_value, known);
    itgc_add(text, ", ");
    itgc_add_number(text, "difference", paired->difference, known);
    itgc_add(text, ", ");
    itgc_add_number(text, "low", paired->low, known);
    itgc_add(text, ", ");
    itgc_add_number(text, "high", paired->high, known);
    itgc_add(text, "}");
}

static void add_worst(itgc_text *text, const itgc_scores *scores)
{
    itgc_add(text, "\"worst\": [");
    for (int w = 0; w < scores->worst_count; w++) {
        const itgc_record *record = scores->worst[w];
        itgc_add(text, w ? ", {\"name\": " : "{\"name\": ");
        itgc_add_json_string(text, scores->worst_name[w]);
        itgc_add(text, ", ");
        if (scores->classifier) {
            itgc_add_number(text, "label", (double)record->label, record->label >= 0);
            itgc_addf(text, ", \"float_class\": %lld, \"int8_class\": %lld, ", (long long)record->float_class, (long long)record->int8_class);
            itgc_add_number(text, "kl", record->kl, true);
            itgc_add(text, ", ");
        }
        itgc_add_number(text, "db", itgc_sqnr_db(&record->logits), true);
        itgc_add(text, "}");
    }
    itgc_add(text, "]");
}

static void add_distances(itgc_text *text, const itgc_scores *scores)
{
    itgc_add_number(text, "agreement", scores->agreement, scores->classifier);
    itgc_add(text, ", ");
    itgc_add_number(text, "kl_mean", scores->kl_mean, scores->classifier);
    itgc_add(text, ", ");
    itgc_add_number(text, "kl_p99", scores->kl_p99, scores->classifier);
    itgc_add(text, ", ");
    itgc_add_number(text, "logit_sqnr_db", scores->logit_sqnr_db, true);
    itgc_add(text, ", ");
    itgc_add_number(text, "logit_cosine", scores->logit_cosine, true);
}

void itgc_add_scores(itgc_text *text, const itgc_graph *graph, const itgc_scores *scores)
{
    const bool known = scores->labelled > 0 && scores->classifier;
    itgc_addf(text, "\"samples\": %lld, \"labelled\": %lld, ", (long long)scores->samples, (long long)scores->labelled);
    add_side(text, "float", scores->float_top1, scores->float_top5, known);
    add_side(text, "int8", scores->int8_top1, scores->int8_top5, known);
    if (scores->has_auc)
        itgc_addf(text, "\"auc\": {\"float\": %.6g, \"int8\": %.6g}, ", scores->float_auc, scores->int8_auc);
    add_distances(text, scores);
    itgc_add(text, ", \"outputs\": [");
    for (int i = 0; i < scores->output_count; i++) {
        itgc_add(text, i ? ", {\"name\": " : "{\"name\": ");
        itgc_add_json_string(text, graph->outputs[i]->name);
        itgc_add(text, ", ");
        itgc_add_number(text, "sqnr_db", scores->output_sqnr_db[i], true);
        itgc_add(text, ", ");
        itgc_add_number(text, "cosine", scores->output_cosine[i], true);
        itgc_add(text, "}");
    }
    itgc_add(text, "], ");
    if (scores->classifier) {
        itgc_add_paired(text, &scores->paired);
        itgc_add(text, ", ");
    }
    add_worst(text, scores);
}

void itgc_add_predictions(itgc_text *text, const itgc_scores *scores, const char *key)
{
    itgc_addf(text, "\"predictions\": {\"key\": \"%s\", \"label\": [", key);
    for (int64_t i = 0; i < scores->samples; i++)
        itgc_addf(text, i ? ",%lld" : "%lld", (long long)scores->records[i].label);
    itgc_add(text, "], \"float\": [");
    for (int64_t i = 0; i < scores->samples; i++)
        itgc_addf(text, i ? ",%lld" : "%lld", (long long)scores->records[i].float_class);
    itgc_add(text, "], \"int8\": [");
    for (int64_t i = 0; i < scores->samples; i++)
        itgc_addf(text, i ? ",%lld" : "%lld", (long long)scores->records[i].int8_class);
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
    itgc_addf(text, ", \"zero\": %d, \"offset\": %u}", (int)tensor->format.zero, itgc_place_owner(tensor)->place.offset);
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
    const itgc_tensor *out = itgc_place_owner(step->out);
    itgc_add(text, "{\"name\": ");
    itgc_add_json_string(text, step->node->name);
    itgc_addf(text, ", \"op\": \"%s\", \"onnx\": ", step->kind->op_name);
    itgc_add_json_string(text, step->node->type);
    for (int t = 0; step->tiers && t < step->tier_count; t++) {
        itgc_add(text, t ? ", " : ", \"nodes\": [");
        itgc_add_json_string(text, step->tiers[t]->node->name);
        itgc_add(text, t + 1 == step->tier_count ? "]" : "");
    }
    itgc_addf(text, ", \"macs\": %lld, \"out\": ", (long long)step->macs);
    itgc_add_json_string(text, step->out->name);
    itgc_addf(text, ", \"type\": \"%s\", \"out_bytes\": %u, \"out_offset\": %u, \"scratch_bytes\": %u, \"wide\": %s}",
              itgc_code_name(step->out->format.type), out->place.bytes, out->place.offset, step->scratch_bytes,
              step->out->format.type == ITG_S16 || step->out->format.type == ITG_S32 ? "true" : "false");
}

static void add_evaluation(itgc_text *text, const itgc_graph *graph, const itgc_report *report)
{
    itgc_add(text, "  \"evaluation\": ");
    if (report->scores) {
        itgc_add(text, "{");
        itgc_add_scores(text, graph, report->scores);
        itgc_add(text, ", \"data\": ");
        itgc_add_json_string(text, report->data);
        itgc_add(text, ", \"gate\": ");
        itgc_add_json_string(text, report->gate ? report->gate : "none");
        itgc_add(text, "},\n");
    } else
        itgc_add(text, "null,\n");
    if (report->layers)
        itgc_add_layers(text, report->layers);
    if (report->layers && report->scores)
        itgc_add_advice_list(text, report->scores, report->layers);
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
    add_evaluation(text, graph, report);
    itgc_add(text, "  \"steps\": [");
    for (int s = 0; s < graph->step_count; s++) {
        itgc_add(text, s ? ",\n    " : "\n    ");
        add_step(text, graph->steps[s]);
    }
    itgc_add(text, "\n  ]\n}\n");
}
