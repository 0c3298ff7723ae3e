/* SPDX-License-Identifier: Apache-2.0
 * Moves the tensors whose 8-bit codes cost the logits most to int16, best gain for its cost first, within limits: the share of
 * multiplications that read int16, and the growth of the arena. A tensor read by layers and by others (a residual stream) may be int16 with
 * an int8 copy for the layers, which costs no int16 multiplications. In: a refiner. Out: its tuning. */
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"

#include <stdlib.h>

#define MOST_MACS    0.10
#define LEAST_GAIN   0.002 /* of all noise of tensors: less is not worth int16 */
#define FREE_COST    0.02
#define LEAST_WORTH  0.04 /* of all noise, for all that the limits allow */
#define MOST_BATCHES 48

typedef struct cost {
    double wide_macs; /* share */
    double arena;
} cost;

typedef struct candidate {
    int tensor;
    itgc_width width;
    double gain, worth;
} candidate;

typedef struct widening {
    itgc_refiner *refiner;
    int count;
    double *power;  /* by tensor id: noise of its int8 codes */
    double *copied; /* of an int8 copy for its layers alone; below 0: it has no such copy */
    double total;
    double arena;  /* of int8 alone */
    double *noise; /* by tensor id, as accepted */
    candidate *list;
    int listed;
} widening;

static cost cost_of(const itgc_graph *graph)
{
    double wide = 0.0;
    for (int i = 0; i < graph->step_count; i++) {
        wide += (double)itgc_count_int16_macs(graph->steps[i]);
    }
    return (cost){wide / ((double)itgc_count_macs(graph) + 1e-9), (double)graph->arena_bytes};
}

/* What a tensor costs with the format that a trial gave it. */
static double noise_of(const widening *state, const itgc_graph *graph, int index)
{
    if (graph->tensors[index]->format.type != ITG_S16) {
        return state->power[index];
    }
    return state->refiner->tuning->width[index] == ITGC_WIDTH_SPLIT ? state->copied[index] : 0.0;
}

static double gain_of(const widening *state, const itgc_graph *graph)
{
    double gain = 0.0;
    for (int i = 0; i < state->count; i++) {
        gain += state->noise[i] - noise_of(state, graph, i);
    }
    return gain;
}

static bool is_within(const widening *state, cost price, cost before)
{
    const bool macs = price.wide_macs <= MOST_MACS || price.wide_macs <= before.wide_macs;
    return macs && (price.arena <= ITGC_MOST_GROWTH * state->arena || price.arena <= before.arena);
}

/* Tries one more tensor in int16 on top of what is accepted; gain 0 where the limits forbid it. accepted: it stays where it pays. */
static bool try_candidate(widening *state, candidate *one, cost *now, bool accept)
{
    itgc_tuning *tuning = state->refiner->tuning;
    const itgc_width before = tuning->width[one->tensor];
    itgc_trial trial;
    tuning->width[one->tensor] = one->width;
    if (!itgc_make_trial(state->refiner, NULL, &trial)) {
        return false;
    }
    const cost price = cost_of(trial.graph);
    one->gain = is_within(state, price, *now) ? gain_of(state, trial.graph) : 0.0;
    one->worth = one->gain / (FREE_COST + (price.wide_macs > now->wide_macs ? (price.wide_macs - now->wide_macs) / MOST_MACS : 0.0) +
                              (price.arena > now->arena ? (price.arena / now->arena - 1.0) / (ITGC_MOST_GROWTH - 1.0) : 0.0));
    if (accept && one->gain > LEAST_GAIN * state->total && one->worth > LEAST_WORTH * state->total) {
        for (int i = 0; i < state->count; i++) {
            state->noise[i] = noise_of(state, trial.graph, i);
        }
        *now = price;
    } else {
        tuning->width[one->tensor] = before;
    }
    itgc_release_trial(&trial);
    return true;
}

static int compare_worth(const void *a, const void *b)
{
    const candidate *left = a;
    const candidate *right = b;
    return left->worth != right->worth ? (left->worth < right->worth) - (left->worth > right->worth) : left->tensor - right->tensor;
}

static bool has_other_readers(const void *argument, const itgc_tensor *tensor)
{
    (void)argument;
    for (int i = 0; i < tensor->use_count; i++) {
        if (!itgc_is_linear(tensor->uses[i])) {
            return true;
        }
    }
    return tensor->is_output;
}

/* The int8 copy that itgc_insert_copies made of a tensor; NULL: none. */
static const itgc_tensor *copy_of(const itgc_tensor *tensor, int count)
{
    for (int i = 0; i < tensor->use_count; i++) {
        if (tensor->uses[i]->out[0]->id >= count) {
            return tensor->uses[i]->out[0];
        }
    }
    return NULL;
}

