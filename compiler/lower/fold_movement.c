/* SPDX-License-Identifier: Apache-2.0
 * Movements of channels go into the weights of the Convs and Gemms that read them: a Gather that reorders all channels, and SpaceToDepth,
 * which makes of a k x k kernel over blocks of b x b pixels one of kb x kb in steps of b. Nothing is computed that was not before. */
#include "compiler/lower/affine.h"
#include "compiler/lower/passes.h"

/* Whether indices name each channel once; to[i]: which channel of the input the i-th output channel is. */
static bool is_permutation(itgc_graph *graph, const itgc_value *indices, int64_t channels, int64_t *to)
{
    bool *seen = ITGC_NEW_ARRAY(graph->arena, bool, channels);
    if (!indices || !indices->i || indices->shape.rank != 1 || indices->shape.dim[0] != channels) {
        return false;
    }
    for (int64_t i = 0; i < channels; i++) {
        to[i] = indices->i[i] < 0 ? indices->i[i] + channels : indices->i[i];
        if (to[i] < 0 || to[i] >= channels || seen[to[i]]) {
            return false;
        }
        seen[to[i]] = true;
    }
    return true;
}

static void fold_gather(itgc_graph *graph, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    if ((params->axis != 1 && params->axis != 1 - shape->rank) || node->in[0]->constant || node->out[0]->is_output || shape->rank < 2) {
        return;
    }
    double one = 1.0, zero = 0.0;
    const itgc_affine plain = {.in = node->in[0], .out = node->out[0], .axis = -1, .channels = 1, .scale = &one, .shift = &zero};
    int64_t *to = ITGC_NEW_ARRAY(graph->arena, int64_t, shape->dim[1]);
    if (!is_permutation(graph, node->in[1]->constant, shape->dim[1], to)) {
        return;
    }
    for (int i = 0; i < node->out[0]->use_count; i++) {
        const itgc_node *reader = node->out[0]->uses[i];
        const bool is_grouped = itgc_is_op(reader, "Conv") && ((const itgc_conv_params *)reader->params)->group != 1;
        if (is_grouped || !itgc_takes_affine(reader, &plain, false)) {
            return;
        }
    }
    while (node->out[0]->use_count > 0) {
        itgc_node *reader = node->out[0]->uses[0];
        itgc_scale_inputs(graph, reader, &plain, to);
        itgc_set_input(graph, reader, 0, node->in[0]);
    }
    itgc_detach(graph, node);
}

static bool takes_blocks(const itgc_node *reader, const itgc_tensor *blocks)
{
    if (!itgc_is_op(reader, "Conv") || reader->in[0] != blocks || !itgc_is_weights(reader->in[1])) {
        return false;
    }
    const itgc_conv_params *params = reader->params;
    const itgc_window *window = &params->window;
    return params->group == 1 && !params->pad_values && window->rank == 2 && (window->dilation[0] == 1 || window->kernel[0] == 1) &&
           (window->dilation[1] == 1 || window->kernel[1] == 1);
}

/* [M,C*b*b,h,w] → [M,C,h*b,w*b]. */
static itgc_tensor *spread_weights(itgc_graph *graph, const itgc_tensor *from, const itgc_block_params *block)
{
    const itgc_shape *old = &from->constant->shape;
    const int64_t b = block->size, channels = old->dim[1] / (b * b), height = old->dim[2] * b, width = old->dim[3] * b;
    const itgc_shape shape = {.rank = 4, .dim = {old->dim[0], channels, height, width}};
    float *to;
    itgc_tensor *tensor = itgc_make_weights(graph, from->name, &shape, &to);
    for (int64_t i = 0; i < itgc_elements(&shape); i++) {
        const int64_t x = i % width, y = i / width % height, c = i / width / height % channels, m = i / width / height / channels;
        const int64_t position = y % b * b + x % b;
        const int64_t channel = block->column_first ? c * b * b + position : position * channels + c;
        to[i] = from->constant->f[((m * old->dim[1] + channel) * old->dim[2] + y / b) * old->dim[3] + x / b];
    }
    return tensor;
}

static void fold_blocks(itgc_graph *graph, itgc_node *node)
{
    const itgc_block_params *block = node->params;
    if (node->out[0]->is_output) {
        return;
    }
    for (int i = 0; i < node->out[0]->use_count; i++) {
        if (!takes_blocks(node->out[0]->uses[i], node->out[0])) {
            return;
        }
    }
    while (node->out[0]->use_count > 0) {
        itgc_node *reader = node->out[0]->uses[0];
        itgc_window *window = &((itgc_conv_params *)reader->params)->window;
        itgc_set_input(graph, reader, 1, spread_weights(graph, reader->in[1], block));
        for (int i = 0; i < 2; i++) {
            window->kernel[i] *= block->size;
            window->stride[i] *= block->size;
            window->before[i] *= block->size;
            window->after[i] *= block->size;
            window->dilation[i] = 1;
        }
        itgc_set_input(graph, reader, 0, node->in[0]);
    }
    itgc_detach(graph, node);
}

bool itgc_fold_movement(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = graph->node_count - 1; i >= 0; i--) { /* a Gather behind SpaceToDepth first */
        itgc_node *node = graph->nodes[i];
        if (itgc_is_op(node, "Gather")) {
            fold_gather(graph, node);
        } else if (itgc_is_op(node, "SpaceToDepth")) {
            fold_blocks(graph, node);
        }
    }
    return true;
}
