/* SPDX-License-Identifier: Apache-2.0
 * Table of contents: the phases in order. Each entry point runs with the arena armed, checks the graph before and after, and writes the
 * dump if it was asked for. Called by tools/. */
#include "compiler/compile.h"
#include "compiler/base/text.h"
#include "compiler/ops/op.h"

#include <stdlib.h>
#include <string.h>

itgc_compilation *itgc_new_compilation(size_t max_memory)
{
    itgc_compilation *const c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->arena = itgc_new_arena(max_memory);
    if (c->arena == NULL) {
        free(c);
        return NULL;
    }
    c->diag.arena = c->arena;
    return c;
}

void itgc_release_compilation(itgc_compilation *compilation)
{
    if (compilation == NULL)
        return;
    itgc_release_arena(compilation->arena);
    free(compilation);
}

/* The text is a constant: when memory is out nothing can be put together. */
static bool fail_memory(itgc_diag *diag)
{
    if (diag->error == NULL) {
        diag->error = "memory ran out; raise --max-memory, or use a smaller model or input shape [E901]";
        diag->fact = "memory ran out; raise --max-memory, or use a smaller model or input shape";
        diag->code = 901;
    }
    return false;
}

/* Inside another protected call running out of memory ends the outermost one. */
bool itgc_protect(itgc_compilation *c, bool (*fn)(void *argument), void *argument)
{
    if (itgc_is_armed(c->arena))
        return fn(argument);
    if (setjmp(*itgc_arm_arena(c->arena))) {
        itgc_disarm_arena(c->arena);
        return fail_memory(&c->diag);
    }
    const bool done = fn(argument);
    itgc_disarm_arena(c->arena);
    return done;
}

/* What the graph must be before a phase, and what it is after. */
static bool begin_phase(itgc_compilation *c, itgc_level level)
{
    if (c->graph == NULL || c->graph->level != level)
        return itgc_fail(&c->diag, 900, "internal: phases are out of order; please report this");
    return itgc_check_graph(c->graph);
}

static bool end_phase(itgc_compilation *c, const char *phase, itgc_level level)
{
    c->graph->level = level;
    if (c->imported.unsupported_count == 0 && !itgc_check_graph(c->graph))
        return false;
    if (c->dump_phase == NULL || strcmp(c->dump_phase, phase) != 0)
        return true;
    itgc_text text;
    itgc_init_text(&text, c->arena);
    itgc_dump_graph(&text, c->graph);
    c->dump = text.bytes;
    return true;
}

typedef struct import_call {
    itgc_compilation *c;
    const char *path;
    const itgc_import_options *options;
} import_call;

static bool run_import(void *argument)
{
    const import_call *const call = argument;
    itgc_compilation *const c = call->c;
    if (!itgc_import_file(c->arena, &c->diag, call->path, call->options, &c->imported))
        return false;
    c->graph = itgc_clone_graph(c->arena, c->imported.graph);
    return end_phase(c, "import", ITGC_IMPORTED);
}

bool itgc_import(itgc_compilation *c, const char *path, const itgc_import_options *options)
{
    import_call call = {c, path, options};
    return itgc_protect(c, run_import, &call);
}

typedef struct lower_call {
    itgc_compilation *c;
    const itgc_lower_options *options;
} lower_call;

static bool run_lower(void *argument)
{
    const lower_call *const call = argument;
    return begin_phase(call->c, ITGC_IMPORTED) && itgc_lower_graph(call->c->graph, call->options) && end_phase(call->c, "lower", ITGC_LOWERED);
}

bool itgc_lower(itgc_compilation *c, const itgc_lower_options *options)
{
    lower_call call = {c, options};
    return itgc_protect(c, run_lower, &call);
}

typedef struct measure_call {
    itgc_compilation *c;
    itgc_samples *const *sets;
    bool (*use)(void *argument, int64_t index);
    void *argument;
    int threads;
    const itgc_progress *progress;
} measure_call;

static bool run_measure(void *argument)
{
    const measure_call *const call = argument;
    return begin_phase(call->c, ITGC_LOWERED) &&
           itgc_measure_graph(call->c->graph, call->sets, call->use, call->argument, call->threads, call->progress) &&
           end_phase(call->c, "measure", ITGC_MEASURED);
}

bool itgc_measure(itgc_compilation *c, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument, int threads,
                  const itgc_progress *progress)
{
    measure_call call = {c, sets, use, argument, threads, progress};
    return itgc_protect(c, run_measure, &call);
}

typedef struct refine_call {
    itgc_compilation *c;
    itgc_samples *const *sets;
    bool (*use)(void *argument, int64_t index);
    void *argument;
    const itgc_refine_options *options;
} refine_call;

