/* SPDX-License-Identifier: Apache-2.0
 * Options → phases. In: the parsed command line. Out: a compilation at the level a command asks for, and an exit status.
 * Called by compile.c, run.c, eval.c, bench.c, inspect.c. */
#include "tools/cli/pipeline.h"

#include <math.h>
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

/* One number stands for all channels. */
static void spread_numbers(const cli_numbers *numbers, double value[4])
{
    for (int i = 0; i < 4 && numbers->count > 0; i++)
        value[i] = numbers->value[numbers->count == 1 ? 0 : i < numbers->count ? i : numbers->count - 1];
}

/* Scales and deviations of 0 would multiply or divide by zero. */
static bool are_positive(itgc_diag *diag, const char *name, const cli_numbers *numbers)
{
    for (int i = 0; i < numbers->count; i++)
        if (!(numbers->value[i] > 0.0))
            return itgc_fail(diag, 702, "%s: every number must be above 0; correct it", name);
    return true;
}

/* --resize and --crop: none, or whole numbers of pixels. */
static bool read_sides(itgc_diag *diag, const cli_numbers *numbers, int *first, int *second)
{
    int *const sides[] = {first, second};
    for (int i = 0; i < numbers->count; i++) {
        const double side = numbers->value[i];
        if (!(side >= 1.0 && side <= ITGC_MAX_PICTURE_SIDE) || side != floor(side))
            return itgc_fail(diag, 702, "--resize and --crop: sizes must be whole numbers from 1 to %d; correct them", ITGC_MAX_PICTURE_SIDE);
        *sides[i] = (int)side;
    }
    return true;
}

