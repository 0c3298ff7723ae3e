/* SPDX-License-Identifier: Apache-2.0
 * Runs the float executor over the samples, a batch at a time, and keeps a histogram of every float tensor of the lowered graph.
 * A last batch that is not full repeats its last sample; those rows are not counted. Called by compile.c. */
#include "compiler/measure/measure.h"

#include "compiler/measure/observe.h"
#include "compiler/measure/suspect.h"
#include "compiler/reference/reference.h"

#include <string.h>

typedef struct measurement {
    itgc_graph *graph;
    itgc_histogram **histogram;  /* by tensor id */
    int64_t batch, rows;         /* rows of a full batch; those of this one that count */
    itgc_neighbours *neighbours; /* by input */
    const itgc_tensor *broken;   /* the first tensor that held NaN or infinity */
} measurement;

static void watch_tensor(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    measurement *state = argument;
    itgc_histogram *histogram = state->histogram[tensor->id];
    if (!histogram || !value->f) {
        return;
    }
    for (int i = 0; !tensor->producer && i < state->graph->input_count; i++) {
        if (state->graph->inputs[i] == tensor) {
            itgc_watch_neighbours(&state->neighbours[i], value);
        }
    }
    int64_t count = itgc_elements(&value->shape);
    if (state->rows < state->batch && value->shape.rank > 0 && value->shape.dim[0] % state->batch == 0) {
        count = count / state->batch * state->rows;
    }
    if (itgc_observe(histogram, value->f, count) > 0 && !state->broken) {
        state->broken = tensor;
    }
}

static bool refuse_nonfinite(itgc_diag *diag, const itgc_tensor *tensor, const char *sample)
{
    const itgc_node *node = tensor->producer;
    if (!node) {
        return itgc_fail(diag, 330, "sample %s holds NaN or infinity for input %s; remove or repair it", sample, tensor->name);
    }
    itgc_enter_node(diag, node->name, node->type, node->opset);
    itgc_fail(diag, 331, "the float model gives NaN or infinity in %s for sample %s; repair the model or remove the sample", tensor->name, sample);
    itgc_leave_node(diag);
    return false;
}

/* Fills row `row` of every input with sample `index`. */
static bool read_row(const itgc_graph *graph, itgc_samples *const *sets, int64_t index, int64_t row, itgc_value *const *inputs)
{
    for (int i = 0; i < graph->input_count; i++) {
        itgc_value one = *inputs[i];
        const int64_t batch = one.shape.rank > 0 ? one.shape.dim[0] : 1;
        const int64_t count = itgc_elements(&one.shape) / batch;
        if (one.shape.rank > 0) {
            one.shape.dim[0] = 1;
        }
        one.f = one.f ? one.f + row * count : NULL;
        one.i = one.i ? one.i + row * count : NULL;
        if (!itgc_read_sample(sets[i], index, &one)) {
            return false;
        }
    }
    return true;
}

static void repeat_row(const itgc_graph *graph, int64_t from, int64_t to, itgc_value *const *inputs)
{
    for (int i = 0; i < graph->input_count; i++) {
        const int64_t batch = inputs[i]->shape.rank > 0 ? inputs[i]->shape.dim[0] : 1;
        const size_t count = (size_t)(itgc_elements(&inputs[i]->shape) / batch);
        if (inputs[i]->f) {
            memcpy(inputs[i]->f + (size_t)to * count, inputs[i]->f + (size_t)from * count, count * sizeof(float));
        }
        if (inputs[i]->i) {
            memcpy(inputs[i]->i + (size_t)to * count, inputs[i]->i + (size_t)from * count, count * sizeof(int64_t));
        }
    }
}

static bool same_batches(const itgc_graph *graph, int64_t *batch)
{
    *batch = graph->input_count > 0 && graph->inputs[0]->shape.rank > 0 ? graph->inputs[0]->shape.dim[0] : 1;
    for (int i = 1; i < graph->input_count; i++) {
        const itgc_shape *shape = &graph->inputs[i]->shape;
        if (shape->rank == 0 || shape->dim[0] != *batch) {
            return itgc_fail(graph->diag, 332, "inputs %s and %s have different batches; give both the same with --input-shape",
                             graph->inputs[0]->name, graph->inputs[i]->name);
        }
    }
    return true;
}

