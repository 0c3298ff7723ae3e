/* SPDX-License-Identifier: Apache-2.0
 * Float against integers on samples: accuracy, agreement, KL, SQNR of the logits; always with the integer engine itself. */
#ifndef ITGC_EVALUATE_H
#define ITGC_EVALUATE_H

#include "compiler/graph/graph.h"
#include "compiler/measure/measure.h"

#include <intaglio/intaglio.h>

typedef struct itgc_scores {
    int64_t samples, labelled;
    bool classifier;                                     /* one output of at least two scores */
    double float_top1, float_top5, int8_top1, int8_top5; /* percent, of labelled samples */
    double agreement, kl_mean, kl_p99, logit_sqnr_db, logit_cosine;
    int output_count;
    double *output_sqnr_db, *output_cosine;
} itgc_scores;

/* The tensor that holds the logits: the input of a final Softmax, else the first output. */
const itgc_tensor *itgc_logits_of(const itgc_graph *graph);

/* float_graph: the imported graph; graph and model: scheduled. exec: kernel table and threads for the integer engine.
 * use as in measure. */
bool itgc_evaluate(const itgc_graph *float_graph, const itgc_graph *graph, const itg_model *model, const itg_exec *exec,
                   itgc_samples *const *float_sets, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument,
                   int threads, const itgc_progress *progress, itgc_scores *scores);

/* --gate SPEC: conditions separated by commas, NAME<=X or NAME>=X of top1-drop (points), agreement (percent), kl (mean, nats), sqnr (dB),
 * cosine. *passed: all are met; text: one line of advice for each that is not. False with error 708 or 709 if SPEC is wrong. */
struct itgc_text;
bool itgc_check_gate(itgc_diag *diag, const char *spec, const itgc_scores *scores, bool *passed, struct itgc_text *text);

#endif
