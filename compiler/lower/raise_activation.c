/* SPDX-License-Identifier: Apache-2.0
 * Moves activations up to the node they can fuse with: any function of one variable in front of Reshape; Relu and Clip also in front of
 * MaxPool (both keep order, and padding never wins a maximum) and of Concat whose members are all fusable results read nowhere else. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool is_clamp(const itgc_node *node)
{
    return itgc_is_op(node, "Relu") || itgc_is_op(node, "Clip");
}

static bool is_function(const itgc_node *node)
{
    return node->in_count > 0 && strcmp(node->op->family, "unary") == 0;
}

static bool is_fusable(const itgc_tensor *tensor)
{
    const itgc_node *node = tensor->producer;
    return itgc_only_reader(tensor) && (itgc_is_op(node, "Conv") || itgc_is_op(node, "Gemm") || itgc_is_op(node, "Add"));
}

/* mover(f) then f becomes f then mover: mover's output takes over f's. */
static bool swap_with(itgc_graph *graph, itgc_node *function, itgc_node *mover)
{
    itgc_tensor *x = mover->in[0];
    itgc_tensor *old = function->out[0];
    itgc_tensor *raised = itgc_new_tensor(graph, itgc_sprint(graph->arena, "%s/raised", old->name), old->type, &x->shape);
    itgc_set_input(graph, function, 0, x);
    itgc_set_input(graph, mover, 0, raised);
    function->out[0] = raised;
    raised->producer = function;
    mover->out[0] = old;
    old->producer = mover;
    return true;
}

static bool raise_over_concat(itgc_graph *graph, itgc_node *clamp, itgc_node *concat)
{
    for (int i = 0; i < concat->in_count; i++) {
        if (!is_fusable(concat->in[i])) {
            return true;
        }
    }
    for (int i = 0; i < concat->in_count; i++) {
        const char *name = itgc_sprint(graph->arena, "%s/raised%d", clamp->out[0]->name, i);
        const itgc_unary_params *params = clamp->params;
        itgc_tensor *clamped = itgc_insert_unary(graph, clamp->type, params, name, concat->in[i]);
        if (!clamped) {
            return false;
        }
        itgc_set_input(graph, concat, i, clamped);
    }
    concat->out[0]->name = clamp->out[0]->name;
    return itgc_replace_node(graph, clamp, concat->out[0]);
}

/* Up by one node where possible; *moved tells. */
static bool raise(itgc_graph *graph, itgc_node *node, bool *moved)
{
    itgc_node *above = node->in[0]->producer;
    *moved = false;
    if (!above || !itgc_only_reader(node->in[0]) || above->out_count != 1 || above->in_count == 0) {
        return true;
    }
    if (itgc_is_op(above, "Concat") && is_clamp(node)) {
        return raise_over_concat(graph, node, above);
    }
    const bool is_reshape = itgc_is_op(above, "Reshape") && itgc_only_reader(above->in[0]);
    const bool is_pool = itgc_is_op(above, "MaxPool") && is_clamp(node) && itgc_only_reader(above->in[0]);
    *moved = is_reshape || is_pool;
    return !*moved || swap_with(graph, node, above);
}

/* Whether a node to fuse with lies above, past nodes that can be passed. */
static bool is_worth_raising(const itgc_node *node)
{
    const itgc_tensor *tensor = node->in[0];
    while (itgc_producer_of(tensor, "Reshape") || (itgc_producer_of(tensor, "MaxPool") && is_clamp(node))) {
        if (!itgc_only_reader(tensor)) {
            return false;
        }
        tensor = tensor->producer->in[0];
    }
    return is_fusable(tensor) || itgc_producer_of(tensor, "Concat");
}

bool itgc_raise_activation(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        bool moved = is_function(node) && is_worth_raising(node);
        while (moved) {
            if (!raise(graph, node, &moved)) {
                return false;
            }
        }
    }
    return true;
}
