/* SPDX-License-Identifier: Apache-2.0
 * --gate "top1-drop<=0.5,agreement>=97,kl<=0.01": what the integer model must reach.
 * In: the text and the scores. Out: whether it does, and advice. Called by the tools. */
#include "compiler/base/text.h"
#include "compiler/evaluate/evaluate.h"

#include <stdlib.h>
#include <string.h>

typedef struct metric {
    const char *name;
    double value;
    bool known;
    const char *advice;
} metric;

#define METRIC_COUNT 5

static void fill_metrics(const itgc_scores *scores, metric *metrics)
{
    const bool labelled = scores->labelled > 0;
    const metric all[METRIC_COUNT] = {
        {"top1-drop", scores->float_top1 - scores->int8_top1, labelled, "calibrate on more samples like those of --data"},
        {"agreement", scores->agreement, scores->classifier, "calibrate on more varied samples, or use --preset accurate"},
        {"kl", scores->kl_mean, scores->classifier, "use --preset accurate; samples unlike the training data widen the ranges"},
        {"sqnr", scores->logit_sqnr_db, true, "use --preset accurate, and look at the layers in the report"},
        {"cosine", scores->logit_cosine, true, "use --preset accurate, and look at the layers in the report"},
    };
    memcpy(metrics, all, sizeof all);
}

/* One condition, NAME<=LIMIT or NAME>=LIMIT. Its result goes to *met. */
static bool check_condition(itgc_diag *diag, const char *spec, const char *at, size_t length, const metric *metrics, bool *met, itgc_text *text)
{
    for (int m = 0; m < METRIC_COUNT; m++) {
        const size_t name = strlen(metrics[m].name);
        if (length < name + 3 || strncmp(at, metrics[m].name, name) != 0 || (at[name] != '<' && at[name] != '>') || at[name + 1] != '=')
            continue;
        char *end;
        const double limit = strtod(at + name + 2, &end);
        if (end != at + length || end == at + name + 2)
            break;
        if (!metrics[m].known)
            return itgc_fail(diag, 709, "--gate %s: %s cannot be measured here; give --data with labels, or leave it out", spec, metrics[m].name);
        *met = at[name] == '<' ? metrics[m].value <= limit : metrics[m].value >= limit;
        if (!*met)
            itgc_addf(text, "gate: %s is %.4g, not %c= %.4g; %s\n", metrics[m].name, metrics[m].value, at[name], limit, metrics[m].advice);
        return true;
    }
    return itgc_fail(diag, 708, "--gate %s: \"%.*s\" is no condition; give NAME<=X or NAME>=X of top1-drop, agreement, kl, sqnr, cosine", spec,
                     (int)length, at);
}

bool itgc_check_gate(itgc_diag *diag, const char *spec, const itgc_scores *scores, bool *passed, itgc_text *text)
{
    metric metrics[METRIC_COUNT];
    fill_metrics(scores, metrics);
    *passed = true;
    for (const char *at = spec; *at;) {
        const size_t length = strcspn(at, ",");
        bool met = true;
        if (!check_condition(diag, spec, at, length, metrics, &met, text))
            return false;
        *passed = *passed && met;
        at += length + (at[length] == ',');
    }
    return true;
}