static bool run_refine(void *argument)
{
    const refine_call *const call = argument;
    itgc_compilation *const c = call->c;
    return begin_phase(c, ITGC_MEASURED) && itgc_check_expressible(c->graph) &&
           itgc_refine_graph(c->graph, call->sets, call->use, call->argument, call->options, &c->tuning);
}

bool itgc_refine(itgc_compilation *c, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument,
                 const itgc_refine_options *options)
{
    refine_call call = {c, sets, use, argument, options};
    return itgc_protect(c, run_refine, &call);
}

typedef struct quantize_call {
    itgc_compilation *c;
    const itgc_quantize_options *options;
} quantize_call;

static bool run_quantize(void *argument)
{
    const quantize_call *const call = argument;
    itgc_compilation *const c = call->c;
    if (!begin_phase(c, ITGC_MEASURED) || !itgc_check_expressible(c->graph))
        return false;
    c->quantize_options = *call->options;
    c->quantize_options.tuning = c->tuning;
    c->measured = itgc_clone_graph(c->arena, c->graph);
    return itgc_quantize_graph(c->graph, &c->quantize_options) && end_phase(c, "quantize", ITGC_QUANTIZED);
}

bool itgc_quantize(itgc_compilation *c, const itgc_quantize_options *options)
{
    quantize_call call = {c, options};
    return itgc_protect(c, run_quantize, &call);
}

typedef struct survey_call {
    itgc_compilation *c;
    const itgc_quantize_options *options;
    itgc_survey *survey;
} survey_call;

static bool run_survey(void *argument)
{
    const survey_call *const call = argument;
    if (!begin_phase(call->c, ITGC_LOWERED))
        return false;
    itgc_survey_integers(call->c->graph, call->options, call->survey);
    return true;
}

bool itgc_survey_int8(itgc_compilation *c, const itgc_quantize_options *options, itgc_survey *survey)
{
    survey_call call = {c, options, survey};
    return itgc_protect(c, run_survey, &call);
}

typedef struct schedule_call {
    itgc_compilation *c;
    const itgc_schedule_options *options;
    const itg_kernels *kernels;
} schedule_call;

static bool run_schedule(void *argument)
{
    const schedule_call *const call = argument;
    itgc_compilation *const c = call->c;
    if (!begin_phase(c, ITGC_QUANTIZED) || !itgc_schedule_graph(c->graph, call->options) || !end_phase(c, "schedule", ITGC_SCHEDULED))
        return false;
    c->model = itgc_build_plan(c->graph, call->kernels);
    return c->model != NULL;
}

bool itgc_schedule(itgc_compilation *c, const itgc_schedule_options *options, const itg_kernels *kernels)
{
    schedule_call call = {c, options, kernels};
    return itgc_protect(c, run_schedule, &call);
}

typedef struct apart_call {
    itgc_compilation *c;
    const itg_kernels *kernels;
    uint32_t workers;
    const itgc_graph **graph;
    const itg_model **model;
} apart_call;

static bool run_apart(void *argument)
{
    const apart_call *const call = argument;
    itgc_compilation *const c = call->c;
    const itgc_schedule_options options = {.align = ITG_ARENA_ALIGN,
                                           .packings = {(itg_packing)call->kernels->packing},
                                           .storage = call->kernels->storage,
                                           .keep_results = true,
                                           .workers = call->workers};
    itgc_graph *const graph = itgc_clone_graph(c->arena, c->measured);
    itgc_diag heard = {.arena = c->arena}; /* its notes have been given */
    graph->diag = &heard;
    const bool fine = itgc_quantize_graph(graph, &c->quantize_options) && itgc_schedule_graph(graph, &options);
    graph->diag = &c->diag;
    if (!fine)
        return itgc_fail(&c->diag, heard.code, "%s", heard.error);
    *call->graph = graph;
    *call->model = itgc_build_plan(graph, call->kernels);
    return *call->model != NULL;
}

bool itgc_plan_apart(itgc_compilation *c, const itg_kernels *kernels, uint32_t workers, const itgc_graph **graph, const itg_model **model)
{
    apart_call call = {c, kernels, workers, graph, model};
    return itgc_protect(c, run_apart, &call);
}

typedef struct emit_call {
    itgc_compilation *c;
    const itgc_emit_options *options;
    const char *dir;
} emit_call;

static bool run_emit(void *argument)
{
    const emit_call *const call = argument;
    return begin_phase(call->c, ITGC_SCHEDULED) && itgc_emit_files(call->c->graph, call->c->model, call->options, call->dir);
}

bool itgc_emit(itgc_compilation *c, const itgc_emit_options *options, const char *dir)
{
    emit_call call = {c, options, dir};
    return itgc_protect(c, run_emit, &call);
}
