/* SPDX-License-Identifier: Apache-2.0
 * The compiler as a library: what tools/ calls. One object per compilation; every call returns false with itgc_diagnosis() set. */
#ifndef ITGC_COMPILE_H
#define ITGC_COMPILE_H

#include "compiler/evaluate/evaluate.h"
#include "compiler/emit/emit.h"
#include "compiler/lower/lower.h"
#include "compiler/measure/measure.h"
#include "compiler/onnx/import.h"
#include "compiler/quantize/quantize.h"
#include "compiler/refine/refine.h"
#include "compiler/schedule/schedule.h"

typedef struct itgc_compilation {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_import_result imported; /* imported.graph: kept as it is, for `--float` and evaluation */
    itgc_graph *graph;           /* the one the phases transform */
    itgc_tuning *tuning;         /* of the quantizer, once itgc_refine ran and found something */
    itgc_graph *measured;        /* a copy from before itgc_quantize, whose options are kept beside it */
    itgc_quantize_options quantize_options;
    const itg_model *model;
    const char *dump_phase; /* --dump=PHASE; NULL: none */
    char *dump;             /* its text, once that phase ran */
} itgc_compilation;

/* NULL if memory is out. max_memory 0: no limit. */
itgc_compilation *itgc_new_compilation(size_t max_memory);
void itgc_release_compilation(itgc_compilation *compilation);

/* The phases in order; each checks the graph's level before and after. */
bool itgc_import(itgc_compilation *c, const char *path, const itgc_import_options *options);
bool itgc_lower(itgc_compilation *c, const itgc_lower_options *options);
bool itgc_measure(itgc_compilation *c, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument, int threads,
                  const itgc_progress *progress);
bool itgc_refine(itgc_compilation *c, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument,
                 const itgc_refine_options *options);
bool itgc_quantize(itgc_compilation *c, const itgc_quantize_options *options);
/* After itgc_lower, instead of the rest: what keeps the model from int8. */
bool itgc_survey_int8(itgc_compilation *c, const itgc_quantize_options *options, itgc_survey *survey);
bool itgc_schedule(itgc_compilation *c, const itgc_schedule_options *options, const itg_kernels *kernels);

/* The model once more, whatever the plan looks like: every step one of its own, every result in the arena, the same codes; for this table of the
 * host. For those that look at results. After itgc_quantize. */
bool itgc_plan_apart(itgc_compilation *c, const itg_kernels *kernels, uint32_t workers, const itgc_graph **graph, const itg_model **model);

bool itgc_emit(itgc_compilation *c, const itgc_emit_options *options, const char *dir);

/* Runs fn(argument) with the arena armed: false with error 901 if memory runs out inside. For tools that allocate from c->arena. */
bool itgc_protect(itgc_compilation *c, bool (*fn)(void *argument), void *argument);

#endif
