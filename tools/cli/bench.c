/* SPDX-License-Identifier: Apache-2.0
 * intaglio bench: time of every step and of the whole on this machine.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"
#include "tools/cli/peak.h"
#include "tools/cli/pipeline.h"

#include "compiler/evaluate/report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIN_SECONDS 1.0
#define MIN_RUNS    5
#define MAX_RUNS    1000

typedef struct bench_timing {
    double *total, *step; /* [runs], [runs][steps], seconds */
    int runs;
} bench_timing;

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return values[count / 2];
}

/* The first run warms caches and is not counted. */
static void time_runs(const cli_session *session, const itg_exec *exec, uint8_t *arena, bench_timing *timing)
{
    const itg_model *model = session->c->model;
    const double begin = cli_seconds();
    for (int run = -1; run < MAX_RUNS && (run < MIN_RUNS || cli_seconds() - begin < MIN_SECONDS); run++) {
        const double start = cli_seconds();
        double before = start;
        for (uint32_t step = 0; step < model->step_count; step++) {
            itg_run_step(model, exec, arena, step);
            const double now = cli_seconds();
            if (run >= 0)
                timing->step[(uint32_t)run * model->step_count + step] = now - before;
            before = now;
        }
        if (run >= 0)
            timing->total[run] = before - start;
        timing->runs = run + 1;
    }
}

static double step_median(const cli_session *session, const bench_timing *timing, int step)
{
    double *values = ITGC_NEW_ARRAY(session->c->arena, double, timing->runs + 1);
    for (int run = 0; run < timing->runs; run++)
        values[run] = timing->step[run * session->c->graph->step_count + step];
    return median(values, timing->runs);
}

/* A cascade goes by its first tier, which mostly takes most of its time. */
static const char *name_of(const itgc_step *step)
{
    return itgc_tier_at(step, 0)->node->name;
}

static void add_json(itgc_text *text, const cli_session *session, const bench_timing *timing, const double *step, uint32_t workers)
{
    const itgc_graph *graph = session->c->graph;
    itgc_addf(text, "{\"isa\": \"%s\", \"threads\": %u, \"macs\": %lld, \"ms\": {\"min\": %.6g, \"median\": %.6g, \"max\": %.6g}, \"steps\": [",
              session->kernels->name, workers, (long long)itgc_count_macs(graph), 1e3 * timing->total[0], 1e3 * timing->total[timing->runs / 2],
              1e3 * timing->total[timing->runs - 1]);
    for (int s = 0; s < graph->step_count; s++) {
        itgc_add(text, s ? ",\n  {\"name\": " : "\n  {\"name\": ");
        itgc_add_json_string(text, name_of(graph->steps[s]));
        itgc_addf(text, ", \"op\": \"%s\", \"macs\": %lld, \"ms\": %.6g}", graph->steps[s]->kind->op_name, (long long)graph->steps[s]->macs,
                  1e3 * step[s]);
    }
    itgc_add(text, "\n]}\n");
}

static void print_table(const cli_session *session, const bench_timing *timing, const double *step, uint32_t workers)
{
    const itgc_graph *graph = session->c->graph;
    const double peak = cli_measure_peak(session->c->arena, session->kernels) * workers, whole = timing->total[timing->runs / 2];
    printf("%-40s %-18s %14s %10s %8s %9s\n", "step", "op", "MACs", "ms", "GMAC/s", "of peak");
    for (int s = 0; s < graph->step_count; s++) {
        const double rate = step[s] > 0.0 ? (double)graph->steps[s]->macs / step[s] : 0.0;
        printf("%-40.40s %-18s %14lld %10.4f %8.3f %8.1f%%\n", name_of(graph->steps[s]), graph->steps[s]->kind->op_name,
               (long long)graph->steps[s]->macs, 1e3 * step[s], rate / 1e9, 100.0 * rate / peak);
    }
    const double macs = (double)itgc_count_macs(graph);
    printf("%-40s %-18s %14.0f %10.4f %8.3f %8.1f%%\n", "all", session->kernels->name, macs, 1e3 * whole, macs / whole / 1e9,
           100.0 * macs / whole / peak);
    printf("%d runs, %u thread%s: min %.4f, median %.4f, max %.4f ms; peak of this table on this machine %.3f GMAC/s\n", timing->runs, workers,
           workers == 1 ? "" : "s", 1e3 * timing->total[0], 1e3 * whole, 1e3 * timing->total[timing->runs - 1], peak / 1e9);
}

static bool measure(cli_session *session, const itg_exec *exec)
{
    const itg_model *model = session->c->model;
    itgc_arena *arena = session->c->arena;
    uint8_t *memory = itgc_alloc(arena, model->arena_bytes + 64u);
    const itg_status status = itg_check(model, exec, memory, model->arena_bytes);
    if (status != ITG_OK)
        return itgc_fail(&session->c->diag, 900, "the plan does not pass itg_check (%s); report this model", itg_status_text(status));
    bench_timing timing = {.total = ITGC_NEW_ARRAY(arena, double, MAX_RUNS),
                           .step = ITGC_NEW_ARRAY(arena, double, MAX_RUNS *(size_t)(model->step_count + 1))};
    time_runs(session, exec, memory, &timing);
    double *step = ITGC_NEW_ARRAY(arena, double, model->step_count + 1);
    for (uint32_t s = 0; s < model->step_count; s++)
        step[s] = step_median(session, &timing, (int)s);
    qsort(timing.total, (size_t)timing.runs, sizeof(double), compare_doubles);
    const char *json = session->options->json;
    if (!json || strcmp(json, "-") != 0)
        print_table(session, &timing, step, exec->workers);
    itgc_text text;
    itgc_init_text(&text, arena);
    add_json(&text, session, &timing, step, exec->workers);
    return !json || cli_write_text(&session->c->diag, json, &text);
}

static bool run_bench(cli_session *session)
{
    if (!cli_load(session, false) || !cli_lower(session) || !cli_quantize(session, true))
        return false;
    session->threads = session->options->threads ? session->threads : 1;
    if (!cli_schedule(session, NULL))
        return false;
    return measure(session, &session->exec);
}

int cli_bench(const cli_options *options)
{
    return cli_run_session(options, run_bench);
}