static bool measure_tensors(widening *state, const itgc_graph *formats, itgc_graph *graph)
{
    int runs = 0;
    for (int i = 0; i < state->count; i++) {
        runs += itgc_is_rounded(formats->tensors[i]) ? 1 + (copy_of(graph->tensors[i], state->count) != NULL) : 0;
    }
    itgc_noise noise;
    itgc_start_noise(state->refiner, graph, runs, MOST_BATCHES, &noise);
    bool fine = true;
    int done = 0;
    for (int i = 0; fine && i < state->count; i++) {
        state->copied[i] = -1.0;
        if (!itgc_is_rounded(formats->tensors[i])) {
            continue;
        }
        const itgc_format *format = &formats->tensors[i]->format;
        const itgc_tensor *copy = copy_of(graph->tensors[i], state->count);
        fine = itgc_measure_noise(&noise, i, format, &state->power[i]) && (!copy || itgc_measure_noise(&noise, copy->id, format, &state->copied[i]));
        state->noise[i] = state->power[i];
        state->total += state->power[i];
        itgc_report_progress(state->refiner, "int16", done += copy ? 2 : 1, runs);
    }
    itgc_end_noise(&noise);
    return fine;
}

static void list_candidates(widening *state)
{
    state->list = ITGC_NEW_ARRAY(state->refiner->arena, candidate, 2 * state->count);
    for (int i = 0; i < state->count; i++) {
        if (state->power[i] > LEAST_GAIN * state->total) {
            state->list[state->listed++] = (candidate){.tensor = i, .width = ITGC_WIDTH_S16};
        }
        if (state->power[i] > LEAST_GAIN * state->total && state->copied[i] >= 0.0 && state->copied[i] < state->power[i]) {
            state->list[state->listed++] = (candidate){.tensor = i, .width = ITGC_WIDTH_SPLIT};
        }
    }
}

/* Worth is judged once against int8 alone; each is tried again when its turn comes, one with an int8 copy without it as well. */
static bool accept_best(widening *state, cost now)
{
    for (int i = 0; i < state->listed; i++) {
        if (!try_candidate(state, &state->list[i], &now, false)) {
            return false;
        }
    }
    qsort(state->list, (size_t)state->listed, sizeof *state->list, compare_worth);
    for (int i = 0; i < state->listed; i++) {
        if (state->noise[state->list[i].tensor] > 0.0 && !try_candidate(state, &state->list[i], &now, true)) {
            return false;
        }
    }
    itgc_note(state->refiner->graph->diag, "int16: %.1f %% of the multiplications read int16, the arena grows from %.0f to %.0f bytes",
              100.0 * now.wide_macs, state->arena, now.arena);
    return true;
}

/* Who judges: which tensors are int16 follows from noise in the float graph and is hardly fitted to the samples that teach, so all may, where a
 * quarter of them says little. Not where they are few: rounded weights suit them more than int16 can gain. */
static itgc_refiner choose_judges(const itgc_refiner *refiner)
{
    itgc_refiner judges = *refiner;
    judges.together = refiner->batches >= ITGC_ENOUGH_BATCHES;
    return judges;
}

bool itgc_refine_widths(itgc_refiner *refiner)
{
    const itgc_refiner judges = choose_judges(refiner);
    double before;
    double after;
    widening state = {.refiner = refiner, .count = refiner->tuning->tensor_count};
    state.power = ITGC_NEW_ARRAY(refiner->arena, double, state.count);
    state.copied = ITGC_NEW_ARRAY(refiner->arena, double, state.count);
    state.noise = ITGC_NEW_ARRAY(refiner->arena, double, state.count);
    itgc_trial trial;
    if (!itgc_score_tuning(&judges, &before) || !itgc_make_trial(refiner, NULL, &trial)) {
        return false;
    }
    const cost now = cost_of(trial.graph);
    state.arena = refiner->first_arena > 0.0 ? refiner->first_arena : now.arena;
    itgc_graph *graph = itgc_clone_graph(trial.arena, refiner->graph);
    itgc_insert_copies(graph, has_other_readers, NULL);
    const bool fine = measure_tensors(&state, trial.graph, graph);
    itgc_release_trial(&trial);
    if (!fine) {
        return false;
    }
    list_candidates(&state);
    if (!accept_best(&state, now) || !itgc_score_tuning(&judges, &after)) {
        return false;
    }
    const bool kept = itgc_is_better(&judges, before, after, 1.0, true);
    for (int i = 0; !kept && i < state.count; i++) {
        refiner->tuning->width[i] = ITGC_WIDTH_RULE;
    }
    itgc_report_step(refiner, "int16", before, after, kept);
    return true;
}
