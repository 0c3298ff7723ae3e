/* SPDX-License-Identifier: Apache-2.0
 * Cross-layer equalization: channels that use little of their tensor's range are enlarged by the layer that makes them and reduced by the
 * layers that read them, so that all channels get more of the 8-bit codes. Exact in real numbers. Several strengths are tried, and the one
 * kept that helps the logits most. In: a measured graph and samples. Out: the graph, scaled and measured again. */
#include "compiler/base/real.h"
#include "compiler/ops/op.h"
#include "compiler/refine/channels.h"
#include "compiler/refine/refiner.h"

#include <math.h>
#include <string.h>

#define MOST_SCALE     256.0
#define FEWEST_BATCHES 12
/* The maximum of a channel says too little where fewer batches, or values of it, were seen: those of unseen samples would be clipped. */
#define ENOUGH_BATCHES 96
#define ENOUGH_VALUES  2048

typedef struct maxima {
    const itgc_channels *channels;
    double *largest; /* by channel */
} maxima;

static void watch_channels(void *argument, const itgc_tensor *tensor, const itgc_value *value)
{
    const maxima *state = argument;
    const int64_t count = state->channels->count[tensor->id];
    if (count == 0 || !value->f) {
        return;
    }
    double *largest = state->largest + state->channels->first[tensor->id];
    const int64_t elements = itgc_elements(&value->shape);
    for (int64_t i = 0; i < elements; i += count) {
        for (int64_t c = 0; c < count; c++) {
            const double size = fabs((double)value->f[i + c]);
            largest[c] = size > largest[c] ? size : largest[c];
        }
    }
}

static bool find_maxima(const itgc_refiner *refiner, const maxima *state)
{
    itgc_executor *executor = itgc_new_executor(refiner->graph, refiner->threads);
    bool fine = true;
    for (int b = 0; fine && b < refiner->batches; b++) {
        fine = itgc_run_float(executor, (const itgc_value *const *)refiner->input[b], watch_channels, (void *)(uintptr_t)state);
    }
    itgc_release_executor(executor);
    return fine;
}

/* Pooled values stay within those they are of. */
static bool is_known(const itgc_refiner *refiner, const itgc_tensor *tensor, int64_t count)
{
    const int64_t values = refiner->batches * (itgc_elements(&tensor->shape) / count);
    const char *family = tensor->producer ? tensor->producer->op->family : "";
    const bool is_pooled = strcmp(family, "reduce") == 0 || strcmp(family, "pool") == 0;
    return refiner->batches >= ENOUGH_BATCHES || values >= ENOUGH_VALUES || is_pooled;
}

/* Not what a fused activation replaces. */
static bool is_stored(const itgc_tensor *tensor)
{
    return !(tensor->producer && tensor->producer->fused);
}

static void fix_unknown(const itgc_refiner *refiner, const itgc_channels *channels)
{
    for (int i = 0; i < channels->graph->tensor_count; i++) {
        const itgc_tensor *tensor = channels->graph->tensors[i];
        if (channels->count[i] > 0 && is_stored(tensor) && !is_known(refiner, tensor, channels->count[i])) {
            itgc_fix_channels(channels, tensor);
        }
    }
}

/* Residual streams equalized helped the samples that judge and lost others' large values (docs/decisions/0013). */
static void fix_sums(const itgc_channels *channels)
{
    for (int i = 0; i < channels->graph->node_count; i++) {
        if (itgc_is_sum(channels->graph->nodes[i])) {
            itgc_fix_channels(channels, channels->graph->nodes[i]->out[0]);
        }
    }
}

/* By root: the largest share of its tensor's range that any of the tied channels uses. */
static double *find_shares(itgc_arena *arena, const maxima *state)
{
    const itgc_channels *channels = state->channels;
    double *share = ITGC_NEW_ARRAY(arena, double, channels->total + 1);
    for (int i = 0; i < channels->graph->tensor_count; i++) {
        const itgc_tensor *tensor = channels->graph->tensors[i];
        const double *largest = state->largest + channels->first[i];
        double whole = 0.0;
        for (int64_t c = 0; c < channels->count[i]; c++) {
            whole = fmax(whole, largest[c]);
        }
        for (int64_t c = 0; whole > 0.0 && is_stored(tensor) && c < channels->count[i]; c++) {
            const int64_t root = itgc_root_of(channels, tensor, c);
            share[root] = fmax(share[root], largest[c] / whole);
        }
    }
    return share;
}

static double scale_of(const itgc_channels *channels, const double *scale, const itgc_tensor *tensor, int64_t channel)
{
    return scale[itgc_root_of(channels, tensor, channel)];
}

static itgc_value *copy_value(itgc_arena *arena, const itgc_value *from)
{
    itgc_value *to = itgc_new_value(arena, from->type, &from->shape);
    memcpy(to->f, from->f, (size_t)itgc_elements(&from->shape) * sizeof(float));
    return to;
}

/* Others are fixed on both sides. */
static bool has_channels(const itgc_node *node, const itgc_channels *channels)
{
    const itgc_value *weights = node->in[1]->constant;
    const bool by_constants = weights && (node->in_count < 3 || !node->in[2] || node->in[2]->constant);
    const bool is_gemm = strcmp(node->op->family, "gemm") == 0;
    const int64_t group = is_gemm ? 1 : ((const itgc_conv_params *)node->params)->group;
    return by_constants && channels->count[node->out[0]->id] == weights->shape.dim[0] &&
           channels->count[node->in[0]->id] == weights->shape.dim[1] * group;
}

