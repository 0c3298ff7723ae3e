/* SPDX-License-Identifier: Apache-2.0
 * The report as one page: numbers, accuracy, work and memory of each step as bars, the arena over time; inline SVG, no scripts.
 * In: scheduled graph, scores. Out: HTML text. Called by the tools. */
#include "compiler/evaluate/report.h"

#include <string.h>

#define BAR_WIDTH  220
#define MAP_WIDTH  900
#define MAP_HEIGHT 300

static const char head[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>intaglio report</title>\n"
                           "<style>body{font:14px sans-serif;margin:2em;color:#222}table{border-collapse:collapse}td,th{padding:2px 10px 2px 0;"
                           "text-align:left;white-space:nowrap}td.n{text-align:right}rect.m{fill:#4878a8}rect.b{fill:#c88848}"
                           "rect.t{fill:#88a8c8;stroke:#fff;stroke-width:.5}rect.l{fill:#58a068}rect.c{fill:#8868a8}"
                           "span.l{color:#38804a}span.c{color:#6a4a90}</style></head><body>\n";

void itgc_add_escaped(itgc_text *text, const char *string)
{
    for (; *string; string++) {
        if (*string == '<')
            itgc_add(text, "&lt;");
        else if (*string == '&')
            itgc_add(text, "&amp;");
        else if (*string == '"')
            itgc_add(text, "&quot;");
        else if ((unsigned char)*string >= 32)
            itgc_add_bytes(text, string, 1);
    }
}

static void add_row(itgc_text *text, const char *what, const char *format, double value)
{
    itgc_addf(text, "<tr><td>%s</td><td class=\"n\">", what);
    itgc_addf(text, format, value);
    itgc_add(text, "</td></tr>\n");
}

static void add_bytes_row(itgc_text *text, const char *what, uint64_t bytes)
{
    itgc_addf(text, "<tr><td>%s</td><td class=\"n\">", what);
    itgc_add_grouped(text, (int64_t)bytes);
    itgc_add(text, "</td></tr>\n");
}

static void add_facts(itgc_text *text, const itgc_graph *graph, const itgc_report *report)
{
    itgc_add(text, "<h1>");
    itgc_add_escaped(text, report->name);
    itgc_add(text, "</h1>\n<p>Target ");
    itgc_add_escaped(text, report->target);
    itgc_addf(text, ", %d steps, %lld calibration samples.</p>\n<table>\n", graph->step_count, (long long)report->sample_count);
    add_bytes_row(text, "MACs", (uint64_t)itgc_count_macs(graph));
    add_bytes_row(text, "Arena, bytes", graph->arena_bytes);
    add_bytes_row(text, "Most bytes live at once (lower bound of the arena)", graph->arena_lower_bound_bytes);
    add_bytes_row(text, "Constants, bytes", graph->weights_bytes);
    add_bytes_row(text, "Stack budget, bytes", graph->stack_bytes);
    itgc_add(text, "</table>\n");
}

static void add_significance(itgc_text *text, const itgc_paired *paired)
{
    itgc_addf(text, "<p>%lld samples are answered differently", (long long)paired->different);
    if (paired->labelled > 0)
        itgc_addf(text,
                  ": float alone is right on %lld, int8 alone on %lld (p = %.3g); int8 minus float is %+.2f points, with 95 %% confidence "
                  "between %+.2f and %+.2f",
                  (long long)paired->only_first, (long long)paired->only_second, paired->p_value, paired->difference, paired->low, paired->high);
    itgc_add(text, ".</p>\n");
}

static void add_class(itgc_text *text, const itgc_graph *graph, int64_t index)
{
    itgc_add(text, "</td><td>");
    if (index >= 0 && index < graph->label_count)
        itgc_add_escaped(text, graph->labels[index]);
    else if (index >= 0)
        itgc_addf(text, "%lld", (long long)index);
}

static void add_worst(itgc_text *text, const itgc_graph *graph, const itgc_scores *scores)
{
    itgc_add(text, "<h2>Worst samples</h2>\n<table><tr><th>sample</th>");
    itgc_add(text, scores->classifier ? "<th>label</th><th>float says</th><th>int8 says</th><th>KL</th><th>dB</th></tr>\n" : "<th>dB</th></tr>\n");
    for (int w = 0; w < scores->worst_count; w++) {
        const itgc_record *record = scores->worst[w];
        itgc_add(text, "<tr><td>");
        itgc_add_escaped(text, scores->worst_name[w]);
        if (scores->classifier) {
            add_class(text, graph, record->label);
            add_class(text, graph, record->float_class);
            add_class(text, graph, record->int8_class);
            itgc_addf(text, "</td><td class=\"n\">%.5f", record->kl);
        }
        itgc_addf(text, "</td><td class=\"n\">%.1f</td></tr>\n", itgc_sqnr_db(&record->logits));
    }
    itgc_add(text, "</table>\n");
}

static void add_scores(itgc_text *text, const itgc_graph *graph, const itgc_report *report)
{
    const itgc_scores *scores = report->scores;
    itgc_addf(text, "<h2>Accuracy against the float model, %lld samples</h2>\n<p>Measured on ", (long long)scores->samples);
    itgc_add_escaped(text, report->data);
    itgc_add(text, "; gate: ");
    itgc_add_escaped(text, report->gate ? report->gate : "none");
    itgc_add(text, ".</p>\n<table>\n");
    if (scores->labelled > 0 && scores->classifier) {
        add_row(text, "Top-1 float, %", "%.2f", scores->float_top1);
        add_row(text, "Top-1 int8, %", "%.2f", scores->int8_top1);
        add_row(text, "Top-5 float, %", "%.2f", scores->float_top5);
        add_row(text, "Top-5 int8, %", "%.2f", scores->int8_top5);
    }
    if (scores->has_auc) {
        add_row(text, "AUC float", "%.4f", scores->float_auc);
        add_row(text, "AUC int8", "%.4f", scores->int8_auc);
    }
    if (scores->classifier) {
        add_row(text, "Same answer, %", "%.2f", scores->agreement);
        add_row(text, "KL divergence, mean, nats", "%.5f", scores->kl_mean);
        add_row(text, "KL divergence, 99 of 100 below", "%.5f", scores->kl_p99);
    }
    add_row(text, "SQNR of the logits, dB", "%.2f", scores->logit_sqnr_db);
    itgc_add(text, "</table>\n");
    if (scores->classifier)
        add_significance(text, &scores->paired);
    if (scores->worst_count > 0)
        add_worst(text, graph, scores);
}

static void add_advice(itgc_text *text, const itgc_report *report)
{
    itgc_text lines;
    itgc_init_text(&lines, text->arena);
    itgc_add_advice(&lines, report->scores, report->layers);
    if (lines.count == 0)
        return;
    itgc_add(text, "<h2>What could be better</h2>\n<ol>\n");
    for (char *line = strtok(lines.bytes, "\n"); line; line = strtok(NULL, "\n")) {
        itgc_add(text, "<li>");
        itgc_add_escaped(text, line);
        itgc_add(text, "</li>\n");
    }
    itgc_add(text, "</ol>\n");
}

static void add_bar(itgc_text *text, const char *kind, uint64_t value, uint64_t most)
{
    const double width = most > 0 ? BAR_WIDTH * (double)value / (double)most : 0.0;
    itgc_addf(text, "<td class=\"n\">");
    itgc_add_grouped(text, (int64_t)value);
    itgc_addf(text, "</td><td><svg width=\"%d\" height=\"12\"><rect class=\"%s\" width=\"%.1f\" height=\"12\"/></svg></td>", BAR_WIDTH, kind, width);
}

static void add_steps(itgc_text *text, const itgc_graph *graph)
{
    uint64_t most_macs = 0, most_bytes = 0;
    for (int s = 0; s < graph->step_count; s++) {
        const uint64_t macs = (uint64_t)graph->steps[s]->macs, bytes = itgc_place_owner(graph->steps[s]->out)->place.bytes;
        most_macs = macs > most_macs ? macs : most_macs;
        most_bytes = bytes > most_bytes ? bytes : most_bytes;
    }
    itgc_add(text,
             "<h2>Steps</h2>\n<table><tr><th>#</th><th>node</th><th>runs</th><th>output</th><th colspan=\"2\">MACs</th><th colspan=\"2\">output "
             "bytes</th></tr>\n");
    for (int s = 0; s < graph->step_count; s++) {
        const itgc_step *step = graph->steps[s];
        itgc_addf(text, "<tr><td>%d</td><td>", s);
        itgc_add_escaped(text, step->node->name);
        itgc_addf(text, "</td><td>%s</td><td>%s</td>", step->kind->op_name, itgc_code_name(step->out->format.type));
        add_bar(text, "m", (uint64_t)step->macs, most_macs);
        add_bar(text, "b", itgc_place_owner(step->out)->place.bytes, most_bytes);
        itgc_add(text, "</tr>\n");
    }
    itgc_add(text, "</table>\n");
}

/* Time runs to the right, addresses upwards; the dashed line is the lower bound. */
static void add_map(itgc_text *text, const itgc_graph *graph)
{
    const double steps = graph->step_count > 0 ? graph->step_count : 1, top = graph->arena_bytes > 0 ? graph->arena_bytes : 1;
    itgc_addf(text, "<h2>Memory over time</h2>\n<svg width=\"%d\" height=\"%d\" style=\"background:#f4f4f4\">\n", MAP_WIDTH, MAP_HEIGHT);
    for (int t = 0; t < graph->tensor_count; t++) {
        const itgc_tensor *tensor = graph->tensors[t];
        const itgc_place *place = &tensor->place;
        if (place->bytes == 0 || tensor->alias_of || tensor->constant)
            continue;
        const int first = place->first_step > 0 ? place->first_step : 0,
                  last = place->last_step < graph->step_count ? place->last_step : graph->step_count - 1;
        itgc_addf(text, "<rect class=\"t\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>", MAP_WIDTH * first / steps,
                  MAP_HEIGHT * (1.0 - (place->offset + (double)place->bytes) / top), MAP_WIDTH * (last - first + 1) / steps,
                  MAP_HEIGHT * place->bytes / top);
        itgc_add_escaped(text, tensor->name);
        itgc_addf(text, ": %u bytes at %u</title></rect>\n", place->bytes, place->offset);
    }
    const double line = MAP_HEIGHT * (1.0 - graph->arena_lower_bound_bytes / top);
    itgc_addf(text, "<line x1=\"0\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#b00\" stroke-dasharray=\"6 4\"/>\n</svg>\n", MAP_WIDTH, line, line);
}

void itgc_add_report_page(itgc_text *text, const itgc_graph *graph, const itgc_report *report)
{
    itgc_add(text, head);
    add_facts(text, graph, report);
    if (report->scores)
        add_scores(text, graph, report);
    if (report->scores && report->layers)
        add_advice(text, report);
    if (report->layers)
        itgc_add_layers_page(text, report->layers);
    add_steps(text, graph);
    add_map(text, graph);
    itgc_add(text, "</body></html>\n");
}
