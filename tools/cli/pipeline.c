/* SPDX-License-Identifier: Apache-2.0
 * Options → phases. In: the parsed command line. Out: a compilation at the level a command asks for, and an exit status.
 * Called by compile.c, run.c, eval.c, bench.c, inspect.c. */
#include "tools/cli/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool run_body(void *argument)
{
    cli_session *session = argument;
    return session->body(session);
}

/* --max-memory, or what the machine has: a made-up shape ends in error 901 and not in a machine without memory. */
static size_t memory_limit(const cli_options *options)
{
    const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
    if (options->max_memory > 0 || pages <= 0 || bytes <= 0)
        return (size_t)options->max_memory;
    return (size_t)pages * (size_t)bytes;
}

int cli_run_session(const cli_options *options, bool (*body)(cli_session *session))
{
    cli_session session = {.options = options, .body = body, .status = CLI_DONE, .phase_started = cli_seconds()};
    session.c = itgc_new_compilation(memory_limit(options));
    if (!session.c) {
        cli_error(901, "out of memory before anything was done; free some or raise --max-memory");
        return CLI_INTERNAL;
    }
    session.c->dump_phase = options->dump;
    session.progress = cli_start_progress(&session.bar, options->quiet);
    session.threads = options->threads ? (int)(options->threads < 256 ? options->threads : 256) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    int printed = 0;
    const bool fine = itgc_protect(session.c, run_body, &session);
    cli_end_progress(&session.bar);
    if (session.c->dump)
        fputs(session.c->dump, stdout);
    cli_print_diagnosis(&session.c->diag, &printed, options->quiet);
    if (options->verbose)
        cli_print_code(&session.c->diag);
    const int status = fine ? session.status : cli_status_of(&session.c->diag);
    itg_stop_workers(session.workers);
    itgc_release_compilation(session.c);
    return status;
}

static void say_phase(cli_session *session, const char *phase)
{
    const double now = cli_seconds();
    if (session->options->verbose && !session->options->quiet) {
        cli_end_progress(&session->bar);
        cli_tell("%-10s %8.3f s, at most %zu KiB so far\n", phase, now - session->phase_started, itgc_arena_peak(session->c->arena) / 1024);
    }
    session->phase_started = now;
}

/* 1,3,224,224 */
static bool parse_dimensions(const char *at, itgc_shape *shape)
{
    shape->rank = 0;
    for (char *end;; at = end + 1) {
        const long long dim = strtoll(at, &end, 10);
        if (end == at || dim <= 0 || shape->rank == ITGC_MAX_RANK || (*end != ',' && *end != '\0'))
            return false;
        shape->dim[shape->rank++] = dim;
        if (*end == '\0')
            return true;
    }
}

/* NAME=1,3,224,224 */
static bool parse_shape(itgc_diag *diag, itgc_arena *arena, const char *text, itgc_input_shape *shape)
{
    const char *equals = strrchr(text, '='), *numbers = equals ? equals + 1 : text;
    if (!parse_dimensions(numbers, &shape->shape))
        return itgc_fail(diag, 701, "--input-shape %s: not a shape; give NAME=1,3,224,224 with every dimension at least 1", text);
    if (!equals || equals == text)
        return itgc_fail(diag, 701, "--input-shape %s: NAME= is missing; give NAME=%s with the input's name, which `intaglio inspect` prints", text,
                         numbers);
    shape->name = itgc_sprint(arena, "%.*s", (int)(equals - text), text);
    return true;
}

static bool import_model(cli_session *session, bool survey)
{
    itgc_compilation *c = session->c;
    const cli_list *given = &session->options->input_shapes;
    itgc_input_shape *shapes = ITGC_NEW_ARRAY(c->arena, itgc_input_shape, given->count + 1);
    for (int i = 0; i < given->count; i++)
        if (!parse_shape(&c->diag, c->arena, given->item[i], &shapes[i]))
            return false;
    const itgc_import_options options = {.shapes = shapes, .shape_count = given->count, .survey = survey, .threads = session->threads};
    return itgc_import(c, session->options->arguments.item[0], &options);
}

static bool read_labels(cli_session *session)
{
    itgc_graph *graph = session->c->graph;
    if (session->options->labels) {
        graph->labels = cli_read_labels(session->c->arena, &session->c->diag, session->options->labels, &graph->label_count);
        if (!graph->labels)
            return false;
    }
    if (graph->label_count == 0 || graph->output_count == 0)
        return true;
    const itgc_shape *shape = &graph->outputs[0]->shape;
    const int64_t classes = shape->rank > 0 ? itgc_elements(shape) / shape->dim[0] : 1;
    if (classes != graph->label_count && session->options->labels)
        return itgc_fail(&session->c->diag, 345, "--labels %s: %d names for output \"%s\" with %lld values; give one name for each class",
                         session->options->labels, graph->label_count, graph->outputs[0]->name, (long long)classes);
    return true;
}

