/* SPDX-License-Identifier: Apache-2.0
 * Chooses the range of every 8-bit tensor by what its rounding and clipping do to the logits: between the extremes that were seen and the
 * range of least error of the tensor itself. In: a refiner. Out: its tuning. */
#include "compiler/measure/observe.h"
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"

#define CANDIDATES 5
#define LEAST_GAIN 0.98 /* of the noise: closer ones are taken for equal */

typedef struct range_pair {
    double low, high;
} range_pair;

/* 0: least error of the tensor; then towards and slightly beyond the extremes. */
static range_pair candidate(const itgc_tensor *tensor, int index)
{
    static const double share[CANDIDATES] = {0.0, 0.35, 0.7, 1.0, 1.1};
    range_pair narrow = {tensor->range.min, tensor->range.max};
    itgc_best_range(tensor->range.histogram, 255, 0.9999, &narrow.low, &narrow.high);
    const double low = tensor->range.min < 0.0 ? tensor->range.min : 0.0;
    const double high = tensor->range.max > 0.0 ? tensor->range.max : 0.0;
    return (range_pair){narrow.low + share[index] * (low - narrow.low), narrow.high + share[index] * (high - narrow.high)};
}

static bool fit_tensor(itgc_refiner *refiner, const itgc_noise *noise, const itgc_tensor *tensor)
{
    double least = 0.0;
    for (int i = 0; i < CANDIDATES; i++) {
        const range_pair range = candidate(tensor, i);
        const itgc_format format = itgc_format_s8(range.low, range.high);
        double power;
        if (!itgc_measure_noise(noise, tensor->id, &format, &power)) {
            return false;
        }
        if (i == 0 || power < LEAST_GAIN * least) {
            least = power;
            refiner->tuning->low[tensor->id] = range.low;
            refiner->tuning->high[tensor->id] = range.high;
        }
    }
    return true;
}

static bool fit_all(itgc_refiner *refiner, const itgc_graph *formats, itgc_graph *graph)
{
    int count = 0;
    for (int i = 0; i < graph->tensor_count; i++) {
        count += itgc_is_rounded(formats->tensors[i]) && formats->tensors[i]->range.histogram;
    }
    itgc_noise noise;
    itgc_start_noise(refiner, graph, count * CANDIDATES, &noise);
    bool fine = true;
    int done = 0;
    for (int i = 0; fine && i < graph->tensor_count; i++) {
        if (itgc_is_rounded(formats->tensors[i]) && formats->tensors[i]->range.histogram) {
            fine = fit_tensor(refiner, &noise, formats->tensors[i]);
            itgc_report_progress(refiner, "ranges", ++done, count);
        }
    }
    itgc_end_noise(&noise);
    return fine;
}

bool itgc_refine_ranges(itgc_refiner *refiner)
{
    double before;
    double after;
    itgc_trial trial;
    if (!itgc_score_tuning(refiner, &before) || !itgc_make_trial(refiner, NULL, &trial)) {
        return false;
    }
    itgc_graph *graph = itgc_clone_graph(trial.arena, refiner->graph);
    const bool fine = fit_all(refiner, trial.graph, graph);
    itgc_release_trial(&trial);
    if (!fine || !itgc_score_tuning(refiner, &after)) {
        return false;
    }
    for (int i = 0; after >= before && i < refiner->tuning->tensor_count; i++) {
        refiner->tuning->low[i] = 1.0;
        refiner->tuning->high[i] = 0.0;
    }
    itgc_report_step(refiner, "ranges", before, after);
    return true;
}
