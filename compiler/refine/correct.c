/* SPDX-License-Identifier: Apache-2.0
 * Sequential empirical correction: the integer plan runs layer by layer on all samples; each layer's results are compared with the float
 * ones, gain and offset of every channel are fitted and take effect before the next layer runs. They end up in multiplier and bias, so
 * they cost nothing at run time. In: a refiner. Out: its tuning. */
#include "compiler/base/real.h"
#include "compiler/refine/refiner.h"

#include <math.h>
#include <string.h>

#define LARGEST_GAIN_CHANGE 0.1
#define MOST_MULTIPLIER     1073741823.0

/* Sums over one channel's results that the activation does not cut off: y as computed, e = float - y. batch: of the means of e by batch. */
typedef struct channel_sums {
    double count, y, e, yy, ye;
    double batches, batch_mean, batch_square;
} channel_sums;

typedef struct correction {
    double gain, offset; /* result' = gain * result + offset */
} correction;

/* What of a step's params is read and changed. */
typedef struct view {
    itg_epilogue *epilogue;
    itg_type out_type;
} view;

static view view_step(const itgc_trial *trial, uint32_t index)
{
    void *params = (void *)(uintptr_t)trial->model->steps[index].params;
    if (strcmp(trial->graph->steps[index]->kind->op_name, "itg_op_conv") == 0) {
        itg_conv *conv = params;
        return (view){&conv->epilogue, conv->out_type};
    }
    itg_depthwise *depthwise = params;
    return (view){&depthwise->epilogue, depthwise->out_type};
}

/* One batch's results of one channel; extremes of the clamp are not what the layer computed. */
static void add_batch(const itgc_layer *layer, const itgc_tensor *out, const view *seen, const uint8_t *codes, int batch, int64_t channel,
                      channel_sums *sums)
{
    const float *target = layer->target + (int64_t)batch * layer->positions * layer->channels + channel;
    double count = 0.0;
    double total = 0.0;
    for (int p = 0; p < layer->positions; p++) {
        const int64_t index = itgc_position_of(layer, batch, p) * layer->channels + channel;
        const int32_t code = itgc_stored_code(codes, out->format.type, index);
        if (code <= seen->epilogue->low || code >= seen->epilogue->high) {
            continue;
        }
        const double y = (code - out->format.zero) * out->format.scale;
        const double e = (double)target[p * layer->channels] - y;
        sums->y += y;
        sums->e += e;
        sums->yy += y * y;
        sums->ye += y * e;
        total += e;
        count++;
    }
    if (count > 0.0) {
        const double mean = total / count;
        sums->count += count;
        sums->batches++;
        sums->batch_mean += mean;
        sums->batch_square += mean * mean;
    }
}

/* Least squares, each part shrunk by how sure it is: what chance alone would give is not corrected. */
static correction fit_channel(const channel_sums *sums)
{
    correction result = {1.0, 0.0};
    if (sums->batches < 2.0) {
        return result;
    }
    const double mean_e = sums->e / sums->count;
    const double mean_y = sums->y / sums->count;
    const double across = sums->batch_mean / sums->batches;
    const double spread = fmax(0.0, sums->batch_square / sums->batches - across * across) / (sums->batches - 1.0);
    const double offset = mean_e * mean_e / (mean_e * mean_e + spread + 1e-300) * mean_e;
    const double power = sums->yy - sums->count * mean_y * mean_y;
    double change = 0.0;
    if (power > 0.0 && sums->count > 16.0) {
        const double slope = (sums->ye - sums->count * mean_y * mean_e) / power;
        const double doubt = spread * sums->batches / power; /* as if errors of one batch were one */
        change = slope * slope / (slope * slope + doubt + 1e-300) * slope;
        change = fmin(fmax(change, -LARGEST_GAIN_CHANGE), LARGEST_GAIN_CHANGE);
    }
    result.gain = 1.0 + change;
    result.offset = offset - change * mean_y;
    return result;
}

/* The corrected constants of the trial, so that later layers see corrected results. */
static void change_step(const itgc_trial *trial, const view *seen, const correction *fitted, int64_t channels, double out_scale)
{
    itg_epilogue *epilogue = seen->epilogue;
    int32_t *bias = ITGC_NEW_ARRAY(trial->arena, int32_t, channels);
    int32_t *multiplier = ITGC_NEW_ARRAY(trial->arena, int32_t, channels);
    for (int64_t c = 0; c < channels; c++) {
        /* Codes per unit of the sum, which a wide one is before it is narrowed. */
        const double ratio = ldexp((double)epilogue->multiplier[c], epilogue->left - 31 - epilogue->shift - epilogue->narrow);
        const double added = ratio > 0.0 ? fitted[c].offset / fitted[c].gain / out_scale / ratio : 0.0;
        const double changed = fmin(itgc_round(epilogue->multiplier[c] * fitted[c].gain), MOST_MULTIPLIER);
        multiplier[c] = (int32_t)changed;
        bias[c] = epilogue->bias[c] + (int32_t)itgc_round(fmin(fmax(added, -0x1p28), 0x1p28));
    }
    epilogue->bias = bias;
    epilogue->multiplier = multiplier;
}

