/* SPDX-License-Identifier: Apache-2.0
 * Holds samples and float results in memory and calls the steps that learn from them, in order (refine.h). Called by compile.c. */
#include "compiler/refine/refine.h"
#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"
#include "compiler/refine/refiner.h"

#include <string.h>

#define MOST_BATCHES     256
#define INPUT_BYTES      ((int64_t)128 << 20) /* of all samples held */
#define TARGET_BYTES     ((int64_t)256 << 20) /* of all float results held */
#define ARENA_BYTES      ((int64_t)512 << 20) /* of all arenas of a trial, estimated */
#define MOST_POSITIONS   64
#define FEWEST_TO_DIVIDE 8

bool itgc_judges(const itgc_refiner *refiner, int batch)
{
    return refiner->together || refiner->batches < FEWEST_TO_DIVIDE || batch % 4 == 3;
}

bool itgc_teaches(const itgc_refiner *refiner, int batch)
{
    return refiner->together || refiner->batches < FEWEST_TO_DIVIDE || batch % 4 != 3;
}

int64_t itgc_position_of(const itgc_layer *layer, int batch, int index)
{
    const int64_t stride = layer->pixels / layer->positions;
    const uint32_t mixed = ((uint32_t)batch * 2654435761u ^ (uint32_t)index * 2246822519u) >> 8;
    return index * stride + (int64_t)mixed % stride;
}

void itgc_report_progress(const itgc_refiner *refiner, const char *what, int done, int total)
{
    if (refiner->progress && refiner->progress->report) {
        refiner->progress->report(refiner->progress->argument, what, done, total);
    }
}

static const itgc_tensor *find_scores(const itgc_graph *graph)
{
    const itgc_tensor *tensor = graph->outputs[0];
    const itgc_node *node = tensor->producer;
    while (node && itgc_format_rule_of(node) == ITGC_FORMAT_PASS && node->in[0]->producer) {
        node = node->in[0]->producer;
    }
    return node && itgc_format_rule_of(node) == ITGC_FORMAT_FIXED ? node->in[0] : tensor;
}

/* Results that are classes, conditions or nothing at all give no errors to judge by; the quantizer says what they need. */
static bool has_scores(const itgc_graph *graph)
{
    const itgc_tensor *scores = graph->output_count == 0 ? NULL : find_scores(graph);
    return scores && scores->type == ITGC_F32 && itgc_elements(&scores->shape) > 0;
}

static void list_layers(itgc_refiner *refiner)
{
    const itgc_graph *graph = refiner->graph;
    refiner->layer = ITGC_NEW_ARRAY(refiner->arena, itgc_layer, graph->node_count + 1);
    refiner->layer_of = ITGC_NEW_ARRAY(refiner->arena, int, graph->tensor_count);
    for (int i = 0; i < graph->tensor_count; i++) {
        refiner->layer_of[i] = -1;
    }
    int64_t floats = 1;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        if (!itgc_is_linear(node) || !node->in[1]->constant) {
            continue;
        }
        itgc_layer *layer = &refiner->layer[refiner->layer_count];
        const itgc_shape *shape = &node->out[0]->shape;
        refiner->layer_of[node->out[0]->id] = refiner->layer_count++;
        *layer = (itgc_layer){.node = node, .channels = shape->dim[shape->rank - 1]};
        layer->pixels = itgc_elements(shape) / layer->channels;
        layer->positions = layer->pixels < MOST_POSITIONS ? (int)layer->pixels : MOST_POSITIONS;
        floats += layer->positions * layer->channels;
    }
    const int64_t allowed = TARGET_BYTES / (int64_t)sizeof(float) / refiner->batches;
    for (int i = 0; i < refiner->layer_count; i++) {
        itgc_layer *layer = &refiner->layer[i];
        if (floats > allowed) {
            const int fewer = (int)(layer->positions * allowed / floats);
            layer->positions = fewer < 1 ? 1 : fewer;
        }
        layer->target = ITGC_NEW_ARRAY(refiner->arena, float, refiner->batches * layer->positions * layer->channels);
    }
}

static int64_t input_bytes(const itgc_graph *graph)
{
    int64_t bytes = 1;
    for (int i = 0; i < graph->input_count; i++) {
        bytes += itgc_elements(&graph->inputs[i]->shape) * (itgc_is_float(graph->inputs[i]->type) ? 4 : 8);
    }
    return bytes;
}

