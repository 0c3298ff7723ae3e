/* SPDX-License-Identifier: Apache-2.0
 * Ties channels node by node (channels.h): a union-find over single channels, so that Concat and Split need no rule of their own beyond
 * where their parts begin. Called by equalize.c. */
#include "compiler/refine/channels.h"
#include "compiler/ops/op.h"
#include "compiler/quantize/quantize.h"

#include <math.h>
#include <string.h>

static int64_t find_root(const itgc_channels *channels, int64_t at)
{
    while (channels->parent[at] != at) {
        channels->parent[at] = channels->parent[channels->parent[at]];
        at = channels->parent[at];
    }
    return at;
}

int64_t itgc_root_of(const itgc_channels *channels, const itgc_tensor *tensor, int64_t channel)
{
    return find_root(channels, channels->first[tensor->id] + channel);
}

static void tie(itgc_channels *channels, const itgc_tensor *a, int64_t channel_a, const itgc_tensor *b, int64_t channel_b)
{
    const int64_t first = itgc_root_of(channels, a, channel_a);
    const int64_t second = itgc_root_of(channels, b, channel_b);
    channels->parent[second] = first;
    channels->fixed[first] = channels->fixed[first] || channels->fixed[second];
}

void itgc_fix_channels(const itgc_channels *channels, const itgc_tensor *tensor)
{
    for (int64_t c = 0; tensor && c < channels->count[tensor->id]; c++) {
        channels->fixed[itgc_root_of(channels, tensor, c)] = true;
    }
}

static void fix_node(itgc_channels *channels, const itgc_node *node)
{
    for (int i = 0; i < node->in_count; i++) {
        itgc_fix_channels(channels, node->in[i]);
    }
    for (int i = 0; i < node->out_count; i++) {
        itgc_fix_channels(channels, node->out[i]);
    }
}

/* Channel by channel; false if the tensors do not have the same ones. */
static bool tie_all(itgc_channels *channels, const itgc_tensor *a, const itgc_tensor *b)
{
    const int64_t count = channels->count[a->id];
    if (count == 0 || channels->count[b->id] != count) {
        return false;
    }
    for (int64_t c = 0; c < count; c++) {
        tie(channels, a, c, b, c);
    }
    return true;
}

static bool is_family(const itgc_node *node, const char *family)
{
    return strcmp(node->op->family, family) == 0;
}

static bool tie_unary(itgc_channels *channels, const itgc_node *node)
{
    const itgc_unary_kind kind = ((const itgc_unary_params *)node->params)->kind;
    const double low = kind == ITGC_CLIP ? ((const itgc_unary_params *)node->params)->alpha : 0.0;
    /* The upper bound of ReLU6: values stay below the largest of the tensor, hence below the bound. */
    const bool scales = kind == ITGC_RELU || kind == ITGC_LEAKY_RELU || (kind == ITGC_CLIP && (low == 0.0 || low == -INFINITY));
    return scales && tie_all(channels, node->in[0], node->out[0]);
}

/* A factor for each channel: what is scaled may be scaled still; the factors may not. */
static bool tie_product(itgc_channels *channels, const itgc_node *node)
{
    const itgc_shape *out = &node->out[0]->shape;
    const int factor = itgc_same_shape(&node->in[0]->shape, out) ? 1 : 0;
    const itgc_shape *other = &node->in[factor]->shape;
    if (node->in[0]->constant || node->in[1]->constant || !itgc_same_shape(&node->in[1 - factor]->shape, out) || itgc_same_shape(other, out)) {
        return false;
    }
    itgc_fix_channels(channels, node->in[factor]);
    return tie_all(channels, node->in[1 - factor], node->out[0]);
}

static bool tie_binary(itgc_channels *channels, const itgc_node *node)
{
    const itgc_binary_kind kind = ((const itgc_binary_params *)node->params)->kind;
    if (kind == ITGC_PRELU && node->in[1]->constant) {
        return tie_all(channels, node->in[0], node->out[0]);
    }
    if (kind == ITGC_MUL) {
        return tie_product(channels, node);
    }
    const bool is_sum = (kind == ITGC_ADD || kind == ITGC_SUB) && !node->in[0]->constant && !node->in[1]->constant;
    return is_sum && itgc_same_shape(&node->in[0]->shape, &node->in[1]->shape) && tie_all(channels, node->in[0], node->out[0]) &&
           tie_all(channels, node->in[1], node->out[0]);
}

static bool tie_reduce(itgc_channels *channels, const itgc_node *node)
{
    const itgc_reduce_params *params = node->params;
    const bool commutes = params->kind == ITGC_REDUCE_MEAN || params->kind == ITGC_REDUCE_SUM || params->kind == ITGC_REDUCE_MAX;
    for (int i = 0; i < params->axis_count; i++) {
        if (params->axes[i] == node->in[0]->shape.rank - 1) {
            return false;
        }
    }
    return commutes && params->axis_count > 0 && tie_all(channels, node->in[0], node->out[0]);
}

static bool tie_pool(itgc_channels *channels, const itgc_node *node)
{
    const itgc_pool_kind kind = ((const itgc_pool_params *)node->params)->kind;
    return node->out_count == 1 && (kind == ITGC_POOL_MAX || kind == ITGC_POOL_AVERAGE) && tie_all(channels, node->in[0], node->out[0]);
}