static bool has_preprocessing(const itgc_image_options *image)
{
    return image->channels_given > 0 || image->color == ITGC_BGR || (image->scale != 0.0 && image->scale != 1.0);
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static bool fill_image(cli_session *session)
{
    const cli_options *options = session->options;
    itgc_diag *diag = &session->c->diag;
    itgc_image_options *image = &session->image;
    const itgc_import_result *imported = &session->c->imported;
    image->scale = options->scale.count ? options->scale.value[0] : 1.0;
    image->raw = options->raw;
    image->color = options->color && strcmp(options->color, "bgr") == 0 ? ITGC_BGR : ITGC_RGB;
    image->channels_given = larger(options->mean.count, options->std.count);
    image->byte_pixels = options->input_type && strcmp(options->input_type, "u8") == 0;
    if (!are_positive(diag, "--scale", &options->scale) || !are_positive(diag, "--std", &options->std))
        return false;
    spread_numbers(&options->mean, image->mean);
    spread_numbers(&options->std, image->std);
    if (!read_sides(diag, &options->resize, &image->resize_short, NULL) || !read_sides(diag, &options->crop, &image->crop_height, &image->crop_width))
        return false;
    if (!has_preprocessing(image) && !options->scale.count && imported->mean_count > 0) {
        image->channels_given = larger(imported->mean_count, imported->std_count);
        memcpy(image->mean, imported->mean, sizeof image->mean);
        memcpy(image->std, imported->std, sizeof image->std);
        itgc_note(diag, "mean and deviation of the input are taken from the model's doc_string; --mean and --std override them");
    }
    return true;
}

bool cli_load(cli_session *session, bool survey)
{
    if (!import_model(session, survey))
        return false;
    say_phase(session, "import");
    return read_labels(session) && fill_image(session);
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
    if (has_preprocessing(&session->image) && !floats) {
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

itgc_samples_spec cli_spec(cli_session *session, int index, const char *path, bool float_sets)
{
    const itgc_graph *onnx = session->c->imported.graph, *graph = float_sets ? onnx : session->c->graph;
    const itgc_shape *out = &onnx->outputs[0]->shape;
    itgc_image_options *image = ITGC_NEW(session->c->arena, itgc_image_options);
    *image = session->image;
    image->pixels = !float_sets && session->image.pixels && index == 0;
    itgc_samples_spec spec = {.path = path,
                              .input_name = onnx->inputs[index]->name,
                              .type = graph->inputs[index]->type,
                              .shape = graph->inputs[index]->shape,
                              .onnx_shape = onnx->inputs[index]->shape,
                              .image = image};
    if (onnx->output_count == 1 && out->rank > 0)
        spec.class_count = (int)(itgc_elements(out) / out->dim[0]);
    spec.class_count += spec.class_count == 1; /* one score tells two classes apart */
    if (session->c->graph->label_count == spec.class_count)
        spec.class_names = session->c->graph->labels;
    return spec;
}

/* The path an option's value names for an input: PATH for the first, NAME=PATH for any. NULL if it is for another. */
static const char *path_for(const itgc_graph *graph, int index, const char *value)
{
    for (int i = 0; i < graph->input_count; i++) {
        const char *name = graph->inputs[i]->name;
        const size_t length = strlen(name);
        if (strncmp(value, name, length) == 0 && value[length] == '=')
            return i == index ? value + length + 1 : NULL;
    }
    return index == 0 ? value : NULL;
}

itgc_samples **cli_open_sets(cli_session *session, const cli_list *paths, bool float_sets)
{
    itgc_compilation *c = session->c;
    const itgc_graph *graph = c->imported.graph;
    itgc_samples **sets = ITGC_NEW_ARRAY(c->arena, itgc_samples *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++) {
        for (int p = 0; p < paths->count; p++) {
            const char *path = path_for(graph, i, paths->item[p]);
            itgc_samples_spec spec = cli_spec(session, i, path, float_sets);
            spec.unlabelled = paths != &session->options->data && session->gate_every == 0;
            itgc_samples *set = path ? itgc_open_samples(c->arena, &c->diag, &spec) : NULL;
            if (path && !set)
                return NULL;
            if (sets[i] && set)
                itgc_join_samples(sets[i], set);
            else if (set)
                sets[i] = set;
        }
        if (!sets[i])
            itgc_fail(&c->diag, 704, "input \"%s\" has no samples; give %s=PATH", graph->inputs[i]->name, graph->inputs[i]->name);
        else if (itgc_sample_count(sets[i]) != itgc_sample_count(sets[0]))
            itgc_fail(&c->diag, 307, "inputs \"%s\" and \"%s\" have %lld and %lld samples; give the same number", graph->inputs[0]->name,
                      graph->inputs[i]->name, (long long)itgc_sample_count(sets[0]), (long long)itgc_sample_count(sets[i]));
        if (c->diag.error)
            return NULL;
    }
    return sets;
}

bool cli_use_for_ranges(void *argument, int64_t index)
{
    const cli_session *session = argument;
    return session->gate_every == 0 || index % session->gate_every != session->gate_every - 1;
}

bool cli_use_for_gate(void *argument, int64_t index)
{
    return !cli_use_for_ranges(argument, index);
}

static bool is_ranges_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char head[16] = "";
    if (file) {
        const size_t have = fread(head, 1, sizeof head - 1, file);
        head[have] = '\0';
        fclose(file);
    }
    return strcmp(head, "intaglio-ranges") == 0;
}

static bool measure_noise(cli_session *session)
{
    itgc_compilation *c = session->c;
    session->calib = ITGC_NEW_ARRAY(c->arena, itgc_samples *, c->graph->input_count + 1);
    for (int i = 0; i < c->graph->input_count; i++) {
        itgc_samples_spec spec = cli_spec(session, i, NULL, false);
        ((itgc_image_options *)(uintptr_t)spec.image)->pixels = i == 0 && c->graph->input_is_pixels;
        session->calib[i] = itgc_open_noise(c->arena, &c->diag, &spec, (uint64_t)i + 1, 8);
    }
    itgc_note(&c->diag, "calibrated on seeded noise: speeds are right, accuracy is not; give --calib for both");
    return itgc_measure(c, session->calib, NULL, NULL, session->threads, &session->progress);
}

static bool measure_ranges(cli_session *session, bool noise_allowed)
{
    itgc_compilation *c = session->c;
    const cli_list *calib = &session->options->calib;
    if (calib->count == 0 && c->graph->is_prescribed) {
        const char *const missing = itgc_take_prescribed_ranges(c->graph);
        return !missing ||
               itgc_fail(&c->diag, 705, "the file gives tensor \"%.100s\" no format; give --calib with a folder of typical inputs", missing);
    }
    if (calib->count == 0)
        return noise_allowed ? measure_noise(session)
                             : itgc_fail(&c->diag, 705, "%s needs calibration samples; give --calib with a folder of typical inputs",
                                         session->options->command);
    if (calib->count == 1 && is_ranges_file(calib->item[0])) {
        if (!itgc_load_ranges(c->graph, calib->item[0]))
            return false;
        c->graph->level = ITGC_MEASURED;
        return true;
    }
    session->calib = cli_open_sets(session, calib, false);
    if (!session->calib)
        return false;
    const char *gate = session->options->gate;
    session->gate_every = gate && strcmp(gate, "none") != 0 && session->options->data.count == 0 ? 4 : 0;
    for (int64_t i = 0; i < itgc_sample_count(session->calib[0]); i++)
        session->sample_count += cli_use_for_ranges(session, i);
    return itgc_measure(c, session->calib, cli_use_for_ranges, session, session->threads, &session->progress);
}

static bool *step_field(itgc_quantize_options *quantize, const itgc_step_row *row)
{
    return (bool *)(void *)((char *)quantize + row->offset);
}

static const char *list_steps(itgc_arena *arena)
{
    int count;
    const itgc_step_row *rows = itgc_step_rows(&count);
    itgc_text text;
    itgc_init_text(&text, arena);
    for (int s = 0; s < count; s++)
        itgc_addf(&text, "%s%s", s ? ", " : "", rows[s].name);
    return text.bytes;
}

/* The preset's steps, then the option's word, without the = of `--steps==+mse` and with several separated by commas. */
static bool apply_steps(itgc_diag *diag, const cli_options *options, itgc_quantize_options *quantize)
{
    int count;
    const itgc_step_row *rows = itgc_step_rows(&count);
    const bool accurate = options->preset && strcmp(options->preset, "accurate") == 0;
    for (int s = 0; s < count; s++)
        *step_field(quantize, &rows[s]) = accurate ? rows[s].accurate : rows[s].fast;
    const cli_list *list = &options->steps;
    for (int i = 0; i < list->count; i++)
        for (const char *at = list->item[i]; *at;) {
            const size_t length = strcspn(at, ",");
            bool known = false;
            for (int s = 0; s < count; s++)
                if (strlen(rows[s].name) + 1 == length && strncmp(rows[s].name, at + 1, length - 1) == 0 && strchr("+-", *at)) {
                    *step_field(quantize, &rows[s]) = *at == '+';
                    known = true;
                }
            if (!known)
                return itgc_fail(diag, 706, "--steps=%s: \"%.*s\" is no step; give +NAME or -NAME of %s", list->item[i], (int)length, at,
                                 list_steps(diag->arena));
            at += length + (at[length] == ',');
        }
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

static itg_type output_type(const char *name)
{
    static const struct {
        const char *name;
        itg_type type;
    } types[] = {{"u8", ITG_U8}, {"u16", ITG_U16}, {"i16", ITG_S16}, {"i32", ITG_S32}};
    for (size_t t = 0; name && t < sizeof types / sizeof types[0]; t++)
        if (strcmp(types[t].name, name) == 0)
            return types[t].type;
    return (itg_type)0;
}

bool cli_fill_quantize(cli_session *session, itgc_quantize_options *quantize)
{
    const cli_options *options = session->options;
    *quantize = (itgc_quantize_options){0};
    if (!apply_steps(&session->c->diag, options, quantize))
        return false;
    if (options->input_type)
        quantize->input_type = strcmp(options->input_type, "u8") == 0 ? ITG_U8 : strcmp(options->input_type, "i8") == 0 ? ITG_S8 : (itg_type)0;
    quantize->output_type = output_type(options->output_type);
    return true;
}

bool cli_quantize(cli_session *session, bool noise_allowed)
{
    itgc_compilation *c = session->c;
    const char *save_calib = session->options->save_calib;
    itgc_quantize_options quantize;
    if (!cli_fill_quantize(session, &quantize))
        return false;
    if (!measure_ranges(session, noise_allowed))
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
