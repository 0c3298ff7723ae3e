/* SPDX-License-Identifier: Apache-2.0
 * Records of single samples → the numbers of a whole set, always in sample order so that a continued evaluation gives equal bits.
 * Called by evaluate.c. */
#include "compiler/evaluate/evaluate.h"

static double percent(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

bool itgc_is_classifier(const itgc_graph *graph)
{
    const itgc_shape *out = &graph->outputs[0]->shape;
    int long_axes = 0;
    for (int d = 1; d < out->rank; d++)
        long_axes += out->dim[d] > 1;
    return graph->output_count == 1 && long_axes == 1 && !itgc_same_shape(out, &graph->inputs[0]->shape);
}

itgc_scoring itgc_scoring_of(const itgc_graph *graph)
{
    const itgc_shape *out = &graph->outputs[0]->shape;
    if (graph->output_count != 1 || out->rank < 1)
        return ITGC_NO_SCORE;
    if (itgc_same_shape(out, &graph->inputs[0]->shape) && itgc_is_float(graph->inputs[0]->type))
        return ITGC_SCORE_ERROR;
    return itgc_elements(out) <= 2 * out->dim[0] ? ITGC_SCORE_CLASS1 : ITGC_NO_SCORE;
}

static void fill_classes(const itgc_record *records, int64_t count, itgc_scores *scores)
{
    int64_t agreed = 0, float_top1 = 0, float_top5 = 0, int8_top1 = 0, int8_top5 = 0;
    for (int64_t i = 0; i < count; i++) {
        const itgc_record *record = &records[i];
        const bool labelled = record->label >= 0;
        agreed += record->float_class == record->int8_class;
        scores->labelled += labelled;
        float_top1 += labelled && record->float_rank < 1;
        float_top5 += labelled && record->float_rank < 5;
        int8_top1 += labelled && record->int8_rank < 1;
        int8_top5 += labelled && record->int8_rank < 5;
        itgc_add_pair(&scores->paired, &(itgc_pair){record->label, record->float_class, record->int8_class});
    }
    itgc_finish_paired(&scores->paired);
    scores->agreement = percent(agreed, count);
    scores->float_top1 = percent(float_top1, scores->labelled);
    scores->float_top5 = percent(float_top5, scores->labelled);
    scores->int8_top1 = percent(int8_top1, scores->labelled);
    scores->int8_top5 = percent(int8_top5, scores->labelled);
}

static void fill_distances(itgc_arena *arena, const itgc_record *records, int64_t count, itgc_scores *scores)
{
    itgc_energy logits = {0};
    double *kl = ITGC_NEW_ARRAY(arena, double, count + 1), sum = 0.0;
    itgc_energy *outputs = ITGC_NEW_ARRAY(arena, itgc_energy, scores->output_count + 1);
    for (int64_t i = 0; i < count; i++) {
        itgc_join_energy(&logits, &records[i].logits);
        for (int o = 0; o < scores->output_count; o++)
            itgc_join_energy(&outputs[o], &records[i].outputs[o]);
        kl[i] = records[i].kl;
        sum += kl[i];
    }
    scores->kl_mean = count > 0 ? sum / (double)count : 0.0;
    scores->kl_p99 = itgc_percentile99(kl, count);
    scores->logit_sqnr_db = itgc_sqnr_db(&logits);
    scores->logit_cosine = itgc_cosine(&logits);
    scores->output_sqnr_db = ITGC_NEW_ARRAY(arena, double, scores->output_count + 1);
    scores->output_cosine = ITGC_NEW_ARRAY(arena, double, scores->output_count + 1);
    for (int o = 0; o < scores->output_count; o++) {
        scores->output_sqnr_db[o] = itgc_sqnr_db(&outputs[o]);
        scores->output_cosine[o] = itgc_cosine(&outputs[o]);
    }
}

static void fill_auc(itgc_arena *arena, const itgc_record *records, int64_t count, itgc_scores *scores)
{
    itgc_scored *float_side = ITGC_NEW_ARRAY(arena, itgc_scored, count + 1), *int8_side = ITGC_NEW_ARRAY(arena, itgc_scored, count + 1);
    int64_t labelled = 0, positives = 0;
    for (int64_t i = 0; i < count; i++) {
        if (records[i].label < 0)
            continue;
        const bool positive = records[i].label > 0;
        float_side[labelled] = (itgc_scored){records[i].float_score, positive};
        int8_side[labelled++] = (itgc_scored){records[i].int8_score, positive};
        positives += positive;
    }
    scores->has_auc = positives > 0 && positives < labelled;
    scores->float_auc = itgc_auc(float_side, labelled);
    scores->int8_auc = itgc_auc(int8_side, labelled);
}

static double badness(const itgc_scores *scores, const itgc_record *record)
{
    const double noise = record->logits.noise, signal = record->logits.signal;
    return scores->classifier ? record->kl : signal > 0.0 ? noise / signal : noise;
}

/* The file, and which row where it holds several. */
static const char *name_sample(itgc_arena *arena, const itgc_samples *set, int64_t index)
{
    const char *name = itgc_sample_name(set, index);
    const int64_t count = itgc_sample_count(set);
    const bool shared = (index > 0 && itgc_sample_name(set, index - 1) == name) || (index + 1 < count && itgc_sample_name(set, index + 1) == name);
    return shared ? itgc_sprint(arena, "%s, sample %lld", name, (long long)index) : name;
}

/* Insertion into a short list. */
static void fill_worst(itgc_arena *arena, const itgc_samples *set, const itgc_record *records, int64_t count, itgc_scores *scores)
{
    for (int64_t i = 0; i < count; i++) {
        int at = scores->worst_count;
        while (at > 0 && badness(scores, &records[i]) > badness(scores, scores->worst[at - 1]))
            at--;
        if (at == ITGC_WORST_COUNT || !(badness(scores, &records[i]) > 0.0))
            continue;
        scores->worst_count += scores->worst_count < ITGC_WORST_COUNT;
        for (int w = scores->worst_count - 1; w > at; w--)
            scores->worst[w] = scores->worst[w - 1];
        scores->worst[at] = &records[i];
    }
    for (int w = 0; w < scores->worst_count; w++)
        scores->worst_name[w] = name_sample(arena, set, scores->worst[w]->index);
}

void itgc_fill_scores(const itgc_graph *float_graph, const itgc_samples *set, const itgc_record *records, int64_t count, itgc_scores *scores)
{
    const itgc_shape *out = &float_graph->outputs[0]->shape;
    *scores = (itgc_scores){.samples = count,
                            .classifier = itgc_is_classifier(float_graph),
                            .classes = out->rank > 0 ? itgc_elements(out) / out->dim[0] : 1,
                            .output_count = float_graph->output_count,
                            .records = records};
    fill_classes(records, count, scores);
    fill_distances(float_graph->arena, records, count, scores);
    if (itgc_scoring_of(float_graph) != ITGC_NO_SCORE)
        fill_auc(float_graph->arena, records, count, scores);
    fill_worst(float_graph->arena, set, records, count, scores);
}
