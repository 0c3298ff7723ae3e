/* SPDX-License-Identifier: Apache-2.0
 * --metric NAME, and --gate "top1-drop<=0.5,agreement>=97,kl<=0.01": what the integer model must reach.
 * In: the text and the scores. Out: whether it does, and advice. Called by the tools. */
#include "compiler/base/text.h"
#include "compiler/evaluate/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct condition {
    const char *name;
    double value;
    bool known;
    const char *advice;
} condition;

#define CONDITION_COUNT 8
#define METRIC_COUNT    8
#define FEW_CLASSES     4

static void fill_conditions(const itgc_scores *scores, condition *conditions)
{
    const bool labelled = scores->labelled > 0 && scores->classifier, classes = scores->classifier;
    const condition all[CONDITION_COUNT] = {
        {"top1-drop", scores->float_top1 - scores->int8_top1, labelled, "calibrate on more samples like those of --data"},
        {"top5-drop", scores->float_top5 - scores->int8_top5, labelled, "calibrate on more samples like those of --data"},
        {"auc-drop", scores->float_auc - scores->int8_auc, scores->has_auc, "calibrate on more samples of both kinds"},
        {"agreement", scores->agreement, classes, "calibrate on more varied samples, or use --preset accurate"},
        {"kl", scores->kl_mean, classes, "use --preset accurate; samples unlike the training data widen the ranges"},
        {"kl-p99", scores->kl_p99, classes, "look at the worst samples in the report; if they are typical, calibrate on samples like them"},
        {"sqnr", scores->logit_sqnr_db, true, "use --preset accurate, and look at the layers in the report"},
        {"cosine", scores->logit_cosine, true, "use --preset accurate, and look at the layers in the report"},
    };
    memcpy(conditions, all, sizeof all);
}

bool itgc_find_metric(const char *name, const itgc_scores *scores, itgc_metric *metric)
{
    const bool labelled = scores->labelled > 0 && scores->classifier, classes = scores->classifier;
    const itgc_metric all[METRIC_COUNT] = {
        {"top1", "%", labelled, true, scores->float_top1, scores->int8_top1},
        {"top5", "%", labelled, true, scores->float_top5, scores->int8_top5},
        {"auc", "", scores->has_auc, true, scores->float_auc, scores->int8_auc},
        {"agreement", "%", classes, false, 0.0, scores->agreement},
        {"kl", "nats", classes, false, 0.0, scores->kl_mean},
        {"kl-p99", "nats", classes, false, 0.0, scores->kl_p99},
        {"sqnr", "dB", true, false, 0.0, scores->logit_sqnr_db},
        {"cosine", "", true, false, 0.0, scores->logit_cosine},
    };
    for (int m = 0; m < METRIC_COUNT; m++)
        if (strcmp(all[m].name, name) == 0) {
            *metric = all[m];
            return true;
        }
    return false;
}

/* One condition, NAME<=LIMIT or NAME>=LIMIT. Its result goes to *met. */
static bool check_condition(itgc_diag *diag, const char *spec, const char *at, const condition *conditions, bool *met, itgc_text *text)
{
    const size_t length = strcspn(at, ",");
    for (int c = 0; c < CONDITION_COUNT; c++) {
        const condition *one = &conditions[c];
        const size_t name = strlen(one->name);
        if (length < name + 3 || strncmp(at, one->name, name) != 0 || (at[name] != '<' && at[name] != '>') || at[name + 1] != '=')
            continue;
        char *end;
        const double limit = strtod(at + name + 2, &end);
        if (end != at + length || end == at + name + 2 || limit != limit)
            break;
        if (!one->known)
            return itgc_fail(diag, 709, "--gate %s: %s cannot be measured here; give --data with labels, or leave it out", spec, one->name);
        *met = at[name] == '<' ? one->value <= limit : one->value >= limit;
        if (!*met)
            itgc_addf(text, "gate: %s is %.4g, not %c= %.4g; %s\n", one->name, one->value, at[name], limit, one->advice);
        return true;
    }
    return itgc_fail(diag, 708,
                     "--gate %s: \"%.*s\" is no condition; give NAME<=X or NAME>=X of top1-drop, top5-drop, auc-drop, agreement, kl, kl-p99, sqnr, "
                     "cosine, or none",
                     spec, (int)length, at);
}

bool itgc_check_gate(itgc_diag *diag, const char *spec, const itgc_scores *scores, bool *passed, itgc_text *text)
{
    condition conditions[CONDITION_COUNT];
    fill_conditions(scores, conditions);
    *passed = true;
    for (const char *at = spec; *at;) {
        bool met = true;
        if (!check_condition(diag, spec, at, conditions, &met, text))
            return false;
        *passed = *passed && met;
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return true;
}

/* The limit of the drop leaves room for chance: two deviations of a difference of which only the samples that are answered differently count. */
const char *itgc_default_gate(itgc_arena *arena, const itgc_scores *scores)
{
    if (!scores->classifier)
        return "sqnr>=15";
    const char *const distance = scores->classes <= FEW_CLASSES ? "kl<=0.05,sqnr>=12" : "kl<=0.1,sqnr>=12";
    if (scores->labelled == 0)
        return distance;
    const double changes = (double)(scores->paired.only_first + scores->paired.only_second);
    return itgc_sprint(arena, "top1-drop<=%.2f,%s", 1.0 + 200.0 * sqrt(changes + 1.0) / (double)scores->labelled, distance);
}
