/* SPDX-License-Identifier: Apache-2.0
 * Float against integers on samples: accuracy, agreement, KL, SQNR of the logits, AUC; always with the integer engine itself. */
#ifndef ITGC_EVALUATE_H
#define ITGC_EVALUATE_H

#include "compiler/evaluate/metrics.h"
#include "compiler/evaluate/significance.h"
#include "compiler/graph/graph.h"
#include "compiler/measure/measure.h"

#include <intaglio/intaglio.h>

/* What one sample showed. Everything in itgc_scores follows from these, in sample order. */
typedef struct itgc_record {
    int64_t index, label; /* of the sample; its class, -1: unknown */
    int64_t float_class, int8_class;
    int64_t float_rank, int8_rank; /* of the label: 0 is top-1; 0 without one */
    double kl;
    double float_score, int8_score; /* for the AUC */
    itgc_energy logits, *outputs;
} itgc_record;

/* What a sample's score for the AUC is. */
typedef enum itgc_scoring { ITGC_NO_SCORE, ITGC_SCORE_CLASS1, ITGC_SCORE_ERROR } itgc_scoring; /* ERROR: mean squared output minus input */

#define ITGC_WORST_COUNT 10

typedef struct itgc_scores {
    int64_t samples, labelled;
    bool classifier;                                     /* one output of at least two scores */
    int64_t classes;                                     /* scores a sample */
    double float_top1, float_top5, int8_top1, int8_top5; /* percent, of labelled samples */
    double agreement, kl_mean, kl_p99, logit_sqnr_db, logit_cosine;
    bool has_auc; /* labels 0 and others, and a score */
    double float_auc, int8_auc;
    itgc_paired paired; /* first float, second int8 */
    int output_count;
    double *output_sqnr_db, *output_cosine;
    const itgc_record *records;
    const itgc_record *worst[ITGC_WORST_COUNT]; /* by KL, or by noise where there are no classes; the worst first */
    const char *worst_name[ITGC_WORST_COUNT];
    int worst_count;
} itgc_scores;

typedef struct itgc_evaluation {
    const itgc_graph *float_graph, *graph; /* as imported; scheduled */
    const itg_model *model;
    const itg_exec *exec;                          /* kernel table and threads for the integer engine */
    itgc_samples *const *float_sets, *const *sets; /* in the units of each graph */
    bool (*use)(void *argument, int64_t index);    /* which samples count; NULL: all */
    void *argument;
    int threads;
    const itgc_progress *progress; /* may be NULL */
    /* Records of an earlier run on the same samples: those are not run again. */
    const itgc_record *known;
    int64_t known_count;
    /* Sees each new record; false with a diagnostic ends the evaluation. NULL: nobody does. */
    bool (*keep)(void *keeper, const itgc_record *record);
    void *keeper;
} itgc_evaluation;

/* The tensor that holds the logits: the input of a final Softmax, else the first output. */
const itgc_tensor *itgc_logits_of(const itgc_graph *graph);

/* One output with at least two scores a row along one axis; not an autoencoder, whose output has the shape of its input. */
bool itgc_is_classifier(const itgc_graph *graph);
itgc_scoring itgc_scoring_of(const itgc_graph *graph);

bool itgc_evaluate(const itgc_evaluation *evaluation, itgc_scores *scores);

/* scores.c: sums of `count` records; names are those of set. */
void itgc_fill_scores(const itgc_graph *float_graph, const itgc_samples *set, const itgc_record *records, int64_t count, itgc_scores *scores);

/* --metric NAME: one number of both sides, or one about their distance. */
typedef struct itgc_metric {
    const char *name, *unit;
    bool known, both;          /* both: float and int8 have one each */
    double float_value, value; /* value: of int8, or the distance */
} itgc_metric;

/* False if there is no metric of that name. */
bool itgc_find_metric(const char *name, const itgc_scores *scores, itgc_metric *metric);

/* --gate SPEC: conditions separated by commas, NAME<=X or NAME>=X of top1-drop, top5-drop (points), auc-drop, agreement (percent), kl, kl-p99
 * (nats), sqnr (dB), cosine. *passed: all are met; text: one line of advice for each that is not. False with error 708 or 709 if SPEC is
 * wrong. */
struct itgc_text;
bool itgc_check_gate(itgc_diag *diag, const char *spec, const itgc_scores *scores, bool *passed, struct itgc_text *text);

/* What a model of this kind must reach where no gate is given: only what is surely broken fails. */
const char *itgc_default_gate(itgc_arena *arena, const itgc_scores *scores);

#endif
