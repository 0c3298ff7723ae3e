/* SPDX-License-Identifier: Apache-2.0
 * One-dimensional Conv and pools get a height of 1: Reshape [N,C,L] to [N,C,1,L], the same node in two dimensions, Reshape back.
 * Reshapes between such nodes cancel or stay without cost in to_nhwc. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

static itgc_shape insert_height(const itgc_shape *shape)
{
    return (itgc_shape){.rank = 4, .dim = {shape->dim[0], shape->dim[1], 1, shape->dim[2]}};
}

static void widen_window(itgc_window *window)
{
    window->kernel[1] = window->kernel[0];
    window->stride[1] = window->stride[0];
    window->dilation[1] = window->dilation[0];
    window->before[1] = window->before[0];
    window->after[1] = window->after[0];
    window->kernel[0] = window->stride[0] = window->dilation[0] = 1;
    window->before[0] = window->after[0] = 0;
    window->rank = 2;
}

static void widen_weights(itgc_graph *graph, itgc_node *node)
{
    const itgc_shape shape = insert_height(&node->in[1]->shape);
    itgc_value *value = ITGC_NEW(graph->arena, itgc_value);
    *value = *node->in[1]->constant;
    value->shape = shape;
    itgc_set_input(graph, node, 1, itgc_new_constant(graph, node->in[1]->name, value));
}

static bool widen_node(itgc_graph *graph, itgc_node *node, itgc_window *window)
{
    const itgc_shape in_shape = insert_height(&node->in[0]->shape);
    const itgc_shape out_shape = node->out[0]->shape;
    itgc_tensor *old = node->out[0];
    itgc_tensor *in = itgc_insert_reshape(graph, itgc_sprint(graph->arena, "%s/rows", node->in[0]->name), node->in[0], &in_shape);
    if (!in) {
        return false;
    }
    itgc_set_input(graph, node, 0, in);
    widen_window(window);
    node->out[0] = itgc_new_tensor(graph, itgc_sprint(graph->arena, "%s/rows", old->name), old->type, NULL);
    node->out[0]->producer = node;
    if (!itgc_infer_node(graph, node)) {
        return false;
    }
    itgc_tensor *out = itgc_insert_reshape(graph, old->name, node->out[0], &out_shape);
    return out && itgc_redirect(graph, old, out);
}

static bool is_pool(const itgc_node *node)
{
    return itgc_is_op(node, "MaxPool") || itgc_is_op(node, "AveragePool") || itgc_is_op(node, "GlobalAveragePool") ||
           itgc_is_op(node, "GlobalMaxPool");
}

bool itgc_unit_height(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if (node->in_count == 0 || !node->in[0] || node->in[0]->shape.rank != 3) {
            continue;
        }
        if (itgc_is_op(node, "Conv") && itgc_is_weights(node->in[1])) {
            widen_weights(graph, node);
            if (!widen_node(graph, node, &((itgc_conv_params *)node->params)->window)) {
                return false;
            }
        } else if (is_pool(node) && (node->out_count < 2 || !node->out[1])) {
            if (!widen_node(graph, node, &((itgc_pool_params *)node->params)->window)) {
                return false;
            }
        }
    }
    return true;
}
