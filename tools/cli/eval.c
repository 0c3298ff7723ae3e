/* SPDX-License-Identifier: Apache-2.0
 * intaglio eval: float and int8 on the same samples, side by side.
 * Called by tools/intaglio.c; compile.c shares what evaluation.h declares. */
#include "tools/cli/commands.h"
#include "tools/cli/evaluation.h"

#include "compiler/evaluate/report.h"

#include <string.h>

bool cli_evaluate(cli_session *session, itgc_scores *scores)
{
    itgc_compilation *c = session->c;
    const bool has_data = session->options->data.count > 0;
    const cli_list *paths = has_data ? &session->options->data : &session->options->calib;
    itgc_samples **float_sets = cli_open_sets(session, paths, true);
    itgc_samples **sets = float_sets ? cli_open_sets(session, paths, false) : NULL;
    if (!sets)
        return false;
    const bool fine = itgc_evaluate(c->imported.graph, c->graph, c->model, &session->exec, float_sets, sets, has_data ? NULL : cli_use_for_gate,
                                    session, session->threads, &session->progress, scores);
    cli_end_progress(&session->bar);
    return fine;
}

bool cli_check_gate(cli_session *session, const itgc_scores *scores)
{
    itgc_text advice;
    bool passed;
    itgc_init_text(&advice, session->c->arena);
    if (!itgc_check_gate(&session->c->diag, session->options->gate, scores, &passed, &advice))
        return false;
    if (!passed) {
        fprintf(stderr, "%s", advice.bytes);
        session->status = CLI_GATE_FAILED;
    }
    return passed;
}

void cli_print_scores(FILE *file, const itgc_graph *graph, const itgc_scores *scores)
{
    fprintf(file, "%lld samples", (long long)scores->samples);
    if (scores->classifier && scores->labelled > 0)
        fprintf(file, ": top-1 float %.2f %%, int8 %.2f %%; top-5 float %.2f %%, int8 %.2f %%", scores->float_top1, scores->int8_top1,
                scores->float_top5, scores->int8_top5);
    fprintf(file, "\n");
    if (scores->classifier)
        fprintf(file, "same answer %.2f %%, KL mean %.5f, 99th percentile %.5f nats, logits %.2f dB\n", scores->agreement, scores->kl_mean,
                scores->kl_p99, scores->logit_sqnr_db);
    for (int i = 0; !scores->classifier && i < scores->output_count; i++)
        fprintf(file, "%s: %.2f dB, cosine %.6f\n", graph->outputs[i]->name, scores->output_sqnr_db[i], scores->output_cosine[i]);
}

static bool run_eval(cli_session *session)
{
    const cli_options *options = session->options;
    itgc_diag *diag = &session->c->diag;
    if (options->data.count == 0 && !options->gate)
        return itgc_fail(diag, 714, "eval needs samples to measure on; give --data with a folder of labelled samples");
    itgc_scores scores;
    if (!cli_load(session, false) || !cli_lower(session) || !cli_quantize(session, false) || !cli_schedule(session, NULL) ||
        !cli_evaluate(session, &scores))
        return false;
    const bool aside = options->json && strcmp(options->json, "-") == 0;
    if (!aside)
        cli_print_scores(stdout, session->c->graph, &scores);
    if (options->json) {
        itgc_text text;
        itgc_init_text(&text, session->c->arena);
        itgc_add_scores(&text, session->c->graph, &scores);
        itgc_add(&text, "\n");
        if (!cli_write_text(diag, options->json, &text))
            return false;
    }
    return !options->gate || cli_check_gate(session, &scores) || !diag->error;
}

int cli_eval(const cli_options *options)
{
    return cli_run_session(options, run_eval);
}
