/* SPDX-License-Identifier: Apache-2.0
 * Chooses the range of every 8-bit tensor by what its rounding and clipping do to the logits: between the extremes that were seen and the
 * range of least error of the tensor itself. In: a refiner. Out: its tuning. */
#include "compiler/measure/observe.h"
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"

#define CANDIDATES 3
#define LEAST_GAIN 0.98 /* of the noise: closer ones are taken for equal */

typedef struct range_pair {
    double low, high;
} range_pair;

/* share 0: least error of the tensor; 1: the extremes. */
static range_pair range_at(const itgc_tensor *tensor, double share)
{
    range_pair narrow = {tensor->range.min, tensor->range.max};
    itgc_best_range(tensor->range.histogram, 255, 0.9999, &narrow.low, &narrow.high);
    const double low = tensor->range.min < 0.0 ? tensor->range.min : 0.0;
    const double high = tensor->range.max > 0.0 ? tensor->range.max : 0.0;
    return (range_pair){narrow.low + share * (low - narrow.low), narrow.high + share * (high - narrow.high)};
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
        const bool chosen = is_input(graph->tensors[i]);
        tuning->low[i] = chosen ? tuning->low[i] : 1.0;
        tuning->high[i] = chosen ? tuning->high[i] : 0.0;
        if (refiner->share[i] >= 0.0 && graph->tensors[i]->range.histogram) {
            const range_pair range = range_at(graph->tensors[i], refiner->share[i]);
            tuning->low[i] = range.low;
            tuning->high[i] = range.high;
        }
    }
}

static bool fit_tensor(itgc_refiner *refiner, const itgc_noise *noise, const itgc_tensor *tensor)
{
    static const double share[CANDIDATES] = {0.0, 0.4, 1.0};
    double least = 0.0;
    for (int i = 0; i < CANDIDATES; i++) {
        const range_pair range = range_at(tensor, share[i]);
        const itgc_format format = itgc_format_s8(range.low, range.high);
        double power;
        if (!itgc_measure_noise(noise, tensor->id, &format, &power)) {
            return false;
        }
        if (i == 0 || power < LEAST_GAIN * least) {
            least = power;
            refiner->share[tensor->id] = share[i];
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
    itgc_set_ranges(refiner, refiner->graph);
    if (!fine || !itgc_score_tuning(refiner, &after)) {
        return false;
    }
    const bool kept = itgc_is_better(refiner, before, after, 0.97, false);
    for (int i = 0; !kept && i < refiner->tuning->tensor_count; i++) {
        refiner->share[i] = -1.0;
    }
    itgc_set_ranges(refiner, refiner->graph);
    itgc_report_step(refiner, "ranges", before, after, kept);
    return true;
}
