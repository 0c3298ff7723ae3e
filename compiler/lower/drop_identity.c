/* SPDX-License-Identifier: Apache-2.0
 * Takes out nodes that give back what they read: Identity, Dropout, casts between floats, reshapes and movements that change nothing,
 * a scale by 1, an addition of 0, a Gather by 0, 1, 2, …; and joins Reshapes in a row. Called by lower.c, three times. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool is_same_shape(const itgc_node *node)
{
    return itgc_same_shape(&node->in[0]->shape, &node->out[0]->shape);
}

static bool is_always(const itgc_node *node)
{
    return node->out_count < 2 || !node->out[1] || (node->out[1]->use_count == 0 && !node->out[1]->is_output);
}

static bool is_float_cast(const itgc_node *node)
{
    return itgc_is_float(node->in[0]->type) && itgc_is_float(node->out[0]->type);
}

static bool is_kept_order(const itgc_node *node)
{
    int64_t perm[ITGC_MAX_RANK];
    itgc_read_perm(node, perm);
    for (int i = 0; i < node->in[0]->shape.rank; i++) {
        if (perm[i] != i) {
            return false;
        }
    }
    return true;
}

static bool is_whole_slice(const itgc_node *node)
{
    const itgc_slice_params *params = node->params;
    for (int i = 0; i < params->count; i++) {
        if (params->step[i] != 1) {
            return false;
        }
    }
    return is_same_shape(node);
}

static bool is_empty_pad(const itgc_node *node)
{
    const itgc_pad_params *params = node->params;
    for (int i = 0; i < node->in[0]->shape.rank; i++) {
        if (params->before[i] != 0 || params->after[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_single(const itgc_node *node)
{
    return node->in_count == 1;
}

static bool is_unit_scale(const itgc_node *node)
{
    const itgc_resize_params *params = node->params;
    for (int i = 0; i < node->in[0]->shape.rank; i++) {
        if (params->scale[i] != 1.0) {
            return false;
        }
    }
    return is_same_shape(node) && params->coordinates != ITGC_CROP_AND_RESIZE;
}

static bool is_unit_window(const itgc_node *node)
{
    const itgc_pool_params *params = node->params;
    for (int i = 0; i < params->window.rank; i++) {
        if (params->window.kernel[i] != 1 || params->window.stride[i] != 1) {
            return false;
        }
    }
    return !params->global && is_same_shape(node) && is_always(node);
}

static bool is_counting_index(const itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const itgc_value *index = node->in[1]->constant;
    if (!index || !index->i || index->shape.rank != 1 || !is_same_shape(node)) {
        return false;
    }
    const int64_t count = node->in[0]->shape.dim[params->axis < 0 ? params->axis + node->in[0]->shape.rank : params->axis];
    for (int64_t i = 0; i < count; i++) {
        if (index->i[i] != i && index->i[i] != i - count) {
            return false;
        }
    }
    return true;
}

static bool is_neutral(const itgc_node *node, double neutral)
{
    double value;
    return itgc_is_scalar(node->in[1], &value) && value == neutral && is_same_shape(node);
}

static bool is_plus_nothing(const itgc_node *node)
{
    return is_neutral(node, 0.0);
}

static bool is_times_one(const itgc_node *node)
{
    return is_neutral(node, 1.0);
}

static const struct {
    const char *type;
    bool (*is_identity)(const itgc_node *node);
} rules[] = {
    {"Identity", is_single},
    {"Dropout", is_always},
    {"Cast", is_float_cast},
    {"Reshape", is_same_shape},
    {"Flatten", is_same_shape},
    {"Squeeze", is_same_shape},
    {"Unsqueeze", is_same_shape},
    {"Expand", is_same_shape},
    {"Transpose", is_kept_order},
    {"Slice", is_whole_slice},
    {"Pad", is_empty_pad},
    {"Concat", is_single},
    {"Sum", is_single},
    {"Mean", is_single},
    {"Max", is_single},
    {"Min", is_single},
    {"Resize", is_unit_scale},
    {"Upsample", is_unit_scale},
    {"AveragePool", is_unit_window},
    {"MaxPool", is_unit_window},
    {"Gather", is_counting_index},
    {"Add", is_plus_nothing},
    {"Sub", is_plus_nothing},
    {"Mul", is_times_one},
    {"Div", is_times_one},
};

static bool is_identity(const itgc_node *node)
{
    if (node->out_count == 0 || !node->out[0] || node->in_count == 0 || !node->in[0] || node->in[0]->constant) {
        return false;
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(node->type, rules[i].type) == 0) {
            return rules[i].is_identity(node);
        }
    }
    return false;
}

/* Reshape of a Reshape: the second alone gives the same. Its list becomes the plain shape, as 0 and -1 mean sizes of what it read. */
static void join_reshapes(itgc_graph *graph, itgc_node *node)
{
    const itgc_node *above = itgc_producer_of(node->in[0], "Reshape");
    if (!itgc_is_op(node, "Reshape") || !above) {
        return;
    }
    const itgc_shape *shape = &node->out[0]->shape;
    itgc_tensor *out = itgc_emit_reshape(graph, node->out[0]->name, above->in[0], shape);
    if (out) {
        itgc_replace_node(graph, node, out);
    }
}

bool itgc_drop_identity(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if (node->in_count > 0 && node->in[0] && node->out_count > 0) {
            join_reshapes(graph, node);
        }
    }
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *node = graph->nodes[i];
        if (is_identity(node)) {
            itgc_replace_node(graph, node, node->in[0]);
        }
    }
    return !graph->diag->error;
}