/* What an arena holds is at least the largest tensor and its neighbour. */
static int64_t estimate_arena(const itgc_graph *graph)
{
    int64_t most = 1;
    for (int i = 0; i < graph->tensor_count; i++) {
        const int64_t count = graph->tensors[i]->constant ? 0 : itgc_elements(&graph->tensors[i]->shape);
        most = count > most ? count : most;
    }
    return 3 * most;
}

static bool read_samples(itgc_refiner *refiner)
{
    const itgc_graph *graph = refiner->graph;
    itgc_samples *const *sets = refiner->sets;
    const int64_t batch = graph->inputs[0]->shape.rank > 0 ? graph->inputs[0]->shape.dim[0] : 1;
    const int64_t total = itgc_sample_count(sets[0]);
    int64_t *order = ITGC_NEW_ARRAY(refiner->arena, int64_t, total + 1);
    int64_t count = 0;
    for (int64_t i = 0; i < total; i++) {
        if (!refiner->use || refiner->use(refiner->use_argument, i)) {
            order[count++] = i;
        }
    }
    int64_t batches = count < batch ? 1 : count / batch;
    batches = batches > MOST_BATCHES ? MOST_BATCHES : batches;
    const int64_t each = input_bytes(graph);
    const int64_t arena = estimate_arena(graph);
    batches = batches * each > INPUT_BYTES ? INPUT_BYTES / each : batches;
    batches = batches * arena > ARENA_BYTES ? ARENA_BYTES / arena : batches;
    refiner->batches = batches < 1 ? 1 : (int)batches;
    refiner->input = ITGC_NEW_ARRAY(refiner->arena, itgc_value **, refiner->batches);
    refiner->judged = ITGC_NEW_ARRAY(refiner->arena, bool, total);
    int64_t *rows = ITGC_NEW_ARRAY(refiner->arena, int64_t, batch);
    for (int b = 0; b < refiner->batches; b++) {
        int64_t held = 0;
        for (int64_t r = 0; r < batch && (int64_t)b * batch + r < count; r++) {
            /* Spread over all samples. */
            rows[held++] = order[((int64_t)b * batch + r) * count / ((int64_t)refiner->batches * batch < count ? refiner->batches * batch : count)];
        }
        for (int64_t r = 0; r < held && !itgc_teaches(refiner, b); r++) {
            refiner->judged[rows[r]] = true;
        }
        refiner->input[b] = itgc_new_batch(refiner->arena, graph);
        if (!itgc_read_batch(sets, graph->input_count, rows, held, refiner->input[b])) {
            return false;
        }
    }
    return true;
}

static bool use_teaching(void *argument, int64_t index)
{
    const itgc_refiner *refiner = argument;
    return (!refiner->use || refiner->use(refiner->use_argument, index)) && !refiner->judged[index];
}

bool itgc_measure_again(const itgc_refiner *refiner, itgc_graph *graph, bool all)
{
    const int warnings = graph->diag->warning_count;
    const bool fine = all ? itgc_measure_graph(graph, refiner->sets, refiner->use, refiner->use_argument, refiner->threads, refiner->progress)
                          : itgc_measure_graph(graph, refiner->sets, use_teaching, (void *)(uintptr_t)refiner, refiner->threads, refiner->progress);
    graph->diag->warning_count = warnings;
    return fine;
}

typedef struct watching {
    itgc_refiner *refiner;
    int batch;
    const int *result_of; /* layer whose result a tensor is, by id; -1: none */
} watching;

static void keep_targets(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    const watching *watch = argument;
    itgc_refiner *refiner = watch->refiner;
    if (tensor == refiner->scores) {
        memcpy(refiner->logits[watch->batch], value->f, (size_t)refiner->score_count * sizeof(float));
    }
    if (!watch->result_of || watch->result_of[tensor->id] < 0) {
        return;
    }
    const itgc_layer *layer = &refiner->layer[watch->result_of[tensor->id]];
    for (int p = 0; p < layer->positions; p++) {
        float *to = layer->target + ((int64_t)watch->batch * layer->positions + p) * layer->channels;
        memcpy(to, value->f + itgc_position_of(layer, watch->batch, p) * layer->channels, (size_t)layer->channels * sizeof(float));
    }
}

