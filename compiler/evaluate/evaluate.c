/* SPDX-License-Identifier: Apache-2.0
 * Runs samples through the float graph and the integer plan and compares scores.
 * In: both graphs, the plan, sample sets in the units of each. Out: itgc_scores. Called by `intaglio eval` and `compile`. */
#include "compiler/evaluate/evaluate.h"

#include "compiler/evaluate/engine.h"
#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

#include <string.h>

typedef struct evaluation {
    const itgc_evaluation *given;
    itgc_arena *arena;
    const itgc_graph *float_graph, *graph;
    itgc_executor *executor;
    itgc_engine *engine;
    const itgc_tensor *float_logits;
    itgc_tap *logits, **taps; /* taps: outputs, then logits */
    int tap_count;
    bool are_logits; /* false: only probabilities can be compared */
    itgc_scoring scoring;
    itgc_record *records;
    int64_t count, classes, *index;
    itgc_value **float_batch, **batch;
} evaluation;

/* A node through which scores pass unchanged in number and order. */
static bool is_view(const itgc_node *node)
{
    static const char *const names[] = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout", "Cast"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(node->type, names[i]) == 0)
            return true;
    return false;
}

const itgc_tensor *itgc_logits_of(const itgc_graph *graph)
{
    const itgc_tensor *tensor = graph->outputs[0];
    while (tensor->producer && is_view(tensor->producer))
        tensor = tensor->producer->in[0];
    return tensor->producer && strcmp(tensor->producer->type, "Softmax") == 0 ? tensor->producer->in[0] : graph->outputs[0];
}

/* The input of a view is stored as well as its output; of a fused node it is not. */
static bool tap_logits(evaluation *state)
{
    const itgc_tensor *tensor = itgc_logits_of(state->graph);
    state->logits = ITGC_NEW(state->arena, itgc_tap);
    state->are_logits =
        itgc_make_tap(state->engine, tensor, state->logits) && itgc_elements(&tensor->shape) == itgc_elements(&state->float_logits->shape);
    if (!state->are_logits) {
        state->float_logits = state->float_graph->outputs[0];
        *state->logits = *state->taps[0];
    }
    state->taps[state->tap_count++] = state->logits;
    const itgc_node *producer = state->float_graph->outputs[0]->producer;
    state->are_logits = state->are_logits || !producer || strcmp(producer->type, "Softmax") != 0;
    return true;
}

static bool start(evaluation *state)
{
    const itgc_evaluation *given = state->given;
    const int64_t samples = itgc_sample_count(given->sets[0]);
    state->executor = itgc_new_executor(state->float_graph, given->threads);
    state->engine = itgc_new_engine(state->arena, state->graph, given->model, given->exec);
    if (!state->engine)
        return false;
    state->float_logits = itgc_logits_of(state->float_graph);
    state->scoring = itgc_scoring_of(state->float_graph);
    state->records = ITGC_NEW_ARRAY(state->arena, itgc_record, samples + 1);
    state->taps = ITGC_NEW_ARRAY(state->arena, itgc_tap *, state->graph->output_count + 1);
    for (int i = 0; i < state->graph->output_count; i++) {
        state->taps[i] = ITGC_NEW(state->arena, itgc_tap);
        if (!itgc_make_tap(state->engine, state->graph->outputs[i], state->taps[i]))
            return itgc_fail(state->graph->diag, 900, "output \"%s\" is written by no step; report this model", state->graph->outputs[i]->name);
        state->tap_count++;
    }
    tap_logits(state);
    itgc_keep_value(state->executor, state->float_logits);
    state->float_batch = itgc_new_batch(state->arena, state->float_graph);
    state->batch = itgc_new_batch(state->arena, state->graph);
    const itgc_shape *shape = &state->batch[0]->shape;
    state->index = ITGC_NEW_ARRAY(state->arena, int64_t, shape->rank > 0 ? shape->dim[0] : 1);
    return true;
}

/* Probability of class 1, or the value itself where there is only one. */
static double score_class1(const evaluation *state, const float *scores)
{
    if (state->classes != 2)
        return (double)scores[0];
    return state->are_logits ? (double)scores[1] - (double)scores[0] : (double)scores[1];
}

