/* SPDX-License-Identifier: Apache-2.0
 * Computes a cheap convolution a second time where layers and a residual sum read it: the second result is the sum's alone, int16 and hardly
 * ever a whole tensor (quantize/terms.c); the first, which layers alone read now, is equalized and stays in 8 bits. In: a
 * measured graph and samples. Out: the graph with more nodes, measured again. Exact in real numbers. */
#include "compiler/ops/op.h"
#include "compiler/refine/refiner.h"

#include <string.h>

#define FEWEST_BATCHES 12
#define MOST_WORK      0.03 /* of all multiplications, for what is computed twice */
#define MOST_BATCHES   48
#define LEAST_GAIN     0.02 /* of all noise of the logits */
#define STRENGTH       0.5  /* of equalization: more gains no more, and what unseen samples have beyond the maxima is clipped */

static itgc_node *layer_of(const itgc_tensor *tensor)
{
    itgc_node *node = tensor->producer;
    return node && node->is_fused ? node->in[0]->producer : node;
}

/* The one sum that reads a convolution's result, which besides layers read; NULL: it is not so. */
static itgc_node *find_sum(const itgc_tensor *tensor)
{
    const itgc_node *layer = tensor->is_output || tensor->constant ? NULL : layer_of(tensor);
    if (!layer || strcmp(layer->op->family, "conv") != 0 || itgc_result_of(layer) != tensor) {
        return NULL;
    }
    itgc_node *sum = NULL;
    int layers = 0;
    for (int i = 0; i < tensor->use_count; i++) {
        layers += itgc_is_linear(tensor->uses[i]);
        sum = itgc_is_sum(tensor->uses[i]) ? tensor->uses[i] : sum;
    }
    return layers > 0 && layers + 1 == tensor->use_count ? sum : NULL;
}

static itgc_node *repeat_node(itgc_graph *graph, const itgc_node *node, itgc_tensor *in)
{
    const itgc_tensor *first = node->out[0];
    itgc_tensor *out = itgc_new_tensor(graph, itgc_sprint(graph->arena, "%s:again", first->name), first->type, &first->shape);
    out->range = first->range;
    const char *name = itgc_sprint(graph->arena, "%s:again", node->name);
    itgc_node *again = itgc_append_node(graph, node->op, node->type, name, node->in, node->in_count, &out, 1);
    again->in[0] = in;
    again->opset = node->opset;
    again->attributes = node->attributes;
    again->attribute_count = node->attribute_count;
    again->in_gate = node->in_gate;
    again->is_precise = node->is_precise;
    again->params = node->params ? itgc_copy_bytes(graph->arena, node->params, node->op->params_bytes) : NULL;
    return again;
}

/* The last nodes of the list go right before `node`. */
static void move_before(const itgc_graph *graph, const itgc_node *node, int moved)
{
    const int old_count = graph->node_count - moved;
    itgc_node *last[2];
    int at = 0;
    memcpy(last, graph->nodes + old_count, (size_t)moved * sizeof(itgc_node *));
    while (graph->nodes[at] != node) {
        at++;
    }
    memmove(graph->nodes + at + moved, graph->nodes + at, (size_t)(old_count - at) * sizeof(itgc_node *));
    memcpy(graph->nodes + at, last, (size_t)moved * sizeof(itgc_node *));
}

/* A copy of the graph in which the sum that reads tensor `id` reads a result of its own, tensor *own. */
static itgc_graph *repeat_layer(const itgc_refiner *refiner, int id, int *own)
{
    itgc_graph *graph = itgc_clone_graph(refiner->graph->arena, refiner->graph);
    graph->input_is_pixels = refiner->graph->input_is_pixels;
    itgc_tensor *tensor = graph->tensors[id];
    const itgc_node *layer = layer_of(tensor);
    itgc_node *sum = find_sum(tensor);
    itgc_node *again = repeat_node(graph, layer, layer->in[0]);
    if (layer->fused) {
        again->fused = repeat_node(graph, layer->fused, again->out[0]);
        again->fused->is_fused = true;
    }
    sum->in[sum->in[1] == tensor] = itgc_result_of(again);
    *own = itgc_result_of(again)->id;
    move_before(graph, sum, layer->fused ? 2 : 1);
    itgc_fill_uses(graph);
    return graph;
}

