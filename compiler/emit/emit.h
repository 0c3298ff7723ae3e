/* SPDX-License-Identifier: Apache-2.0
 * scheduled graph → NAME.h NAME.c NAME_weights.c NAME_test.c and the report. Same graph, same bytes. */
#ifndef ITGC_EMIT_H
#define ITGC_EMIT_H

#include "compiler/emit/targets.h"
#include "compiler/graph/graph.h"

typedef struct itgc_emit_options {
    const char *name;       /* C identifier */
    const char *target;     /* as given */
    const char *model_file; /* base name, for the head comment */
    const char *model_sha256;
    const char *options; /* normalised option text for the head comment */
    int64_t sample_count;
    bool weights_asm;               /* --weights asm */
    const void *const *test_inputs; /* one real input per graph input, as stored in the arena; NULL: no NAME_test.c */
    const char *report_json;        /* finished by evaluate; written as NAME.report.json */
    const char *report_html;
} itgc_emit_options;

/* Writes all files into dir: each under a temporary name, all renamed at the end; on failure nothing is left. Codes 6xx. */
bool itgc_emit_files(const itgc_graph *graph, const itg_model *model, const itgc_emit_options *options, const char *dir);

/* Whether dir is a folder that files can be written into, or can be made: to be asked before the work. Nothing stays made. Codes 603, 604. */
bool itgc_check_folder(itgc_diag *diag, const char *dir);

/* The files as texts, for tests: which = "h", "c", "weights", "test". */
struct itgc_text;
bool itgc_emit_text(struct itgc_text *text, const itgc_graph *graph, const itg_model *model, const itgc_emit_options *options, const char *which);

#endif
