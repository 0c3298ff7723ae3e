/* SPDX-License-Identifier: Apache-2.0
 * intaglio eval: float and int8 on the same samples, side by side.
 * Called by tools/intaglio.c; compile.c shares what evaluation.h declares. */
#include "tools/cli/commands.h"
#include "tools/cli/evaluation.h"

#include "compiler/evaluate/report.h"

#include <string.h>

#define MOST_IMPLICIT 8  /* calibration samples that compile looks at when nobody asks for more */
#define MOST_LAYERS   32 /* samples the layers are measured on */
#define MOST_PRINTED  5  /* worst samples */
#define FEW_LAYERS    4  /* where nobody asks for an evaluation */

/* Evenly spread calibration samples. */
static bool use_some(void *argument, int64_t index)
{
    const cli_evaluation *evaluation = argument;
    return index % evaluation->every == 0;
}

/* Names without folders, so that a copy of the samples elsewhere is the same. */
static void fill_data_key(cli_evaluation *evaluation)
{
    const itgc_evaluation *given = &evaluation->given;
    itgc_text text;
    itgc_init_text(&text, evaluation->session->c->arena);
    for (int64_t i = 0; i < itgc_sample_count(given->float_sets[0]); i++) {
        if (given->use && !given->use(given->argument, i))
            continue;
        const char *name = itgc_sample_name(given->float_sets[0], i), *slash = strrchr(name, '/');
        itgc_addf(&text, "%s %lld\n", slash ? slash + 1 : name, (long long)itgc_sample_label(given->float_sets[0], i));
    }
    itgc_sha256(evaluation->data_key, text.bytes, text.count);
}

bool cli_open_evaluation(cli_session *session, cli_evaluation *evaluation)
{
    itgc_compilation *c = session->c;
    const bool has_data = session->options->data.count > 0;
    const cli_list *paths = has_data ? &session->options->data : &session->options->calib;
    itgc_samples **float_sets = cli_open_sets(session, paths, true);
    itgc_samples **sets = float_sets ? cli_open_sets(session, paths, false) : NULL;
    if (!sets)
        return false;
    *evaluation = (cli_evaluation){.session = session, .data = "samples that calibration did not see (--data)"};
    evaluation->given = (itgc_evaluation){.float_graph = c->imported.graph,
                                          .graph = c->graph,
                                          .model = c->model,
                                          .exec = &session->exec,
                                          .float_sets = float_sets,
                                          .sets = sets,
                                          .threads = session->threads,
                                          .progress = &session->progress};
    if (!has_data && session->gate_every > 0) {
        evaluation->data = "every fourth calibration sample, kept out of the ranges";
        evaluation->given.use = cli_use_for_gate;
        evaluation->given.argument = session;
    } else if (!has_data) {
        evaluation->data = "calibration samples, which the ranges come from (give --data for samples of their own)";
        evaluation->every = (itgc_sample_count(sets[0]) + MOST_IMPLICIT - 1) / MOST_IMPLICIT;
        evaluation->given.use = use_some;
        evaluation->given.argument = evaluation;
    }
    fill_data_key(evaluation);
    return true;
}

bool cli_evaluate(cli_evaluation *evaluation)
{
    cli_session *session = evaluation->session;
    const char *json = session->options->json;
    if (json && strcmp(json, "-") != 0 && strcmp(session->options->command, "eval") == 0 && !cli_open_resume(evaluation, json))
        return false;
    const bool fine = itgc_evaluate(&evaluation->given, &evaluation->scores);
    cli_end_progress(&session->bar);
    return fine;
}

bool cli_measure_layers(cli_evaluation *evaluation, itgc_layers *layers)
{
    cli_session *session = evaluation->session;
    itgc_evaluation apart = evaluation->given;
    *layers = (itgc_layers){0};
    if (!itgc_plan_apart(session->c, session->kernels, session->exec.workers, &apart.graph, &apart.model))
        return false;
    const bool fine = itgc_measure_layers(&apart, evaluation->every > 0 ? FEW_LAYERS : MOST_LAYERS, layers);
    itgc_measure_cost(evaluation->given.graph, layers);
    cli_end_progress(&session->bar);
    return fine;
}

bool cli_check_gate(cli_evaluation *evaluation, const char *gate, const itgc_layers *layers)
{
    cli_session *session = evaluation->session;
    itgc_text advice;
    itgc_layers own;
    bool passed;
    itgc_init_text(&advice, session->c->arena);
    if (!itgc_check_gate(&session->c->diag, gate, &evaluation->scores, &passed, &advice))
        return false;
    if (passed)
        return true;
    if (!layers && !cli_measure_layers(evaluation, &own))
        return false;
    itgc_add_advice(&advice, &evaluation->scores, layers ? layers : &own);
    cli_tell("%s", advice.bytes);
    session->status = CLI_GATE_FAILED;
    return false;
}

static void print_classes(FILE *file, const itgc_scores *scores)
{
    const itgc_paired *paired = &scores->paired;
    fprintf(file, "same answer %.2f %%, KL mean %.5f, 99th percentile %.5f nats, logits %.2f dB\n", scores->agreement, scores->kl_mean,
            scores->kl_p99, scores->logit_sqnr_db);
    if (scores->labelled > 0)
        fprintf(file,
                "answered differently %lld: float alone right on %lld, int8 alone on %lld, p = %.3g; int8 minus float %+.2f points, 95 %% confidence "
                "%+.2f to %+.2f\n",
                (long long)paired->different, (long long)paired->only_first, (long long)paired->only_second, paired->p_value, paired->difference,
                paired->low, paired->high);
}