/* Whether the second result is finer than 8 bits, in an arena that may be so large. macs: of the whole graph. */
static bool is_allowed(const itgc_refiner *refiner, itgc_graph *repeated, int own, bool *allowed, double *macs)
{
    const itgc_refiner one = itgc_on_graph(refiner, repeated);
    itgc_trial trial;
    const bool fine = itgc_make_trial(&one, NULL, &trial);
    *allowed = fine && trial.graph->tensors[own]->format.type == ITG_S16 && trial.graph->arena_bytes <= ITGC_MOST_GROWTH * refiner->first_arena;
    *macs = fine ? (double)itgc_count_macs(trial.graph) : 0.0;
    itgc_release_trial(&trial);
    return fine;
}

/* What rounding one tensor to the 8-bit codes of a trial does to the logits. */
static bool add_noise(const itgc_refiner *refiner, const itgc_trial *trial, int id, double *sum)
{
    itgc_noise noise;
    double power = 0.0;
    itgc_start_noise(refiner, itgc_clone_graph(trial->arena, refiner->graph), 1, MOST_BATCHES, &noise);
    const bool fine = itgc_measure_noise(&noise, id, &trial->graph->tensors[id]->format, &power);
    itgc_end_noise(&noise);
    *sum += power;
    return fine;
}

/* The noise of tensor `id` in both graphs; that of the second includes what was int16 before, as the result of the sum's other convolution. */
static bool compare_noise(const itgc_refiner *before, const itgc_refiner *after, int id, double *old_noise, double *new_noise)
{
    itgc_trial old_trial;
    itgc_trial new_trial;
    *old_noise = *new_noise = 0.0;
    if (!itgc_make_trial(before, NULL, &old_trial) || !itgc_make_trial(after, NULL, &new_trial)) {
        return false;
    }
    bool fine = add_noise(before, &old_trial, id, old_noise) && add_noise(after, &new_trial, id, new_noise);
    for (int i = 0; fine && i < before->graph->tensor_count; i++) {
        if (old_trial.graph->tensors[i]->format.type == ITG_S16 && new_trial.graph->tensors[i]->format.type == ITG_S8) {
            fine = add_noise(after, &new_trial, i, new_noise);
        }
    }
    itgc_release_trial(&new_trial);
    itgc_release_trial(&old_trial);
    return fine;
}

/* first_macs: of the graph before any repetition; noise: of all codes in the logits. */
static bool try_layer(itgc_refiner *refiner, int id, double first_macs, double noise)
{
    int own;
    bool allowed;
    double macs;
    double old_noise;
    double new_noise;
    itgc_graph *graph = repeat_layer(refiner, id, &own);
    if (!is_allowed(refiner, graph, own, &allowed, &macs)) {
        return false;
    }
    if (!allowed || macs > (1.0 + MOST_WORK) * first_macs) {
        return true;
    }
    const itgc_refiner before = itgc_on_graph(refiner, refiner->graph);
    itgc_refiner after = itgc_on_graph(refiner, graph);
    if (!itgc_equalize_tensor(&after, id, STRENGTH) || !itgc_measure_again(refiner, after.graph, false)) {
        return false;
    }
    if (!compare_noise(&before, &after, id, &old_noise, &new_noise)) {
        return false;
    }
    if (old_noise - new_noise > LEAST_GAIN * noise) {
        itgc_note(refiner->graph->diag,
                  "repeat: %s is computed again for its sum, which takes away %.0f %% of its noise; %.1f %% more multiplications",
                  refiner->graph->tensors[id]->name, 100.0 * (1.0 - new_noise / old_noise), 100.0 * (macs / first_macs - 1.0));
        itgc_use_graph(refiner, after.graph);
    }
    return true;
}

bool itgc_repeat_layers(itgc_refiner *refiner)
{
    const itgc_graph *graph = refiner->graph;
    const int count = graph->tensor_count;
    int found = 0;
    for (int i = 0; i < count; i++) {
        found += find_sum(graph->tensors[i]) != NULL;
    }
    if (found == 0 || refiner->batches < FEWEST_BATCHES) {
        return true;
    }
    const itgc_refiner one = itgc_on_graph(refiner, refiner->graph);
    double noise;
    itgc_trial trial;
    if (!itgc_score_tuning(&one, &noise) || !itgc_make_trial(&one, NULL, &trial)) {
        return false;
    }
    refiner->first_arena = trial.graph->arena_bytes;
    const double first_macs = (double)itgc_count_macs(trial.graph);
    itgc_release_trial(&trial);
    for (int i = 0; i < count; i++) {
        if (find_sum(refiner->graph->tensors[i]) && !try_layer(refiner, i, first_macs, noise)) {
            return false;
        }
    }
    return true;
}
