/* SPDX-License-Identifier: Apache-2.0
 * Runs samples through the float graph and the integer plan and compares scores.
 * In: both graphs, the plan, sample sets in the units of each. Out: itgc_scores. Called by `intaglio eval` and `compile`. */
#include "compiler/evaluate/evaluate.h"

#include "compiler/evaluate/engine.h"
#include "compiler/evaluate/metrics.h"
#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

#include <string.h>

typedef struct evaluation {
    itgc_arena *arena;
    const itgc_graph *float_graph, *graph;
    itgc_executor *executor;
    itgc_engine *engine;
    const itgc_tensor *float_logits;
    itgc_tap *logits, **taps; /* taps: outputs, then logits */
    int tap_count;
    bool are_logits; /* false: only probabilities can be compared */
    itgc_energy logit_energy, *output_energy;
    double kl_sum, *kl;
    int64_t agreed, float_top1, float_top5, int8_top1, int8_top5, labelled, samples, classes;
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

static bool start(evaluation *state, const itg_model *model, const itg_exec *exec, int threads, int64_t samples)
{
    state->executor = itgc_new_executor(state->float_graph, threads);
    state->engine = itgc_new_engine(state->arena, state->graph, model, exec);
    if (!state->engine)
        return false;
    state->float_logits = itgc_logits_of(state->float_graph);
    state->output_energy = ITGC_NEW_ARRAY(state->arena, itgc_energy, state->graph->output_count + 1);
    state->kl = ITGC_NEW_ARRAY(state->arena, double, samples + 1);
    state->taps = ITGC_NEW_ARRAY(state->arena, itgc_tap *, state->graph->output_count + 1);
    for (int i = 0; i < state->graph->output_count; i++) {
        state->taps[i] = ITGC_NEW(state->arena, itgc_tap);
        if (!itgc_make_tap(state->engine, state->graph->outputs[i], state->taps[i]))
            return itgc_fail(state->graph->diag, 900, "output \"%s\" is written by no step; report this model", state->graph->outputs[i]->name);
        state->tap_count++;
    }
    tap_logits(state);
    itgc_keep_value(state->executor, state->float_logits);
    return true;
}

/* One labelled or unlabelled row of scores. */
static void score_row(evaluation *state, const float *expected, const float *actual, int64_t label)
{
    const int64_t count = state->classes;
    const double kl = state->are_logits ? itgc_kl_of_logits(expected, actual, count) : itgc_kl_of_probabilities(expected, actual, count);
    state->kl[state->samples] = kl;
    state->kl_sum += kl;
    state->agreed += itgc_argmax(expected, count) == itgc_argmax(actual, count);
    if (label < 0 || label >= count)
        return;
    const int64_t float_rank = itgc_rank(expected, count, label), int8_rank = itgc_rank(actual, count, label);
    state->labelled++;
    state->float_top1 += float_rank < 1;
    state->float_top5 += float_rank < 5;
    state->int8_top1 += int8_rank < 1;
    state->int8_top5 += int8_rank < 5;
}

static void compare_outputs(evaluation *state, int64_t batch, int64_t rows)
{
    for (int o = 0; o < state->graph->output_count; o++) {
        const itgc_value *expected = itgc_value_of(state->executor, state->float_graph->outputs[o]);
        const int64_t all = itgc_elements(&expected->shape), count = all % batch == 0 ? all / batch * rows : all;
        if (expected->f)
            itgc_add_energy(&state->output_energy[o], expected->f, state->taps[o]->value->f, count);
    }
}

static bool evaluate_batch(evaluation *state, itgc_samples *const *float_sets, itgc_samples *const *sets, const int64_t *index, int64_t rows,
                           itgc_value *const *float_batch, itgc_value *const *batch)
{
    const int inputs = state->graph->input_count;
    const int64_t size = batch[0]->shape.rank > 0 ? batch[0]->shape.dim[0] : 1;
    if (!itgc_read_batch(float_sets, inputs, index, rows, float_batch) || !itgc_read_batch(sets, inputs, index, rows, batch) ||
        !itgc_run_float(state->executor, (const itgc_value *const *)float_batch, NULL, NULL))
        return false;
    itgc_run_engine(state->engine, (const itgc_value *const *)batch, state->taps, state->tap_count);
    const itgc_value *expected = itgc_value_of(state->executor, state->float_logits);
    state->classes = itgc_elements(&expected->shape) / size;
    for (int64_t row = 0; row < rows; row++) {
        const float *e = expected->f + row * state->classes, *a = state->logits->value->f + row * state->classes;
        itgc_add_energy(&state->logit_energy, e, a, state->classes);
        score_row(state, e, a, itgc_sample_label(float_sets[0], index[row]));
        state->samples++;
    }
    compare_outputs(state, size, rows);
    return true;
}

/* One output with at least two scores a row along one axis; not an autoencoder, whose output has the shape of its input. */
static bool is_classifier(const itgc_graph *graph)
{
    const itgc_shape *out = &graph->outputs[0]->shape;
    int long_axes = 0;
    for (int d = 1; d < out->rank; d++)
        long_axes += out->dim[d] > 1;
    return graph->output_count == 1 && long_axes == 1 && !itgc_same_shape(out, &graph->inputs[0]->shape);
}

static double percent(int64_t part, int64_t whole)
{
    return whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
}

static void fill_scores(evaluation *state, itgc_scores *scores)
{
    const int outputs = state->graph->output_count;
    *scores = (itgc_scores){.samples = state->samples,
                            .labelled = state->labelled,
                            .classifier = is_classifier(state->float_graph),
                            .float_top1 = percent(state->float_top1, state->labelled),
                            .float_top5 = percent(state->float_top5, state->labelled),
                            .int8_top1 = percent(state->int8_top1, state->labelled),
                            .int8_top5 = percent(state->int8_top5, state->labelled),
                            .agreement = percent(state->agreed, state->samples),
                            .kl_mean = state->samples > 0 ? state->kl_sum / (double)state->samples : 0.0,
                            .kl_p99 = itgc_percentile99(state->kl, state->samples),
                            .logit_sqnr_db = itgc_sqnr_db(&state->logit_energy),
                            .logit_cosine = itgc_cosine(&state->logit_energy),
                            .output_count = outputs};
    scores->output_sqnr_db = ITGC_NEW_ARRAY(state->arena, double, outputs);
    scores->output_cosine = ITGC_NEW_ARRAY(state->arena, double, outputs);
    for (int i = 0; i < outputs; i++) {
        scores->output_sqnr_db[i] = itgc_sqnr_db(&state->output_energy[i]);
        scores->output_cosine[i] = itgc_cosine(&state->output_energy[i]);
    }
}

bool itgc_evaluate(const itgc_graph *float_graph, const itgc_graph *graph, const itg_model *model, const itg_exec *exec,
                   itgc_samples *const *float_sets, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument,
                   int threads, const itgc_progress *progress, itgc_scores *scores)
{
    const int64_t total = itgc_sample_count(sets[0]);
    evaluation state = {.arena = graph->arena, .float_graph = float_graph, .graph = graph};
    if (!start(&state, model, exec, threads, total))
        return false;
    itgc_value **float_batch = itgc_new_batch(state.arena, float_graph), **batch = itgc_new_batch(state.arena, graph);
    const int64_t size = batch[0]->shape.rank > 0 ? batch[0]->shape.dim[0] : 1;
    int64_t *index = ITGC_NEW_ARRAY(state.arena, int64_t, size), rows = 0;
    bool fine = true;
    for (int64_t i = 0; fine && i < total; i++) {
        if (!use || use(argument, i))
            index[rows++] = i;
        if (rows == size || (i == total - 1 && rows > 0)) {
            fine = evaluate_batch(&state, float_sets, sets, index, rows, float_batch, batch);
            rows = 0;
        }
        if (progress)
            progress->report(progress->argument, "evaluate", i + 1, total);
    }
    itgc_release_executor(state.executor);
    if (fine && state.samples == 0)
        fine = itgc_fail(graph->diag, 308, "no samples are left to evaluate on; give more, or --data");
    if (fine)
        fill_scores(&state, scores);
    return fine;
}