void cli_print_scores(FILE *file, const itgc_graph *graph, const itgc_scores *scores)
{
    fprintf(file, "%lld samples", (long long)scores->samples);
    if (scores->classifier && scores->labelled > 0)
        fprintf(file, ": top-1 float %.2f %%, int8 %.2f %%; top-5 float %.2f %%, int8 %.2f %%", scores->float_top1, scores->int8_top1,
                scores->float_top5, scores->int8_top5);
    fprintf(file, "\n");
    if (scores->has_auc)
        fprintf(file, "AUC float %.4f, int8 %.4f\n", scores->float_auc, scores->int8_auc);
    if (scores->classifier)
        print_classes(file, scores);
    for (int i = 0; !scores->classifier && i < scores->output_count; i++)
        fprintf(file, "%s: %.2f dB, cosine %.6f\n", graph->outputs[i]->name, scores->output_sqnr_db[i], scores->output_cosine[i]);
}

static const char *class_name(const itgc_graph *graph, int64_t index, char room[24])
{
    snprintf(room, 24, "%lld", (long long)index);
    return index >= 0 && index < graph->label_count ? graph->labels[index] : room;
}

static void print_worst(FILE *file, const itgc_graph *graph, const itgc_scores *scores)
{
    for (int w = 0; w < scores->worst_count && w < MOST_PRINTED; w++) {
        const itgc_record *record = scores->worst[w];
        char float_room[24], int8_room[24], label_room[24];
        fprintf(file, "  %-40.40s ", scores->worst_name[w]);
        if (scores->classifier && record->label >= 0)
            fprintf(file, "is %s, ", class_name(graph, record->label, label_room));
        if (scores->classifier)
            fprintf(file, "float says %s, int8 %s, KL %.5f, ", class_name(graph, record->float_class, float_room),
                    class_name(graph, record->int8_class, int8_room), record->kl);
        fprintf(file, "%.1f dB\n", itgc_sqnr_db(&record->logits));
    }
}

/* The metric asked for, first. */
static bool show_metric(const cli_evaluation *evaluation, itgc_text *text, bool prints)
{
    const char *name = evaluation->session->options->metric;
    itgc_metric metric;
    if (!name || !itgc_find_metric(name, &evaluation->scores, &metric))
        return true;
    if (!metric.known)
        return itgc_fail(&evaluation->session->c->diag, 723, "--metric %s: it cannot be measured here; give --data with labels%s", name,
                         strcmp(name, "auc") == 0 ? " of both kinds and a model with two classes, one score or an output like its input" : "");
    itgc_addf(text, "\"metric\": {\"name\": \"%s\", ", name);
    itgc_add_number(text, "float_value", metric.float_value, metric.both);
    itgc_add(text, ", ");
    itgc_add_number(text, "int8_value", metric.value, true);
    itgc_add(text, "}, ");
    if (prints && metric.both)
        printf("%s: float %.6g, int8 %.6g %s\n", name, metric.float_value, metric.value, metric.unit);
    else if (prints)
        printf("%s: %.6g %s\n", name, metric.value, metric.unit);
    return true;
}

static bool show_scores(const cli_evaluation *evaluation)
{
    const cli_options *options = evaluation->session->options;
    itgc_compilation *c = evaluation->session->c;
    const bool prints = !options->json || strcmp(options->json, "-") != 0;
    itgc_text text;
    itgc_init_text(&text, c->arena);
    itgc_add(&text, "{");
    if (!show_metric(evaluation, &text, prints))
        return false;
    if (prints) {
        cli_print_scores(stdout, c->graph, &evaluation->scores);
        printf("worst samples:\n");
        print_worst(stdout, c->graph, &evaluation->scores);
    }
    if (!cli_compare(evaluation, &text, prints))
        return false;
    if (evaluation->scores.classifier) {
        itgc_add_predictions(&text, &evaluation->scores, evaluation->data_key);
        itgc_add(&text, ", ");
    }
    itgc_add_scores(&text, c->graph, &evaluation->scores);
    itgc_layers cost = {0};
    itgc_measure_cost(c->graph, &cost);
    itgc_add(&text, ", ");
    itgc_add_cost(&text, &cost);
    itgc_add(&text, "}\n");
    return !options->json || cli_write_text(&c->diag, options->json, &text);
}

static bool run_eval(cli_session *session)
{
    const cli_options *options = session->options;
    const bool has_gate = options->gate && strcmp(options->gate, "none") != 0;
    if (options->data.count == 0 && !has_gate)
        return itgc_fail(&session->c->diag, 714, "eval needs samples to measure on; give --data with a folder of labelled samples");
    cli_evaluation *evaluation = ITGC_NEW(session->c->arena, cli_evaluation);
    if (!cli_load(session, false) || !cli_lower(session) || !cli_quantize(session, false) || !cli_schedule(session, NULL) ||
        !cli_open_evaluation(session, evaluation))
        return false;
    const bool is_written = cli_evaluate(evaluation) && show_scores(evaluation);
    cli_close_resume(&evaluation->resume, is_written);
    if (!is_written)
        return false;
    return !has_gate || cli_check_gate(evaluation, options->gate, NULL) || !session->c->diag.error;
}

int cli_eval(const cli_options *options)
{
    return cli_run_session(options, run_eval);
}
