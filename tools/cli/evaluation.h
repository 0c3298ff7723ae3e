/* SPDX-License-Identifier: Apache-2.0
 * Accuracy of a scheduled session, shared by compile and eval; continuing and comparing evaluations. */
#ifndef CLI_EVALUATION_H
#define CLI_EVALUATION_H

#include "tools/cli/pipeline.h"

#include "compiler/base/sha256.h"
#include "compiler/evaluate/layers.h"

#include <cjson/cJSON.h>
#include <stdio.h>

/* Records on their way to FILE.resume (resume.c). */
typedef struct cli_resume {
    itgc_diag *diag;
    FILE *file;
    const char *path;
    itgc_samples *const *sets;
    int inputs, outputs;
} cli_resume;

typedef struct cli_evaluation {
    cli_session *session;
    itgc_evaluation given;
    itgc_scores scores;
    const char *data;                /* what samples these are, in words */
    char data_key[ITGC_SHA256_TEXT]; /* of their names and labels */
    cli_resume resume;               /* of an eval with --json: to be closed once its scores are written */
    int64_t every;                   /* calibration samples used where nothing was kept for the gate */
} cli_evaluation;

/* Opens --data, or the calibration samples kept for the gate, or else some of those that ranges come from. */
bool cli_open_evaluation(cli_session *session, cli_evaluation *evaluation);
/* Fills scores. Continues what an interrupted run with the same --json left (resume.c). */
bool cli_evaluate(cli_evaluation *evaluation);
/* Layers on a few of the samples. */
bool cli_measure_layers(cli_evaluation *evaluation, itgc_layers *layers);

/* False if the gate is not met (advice printed, session->status set) or its text is wrong (diagnostic). layers NULL: measured if needed. */
bool cli_check_gate(cli_evaluation *evaluation, const char *gate, const itgc_layers *layers);

void cli_print_scores(FILE *file, const itgc_graph *graph, const itgc_scores *scores);

/* resume.c: records are appended to FILE.resume as they are made; what is there of the same evaluation is taken over into evaluation->given. */
bool cli_open_resume(cli_evaluation *evaluation, const char *json);
bool cli_keep_record(void *resume, const itgc_record *record);
/* Removes the file if the evaluation is done, which includes that its scores were written. */
void cli_close_resume(cli_resume *resume, bool done);

/* compare.c: prints this evaluation beside each --compare FILE; text gets "compare": [...] with what JSON says of it. */
bool cli_compare(const cli_evaluation *evaluation, itgc_text *text, bool prints);

/* NULL with error 346 if the file is not JSON. To be released with cJSON_Delete. */
cJSON *cli_read_json(const cli_session *session, const char *path);

#endif
