/* SPDX-License-Identifier: Apache-2.0
 * Around normalizations: Reshape, InstanceNormalization over groups, Reshape becomes GroupNormalization; Mul and Add by constants behind a
 * normalization (one value, or one a channel of what it normalizes) go into its scale and bias. */
#include "compiler/lower/affine.h"
#include "compiler/lower/passes.h"

static bool is_tail_norm(const itgc_node *node)
{
    return itgc_is_op(node, "LayerNormalization") || itgc_is_op(node, "RMSNormalization");
}

static bool is_channel_norm(const itgc_node *node)
{
    return itgc_is_op(node, "GroupNormalization") || itgc_is_op(node, "InstanceNormalization");
}

/* One value per channel as doubles, from a constant that has one or as many as `channels`; NULL: otherwise. */
static double *spread_channels(itgc_graph *graph, const itgc_tensor *from, int64_t channels, double missing)
{
    const int64_t count = from ? itgc_elements(&from->shape) : 1;
    if (from && (!itgc_is_weights(from) || count < 1 || channels % count != 0)) {
        return NULL;
    }
    double *values = ITGC_NEW_ARRAY(graph->arena, double, channels);
    for (int64_t i = 0; i < channels; i++) {
        values[i] = from ? (double)from->constant->f[i / (channels / count)] : missing;
    }
    return values;
}

static itgc_tensor *make_channels(itgc_graph *graph, const char *name, const double *values, int64_t channels)
{
    const itgc_shape shape = {.rank = 1, .dim = {channels}};
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, name, &shape, &to);
    for (int64_t i = 0; i < channels; i++) {
        to[i] = (float)values[i];
    }
    return tensor;
}

static bool has_value(const double *values, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        if (values[i] != 0.0) {
            return true;
        }
    }
    return false;
}

/* The norm's channels: the last dimension where it normalizes that alone, dimension 1 of a group's. 0: something else. */
static int64_t count_channels(const itgc_node *norm, int *axis)
{
    const itgc_shape *shape = &norm->out[0]->shape;
    const itgc_norm_params *params = norm->params;
    *axis = is_tail_norm(norm) ? shape->rank - 1 : 1;
    return is_tail_norm(norm) && params->axis != shape->rank - 1 && params->axis != -1 ? 0 : shape->dim[*axis];
}

/* The norm that gives `tensor`, seen through Transposes that nothing else reads; *axis follows. */
static itgc_node *find_norm(itgc_tensor *tensor, int *axis)
{
    while (itgc_only_reader(tensor) && itgc_producer_of(tensor, "Transpose")) {
        int64_t perm[ITGC_MAX_RANK];
        itgc_read_perm(tensor->producer, perm);
        *axis = *axis < 0 ? -1 : (int)perm[*axis];
        tensor = tensor->producer->in[0];
    }
    itgc_node *node = itgc_only_reader(tensor) ? tensor->producer : NULL;
    return is_tail_norm(node) || is_channel_norm(node) ? node : NULL;
}

static void absorb(itgc_graph *graph, itgc_node *node)
{
    itgc_affine affine;
    if (!itgc_read_affine(graph, node, &affine) || !itgc_can_redirect(affine.out, affine.in)) {
        return;
    }
    int axis = affine.axis, own_axis;
    itgc_node *norm = find_norm(affine.in, &axis);
    const int64_t channels = norm ? count_channels(norm, &own_axis) : 0;
    if (channels == 0 || (axis >= 0 && axis != own_axis)) {
        return;
    }
    const itgc_tensor *old_bias = norm->in_count > 2 ? norm->in[2] : NULL;
    double *scale = spread_channels(graph, norm->in[1], channels, 1.0), *bias = spread_channels(graph, old_bias, channels, 0.0);
    if (!scale || !bias) {
        return;
    }
    for (int64_t i = 0; i < channels; i++) {
        const int64_t c = affine.axis < 0 ? 0 : i;
        scale[i] *= affine.scale[c];
        bias[i] = bias[i] * affine.scale[c] + affine.shift[c];
    }
    if (itgc_is_op(norm, "RMSNormalization") && has_value(bias, channels)) {
        return; /* it has no bias */
    }
    itgc_set_input(graph, norm, 1, make_channels(graph, norm->in[1]->name, scale, channels));
    if (old_bias || has_value(bias, channels)) {
        itgc_set_input(graph, norm, 2, make_channels(graph, old_bias ? old_bias->name : node->name, bias, channels));
    }
    for (itgc_tensor *tensor = affine.in; tensor != norm->out[0]; tensor = tensor->producer->in[0]) {
        tensor->name = affine.out->name;
    }
    norm->out[0]->name = affine.out->name;
    itgc_replace_node(graph, node, affine.in);
}

/* [N,C,…] → [N,groups,rest] → InstanceNormalization → [N,C,…]. */
static bool rewrite_group_norm(itgc_graph *graph, itgc_node *norm)
{
    const itgc_node *split = itgc_producer_of(norm->in[0], "Reshape");
    const itgc_node *join = itgc_only_reader(norm->out[0]);
    const itgc_shape *shape = &norm->in[0]->shape;
    if (!split || !itgc_is_op(join, "Reshape") || !itgc_same_shape(&split->in[0]->shape, &join->out[0]->shape) || !itgc_is_weights(norm->in[1]) ||
        !itgc_is_weights(norm->in[2])) {
        return true;
    }
    itgc_tensor *x = split->in[0];
    const int64_t channels = x->shape.rank < 3 ? 0 : x->shape.dim[1], groups = shape->dim[1];
    if (channels == 0 || groups == 0 || x->shape.dim[0] != shape->dim[0] || channels % groups != 0) {
        return true;
    }
    const double *scale = spread_channels(graph, norm->in[1], channels, 1.0), *bias = spread_channels(graph, norm->in[2], channels, 0.0);
    const char *name = join->out[0]->name;
    if (!scale || !bias) {
        return true;
    }
    itgc_tensor *in[3] = {x, make_channels(graph, name, scale, channels), make_channels(graph, name, bias, channels)};
    itgc_node *made = itgc_insert_node(graph, "GroupNormalization", name, in, 3);
    itgc_norm_params *params = made->params;
    params->epsilon = ((const itgc_norm_params *)norm->params)->epsilon;
    params->groups = groups;
    return itgc_infer_node(graph, made) && itgc_replace_node(graph, join->out[0]->producer, made->out[0]);
}

bool itgc_absorb_affine(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        if (itgc_is_op(graph->nodes[i], "InstanceNormalization") && !rewrite_group_norm(graph, graph->nodes[i])) {
            return false;
        }
    }
    for (int i = 0; i < count; i++) {
        absorb(graph, graph->nodes[i]);
    }
    return true;
}
