/* SPDX-License-Identifier: Apache-2.0
 * Chooses the range of every 8-bit tensor by what its rounding and clipping do to the logits: from the extremes that were seen, over the range
 * of least error of the tensor itself, down to a part of that (large values may matter little to the logits). In: a refiner. Out: its tuning. */
#include "compiler/measure/observe.h"
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"

#include <math.h>
#include <string.h>

#define LEAST_ERROR   1.0 /* shares: the range of least error of the tensor */
#define EXTREMES      2.0
#define NARROWER      0.1
#define NARROWEST     0.3
#define WIDER         0.5
#define LEAST_GAIN    0.95 /* of a tensor's noise: what gains less is not worth clipping unseen samples more */
#define LEAST_PART    0.005
#define TRIES         5     /* of a tensor, on average */
#define FEWEST_VALUES 65536 /* of a tensor: one in 10,000, which the range of least error may cut off, is a few */
#define MOST_BATCHES  96
#define MARGIN        0.97

typedef struct range_pair {
    double low, high;
} range_pair;

static double bound_at(double least_error, double extreme, double share)
{
    return share <= LEAST_ERROR ? share * least_error : least_error + (share - LEAST_ERROR) / (EXTREMES - LEAST_ERROR) * (extreme - least_error);
}

static range_pair range_at(const itgc_tensor *tensor, itgc_range_share share)
{
    range_pair narrow = {tensor->range.min, tensor->range.max};
    itgc_best_range(tensor->range.histogram, 255, 0.9999, &narrow.low, &narrow.high);
    const double low = tensor->range.min < 0.0 ? tensor->range.min : 0.0;
    const double high = tensor->range.max > 0.0 ? tensor->range.max : 0.0;
    return (range_pair){bound_at(narrow.low, low, share.low), bound_at(narrow.high, high, share.high)};
}

/* Inputs have no producer and their range is find_grid.c's. */
static bool is_input(const itgc_tensor *tensor)
{
    return !tensor->producer;
}

void itgc_set_ranges(const itgc_refiner *refiner, const itgc_graph *graph)
{
    itgc_tuning *tuning = refiner->tuning;
    for (int i = 0; i < tuning->tensor_count; i++) {
        if (!is_input(graph->tensors[i])) {
            itgc_forget_range(tuning, i);
        }
        if (refiner->share[i].high > 0.0 && graph->tensors[i]->range.histogram) {
            const range_pair range = range_at(graph->tensors[i], refiner->share[i]);
            tuning->low[i] = range.low;
            tuning->high[i] = range.high;
        }
    }
}

/* One tensor while its range is searched. */
typedef struct fitting {
    const itgc_noise *noise;
    const itgc_tensor *tensor;
    itgc_range_share best;
    double least; /* noise */
} fitting;

static bool measure_share(const fitting *state, itgc_range_share share, double *power)
{
    const range_pair range = range_at(state->tensor, share);
    const itgc_format format = itgc_format_s8(range.low, range.high);
    return itgc_measure_noise(state->noise, state->tensor->id, &format, power);
}

static bool try_share(fitting *state, itgc_range_share share, bool *better)
{
    double power;
    if (!measure_share(state, share, &power)) {
        return false;
    }
    *better = power < LEAST_GAIN * state->least;
    if (*better) {
        state->least = power;
        state->best = share;
    }
    return true;
}

/* Bounds move inwards as long as that helps, past one place where it does not. */
static bool narrow_sides(fitting *state, bool low, bool high)
{
    itgc_range_share share = state->best;
    for (int misses = 0; misses < 2;) {
        bool better;
        share.low -= low ? NARROWER : 0.0;
        share.high -= high ? NARROWER : 0.0;
        if (fmin(share.low, share.high) < NARROWEST) {
            return true;
        }
        if (!try_share(state, share, &better)) {
            return false;
        }
        misses = better ? 0 : misses + 1;
    }
    return true;
}

static bool fit_tensor(fitting *state)
{
    const range_pair whole = range_at(state->tensor, state->best);
    const bool signs = whole.low < 0.0 && whole.high > 0.0;
    bool better = true;
    if (!narrow_sides(state, true, true) || (signs && (!narrow_sides(state, true, false) || !narrow_sides(state, false, true)))) {
        return false;
    }
    for (double share = LEAST_ERROR + WIDER; better && fmin(state->best.low, state->best.high) >= LEAST_ERROR && share <= EXTREMES; share += WIDER) {
        if (!try_share(state, (itgc_range_share){share, share}, &better)) {
            return false;
        }
    }
    return true;
}

