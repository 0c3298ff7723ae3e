/* SPDX-License-Identifier: Apache-2.0
 * Marks the elementwise node that alone reads a Conv, Gemm or Add as that node's `fused` and puts it right behind; first moves Relu and
 * Clip in front of MaxPool, where they give the same and can fuse. The last pass: no sorting follows that could part the two. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool is_clamp(const itgc_node *node)
{
    return itgc_is_op(node, "Relu") || itgc_is_op(node, "Clip");
}

static bool is_table_function(const itgc_node *node)
{
    const itgc_unary_params *params = node->params;
    if (node->in_count == 0 || strcmp(node->op->family, "unary") != 0) {
        return false;
    }
    return params->kind <= ITGC_SOFTSIGN || (params->kind >= ITGC_ERF && params->kind <= ITGC_EXP) || params->kind == ITGC_ABS ||
           params->kind == ITGC_NEG;
}

/* PRelu with a slope per channel of its last dimension. */
static bool is_channel_prelu(const itgc_node *node)
{
    const itgc_tensor *slope = itgc_is_op(node, "PRelu") ? node->in[1] : NULL;
    const itgc_shape *shape = &node->out[0]->shape;
    return itgc_is_weights(slope) && slope->shape.rank == 1 && shape->rank > 1 && slope->shape.dim[0] == shape->dim[shape->rank - 1];
}

static bool has_clamp_reader(const itgc_node *node)
{
    const itgc_node *reader = itgc_only_reader(node->out[0]);
    return reader && is_clamp(reader) && reader->in[0] == node->out[0];
}

/* MaxPool then clamp → clamp then MaxPool: both keep order, and padding never wins a maximum. */
static void move_clamp_up(itgc_graph *graph, itgc_node *pool)
{
    itgc_node *clamp = itgc_only_reader(pool->out[0]);
    itgc_tensor *x = pool->in[0];
    itgc_tensor *clamped = itgc_new_tensor(graph, itgc_sprint(graph->arena, "%s/clamped", x->name), x->type, &x->shape);
    itgc_tensor *old = clamp->out[0];
    itgc_set_input(graph, clamp, 0, x);
    itgc_set_input(graph, pool, 0, clamped);
    clamp->out[0] = clamped;
    clamped->producer = clamp;
    pool->out[0] = old;
    old->producer = pool;
}

static bool can_move_up(const itgc_node *pool)
{
    const itgc_node *above = pool->in[0]->producer;
    return pool->out_count == 1 && has_clamp_reader(pool) && itgc_only_reader(pool->in[0]) &&
           (itgc_is_op(above, "Conv") || itgc_is_op(above, "Gemm") || itgc_is_op(above, "Add"));
}

static bool can_fuse(const itgc_node *node, const itgc_node *reader)
{
    if (reader->in_count == 0 || reader->in[0] != node->out[0] || reader->out_count != 1) {
        return false;
    }
    if (itgc_is_op(node, "Conv") || itgc_is_op(node, "Gemm")) {
        return itgc_is_weights(node->in[1]) && (is_table_function(reader) || is_channel_prelu(reader));
    }
    return itgc_is_op(node, "Add") && is_clamp(reader);
}

/* Every fused node right behind its producer; the others keep their order. */
static void place_fused(itgc_graph *graph)
{
    itgc_node **order = ITGC_NEW_ARRAY(graph->arena, itgc_node *, graph->node_count);
    int count = 0;
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if (node->is_fused) {
            continue;
        }
        order[count++] = node;
        if (node->fused) {
            order[count++] = node->fused;
        }
    }
    memcpy(graph->nodes, order, (size_t)count * sizeof order[0]);
}

bool itgc_fuse_activation(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) {
        if (itgc_is_op(graph->nodes[i], "MaxPool") && can_move_up(graph->nodes[i])) {
            move_clamp_up(graph, graph->nodes[i]);
        }
    }
    if (!itgc_sort(graph)) {
        return false;
    }
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        itgc_node *reader = node->out_count == 1 && node->out[0] ? itgc_only_reader(node->out[0]) : NULL;
        if (reader && can_fuse(node, reader)) {
            node->fused = reader;
            reader->is_fused = true;
        }
    }
    place_fused(graph);
    return true;
}