/* Classes, distances and AUC scores of one row. */
static void fill_record(const evaluation *state, int64_t row, itgc_record *record)
{
    const int64_t count = state->classes;
    const itgc_value *value = itgc_value_of(state->executor, state->float_logits);
    const float *actual = state->logits->value->f + row * count;
    for (int64_t k = 0; !value->f && k < count; k++) /* an index: neither a score nor a distribution */
        itgc_add_energy(&record->logits, &(float){(float)value->i[row * count + k]}, &actual[k], 1);
    if (!value->f)
        return;
    const float *expected = value->f + row * count;
    itgc_add_energy(&record->logits, expected, actual, count);
    record->kl = state->are_logits ? itgc_kl_of_logits(expected, actual, count) : itgc_kl_of_probabilities(expected, actual, count);
    record->float_class = itgc_argmax(expected, count);
    record->int8_class = itgc_argmax(actual, count);
    if (record->label >= 0 && record->label < count) {
        record->float_rank = itgc_rank(expected, count, record->label);
        record->int8_rank = itgc_rank(actual, count, record->label);
    }
    if (state->scoring == ITGC_SCORE_CLASS1) {
        record->float_score = score_class1(state, expected);
        record->int8_score = score_class1(state, actual);
    } else if (state->scoring == ITGC_SCORE_ERROR) {
        const float *input = state->float_batch[0]->f + row * count;
        record->float_score = itgc_mean_squared(expected, input, count);
        record->int8_score = itgc_mean_squared(actual, input, count);
    }
}

/* Where rows cannot be told apart, an output counts for the first one. */
static void compare_outputs(const evaluation *state, int64_t size, int64_t row, itgc_record *record)
{
    record->outputs = ITGC_NEW_ARRAY(state->arena, itgc_energy, state->graph->output_count);
    for (int o = 0; o < state->graph->output_count; o++) {
        const itgc_value *expected = itgc_value_of(state->executor, state->float_graph->outputs[o]);
        const int64_t all = itgc_elements(&expected->shape), count = all % size == 0 ? all / size : all;
        if (expected->f && (count < all || row == 0))
            itgc_add_energy(&record->outputs[o], expected->f + row * count, state->taps[o]->value->f + row * count, count);
    }
}

static bool run_batch(evaluation *state, int64_t rows)
{
    const itgc_evaluation *given = state->given;
    const int inputs = state->graph->input_count;
    const int64_t size = state->batch[0]->shape.rank > 0 ? state->batch[0]->shape.dim[0] : 1;
    if (!itgc_read_batch(given->float_sets, inputs, state->index, rows, state->float_batch) ||
        !itgc_read_batch(given->sets, inputs, state->index, rows, state->batch) ||
        !itgc_run_float(state->executor, (const itgc_value *const *)state->float_batch, NULL, NULL))
        return false;
    itgc_run_engine(state->engine, (const itgc_value *const *)state->batch, state->taps, state->tap_count);
    state->classes = itgc_elements(&state->float_logits->shape) / size;
    for (int64_t row = 0; row < rows; row++) {
        itgc_record *record = &state->records[state->count++];
        *record = (itgc_record){.index = state->index[row], .label = itgc_sample_label(given->float_sets[0], state->index[row])};
        fill_record(state, row, record);
        compare_outputs(state, size, row, record);
        if (given->keep && !given->keep(given->keeper, record))
            return false;
    }
    return true;
}

/* All samples that count and are not known yet, a batch at a time. */
static bool run_samples(evaluation *state)
{
    const itgc_evaluation *given = state->given;
    const int64_t size = state->batch[0]->shape.rank > 0 ? state->batch[0]->shape.dim[0] : 1, total = itgc_sample_count(given->sets[0]);
    const int64_t first = given->known_count > 0 ? given->known[given->known_count - 1].index + 1 : 0;
    int64_t rows = 0;
    for (int64_t i = 0; i < given->known_count; i++)
        state->records[state->count++] = given->known[i];
    for (int64_t i = first; i < total; i++) {
        if (!given->use || given->use(given->argument, i))
            state->index[rows++] = i;
        if (rows == size || (i == total - 1 && rows > 0)) {
            if (!run_batch(state, rows))
                return false;
            rows = 0;
        }
        if (given->progress)
            given->progress->report(given->progress->argument, "evaluate", i + 1 - first, total - first);
    }
    return state->count > 0 || itgc_fail(state->graph->diag, 308, "no samples are left to evaluate on; give more, or --data");
}

bool itgc_evaluate(const itgc_evaluation *given, itgc_scores *scores)
{
    evaluation state = {.given = given, .arena = given->graph->arena, .float_graph = given->float_graph, .graph = given->graph};
    const bool fine = start(&state) && run_samples(&state);
    itgc_release_executor(state.executor);
    if (fine)
        itgc_fill_scores(given->float_graph, given->float_sets[0], state.records, state.count, scores);
    return fine;
}