bool cli_load(cli_session *session, bool survey)
{
    if (!import_model(session, survey))
        return false;
    say_phase(session, "import");
    return read_labels(session) && cli_fill_image(session);
}

bool cli_lower(cli_session *session)
{
    const cli_options *options = session->options;
    const itgc_graph *graph = session->c->graph;
    itgc_lower_options lower = {.threads = session->threads, .scale = 1.0};
    if (options->layout && (graph->input_count == 0 || graph->inputs[0]->shape.rank != 4))
        return itgc_fail(&session->c->diag, 703, "--layout: the input has no image layout; leave it out");
    if (options->layout) {
        const bool is_last = itgc_guess_channels_last(&graph->inputs[0]->shape), wants_last = strcmp(options->layout, "nhwc") == 0;
        lower.input_channels_last = wants_last && !is_last;
        lower.input_channels_first = !wants_last && is_last;
    }
    const bool floats = options->input_type && strcmp(options->input_type, "f32") == 0;
    if (cli_has_preprocessing(&session->image) && !floats) {
        lower.scale = session->image.scale;
        lower.bgr = session->image.color == ITGC_BGR;
        lower.mean_count = session->image.channels_given;
        memcpy(lower.mean, session->image.mean, sizeof lower.mean);
        memcpy(lower.std, session->image.std, sizeof lower.std);
        session->image.pixels = true;
    }
    if (!itgc_lower(session->c, &lower))
        return false;
    say_phase(session, "lower");
    return true;
}

/* Only real samples teach anything; a file of ranges and noise do not. A model that came quantized is not to be changed. */
static bool refine(cli_session *session, const itgc_quantize_options *quantize)
{
    if (!session->calib || session->options->calib.count == 0 || session->c->graph->is_prescribed)
        return true;
    const itgc_refine_options refine = {
        .quantize = quantize, .kernels = itg_kernels_best(), .threads = session->threads, .progress = &session->progress};
    if (!itgc_refine(session->c, session->calib, cli_use_for_ranges, session, &refine))
        return false;
    cli_end_progress(&session->bar);
    say_phase(session, "refine");
    return true;
}

bool cli_quantize(cli_session *session, bool noise_allowed)
{
    itgc_compilation *c = session->c;
    const char *save_calib = session->options->save_calib;
    itgc_quantize_options quantize;
    if (!cli_fill_quantize(session, &quantize))
        return false;
    if (!cli_measure(session, noise_allowed))
        return false;
    cli_end_progress(&session->bar);
    say_phase(session, "measure");
    if (save_calib && !itgc_save_ranges(c->graph, save_calib))
        return false;
    if (!refine(session, &quantize) || !itgc_quantize(c, &quantize))
        return false;
    say_phase(session, "quantize");
    return true;
}

const itg_kernels *cli_choose_kernels(itgc_diag *diag, const char *isa)
{
    const char *name = isa ? isa : getenv("INTAGLIO_ISA");
    if (!name || !*name)
        return itg_kernels_best();
    const itg_kernels *kernels = itg_kernels_named(name);
    if (!kernels)
        itgc_fail(diag, 707, "%s %s: this machine has no such kernel table; `intaglio targets` lists them", isa ? "--isa" : "INTAGLIO_ISA", name);
    return kernels;
}

static void start_exec(cli_session *session, uint32_t threads)
{
    session->exec = (itg_exec){.kernels = session->kernels, .workers = 1};
    session->workers = threads > 1 ? itg_start_workers(threads) : NULL;
    if (!session->workers)
        return;
    session->exec.parallel_for = itg_share_work;
    session->exec.pool = session->workers;
    session->exec.workers = itg_worker_count(session->workers);
}

bool cli_schedule(cli_session *session, const itgc_target *target)
{
    const cli_options *options = session->options;
    session->kernels = cli_choose_kernels(&session->c->diag, options->isa);
    if (!session->kernels)
        return false;
    itgc_schedule_options schedule = {.packings = {(itg_packing)session->kernels->packing},
                                      .align = target ? target->align : ITG_ARENA_ALIGN,
                                      .ram_budget = options->ram ? options->ram
                                                    : target     ? target->ram_bytes
                                                                 : 0,
                                      .flash_budget = options->flash ? options->flash
                                                      : target       ? target->flash_bytes
                                                                     : 0,
                                      .storage = target ? target->tables[0]->storage : session->kernels->storage,
                                      .keep_results = options->taps.count > 0,
                                      .workers = target ? 1 : (uint32_t)session->threads,
                                      .stack_bytes = target ? itgc_target_stack(target) : 0};
    if (target)
        itgc_list_packings(target, schedule.packings);
    if (!itgc_schedule(session->c, &schedule, session->kernels))
        return false;
    start_exec(session, target ? 1 : (uint32_t)session->threads);
    say_phase(session, "schedule");
    return true;
}
