/* SPDX-License-Identifier: Apache-2.0
 * Noise of every layer: the float graph and the plan run side by side, then each layer once more from float inputs.
 * In: the evaluation's graphs, plan and samples. Out: itgc_layers. Called by the tools for the report. */
#include "compiler/evaluate/layers.h"

#include "compiler/evaluate/engine.h"
#include "compiler/evaluate/layer_sums.h"
#include "compiler/ops/op.h"
#include "compiler/reference/reference.h"

/* A tensor that a layer reads and that has float values. */
typedef struct source {
    const itgc_tensor *tensor;
    itg_port port;
} source;

typedef struct layer_state {
    itg_port port;
    source *sources;
    int source_count;
    itgc_layer_sums sums;
} layer_state;

typedef struct measuring {
    const itgc_evaluation *given;
    itgc_arena *arena;
    const itgc_graph *graph;
    itgc_engine *engine;
    itgc_executor *executor;
    itgc_layers *layers;
    layer_state *state;
    float *reals; /* room for the largest tensor */
} measuring;

/* Whether the float executor computes it: tensors between the steps of one node exist in integers only. */
static bool has_floats(const itgc_graph *graph, const itgc_tensor *tensor)
{
    for (int i = 0; i < graph->input_count; i++)
        if (graph->inputs[i] == tensor)
            return itgc_is_float(tensor->type);
    for (int o = 0; tensor->producer && o < tensor->producer->out_count; o++)
        if (tensor->producer->out[o] == tensor)
            return itgc_is_float(tensor->type);
    return false;
}

static bool is_written_between(const itgc_graph *graph, const itgc_tensor *owner, int first, int end)
{
    for (int s = first; s < end; s++)
        if (itgc_place_owner(graph->steps[s]->out) == owner)
            return true;
    return false;
}

/* What the layer reads from outside. False if some of it has no float values. */
static bool collect_sources(measuring *all, const itgc_layer_report *layer, layer_state *state)
{
    state->sources = ITGC_NEW_ARRAY(all->arena, source, 3 * (layer->last_step - layer->first_step + 1));
    for (int s = layer->first_step; s <= layer->last_step; s++) {
        for (int i = 0; i < 3; i++) {
            const itgc_tensor *in = all->graph->steps[s]->in[i];
            if (!in || is_written_between(all->graph, itgc_place_owner(in), layer->first_step, s))
                continue;
            source *from = &state->sources[state->source_count];
            int last_step;
            if (!has_floats(all->graph, in) || !itgc_find_port(all->engine, in, &from->port, &last_step))
                return false;
            from->tensor = in;
            itgc_keep_value(all->executor, in);
            state->source_count++;
        }
    }
    return !is_written_between(all->graph, itgc_place_owner(layer->out), 0, layer->first_step);
}

/* Steps [first, end) of one node, if the result they complete has float values. */
static void add_layer(measuring *all, int first, int end)
{
    const itgc_step *const *steps = (const itgc_step *const *)all->graph->steps;
    const itgc_tensor *out = steps[end - 1]->out;
    itgc_layer_report *layer = &all->layers->layer[all->layers->count];
    layer_state *state = &all->state[all->layers->count];
    int last_step;
    if (!has_floats(all->graph, out) || !itgc_find_port(all->engine, out, &state->port, &last_step) || last_step != end - 1)
        return;
    *layer = (itgc_layer_report){.node = steps[first]->node, .out = out, .first_step = first, .last_step = end - 1};
    for (int s = first; s < end; s++) {
        layer->macs += steps[s]->macs;
        layer->reads_int16 = layer->reads_int16 || itgc_count_int16_macs(steps[s]) > 0;
        for (int i = 0; i < 3; i++)
            layer->reads_int16 = layer->reads_int16 || (steps[s]->in[i] && itgc_place_owner(steps[s]->in[i])->format.type == ITG_S16);
    }
    layer->writes_int16 = itgc_place_owner(out)->format.type == ITG_S16;
    layer->has_local = collect_sources(all, layer, state);
    itgc_keep_value(all->executor, out);
    itgc_start_sums(all->arena, out, &state->sums);
    all->layers->count++;
}

static void find_layers(measuring *all)
{
    const itgc_graph *graph = all->graph;
    int64_t largest = 1;
    all->layers->layer = ITGC_NEW_ARRAY(all->arena, itgc_layer_report, graph->step_count + 1);
    all->state = ITGC_NEW_ARRAY(all->arena, layer_state, graph->step_count + 1);
    for (int first = 0, end; first < graph->step_count; first = end) {
        for (end = first + 1; end < graph->step_count && graph->steps[end]->node == graph->steps[first]->node;)
            end++;
        add_layer(all, first, end);
    }
    for (int l = 0; l < all->layers->count; l++) {
        const int64_t count = itgc_elements(&all->layers->layer[l].out->shape);
        largest = count > largest ? count : largest;
    }
    all->reals = ITGC_NEW_ARRAY(all->arena, float, largest);
}

static void read_layer(measuring *all, int index, const itgc_value **expected)
{
    const itgc_tensor *out = all->layers->layer[index].out;
    *expected = itgc_value_of(all->executor, out);
    itgc_read_reals(all->engine, &all->state[index].port, all->reals, itgc_elements(&out->shape));
}

