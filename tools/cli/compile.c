/* SPDX-License-Identifier: Apache-2.0
 * intaglio compile: all phases, accuracy against float, the gate, the report, the emitted files.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"
#include "tools/cli/evaluation.h"

#include "compiler/base/files.h"
#include "compiler/base/sha256.h"
#include "compiler/evaluate/report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* --name, or the file's name as a C identifier. NULL if --name is none. */
static const char *model_name(cli_session *session)
{
    const char *given = session->options->name;
    const char *from = given ? given : base_name(session->options->arguments.item[0]);
    char *name = itgc_sprint(session->c->arena, "%s%s", isdigit((unsigned char)*from) && !given ? "model_" : "", from);
    char *ending = given ? NULL : strstr(name, ".onnx");
    if (ending)
        *ending = '\0';
    for (char *at = name; *at; at++) {
        const bool fine = isalpha((unsigned char)*at) || *at == '_' || (at != name && isdigit((unsigned char)*at));
        if (!fine && given) {
            itgc_fail(&session->c->diag, 710, "--name %s: not a C identifier; use letters, digits and _", given);
            return NULL;
        }
        if (!fine)
            *at = '_';
    }
    return *name ? name : "model";
}

static const char *target_name(const void *list, int index)
{
    return ((const itgc_target *)list)[index].name;
}

static const itgc_target *find_target(cli_session *session)
{
    const char *name = session->options->target ? session->options->target : "generic";
    const itgc_target *target = itgc_find_target(name);
    if (target)
        return target;
    int count;
    const itgc_target *rows = itgc_target_rows(&count);
    const char *near = cli_nearest(name, target_name, rows, count);
    itgc_fail(&session->c->diag, 711, "--target %s: unknown target%s%s; `intaglio targets` lists them", name, near ? "; did you mean " : "",
              near ? near : "");
    return NULL;
}

/* The first batch of samples as codes: of the calibration set, of --data, or noise where ranges came from a file. */
static const void *const *test_inputs(cli_session *session)
{
    itgc_compilation *c = session->c;
    const itgc_graph *graph = c->graph;
    itgc_samples **sets = session->calib;
    if (!sets && session->options->data.count > 0)
        sets = cli_open_sets(session, &session->options->data, false);
    if (!sets && c->diag.error)
        return NULL;
    if (!sets) {
        sets = ITGC_NEW_ARRAY(c->arena, itgc_samples *, graph->input_count + 1);
        for (int i = 0; i < graph->input_count; i++) {
            const itgc_samples_spec spec = cli_spec(session, i, NULL, false);
            sets[i] = itgc_open_noise(c->arena, &c->diag, &spec, (uint64_t)i + 1, 1);
        }
    }
    const int64_t batch = graph->inputs[0]->shape.rank > 0 ? graph->inputs[0]->shape.dim[0] : 1, have = itgc_sample_count(sets[0]);
    int64_t *index = ITGC_NEW_ARRAY(c->arena, int64_t, batch);
    for (int64_t i = 0; i < batch; i++)
        index[i] = i < have ? i : have - 1;
    itgc_value **values = itgc_new_batch(c->arena, graph);
    if (!itgc_read_batch(sets, graph->input_count, index, batch, values))
        return NULL;
    const void **codes = ITGC_NEW_ARRAY(c->arena, const void *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++) {
        const itg_port *port = &c->model->inputs[i];
        uint8_t *bytes = itgc_alloc(c->arena, port->bytes);
        const size_t count = itg_port_elements(port);
        float *reals = ITGC_NEW_ARRAY(c->arena, float, count);
        for (size_t k = 0; k < count; k++)
            reals[k] = values[i]->f ? values[i]->f[k] : (float)values[i]->i[k];
        itg_quantize(port, bytes, reals, count);
        codes[i] = bytes;
    }
    return codes;
}

static bool emit(cli_session *session, const itgc_target *target, const itgc_report *report)
{
    itgc_compilation *c = session->c;
    const char *path = session->options->arguments.item[0];
    size_t bytes;
    const uint8_t *file = itgc_read_file(c->arena, &c->diag, path, 0, &bytes);
    char *sha256 = itgc_alloc(c->arena, ITGC_SHA256_TEXT);
    if (!file)
        return false;
    itgc_sha256(sha256, file, bytes);
    itgc_text json, page;
    itgc_init_text(&json, c->arena);
    itgc_init_text(&page, c->arena);
    itgc_add_report(&json, c->graph, report);
    itgc_add_report_page(&page, c->graph, report);
    const void *const *inputs = test_inputs(session);
    if (!inputs)
        return false;
    const itgc_emit_options options = {.name = report->name,
                                       .target = target->name,
                                       .model_file = base_name(path),
                                       .model_sha256 = sha256,
                                       .options = cli_option_text(c->arena, session->options),
                                       .sample_count = session->sample_count,
                                       .weights_asm = session->options->weights && strcmp(session->options->weights, "asm") == 0,
                                       .test_inputs = inputs,
                                       .report_json = json.bytes,
                                       .report_html = page.bytes};
    return itgc_emit(c, &options, session->options->out) && (!session->options->json || cli_write_text(&c->diag, session->options->json, &json));
}

