/* SPDX-License-Identifier: Apache-2.0
 * The compile report: the same facts as JSON for scripts and as one self-contained page for people. */
#ifndef ITGC_REPORT_H
#define ITGC_REPORT_H

#include "compiler/base/text.h"
#include "compiler/evaluate/evaluate.h"

typedef struct itgc_report {
    const char *name, *target;
    int64_t sample_count;
    const itgc_scores *scores; /* NULL: not evaluated */
} itgc_report;

void itgc_add_report(itgc_text *text, const itgc_graph *graph, const itgc_report *report);
void itgc_add_report_page(itgc_text *text, const itgc_graph *graph, const itgc_report *report);

/* The keys of `eval --json`, as one object. */
void itgc_add_scores(itgc_text *text, const itgc_graph *graph, const itgc_scores *scores);

/* "int8", "uint16", … */
const char *itgc_code_name(itg_type type);

int64_t itgc_count_macs(const itgc_graph *graph);

#endif
