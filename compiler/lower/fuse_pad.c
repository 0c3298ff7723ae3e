/* SPDX-License-Identifier: Apache-2.0
 * A constant Pad whose only reader is a Conv, AveragePool or MaxPool moves into that node's window, where the window's own padding means
 * the same: zeros for Conv and averages that count padding; for a maximum, values that can never win. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

/* Whether no element of tensor is below zero. */
static bool is_nonnegative(const itgc_tensor *tensor)
{
    static const char *const types[] = {"Relu", "Sigmoid", "HardSigmoid", "Softmax", "Abs"};
    for (int i = 0; i < 5; i++) {
        if (itgc_producer_of(tensor, types[i])) {
            return true;
        }
    }
    const itgc_node *clip = itgc_producer_of(tensor, "Clip");
    return clip && ((const itgc_unary_params *)clip->params)->alpha >= 0.0;
}

static double pad_value(const itgc_node *pad)
{
    double value = (double)((const itgc_pad_params *)pad->params)->value;
    if (pad->in_count > 2 && pad->in[2]) {
        itgc_is_scalar(pad->in[2], &value);
    }
    return value;
}

static bool is_spatial_pad(const itgc_node *pad, int rank)
{
    const itgc_pad_params *params = pad->params;
    if (params->mode != ITGC_PAD_CONSTANT || pad->in[0]->shape.rank != rank + 2) {
        return false;
    }
    for (int i = 0; i < rank + 2; i++) {
        if (params->before[i] < 0 || params->after[i] < 0 || (i < 2 && (params->before[i] > 0 || params->after[i] > 0))) {
            return false;
        }
    }
    return true;
}

static bool is_padded(const itgc_window *window)
{
    for (int i = 0; i < window->rank; i++) {
        if (window->before[i] > 0 || window->after[i] > 0) {
            return true;
        }
    }
    return false;
}

static void widen(itgc_window *window, const itgc_pad_params *pad)
{
    for (int i = 0; i < window->rank; i++) {
        window->before[i] += pad->before[i + 2];
        window->after[i] += pad->after[i + 2];
    }
    window->auto_pad = ITGC_PAD_EXPLICIT;
}

/* Every window must see at least one element of the image, or its maximum would be minus infinity instead of the padding. */
static bool is_narrow(const itgc_window *window, const itgc_pad_params *pad)
{
    for (int i = 0; i < window->rank; i++) {
        if (window->dilation[i] > 1 || window->before[i] + pad->before[i + 2] >= window->kernel[i] ||
            window->after[i] + pad->after[i + 2] >= window->kernel[i]) {
            return false;
        }
    }
    return true;
}

static bool widen_conv(const itgc_node *pad, itgc_node *reader)
{
    itgc_conv_params *params = reader->params;
    if (reader->in[0] != pad->out[0] || pad_value(pad) != 0.0 || params->pad_values || !is_spatial_pad(pad, params->window.rank)) {
        return false;
    }
    widen(&params->window, pad->params);
    return true;
}

static bool widen_pool(const itgc_node *pad, itgc_node *reader)
{
    itgc_pool_params *params = reader->params;
    itgc_window *window = &params->window;
    const double value = pad_value(pad);
    if (params->global || window->ceil_mode || !is_spatial_pad(pad, window->rank) || params->kind == ITGC_POOL_LP) {
        return false;
    }
    if (params->kind == ITGC_POOL_AVERAGE) {
        if (value != 0.0 || (is_padded(window) && !params->include_pad)) {
            return false;
        }
        params->include_pad = true;
    } else if (!is_narrow(window, pad->params) || reader->out_count > 1 || !(value < -3e38 || (value == 0.0 && is_nonnegative(pad->in[0])))) {
        return false;
    }
    widen(window, pad->params);
    return true;
}

bool itgc_fuse_pad(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *pad = graph->nodes[i];
        itgc_node *reader = itgc_is_op(pad, "Pad") ? itgc_only_reader(pad->out[0]) : NULL;
        if (!reader) {
            continue;
        }
        const bool is_pool = itgc_is_op(reader, "AveragePool") || itgc_is_op(reader, "MaxPool");
        if ((itgc_is_op(reader, "Conv") && widen_conv(pad, reader)) || (is_pool && widen_pool(pad, reader))) {
            itgc_replace_node(graph, pad, pad->in[0]);
        }
    }
    return true;
}
