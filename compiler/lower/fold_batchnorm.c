/* SPDX-License-Identifier: Apache-2.0
 * BatchNormalization, Mul and Add by constants (one for all or per channel) go into the weights of the linear node before them (before a
 * Concat: of all members), or of all linear nodes behind them. What is left per channel of [N,C,…] becomes a depthwise 1x1 Conv; other
 * BatchNormalizations Mul and Add. */
#include "compiler/lower/affine.h"
#include "compiler/lower/passes.h"

/* The channels [first, first + count) of an affine, for one member of a Concat. */
static itgc_affine take_channels(const itgc_affine *affine, itgc_tensor *member, int64_t first, int64_t count)
{
    itgc_affine part = *affine;
    part.in = member;
    if (affine->axis >= 0) {
        part.channels = count;
        part.scale += first;
        part.shift += first;
    }
    return part;
}

/* Behind a Concat of linear nodes along the channels, nobody else reading: each member takes its share. */
static bool fold_over_concat(itgc_graph *graph, itgc_node *node, const itgc_affine *affine)
{
    const itgc_node *concat = itgc_producer_of(affine->in, "Concat");
    const int rank = affine->in->shape.rank;
    if (!concat || !itgc_only_reader(affine->in)) {
        return false;
    }
    const int64_t along = ((const itgc_axis_params *)concat->params)->axis;
    const int axis = (int)(along < 0 ? along + rank : along);
    for (int i = 0; i < concat->in_count; i++) {
        int own = affine->axis;
        if ((affine->axis >= 0 && affine->axis != axis) || !itgc_find_linear(concat->in[i], &own)) {
            return false;
        }
    }
    int64_t first = 0;
    for (int i = 0; i < concat->in_count; i++) {
        int own = affine->axis;
        const int64_t count = concat->in[i]->shape.dim[axis];
        const itgc_affine part = take_channels(affine, concat->in[i], first, count);
        itgc_node *linear = itgc_find_linear(concat->in[i], &own);
        itgc_scale_outputs(graph, linear, &part);
        for (itgc_tensor *tensor = concat->in[i];; tensor = tensor->producer->in[0]) {
            tensor->name = itgc_sprint(graph->arena, "%s/member%d", affine->out->name, i);
            if (tensor->producer == linear) {
                break;
            }
        }
        first += count;
    }
    affine->in->name = affine->out->name;
    return itgc_replace_node(graph, node, affine->in);
}

static void fold_backward(itgc_graph *graph, itgc_node *node)
{
    itgc_affine affine;
    if (!itgc_read_affine(graph, node, &affine) || !itgc_can_redirect(affine.out, affine.in) || fold_over_concat(graph, node, &affine)) {
        return;
    }
    int axis = affine.axis;
    itgc_node *linear = itgc_find_linear(affine.in, &axis);
    if (linear) {
        itgc_scale_outputs(graph, linear, &affine);
        for (itgc_tensor *tensor = affine.in; tensor->producer != linear; tensor = tensor->producer->in[0]) {
            tensor->name = affine.out->name;
        }
        linear->out[0]->name = affine.out->name;
        itgc_replace_node(graph, node, affine.in);
    }
}

static void fold_forward(itgc_graph *graph, itgc_node *node)
{
    itgc_affine affine;
    if (!itgc_read_affine(graph, node, &affine) || affine.out->is_output || affine.out->use_count == 0) {
        return;
    }
    for (int i = 0; i < affine.out->use_count; i++) {
        if (!itgc_takes_affine(affine.out->uses[i], &affine, false)) {
            return;
        }
    }
    while (affine.out->use_count > 0) {
        itgc_node *reader = affine.out->uses[0];
        itgc_scale_inputs(graph, reader, &affine, NULL);
        itgc_set_input(graph, reader, 0, affine.in);
    }
    itgc_detach(graph, node);
}

static itgc_tensor *insert_depthwise(itgc_graph *graph, const itgc_affine *affine)
{
    const char *name = affine->out->name;
    itgc_shape shape = {.rank = affine->in->shape.rank, .dim = {affine->channels, 1, 1, 1, 1}};
    const itgc_shape bias_shape = {.rank = 1, .dim = {affine->channels}};
    float *weights, *bias;
    itgc_tensor *inputs[3] = {affine->in, NULL, NULL};
    inputs[1] = itgc_make_weights(graph, name, &shape, &weights);
    inputs[2] = itgc_make_weights(graph, name, &bias_shape, &bias);
    for (int64_t i = 0; i < affine->channels; i++) {
        weights[i] = (float)affine->scale[i];
        bias[i] = (float)affine->shift[i];
    }
    itgc_node *node = itgc_insert_node(graph, "Conv", name, inputs, 3);
    itgc_conv_params *params = node->params;
    params->group = affine->channels;
    params->window.rank = shape.rank - 2;
    for (int i = 0; i < params->window.rank; i++) {
        params->window.kernel[i] = params->window.stride[i] = params->window.dilation[i] = 1;
    }
    return itgc_infer_node(graph, node) ? node->out[0] : NULL;
}

static itgc_tensor *insert_scale_and_shift(itgc_graph *graph, const itgc_affine *affine)
{
    const char *name = affine->out->name;
    const itgc_shape shape = {.rank = affine->in->shape.rank - affine->axis, .dim = {affine->channels, 1, 1, 1, 1, 1, 1, 1}};
    float *scale, *shift;
    itgc_tensor *scales = itgc_make_weights(graph, name, &shape, &scale);
    itgc_tensor *shifts = itgc_make_weights(graph, name, &shape, &shift);
    for (int64_t i = 0; i < affine->channels; i++) {
        scale[i] = (float)affine->scale[i];
        shift[i] = (float)affine->shift[i];
    }
    itgc_tensor *scaled = itgc_insert_binary(graph, "Mul", name, affine->in, scales);
    return scaled ? itgc_insert_binary(graph, "Add", name, scaled, shifts) : NULL;
}

static bool spell_out(itgc_graph *graph, itgc_node *node)
{
    itgc_affine affine;
    if (itgc_is_op(node, "Conv") || !itgc_read_affine(graph, node, &affine) || affine.axis < 0) {
        return true;
    }
    const int rank = affine.in->shape.rank;
    itgc_tensor *out;
    if (affine.axis == 1 && rank >= 3 && rank <= 5) {
        out = insert_depthwise(graph, &affine);
    } else if (itgc_is_op(node, "BatchNormalization")) {
        out = insert_scale_and_shift(graph, &affine);
    } else {
        return true;
    }
    return out && itgc_replace_node(graph, node, out);
}

bool itgc_fold_batchnorm(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        fold_backward(graph, graph->nodes[i]);
    }
    for (int i = count - 1; i >= 0; i--) {
        fold_forward(graph, graph->nodes[i]);
    }
    for (int i = 0; i < count; i++) { /* a Mul that becomes a Conv takes the Add behind it */
        fold_backward(graph, graph->nodes[i]);
        if (graph->nodes[i]->in_count > 0 && !spell_out(graph, graph->nodes[i])) {
            return false;
        }
    }
    return true;
}
