/* SPDX-License-Identifier: Apache-2.0
 * eval --compare FILE: this evaluation beside earlier ones, and whether the differences could be chance.
 * In: scores and earlier --json files. Out: a table and lines on standard output, JSON. Called by eval.c. */
#include "tools/cli/evaluation.h"

#include "compiler/base/files.h"
#include "compiler/evaluate/report.h"

#include <string.h>

#define LIMIT_BYTES (256u << 20)

cJSON *cli_read_json(const cli_session *session, const char *path)
{
    size_t bytes;
    const char *text = (const char *)itgc_read_file(session->c->arena, &session->c->diag, path, LIMIT_BYTES, &bytes);
    cJSON *root = text ? cJSON_ParseWithLength(text, bytes) : NULL;
    if (text && !root)
        itgc_fail(&session->c->diag, 346, "%s: not JSON; give what --json or compile wrote", path);
    return root;
}

typedef struct row {
    const char *name;
    double value[6];
    bool known[6];
} row;

static const char *const columns[6] = {"top-1 float", "top-1 int8", "AUC int8", "agreement", "KL mean", "SQNR dB"};

static void print_row(const row *one)
{
    printf("%-32.32s", one->name);
    for (int c = 0; c < 6; c++)
        if (one->known[c])
            printf(" %11.*f", c == 2 ? 4 : c == 4 ? 5 : 2, one->value[c]);
        else
            printf(" %11s", "-");
    printf("\n");
}

static void print_this(const cli_evaluation *evaluation)
{
    const itgc_scores *s = &evaluation->scores;
    const bool labelled = s->labelled > 0 && s->classifier;
    const row one = {"this evaluation",
                     {s->float_top1, s->int8_top1, s->int8_auc, s->agreement, s->kl_mean, s->logit_sqnr_db},
                     {labelled, labelled, s->has_auc, s->classifier, s->classifier, true}};
    printf("%-32s", "");
    for (int c = 0; c < 6; c++)
        printf(" %11s", columns[c]);
    printf("\n");
    print_row(&one);
}

static void print_other(const cJSON *root, const char *path)
{
    const cJSON *numbers[6] = {cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "float"), "top1"),
                               cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "int8"), "top1"),
                               cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "auc"), "int8"),
                               cJSON_GetObjectItemCaseSensitive(root, "agreement"),
                               cJSON_GetObjectItemCaseSensitive(root, "kl_mean"),
                               cJSON_GetObjectItemCaseSensitive(root, "logit_sqnr_db")};
    row one = {.name = path};
    for (int c = 0; c < 6; c++) {
        one.known[c] = cJSON_IsNumber(numbers[c]);
        one.value[c] = one.known[c] ? numbers[c]->valuedouble : 0.0;
    }
    print_row(&one);
}

static void print_paired(const itgc_paired *paired, const char *path)
{
    printf("against %s: %lld of %lld samples are answered differently", path, (long long)paired->different, (long long)paired->samples);
    if (paired->labelled > 0)
        printf("; there alone right on %lld, here alone on %lld, p = %.3g; here minus there %+.2f points, 95 %% confidence %+.2f to %+.2f",
               (long long)paired->only_first, (long long)paired->only_second, paired->p_value, paired->difference, paired->low, paired->high);
    printf("\n");
}

/* The int8 answers of both. */
static bool pair_up(const cli_evaluation *evaluation, const cJSON *root, const char *path, itgc_paired *paired)
{
    itgc_diag *diag = &evaluation->session->c->diag;
    const itgc_scores *scores = &evaluation->scores;
    const cJSON *predictions = cJSON_GetObjectItemCaseSensitive(root, "predictions"), *key = cJSON_GetObjectItemCaseSensitive(predictions, "key");
    const cJSON *answers = cJSON_GetObjectItemCaseSensitive(predictions, "int8");
    if (!cJSON_IsString(key) || !cJSON_IsArray(answers))
        return itgc_fail(diag, 721, "--compare %s: it holds no answers of single samples; make it with `eval --json` of a classifier", path);
    if (strcmp(key->valuestring, evaluation->data_key) != 0 || cJSON_GetArraySize(answers) != scores->samples)
        return itgc_fail(diag, 722, "--compare %s: it was measured on other samples; give both the same --data", path);
    int64_t i = 0;
    for (const cJSON *answer = answers->child; answer; answer = answer->next, i++)
        itgc_add_pair(paired, &(itgc_pair){scores->records[i].label, answer->valueint, scores->records[i].int8_class});
    itgc_finish_paired(paired);
    return true;
}

static bool compare_file(const cli_evaluation *evaluation, int index, itgc_text *text, itgc_paired *paired, bool prints)
{
    const char *path = evaluation->session->options->compare.item[index];
    cJSON *root = cli_read_json(evaluation->session, path);
    const bool pairs = evaluation->scores.classifier, fine = root && (!pairs || pair_up(evaluation, root, path, paired));
    if (fine) {
        itgc_add(text, index ? ", {\"file\": " : "{\"file\": ");
        itgc_add_json_string(text, path);
        if (pairs) {
            itgc_add(text, ", ");
            itgc_add_paired(text, paired);
        }
        itgc_add(text, "}");
    }
    if (fine && prints)
        print_other(root, path);
    cJSON_Delete(root);
    return fine;
}

bool cli_compare(const cli_evaluation *evaluation, itgc_text *text, bool prints)
{
    const cli_list *files = &evaluation->session->options->compare;
    itgc_paired *paired = ITGC_NEW_ARRAY(evaluation->session->c->arena, itgc_paired, files->count + 1);
    if (files->count == 0)
        return true;
    itgc_add(text, "\"compare\": [");
    if (prints)
        print_this(evaluation);
    for (int i = 0; i < files->count; i++)
        if (!compare_file(evaluation, i, text, &paired[i], prints))
            return false;
    for (int i = 0; prints && evaluation->scores.classifier && i < files->count; i++)
        print_paired(&paired[i], files->item[i]);
    itgc_add(text, "], ");
    return true;
}