/* Of few values the largest say nothing about those of unseen samples. */
static bool has_choice(const itgc_tensor *tensor)
{
    return itgc_is_rounded(tensor) && tensor->range.histogram && tensor->range.histogram->total >= FEWEST_VALUES;
}

/* What the ranges of least error cost, by tensor; then the search where that is worth it. */
static bool fit_all(itgc_refiner *refiner, const itgc_graph *formats, const itgc_noise *noise, int count)
{
    const itgc_range_share start = {LEAST_ERROR, LEAST_ERROR};
    double *power = ITGC_NEW_ARRAY(refiner->arena, double, refiner->tuning->tensor_count);
    double total = 0.0;
    int done = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < refiner->tuning->tensor_count; i++) {
            if (!has_choice(formats->tensors[i])) {
                continue;
            }
            fitting state = {noise, formats->tensors[i], start, power[i]};
            const bool fine = pass == 0 ? measure_share(&state, start, &power[i]) : power[i] < LEAST_PART * total || fit_tensor(&state);
            if (!fine) {
                return false;
            }
            total += pass == 0 ? power[i] : 0.0;
            refiner->share[i] = state.best;
            itgc_report_progress(refiner, "ranges", ++done, 2 * count);
        }
    }
    return true;
}

/* Half the way back: clipping of many tensors adds up more than their rounding does. */
static void soften_shares(itgc_refiner *refiner)
{
    for (int i = 0; i < refiner->tuning->tensor_count; i++) {
        if (refiner->share[i].high > 0.0) {
            refiner->share[i].low = 0.5 * (refiner->share[i].low + LEAST_ERROR);
            refiner->share[i].high = 0.5 * (refiner->share[i].high + LEAST_ERROR);
        }
    }
}

static bool search_ranges(itgc_refiner *refiner, bool *searched)
{
    itgc_trial trial;
    if (!itgc_make_trial(refiner, NULL, &trial)) {
        return false;
    }
    itgc_graph *graph = itgc_clone_graph(trial.arena, refiner->graph);
    int count = 0;
    for (int i = 0; i < refiner->tuning->tensor_count; i++) {
        count += has_choice(trial.graph->tensors[i]);
    }
    itgc_noise noise;
    itgc_start_noise(refiner, graph, count * TRIES, MOST_BATCHES, &noise);
    *searched = noise.affordable && count > 0;
    const bool fine = !*searched || fit_all(refiner, trial.graph, &noise, count);
    itgc_end_noise(&noise);
    itgc_release_trial(&trial);
    return fine;
}

bool itgc_refine_ranges(itgc_refiner *refiner)
{
    const int count = refiner->tuning->tensor_count;
    double before;
    double after;
    double softer;
    bool searched = false;
    if (refiner->batches < ITGC_ENOUGH_BATCHES) {
        return true;
    }
    if (!itgc_score_tuning(refiner, &before) || !search_ranges(refiner, &searched)) {
        return false;
    }
    if (!searched) {
        return true;
    }
    itgc_range_share *found = ITGC_NEW_ARRAY(refiner->arena, itgc_range_share, count);
    memcpy(found, refiner->share, (size_t)count * sizeof *found);
    itgc_set_ranges(refiner, refiner->graph);
    if (!itgc_score_tuning(refiner, &after)) {
        return false;
    }
    soften_shares(refiner);
    itgc_set_ranges(refiner, refiner->graph);
    if (!itgc_score_tuning(refiner, &softer)) {
        return false;
    }
    const bool kept = itgc_is_better(refiner, before, fmin(after, softer), MARGIN, false);
    for (int i = 0; i < count; i++) {
        refiner->share[i] = !kept ? (itgc_range_share){0.0, 0.0} : after < softer ? found[i] : refiner->share[i];
    }
    itgc_set_ranges(refiner, refiner->graph);
    itgc_report_step(refiner, "ranges", before, fmin(after, softer), kept);
    return true;
}