/* On top of what the layer's tuning has already: it went into the plan. */
static void store_tuning(const itgc_refiner *refiner, const itgc_layer *layer, const correction *fitted)
{
    itgc_layer_tuning *tuning = itgc_tune_layer(refiner->graph->arena, refiner->tuning, layer->node);
    double *gain = ITGC_NEW_ARRAY(refiner->graph->arena, double, layer->channels);
    double *offset = ITGC_NEW_ARRAY(refiner->graph->arena, double, layer->channels);
    for (int64_t c = 0; c < layer->channels; c++) {
        gain[c] = fitted[c].gain * (tuning->gain ? tuning->gain[c] : 1.0);
        offset[c] = fitted[c].gain * (tuning->offset ? tuning->offset[c] : 0.0) + fitted[c].offset;
    }
    tuning->gain = gain;
    tuning->offset = offset;
}

static void correct_layer(const itgc_refiner *refiner, const itgc_trial *trial, const itgc_layer *layer, uint32_t index)
{
    const itgc_tensor *out = trial->graph->steps[index]->out;
    const view seen = view_step(trial, index);
    const uint32_t offset = itgc_place_owner(out)->place.offset;
    itgc_arena *scratch = itgc_new_child_arena(trial->arena);
    correction *fitted = ITGC_NEW_ARRAY(scratch, correction, layer->channels);
    for (int64_t c = 0; c < layer->channels; c++) {
        channel_sums sums = {0};
        for (int b = 0; b < refiner->batches; b++) {
            if (itgc_teaches(refiner, b)) {
                add_batch(layer, out, &seen, trial->memory[b] + offset, b, c, &sums);
            }
        }
        fitted[c] = fit_channel(&sums);
    }
    change_step(trial, &seen, fitted, layer->channels, out->format.scale);
    store_tuning(refiner, layer, fitted);
    itgc_release_arena(scratch);
    itgc_run_trial_step(refiner, trial, index);
}

/* Results of a table say little about what went into it; and where int16 freed an activation the step's result is not the layer's. */
static bool is_correctable(const itgc_trial *trial, const itgc_layer *layer, uint32_t index)
{
    const view seen = view_step(trial, index);
    const bool same = trial->graph->steps[index]->out->id == itgc_result_of(layer->node)->id;
    return same && !seen.epilogue->table && !seen.epilogue->negative_multiplier && seen.out_type != ITG_S32;
}

static void forget_corrections(itgc_refiner *refiner, itgc_layer_tuning *const *before)
{
    for (int i = 0; i < refiner->tuning->tensor_count; i++) {
        itgc_layer_tuning *now = refiner->tuning->layer[i];
        if (now) {
            now->gain = before[i] ? before[i]->gain : NULL;
            now->offset = before[i] ? before[i]->offset : NULL;
        }
    }
}

/* What layers had before, so that it can be put back. */
static itgc_layer_tuning **copy_tuning(const itgc_refiner *refiner)
{
    const int count = refiner->tuning->tensor_count;
    itgc_layer_tuning **copy = ITGC_NEW_ARRAY(refiner->arena, itgc_layer_tuning *, count);
    for (int i = 0; i < count; i++) {
        if (refiner->tuning->layer[i]) {
            copy[i] = ITGC_NEW(refiner->arena, itgc_layer_tuning);
            *copy[i] = *refiner->tuning->layer[i];
        }
    }
    return copy;
}

bool itgc_correct_layers(itgc_refiner *refiner)
{
    itgc_trial trial;
    if (!itgc_make_trial(refiner, refiner->kernels, &trial)) {
        return false;
    }
    itgc_start_trial(refiner, &trial);
    for (uint32_t i = 0; i < trial.model->step_count; i++) {
        const itgc_layer *layer = itgc_layer_of_step(refiner, trial.graph->steps[i]);
        itgc_run_trial_step(refiner, &trial, i);
        if (layer && is_correctable(&trial, layer, i)) {
            correct_layer(refiner, &trial, layer, i);
        }
    }
    itgc_release_trial(&trial);
    return true;
}

bool itgc_refine_corrections(itgc_refiner *refiner)
{
    double before;
    double after;
    if (refiner->rounded && refiner->batches < ITGC_ENOUGH_BATCHES) {
        return true; /* rounding took the means out already */
    }
    itgc_layer_tuning **old = copy_tuning(refiner);
    if (!itgc_score_tuning(refiner, &before) || !itgc_correct_layers(refiner) || !itgc_score_tuning(refiner, &after)) {
        return false;
    }
    refiner->corrected = itgc_is_better(refiner, before, after, 1.0, true);
    if (!refiner->corrected) {
        forget_corrections(refiner, old);
    }
    itgc_report_step(refiner, "correct", before, after, refiner->corrected);
    return true;
}