static void start_histograms(measurement *state)
{
    itgc_graph *graph = state->graph;
    state->histogram = ITGC_NEW_ARRAY(graph->arena, itgc_histogram *, graph->tensor_count);
    for (int i = 0; i < graph->input_count; i++) {
        state->histogram[graph->inputs[i]->id] = ITGC_NEW(graph->arena, itgc_histogram);
    }
    for (int i = 0; i < graph->node_count; i++) {
        for (int k = 0; k < graph->nodes[i]->out_count; k++) {
            const itgc_tensor *tensor = graph->nodes[i]->out[k];
            if (tensor && itgc_is_float(tensor->type)) {
                state->histogram[tensor->id] = ITGC_NEW(graph->arena, itgc_histogram);
            }
        }
    }
}

static void store_range(itgc_tensor *tensor, const itgc_histogram *histogram)
{
    if (histogram && histogram->total > 0) {
        tensor->range = (itgc_range){.min = histogram->min, .max = histogram->max, .histogram = histogram};
    } else {
        tensor->range = (itgc_range){.min = 1.0, .max = 0.0, .histogram = NULL};
    }
}

/* One batch of samples starting at *next; false if the samples or the model are at fault. */
static bool measure_batch(measurement *state, itgc_executor *executor, itgc_samples *const *sets, const int64_t *order, int64_t left,
                          itgc_value *const *inputs)
{
    state->rows = left < state->batch ? left : state->batch;
    for (int64_t row = 0; row < state->batch; row++) {
        if (row >= state->rows) {
            repeat_row(state->graph, state->rows - 1, row, inputs);
        } else if (!read_row(state->graph, sets, order[row], row, inputs)) {
            return false;
        }
    }
    if (!itgc_run_float(executor, (const itgc_value *const *)inputs, watch_tensor, state)) {
        return false;
    }
    return !state->broken || refuse_nonfinite(state->graph->diag, state->broken, itgc_sample_name(sets[0], order[0]));
}

/* The samples that count, in order. */
static int64_t list_samples(itgc_arena *arena, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument, int64_t **order)
{
    const int64_t total = itgc_sample_count(sets[0]);
    *order = ITGC_NEW_ARRAY(arena, int64_t, total + 1);
    int64_t count = 0;
    for (int64_t i = 0; i < total; i++) {
        if (!use || use(argument, i)) {
            (*order)[count++] = i;
        }
    }
    return count;
}

static bool measure_samples(measurement *state, itgc_executor *executor, itgc_samples *const *sets, const int64_t *order, int64_t count,
                            const itgc_progress *progress)
{
    const itgc_graph *graph = state->graph;
    itgc_value **inputs = ITGC_NEW_ARRAY(graph->arena, itgc_value *, graph->input_count + 1);
    for (int i = 0; i < graph->input_count; i++) {
        inputs[i] = itgc_new_value(graph->arena, graph->inputs[i]->type, &graph->inputs[i]->shape);
    }
    for (int64_t done = 0; done < count; done += state->batch) {
        if (!measure_batch(state, executor, sets, order + done, count - done, inputs)) {
            return false;
        }
        if (progress && progress->report) {
            progress->report(progress->argument, "calibrating", done + state->rows, count);
        }
    }
    return true;
}

bool itgc_measure_graph(itgc_graph *graph, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument, int threads,
                        const itgc_progress *progress)
{
    measurement state = {.graph = graph};
    if (!same_batches(graph, &state.batch)) {
        return false;
    }
    for (int i = 1; i < graph->input_count; i++) {
        if (itgc_sample_count(sets[i]) != itgc_sample_count(sets[0])) {
            return itgc_fail(graph->diag, 333, "inputs %s and %s have different numbers of samples; give one sample of each for every inference",
                             graph->inputs[0]->name, graph->inputs[i]->name);
        }
    }
    int64_t *order;
    const int64_t count = graph->input_count > 0 ? list_samples(graph->arena, sets, use, argument, &order) : 0;
    if (count == 0) {
        return itgc_fail(graph->diag, 334, "there are no calibration samples; give at least 32 with --calib");
    }
    start_histograms(&state);
    state.neighbours = ITGC_NEW_ARRAY(graph->arena, itgc_neighbours, graph->input_count);
    itgc_executor *executor = itgc_new_executor(graph, threads);
    const bool fine = measure_samples(&state, executor, sets, order, count, progress);
    itgc_release_executor(executor);
    if (!fine) {
        return false;
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        store_range(graph->tensors[i], state.histogram[i]);
    }
    itgc_suspect_count(graph->diag, count);
    for (int i = 0; i < graph->input_count; i++) {
        itgc_suspect_input(graph->diag, graph->inputs[i], i == 0 && graph->input_is_pixels, &state.neighbours[i]);
    }
    graph->level = ITGC_MEASURED;
    return true;
}