static void measure_batch(measuring *all, itgc_value *const *batch)
{
    const itgc_value *expected;
    itgc_write_inputs(all->engine, (const itgc_value *const *)batch);
    for (int s = 0, l = 0; s < all->graph->step_count; s++) {
        itgc_run_step(all->engine, s);
        if (l < all->layers->count && all->layers->layer[l].last_step == s) {
            read_layer(all, l, &expected);
            itgc_add_sums(&all->state[l++].sums, expected->f, all->reals);
        }
    }
    for (int l = 0; l < all->layers->count; l++) {
        const itgc_layer_report *layer = &all->layers->layer[l];
        const layer_state *state = &all->state[l];
        for (int i = 0; layer->has_local && i < state->source_count; i++)
            itgc_write_codes(all->engine, &state->sources[i].port, itgc_value_of(all->executor, state->sources[i].tensor)->f,
                             itgc_elements(&state->sources[i].tensor->shape));
        for (int s = layer->first_step; layer->has_local && s <= layer->last_step; s++)
            itgc_run_step(all->engine, s);
        read_layer(all, l, &expected);
        itgc_add_energy(&all->state[l].sums.local, expected->f, all->reals, layer->has_local ? itgc_elements(&layer->out->shape) : 0);
    }
}

/* Samples 0, step, 2 step, … of those that count. */
static bool run_samples(measuring *all, int64_t most)
{
    const itgc_evaluation *given = all->given;
    const int64_t total = itgc_sample_count(given->sets[0]);
    itgc_value **batch = itgc_new_batch(all->arena, all->graph);
    const int64_t size = batch[0]->shape.rank > 0 ? batch[0]->shape.dim[0] : 1;
    int64_t *index = ITGC_NEW_ARRAY(all->arena, int64_t, size), rows = 0, counted = 0, seen = 0;
    for (int64_t i = 0; i < total; i++)
        counted += !given->use || given->use(given->argument, i);
    const int64_t step = counted > most ? (counted + most - 1) / most : 1, wanted = (counted + step - 1) / step;
    for (int64_t i = 0; i < total; i++) {
        if ((given->use && !given->use(given->argument, i)) || seen++ % step != 0)
            continue;
        index[rows++] = i;
        all->layers->samples++;
        if (rows < size && all->layers->samples < wanted)
            continue;
        if (!itgc_read_batch(given->sets, all->graph->input_count, index, rows, batch) ||
            !itgc_run_float(all->executor, (const itgc_value *const *)batch, NULL, NULL))
            return false;
        measure_batch(all, batch);
        rows = 0;
        if (given->progress)
            given->progress->report(given->progress->argument, "layers", all->layers->samples, wanted);
    }
    return true;
}

/* Scratch memory; as_int8: where cascades' bands held int8 alone. */
static uint32_t count_scratch(const itgc_graph *graph, const itgc_step *step, bool as_int8)
{
    const itg_cascade *cascade = step->params;
    uint32_t bytes = step->scratch_bytes;
    for (int t = 0; as_int8 && t + 1 < step->tier_count; t++)
        if (step->tiers[t]->out->format.type == ITG_S16)
            bytes -= (uint32_t)(cascade->tiers[t].band_rows * cascade->tiers[t].row_bytes) / 2;
    return bytes * graph->workers;
}

static uint32_t count_live(const itgc_graph *graph, int step, bool as_int8)
{
    uint32_t bytes = count_scratch(graph, graph->steps[step], as_int8);
    for (int t = 0; t < graph->tensor_count; t++) {
        const itgc_tensor *tensor = graph->tensors[t];
        const itgc_place *place = &tensor->place;
        const bool is_shared = tensor->overwrites && place->first_step == step; /* with what it overwrites */
        if (place->bytes > 0 && !tensor->alias_of && !is_shared && place->first_step <= step && step <= place->last_step)
            bytes += as_int8 && tensor->format.type == ITG_S16 ? place->bytes / 2 : place->bytes;
    }
    return bytes;
}

void itgc_measure_cost(const itgc_graph *graph, itgc_layers *layers)
{
    for (int s = 0; s < graph->step_count; s++) {
        const itgc_step *step = graph->steps[s];
        layers->macs += step->macs;
        layers->int16_macs += itgc_count_int16_macs(step);
        const uint32_t bytes = count_live(graph, s, false), bytes_int8 = count_live(graph, s, true);
        layers->live_bytes = bytes > layers->live_bytes ? bytes : layers->live_bytes;
        layers->live_bytes_int8 = bytes_int8 > layers->live_bytes_int8 ? bytes_int8 : layers->live_bytes_int8;
    }
}

bool itgc_measure_layers(const itgc_evaluation *given, int64_t most, itgc_layers *layers)
{
    measuring all = {.given = given, .arena = given->graph->arena, .graph = given->graph, .layers = layers};
    *layers = (itgc_layers){0};
    all.engine = itgc_new_engine(all.arena, all.graph, given->model, given->exec);
    if (!all.engine)
        return false;
    all.executor = itgc_new_executor(all.graph, given->threads);
    find_layers(&all);
    const bool fine = run_samples(&all, most);
    itgc_release_executor(all.executor);
    for (int l = 0; fine && l < layers->count; l++)
        itgc_fill_layer(&all.state[l].sums, &layers->layer[l]);
    return fine;
}
