/* SPDX-License-Identifier: Apache-2.0
 * The layers' part of the report: JSON, and a table with SQNR bars as inline SVG.
 * In: itgc_layers. Out: text. Called by report.c and report_html.c. */
#include "compiler/evaluate/report.h"

#include <string.h>

#define BAR_WIDTH 200
#define BAR_DB    60.0 /* a full bar */

static void add_layer(itgc_text *text, const itgc_layer_report *layer)
{
    itgc_add(text, "{\"node\": ");
    itgc_add_json_string(text, layer->node->name);
    itgc_add(text, ", \"onnx\": ");
    itgc_add_json_string(text, layer->node->type);
    itgc_add(text, ", \"out\": ");
    itgc_add_json_string(text, layer->out->name);
    itgc_add(text, ", ");
    const struct {
        const char *key;
        double value;
        bool known;
    } numbers[] = {{"local_sqnr_db", layer->local_db, layer->has_local},
                   {"cumulative_sqnr_db", layer->cumulative_db, true},
                   {"bias", layer->bias, true},
                   {"worst_channel_bias", layer->worst_channel_bias, true},
                   {"saturated_low", layer->cut_low, true},
                   {"saturated_high", layer->cut_high, true},
                   {"at_low", layer->at_low, true},
                   {"at_high", layer->at_high, true},
                   {"used_codes", layer->used_codes, true},
                   {"code_count", layer->code_count, true},
                   {"code_entropy_bits", layer->entropy, true}};
    for (size_t n = 0; n < sizeof numbers / sizeof numbers[0]; n++) {
        itgc_add_number(text, numbers[n].key, numbers[n].value, numbers[n].known);
        itgc_add(text, ", ");
    }
    itgc_addf(text, "\"reads_int16\": %s, \"writes_int16\": %s}", layer->reads_int16 ? "true" : "false", layer->writes_int16 ? "true" : "false");
}

void itgc_add_cost(itgc_text *text, const itgc_layers *layers)
{
    const double share = layers->macs > 0 ? 100.0 * (double)layers->int16_macs / (double)layers->macs : 0.0;
    itgc_addf(text, "\"int16\": {\"macs\": %lld, ", (long long)layers->int16_macs);
    itgc_add_number(text, "macs_percent", share, true);
    itgc_addf(text, ", \"live_bytes\": %u, \"live_bytes_int8\": %u}", layers->live_bytes, layers->live_bytes_int8);
}

void itgc_add_layers(itgc_text *text, const itgc_layers *layers)
{
    itgc_add(text, "  ");
    itgc_add_cost(text, layers);
    itgc_add(text, ",\n");
    itgc_addf(text, "  \"layer_samples\": %lld,\n  \"layers\": [", (long long)layers->samples);
    for (int l = 0; l < layers->count; l++) {
        itgc_add(text, l ? ",\n    " : "\n    ");
        add_layer(text, &layers->layer[l]);
    }
    itgc_add(text, "\n  ],\n");
}

void itgc_add_advice_list(itgc_text *text, const itgc_scores *scores, const itgc_layers *layers)
{
    itgc_text lines;
    itgc_init_text(&lines, text->arena);
    itgc_add_advice(&lines, scores, layers);
    itgc_add(text, "  \"advice\": [");
    bool first = true;
    for (char *line = strtok(lines.bytes, "\n"); line; line = strtok(NULL, "\n")) {
        itgc_add(text, first ? "\n    " : ",\n    ");
        itgc_add_json_string(text, line);
        first = false;
    }
    itgc_add(text, first ? "],\n" : "\n  ],\n");
}

static double bar(double db)
{
    return BAR_WIDTH * (db < 0.0 ? 0.0 : db > BAR_DB ? 1.0 : db / BAR_DB);
}

static void add_layer_row(itgc_text *text, const itgc_layer_report *layer)
{
    itgc_add(text, "<tr><td>");
    itgc_add_escaped(text, layer->node->name);
    itgc_add(text, "</td><td>");
    itgc_add_escaped(text, layer->node->type);
    itgc_addf(text, "</td><td>%s</td>", itgc_code_name(layer->out->format.type));
    if (layer->has_local)
        itgc_addf(text, "<td class=\"n\">%.1f</td>", layer->local_db);
    else
        itgc_add(text, "<td class=\"n\">–</td>");
    itgc_addf(text, "<td class=\"n\">%.1f</td><td><svg width=\"%d\" height=\"14\">", layer->cumulative_db, BAR_WIDTH);
    if (layer->has_local)
        itgc_addf(text, "<rect class=\"l\" width=\"%.1f\" height=\"6\"/>", bar(layer->local_db));
    itgc_addf(text, "<rect class=\"c\" y=\"7\" width=\"%.1f\" height=\"6\"/></svg></td>", bar(layer->cumulative_db));
    itgc_addf(text, "<td class=\"n\">%.3f</td><td class=\"n\">%.3f</td>", layer->bias, layer->worst_channel_bias);
    itgc_addf(text, "<td class=\"n\">%.3f</td><td class=\"n\">%.3f</td>", 100.0 * layer->cut_low, 100.0 * layer->cut_high);
    itgc_addf(text, "<td class=\"n\">%d</td><td class=\"n\">%.1f</td></tr>\n", layer->used_codes, layer->entropy);
}

void itgc_add_layers_page(itgc_text *text, const itgc_layers *layers)
{
    itgc_addf(
        text,
        "<h2>Layers against the float model, %lld samples</h2>\n<p>SQNR in dB: <span class=\"l\">local</span> with float inputs rounded to codes, "
        "<span class=\"c\">so far</span> in the integer graph; a full bar is %.0f dB. Bias: mean error over the deviation of the values. "
        "Saturated: values beyond the lowest and the highest code. Codes: used, of 256 (int16: parts of the range), and their "
        "entropy.</p>\n",
        (long long)layers->samples, BAR_DB);
    itgc_add(text, "<table><tr><th>node</th><th>op</th><th>output</th><th>local</th><th colspan=\"2\">so far</th><th>bias</th><th>worst channel</th>"
                   "<th>saturated low, %</th><th>high, %</th><th>codes</th><th>bits</th></tr>\n");
    for (int l = 0; l < layers->count; l++)
        add_layer_row(text, &layers->layer[l]);
    itgc_add(text, "</table>\n");
    const double share = layers->macs > 0 ? 100.0 * (double)layers->int16_macs / (double)layers->macs : 0.0;
    itgc_addf(text, "<p>int16 activations: read by %.2f %% of the MACs; most bytes live at once are %u, with int8 alone they were %u.</p>\n", share,
              layers->live_bytes, layers->live_bytes_int8);
}