static bool tie_concat(itgc_channels *channels, const itgc_node *node)
{
    const itgc_tensor *out = node->out[0];
    const int64_t axis = ((const itgc_axis_params *)node->params)->axis;
    const bool along = axis == out->shape.rank - 1 || axis == -1;
    int64_t start = 0;
    for (int i = 0; i < node->in_count; i++) {
        const int64_t count = channels->count[node->in[i]->id];
        if (count == 0 || (!along && count != channels->count[out->id])) {
            return false;
        }
        for (int64_t c = 0; c < count; c++) {
            tie(channels, node->in[i], c, out, start + c);
        }
        start += along ? count : 0;
    }
    return true;
}

/* [.., C] read as rows of m C: every value keeps its channel. */
static bool tie_reshape(itgc_channels *channels, const itgc_node *node)
{
    const int64_t in = channels->count[node->in[0]->id];
    const int64_t out = channels->count[node->out[0]->id];
    if (in == 0 || out == 0 || out % in != 0) {
        return false;
    }
    for (int64_t c = 0; c < out; c++) {
        tie(channels, node->in[0], c % in, node->out[0], c);
    }
    return true;
}

static bool tie_slice(itgc_channels *channels, const itgc_node *node)
{
    const itgc_slice_params *params = node->params;
    const int last = node->in[0]->shape.rank - 1;
    if (channels->count[node->in[0]->id] == 0) {
        return false;
    }
    for (int64_t c = 0; c < channels->count[node->out[0]->id]; c++) {
        tie(channels, node->in[0], params->start[last] + c * params->step[last], node->out[0], c);
    }
    return true;
}

/* Zeros stay zeros: added channels are free. */
static bool tie_pad(itgc_channels *channels, const itgc_node *node)
{
    const itgc_pad_params *params = node->params;
    const int last = node->in[0]->shape.rank - 1;
    const int64_t before = params->before[last];
    const bool is_border = before == 0 && params->after[last] == 0;
    const bool zeros = params->mode == ITGC_PAD_CONSTANT && params->value == 0.0f;
    const int64_t count = channels->count[node->in[0]->id];
    if (count == 0 || before < 0 || params->after[last] < 0 || !(zeros || (is_border && params->mode != ITGC_PAD_CONSTANT))) {
        return false;
    }
    for (int64_t c = 0; c < count; c++) {
        tie(channels, node->in[0], c, node->out[0], before + c);
    }
    return true;
}

/* Scaled freely on both sides; what it reads not where the border holds something else than zero. */
static bool tie_layer(itgc_channels *channels, const itgc_node *node)
{
    const bool pads = is_family(node, "conv") && ((const itgc_conv_params *)node->params)->pad_values;
    const bool by_constants = node->in[1]->constant && (node->in_count < 3 || !node->in[2] || node->in[2]->constant);
    if (!by_constants || channels->count[node->out[0]->id] != node->in[1]->shape.dim[0]) {
        return false;
    }
    const int64_t taps =
        is_family(node, "gemm") ? node->in[1]->shape.dim[1] : node->in[1]->shape.dim[1] * ((const itgc_conv_params *)node->params)->group;
    if (pads) {
        itgc_fix_channels(channels, node->in[0]);
    }
    return channels->count[node->in[0]->id] == taps;
}

static bool tie_node(itgc_channels *channels, const itgc_node *node)
{
    if (itgc_is_linear(node)) {
        return tie_layer(channels, node);
    }
    if (is_family(node, "unary")) {
        return tie_unary(channels, node);
    }
    if (is_family(node, "binary")) {
        return tie_binary(channels, node);
    }
    if (is_family(node, "pool")) {
        return tie_pool(channels, node);
    }
    if (is_family(node, "reduce")) {
        return tie_reduce(channels, node);
    }
    if (is_family(node, "concat")) {
        return tie_concat(channels, node);
    }
    if (is_family(node, "slice")) {
        return tie_slice(channels, node);
    }
    if (is_family(node, "pad")) {
        return tie_pad(channels, node);
    }
    if (is_family(node, "reshape")) {
        return tie_reshape(channels, node);
    }
    return is_family(node, "identity") && node->out_count == 1 && tie_all(channels, node->in[0], node->out[0]);
}

void itgc_tie_channels(itgc_arena *arena, const itgc_graph *graph, itgc_channels *channels)
{
    *channels = (itgc_channels){
        .graph = graph, .first = ITGC_NEW_ARRAY(arena, int64_t, graph->tensor_count), .count = ITGC_NEW_ARRAY(arena, int64_t, graph->tensor_count)};
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_tensor *tensor = graph->tensors[i];
        const bool has_channels = !tensor->constant && itgc_is_float(tensor->type) && tensor->shape.rank > 0;
        channels->first[i] = channels->total;
        channels->count[i] = has_channels ? tensor->shape.dim[tensor->shape.rank - 1] : 0;
        channels->total += channels->count[i];
    }
    channels->parent = ITGC_NEW_ARRAY(arena, int64_t, channels->total + 1);
    channels->fixed = ITGC_NEW_ARRAY(arena, bool, channels->total + 1);
    for (int64_t i = 0; i < channels->total; i++) {
        channels->parent[i] = i;
    }
    for (int i = 0; i < graph->node_count; i++) {
        if (!tie_node(channels, graph->nodes[i])) {
            fix_node(channels, graph->nodes[i]);
        }
    }
    for (int i = 0; i < graph->input_count; i++) {
        itgc_fix_channels(channels, graph->inputs[i]);
    }
    for (int i = 0; i < graph->output_count; i++) {
        itgc_fix_channels(channels, graph->outputs[i]);
    }
}