/* result_of NULL: logits alone. */
static bool run_float(itgc_refiner *refiner, const int *result_of)
{
    itgc_executor *executor = itgc_new_executor(refiner->graph, refiner->threads);
    bool fine = true;
    for (int b = 0; fine && b < refiner->batches; b++) {
        watching watch = {refiner, b, result_of};
        fine = itgc_run_float(executor, (const itgc_value *const *)refiner->input[b], keep_targets, &watch);
        itgc_report_progress(refiner, "float results", b + 1, refiner->batches);
    }
    itgc_release_executor(executor);
    return fine;
}

static bool find_logits(itgc_refiner *refiner)
{
    refiner->scores = find_scores(refiner->graph);
    refiner->score_count = itgc_elements(&refiner->scores->shape);
    refiner->logits = ITGC_NEW_ARRAY(refiner->arena, float *, refiner->batches);
    for (int b = 0; b < refiner->batches; b++) {
        refiner->logits[b] = ITGC_NEW_ARRAY(refiner->arena, float, refiner->score_count);
    }
    return run_float(refiner, NULL);
}

static bool find_targets(itgc_refiner *refiner)
{
    const int count = refiner->graph->tensor_count;
    list_layers(refiner);
    int *result_of = ITGC_NEW_ARRAY(refiner->arena, int, count);
    for (int i = 0; i < count; i++) {
        result_of[i] = -1;
    }
    for (int i = 0; i < refiner->layer_count; i++) {
        result_of[itgc_result_of(refiner->layer[i].node)->id] = i;
    }
    return run_float(refiner, result_of);
}

static bool refine(itgc_refiner *refiner)
{
    const struct {
        bool wanted;
        bool (*run)(itgc_refiner *refiner);
    } steps[] = {{refiner->options.round_weights, itgc_refine_weights},
                 {refiner->options.fit_ranges, itgc_refine_ranges},
                 {refiner->options.widen, itgc_refine_widths},
                 {refiner->options.correct, itgc_refine_corrections}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i].wanted && !steps[i].run(refiner)) {
            return false;
        }
    }
    return true;
}

static void start_tuning(itgc_refiner *refiner, itgc_arena *arena)
{
    refiner->tuning = itgc_new_tuning(arena, refiner->graph);
    refiner->share = ITGC_NEW_ARRAY(refiner->arena, itgc_range_share, refiner->graph->tensor_count);
    itgc_find_grids(refiner, refiner->tuning);
}

/* With the settings that were found the samples that judged teach as well: ranges, the rounding of layers with few positions and corrections
 * are found once more, from all. */
static bool finish(itgc_refiner *refiner, itgc_graph *graph)
{
    const bool again = refiner->rounded && refiner->batches >= FEWEST_TO_DIVIDE;
    if ((refiner->changed || again) && !itgc_measure_again(refiner, refiner->graph, true)) {
        return false;
    }
    if (refiner->changed) {
        *graph = *refiner->graph;
    }
    itgc_set_ranges(refiner, graph);
    refiner->together = true;
    return !again || (itgc_round_layers(refiner) && (!refiner->corrected || itgc_correct_layers(refiner)));
}

bool itgc_refine_graph(itgc_graph *graph, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument,
                       const itgc_refine_options *options, itgc_tuning **tuning)
{
    const itgc_quantize_options *steps = options->quantize;
    *tuning = NULL;
    if (!has_scores(graph) || !(steps->round_weights || steps->correct || steps->fit_ranges || steps->widen || steps->repeat || steps->equalize)) {
        return true;
    }
    itgc_refiner refiner = {.sets = sets,
                            .use = use,
                            .use_argument = argument,
                            .arena = itgc_new_child_arena(graph->arena),
                            .options = *steps,
                            .kernels = options->kernels,
                            .progress = options->progress,
                            .threads = options->threads};
    itgc_fill_uses(graph);
    refiner.graph = itgc_clone_graph(graph->arena, graph);
    refiner.graph->input_is_pixels = graph->input_is_pixels;
    bool fine = read_samples(&refiner) && itgc_measure_again(&refiner, refiner.graph, false) && find_logits(&refiner) &&
                (!steps->repeat || itgc_repeat_layers(&refiner)) && (!steps->equalize || itgc_equalize(&refiner));
    if (fine) {
        start_tuning(&refiner, graph->arena);
    }
    fine = fine && find_targets(&refiner) && refine(&refiner) && finish(&refiner, graph);
    *tuning = refiner.tuning;
    itgc_release_arena(refiner.arena);
    return fine;
}
