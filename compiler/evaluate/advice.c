/* SPDX-License-Identifier: Apache-2.0
 * Ranked advice: the layers that lose most by themselves, samples that fare far worse than the rest, what int16 costs.
 * In: scores and layers. Out: lines of text. Called for the report, and by the tools where a gate does not hold. */
#include "compiler/base/text.h"
#include "compiler/evaluate/layers.h"

#include <math.h>

#define MOST_LAYERS   6
#define FINE_LOCAL_DB 33.0 /* an 8-bit tensor of its own reaches about 40 */
#define MUCH_CUT      1e-3
#define MUCH_BIAS     0.25 /* of a channel's deviation */
#define FEW_CODES     64
#define MANY_VALUES   4096 /* enough to say which codes are used */
#define MUCH_INT16    0.10 /* of the MACs */
#define FAR_WORSE     20.0 /* 99th percentile over mean */
#define NOTABLE_KL    0.01

typedef struct ranked {
    const itgc_layer_report *layer;
    double severity;
} ranked;

static double severity_of(const itgc_layer_report *layer)
{
    const double cut = layer->cut_low + layer->cut_high;
    double severity = 0.0;
    if (layer->has_local && layer->local_db < FINE_LOCAL_DB)
        severity += FINE_LOCAL_DB - layer->local_db;
    if (cut > MUCH_CUT)
        severity += 6.0 + 1000.0 * cut;
    if (fabs(layer->worst_channel_bias) > MUCH_BIAS && layer->cumulative_db < FINE_LOCAL_DB)
        severity += 6.0 * fabs(layer->worst_channel_bias) / MUCH_BIAS;
    return severity;
}

static int rank_layers(const itgc_layers *layers, ranked *list)
{
    int count = 0;
    for (int l = 0; l < layers->count; l++) {
        const ranked one = {&layers->layer[l], severity_of(&layers->layer[l])};
        int at = count;
        while (at > 0 && one.severity > list[at - 1].severity)
            at--;
        if (at == MOST_LAYERS || one.severity <= 0.0)
            continue;
        count += count < MOST_LAYERS;
        for (int i = count - 1; i > at; i--)
            list[i] = list[i - 1];
        list[at] = one;
    }
    return count;
}

/* The likeliest cause, most certain first. */
static const char *remedy_of(const itgc_layer_report *layer)
{
    if (layer->cut_low + layer->cut_high > MUCH_CUT)
        return "give more calibration samples, its ranges do not cover these; or --steps=-mse,-ranges";
    const bool is_byte = layer->out->format.type == ITG_S8 || layer->out->format.type == ITG_U8;
    if (is_byte && layer->values > MANY_VALUES && layer->used_codes < FEW_CODES && layer->at_low + layer->at_high < 0.5)
        return "its range is wider than its values: look for an outlier among the calibration samples, or --steps=+mse,+ranges";
    if (fabs(layer->worst_channel_bias) > MUCH_BIAS && layer->local_db > FINE_LOCAL_DB)
        return "--steps=+correct and calibration samples like those measured on";
    if (!layer->writes_int16)
        return "--preset accurate, or --steps=+int16 for its output";
    return "its weights lose most: --steps=+mse-weights,+round";
}

static void add_layer(itgc_text *text, const itgc_layer_report *layer)
{
    const double cut = 100.0 * (layer->cut_low + layer->cut_high);
    itgc_addf(text, "layer %s (%s): ", layer->node->name, layer->node->type);
    if (layer->has_local)
        itgc_addf(text, "%.1f dB local, ", layer->local_db);
    itgc_addf(text, "%.1f dB so far", layer->cumulative_db);
    if (cut > 100.0 * MUCH_CUT)
        itgc_addf(text, ", %.2g %% saturated", cut);
    if (fabs(layer->worst_channel_bias) > MUCH_BIAS)
        itgc_addf(text, ", one channel off by %.2g deviations", layer->worst_channel_bias);
    itgc_addf(text, ", %d of %d codes used: %s\n", layer->used_codes, layer->code_count, remedy_of(layer));
}

void itgc_add_advice(itgc_text *text, const itgc_scores *scores, const itgc_layers *layers)
{
    ranked list[MOST_LAYERS];
    const int count = rank_layers(layers, list);
    for (int i = 0; i < count; i++)
        add_layer(text, list[i].layer);
    if (scores->classifier && scores->worst_count > 0 && scores->kl_p99 > NOTABLE_KL && scores->kl_p99 > FAR_WORSE * scores->kl_mean)
        itgc_addf(text, "sample %s: KL %.3g against %.3g on average: a few samples lose far more than most; calibrate on samples like it\n",
                  scores->worst_name[0], scores->worst[0]->kl, scores->kl_mean);
    if (layers->macs > 0 && (double)layers->int16_macs > MUCH_INT16 * (double)layers->macs)
        itgc_addf(text, "int16 activations: %.1f %% of the MACs read them, which costs time; --steps=-int16 gives them up\n",
                  100.0 * (double)layers->int16_macs / (double)layers->macs);
}