static void scale_layer(itgc_graph *graph, itgc_node *node, const itgc_channels *channels, const double *scale)
{
    const bool is_gemm = strcmp(node->op->family, "gemm") == 0;
    itgc_value *weights = copy_value(graph->arena, node->in[1]->constant);
    const int64_t outputs = weights->shape.dim[0];
    const int64_t inputs = weights->shape.dim[1];
    const int64_t positions = itgc_elements(&weights->shape) / (outputs * inputs);
    const int64_t group = is_gemm ? 1 : ((const itgc_conv_params *)node->params)->group;
    for (int64_t o = 0; o < outputs; o++) {
        const double grown = scale_of(channels, scale, node->out[0], o);
        for (int64_t i = 0; i < inputs; i++) {
            const double read = scale_of(channels, scale, node->in[0], o / (outputs / group) * inputs + i);
            for (int64_t k = 0; k < positions; k++) {
                float *weight = &weights->f[(o * inputs + i) * positions + k];
                *weight = (float)((double)*weight * grown / read);
            }
        }
    }
    node->in[1] = itgc_new_constant(graph, node->in[1]->name, weights);
    if (node->in_count > 2 && node->in[2]) {
        itgc_value *bias = copy_value(graph->arena, node->in[2]->constant);
        for (int64_t o = 0; o < outputs; o++) {
            bias->f[o] = (float)((double)bias->f[o] * scale_of(channels, scale, node->out[0], o));
        }
        node->in[2] = itgc_new_constant(graph, node->in[2]->name, bias);
    }
}

/* A tensor that no longer holds what the file's tensor of that name does gets another one. */
static void rename_tensors(itgc_graph *graph, const itgc_channels *channels, const double *scale)
{
    const int count = channels->graph->tensor_count;
    for (int i = 0; i < count; i++) {
        bool changed = false;
        for (int64_t c = 0; !changed && c < channels->count[i]; c++) {
            changed = scale_of(channels, scale, channels->graph->tensors[i], c) != 1.0;
        }
        if (changed) {
            graph->tensors[i]->name = itgc_sprint(graph->arena, "%s:equalized", graph->tensors[i]->name);
        }
    }
}

static itgc_graph *scale_graph(const itgc_refiner *refiner, const itgc_channels *channels, const double *share, double strength)
{
    double *scale = ITGC_NEW_ARRAY(refiner->arena, double, channels->total + 1);
    for (int64_t i = 0; i < channels->total; i++) {
        const bool free = !channels->fixed[i] && share[i] > 0.0;
        scale[i] = free ? fmin(itgc_exp(-strength * itgc_log(share[i])), MOST_SCALE) : 1.0;
    }
    itgc_graph *graph = itgc_clone_graph(refiner->graph->arena, refiner->graph);
    graph->input_is_pixels = refiner->graph->input_is_pixels;
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if (itgc_is_linear(node) && has_channels(node, channels)) {
            scale_layer(graph, node, channels, scale);
        }
    }
    rename_tensors(graph, channels, scale);
    itgc_fill_uses(graph);
    return graph;
}

static bool score_graph(const itgc_refiner *refiner, itgc_graph *graph, double *score)
{
    const itgc_refiner one = itgc_on_graph(refiner, graph);
    return itgc_score_tuning(&one, score);
}

/* All channels but those of one tensor, unless others that are stored are tied to them. */
static void fix_others(const itgc_channels *channels, int tensor)
{
    for (int i = 0; i < channels->graph->tensor_count; i++) {
        if (i != tensor && is_stored(channels->graph->tensors[i])) {
            itgc_fix_channels(channels, channels->graph->tensors[i]);
        }
    }
}

bool itgc_equalize_tensor(itgc_refiner *refiner, int tensor, double strength)
{
    itgc_channels channels;
    itgc_tie_channels(refiner->arena, refiner->graph, &channels);
    fix_unknown(refiner, &channels);
    fix_others(&channels, tensor);
    const maxima state = {&channels, ITGC_NEW_ARRAY(refiner->arena, double, channels.total + 1)};
    if (!find_maxima(refiner, &state)) {
        return false;
    }
    itgc_use_graph(refiner, scale_graph(refiner, &channels, find_shares(refiner->arena, &state), strength));
    return true;
}

bool itgc_equalize(itgc_refiner *refiner)
{
    static const double strengths[] = {0.3, 0.5, 0.8};
    if (refiner->batches < FEWEST_BATCHES) {
        return true;
    }
    itgc_channels channels;
    itgc_tie_channels(refiner->arena, refiner->graph, &channels);
    fix_unknown(refiner, &channels);
    fix_sums(&channels);
    const maxima state = {&channels, ITGC_NEW_ARRAY(refiner->arena, double, channels.total + 1)};
    double before;
    if (!find_maxima(refiner, &state) || !score_graph(refiner, refiner->graph, &before)) {
        return false;
    }
    const double *share = find_shares(refiner->arena, &state);
    double least = before;
    itgc_graph *best = NULL;
    for (size_t i = 0; i < sizeof strengths / sizeof strengths[0]; i++) {
        itgc_graph *graph = scale_graph(refiner, &channels, share, strengths[i]);
        double score;
        if (!itgc_measure_again(refiner, graph, false) || !score_graph(refiner, graph, &score)) {
            return false;
        }
        best = score < least && itgc_is_better(refiner, before, score, 0.9, false) ? graph : best;
        least = fmin(score, least);
    }
    itgc_report_step(refiner, "equalize", before, least, best != NULL);
    if (best) {
        itgc_use_graph(refiner, best);
    }
    return true;
}
