/* SPDX-License-Identifier: Apache-2.0
 * Marks the elementwise node that alone reads a Conv, Gemm, Add or normalization as that node's `fused` and puts it right behind. The last pass:
 * the sorting that follows keeps a list that is in order as it is. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <math.h>
#include <string.h>

static bool is_clamp(const itgc_node *node)
{
    return itgc_is_op(node, "Relu") || itgc_is_op(node, "Clip");
}

/* Defined and without poles everywhere: behind a layer there may be sums that calibration did not see. */
static bool is_tame(const itgc_unary_params *params)
{
    if (params->kind == ITGC_POW_CONSTANT) {
        return params->alpha >= 1.0 && floor(params->alpha) == params->alpha;
    }
    return params->kind <= ITGC_SOFTSIGN || (params->kind >= ITGC_ERF && params->kind <= ITGC_EXP) || params->kind == ITGC_ABS ||
           params->kind == ITGC_NEG || params->kind == ITGC_AFFINE;
}

static bool is_table_function(const itgc_node *node)
{
    const itgc_unary_params *params = node->params;
    if (node->in_count == 0 || strcmp(node->op->family, "unary") != 0) {
        return false;
    }
    for (int i = 0; params->kind == ITGC_CHAIN && i < params->chain->count; i++) {
        if (!is_tame(&params->chain->link[i])) {
            return false;
        }
    }
    return params->kind == ITGC_CHAIN || is_tame(params);
}

/* PRelu with a slope per channel of its last dimension. */
static bool is_channel_prelu(const itgc_node *node)
{
    const itgc_tensor *slope = itgc_is_op(node, "PRelu") ? node->in[1] : NULL;
    const itgc_shape *shape = &node->out[0]->shape;
    return itgc_is_weights(slope) && slope->shape.rank == 1 && shape->rank > 1 && slope->shape.dim[0] == shape->dim[shape->rank - 1];
}

static bool is_normalization(const itgc_node *node)
{
    static const char *const families[] = {"norm", "lpnorm", "lrn"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(node->op->family, families[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool can_fuse(const itgc_node *node, const itgc_node *reader)
{
    if (reader->in_count == 0 || reader->in[0] != node->out[0] || reader->out_count != 1) {
        return false;
    }
    if (itgc_is_op(node, "Conv") || itgc_is_op(node, "Gemm")) {
        return itgc_is_weights(node->in[1]) && (is_table_function(reader) || is_channel_prelu(reader));
    }
    return (itgc_is_op(node, "Add") || is_normalization(node)) && is_clamp(reader);
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
    if (count > 0) {
        memcpy(graph->nodes, order, (size_t)count * sizeof order[0]);
    }
}

bool itgc_fuse_activation(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
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