/* Not every model needs advice: what the numbers call good is left alone. */
static bool needs_advice(const itgc_scores *scores)
{
    return scores->logit_sqnr_db < 22.0 || (scores->classifier && (scores->kl_mean > 0.01 || scores->agreement < 97.0));
}

static void print_accuracy(const cli_session *session, const itgc_report *report)
{
    const itgc_layers *layers = report->layers;
    itgc_text advice;
    itgc_init_text(&advice, session->c->arena);
    printf("measured on %s:\n", report->data);
    cli_print_scores(stdout, session->c->graph, report->scores);
    printf("int16 activations: %.2f %% of the MACs read them; most bytes live at once %u, with int8 alone %u\n",
           layers->macs > 0 ? 100.0 * (double)layers->int16_macs / (double)layers->macs : 0.0, layers->live_bytes, layers->live_bytes_int8);
    if (needs_advice(report->scores))
        itgc_add_advice(&advice, report->scores, layers);
    printf("%s", advice.bytes);
}

static void print_summary(const cli_session *session, const itgc_report *report)
{
    const itgc_graph *graph = session->c->graph;
    const bool aside = session->options->json && strcmp(session->options->json, "-") == 0;
    if (session->options->quiet || aside)
        return;
    printf("%s/%s.{h,c}: %d steps, %lld MACs, arena %u bytes (lower bound %u), constants %llu bytes, target %s\n", session->options->out,
           report->name, graph->step_count, (long long)itgc_count_macs(graph), graph->arena_bytes, graph->arena_lower_bound_bytes,
           (unsigned long long)graph->weights_bytes, report->target);
    if (report->scores)
        print_accuracy(session, report);
}

/* Scores, layers and the gate, wherever there are samples. False if the gate is not met or something went wrong. */
static bool measure_accuracy(cli_session *session, itgc_report *report)
{
    const char *gate = session->options->gate;
    const bool none = gate && strcmp(gate, "none") == 0;
    if (session->options->data.count == 0 && (!session->calib || session->options->calib.count == 0))
        return !gate || none ||
               itgc_fail(&session->c->diag, 713, "--gate needs samples; give --data, or calibrate on samples instead of a file of ranges");
    cli_evaluation *evaluation = ITGC_NEW(session->c->arena, cli_evaluation);
    itgc_layers *layers = ITGC_NEW(session->c->arena, itgc_layers);
    if (!cli_open_evaluation(session, evaluation) || !cli_evaluate(evaluation) || !cli_measure_layers(evaluation, layers))
        return false;
    report->scores = &evaluation->scores;
    report->layers = layers;
    report->data = evaluation->data;
    report->gate = none ? NULL : gate ? gate : itgc_default_gate(session->c->arena, &evaluation->scores);
    return !report->gate || cli_check_gate(evaluation, report->gate, layers);
}

static bool run_compile(cli_session *session)
{
    itgc_diag *diag = &session->c->diag;
    if (!session->options->out)
        return itgc_fail(diag, 712, "compile needs a folder for its files; give -o DIR");
    const itgc_target *target = find_target(session);
    const char *name = target ? model_name(session) : NULL;
    if (!name || !itgc_check_folder(diag, session->options->out))
        return false;
    if (!cli_load(session, false) || !cli_lower(session) || !cli_quantize(session, false) || !cli_schedule(session, target))
        return false;
    itgc_report report = {.name = name, .target = target->name, .sample_count = session->sample_count};
    if (!measure_accuracy(session, &report))
        return session->status == CLI_GATE_FAILED && !diag->error;
    if (!emit(session, target, &report))
        return false;
    print_summary(session, &report);
    return true;
}

/* The cheapest preset that passes the gate. */
int cli_compile(const cli_options *options)
{
    const int status = cli_run_session(options, run_compile);
    if (status != CLI_GATE_FAILED || options->preset)
        return status;
    if (!options->quiet)
        cli_tell("intaglio: the gate does not hold with --preset fast; --preset accurate follows\n");
    cli_options accurate = *options;
    accurate.preset = "accurate";
    return cli_run_session(&accurate, run_compile);
}
