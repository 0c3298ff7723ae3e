/* SPDX-License-Identifier: Apache-2.0
 * The compile report: the same facts as JSON for scripts and as one self-contained page for people. */
#ifndef ITGC_REPORT_H
#define ITGC_REPORT_H

#include "compiler/base/text.h"
#include "compiler/evaluate/evaluate.h"
#include "compiler/evaluate/layers.h"

typedef struct itgc_report {
    const char *name, *target;
    int64_t sample_count;
    const itgc_scores *scores; /* NULL: not evaluated */
    const itgc_layers *layers; /* NULL: not measured */
    const char *data;          /* what the scores were measured on, in words; NULL without scores */
    const char *gate;          /* that was met; NULL: none */
} itgc_report;

void itgc_add_report(itgc_text *text, const itgc_graph *graph, const itgc_report *report);
void itgc_add_report_page(itgc_text *text, const itgc_graph *graph, const itgc_report *report);

/* The keys of `eval --json`, without braces. */
void itgc_add_scores(itgc_text *text, const itgc_graph *graph, const itgc_scores *scores);

/* "paired": {…} */
void itgc_add_paired(itgc_text *text, const itgc_paired *paired);

/* "predictions": {…}: label and both answers of every sample, what --compare reads; key: of the samples (--compare refuses others). */
void itgc_add_predictions(itgc_text *text, const itgc_scores *scores, const char *key);

/* report_layers.c. "int16": {...}: what of the MACs reads int16, and the bytes that are live at once. */
void itgc_add_cost(itgc_text *text, const itgc_layers *layers);

/* "layers": [...] and "int16": {...}; and the same as tables and bars. */
void itgc_add_layers(itgc_text *text, const itgc_layers *layers);
void itgc_add_layers_page(itgc_text *text, const itgc_layers *layers);
void itgc_add_advice_list(itgc_text *text, const itgc_scores *scores, const itgc_layers *layers);

/* Text for HTML: nothing in it may end a tag. */
void itgc_add_escaped(itgc_text *text, const char *string);

/* "key": 1.25, or null where it is not known. */
void itgc_add_number(itgc_text *text, const char *key, double value, bool known);

/* "int8", "uint16", … */
const char *itgc_code_name(itg_type type);

#endif
