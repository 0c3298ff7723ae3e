/* SPDX-License-Identifier: Apache-2.0
 * Takes out nodes that give back what they read: Identity, Dropout, casts between floats, reshapes and movements that change nothing,
 * a scale by 1, an addition of 0; and joins Reshapes and Slices in a row. Called by lower.c, three times. */
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
    if (!above) {
        return;
    }
    const itgc_shape *shape = &node->out[0]->shape;
    itgc_tensor *out = itgc_insert_reshape(graph, node->out[0]->name, above->in[0], shape);
    if (out) {
        itgc_replace_node(graph, node, out);
    }
}

/* Slice of a Slice that nothing else reads: one from start + start2 * step in steps of step * step2, dimension by dimension. */
static void join_slices(itgc_graph *graph, itgc_node *node)
{
    itgc_node *above = itgc_producer_of(node->in[0], "Slice");
    if (!above || !itgc_only_reader(node->in[0])) {
        return;
    }
    const itgc_slice_params *first = above->params, *second = node->params;
    const int rank = node->in[0]->shape.rank;
    int64_t list[4][ITGC_MAX_RANK];
    for (int i = 0; i < rank; i++) {
        if (first->step[i] < 0 || second->step[i] < 0) {
            return;
        }
        list[0][i] = first->start[i] + second->start[i] * first->step[i];
        list[1][i] = first->start[i] + second->end[i] * first->step[i];
        list[1][i] = list[1][i] < first->end[i] ? list[1][i] : first->end[i];
        list[2][i] = i;
        list[3][i] = first->step[i] * second->step[i];
    }
    const char *name = node->out[0]->name;
    itgc_tensor *inputs[5] = {above->in[0]};
    for (int i = 0; i < 4; i++) {
        inputs[i + 1] = itgc_make_ints(graph, name, list[i], rank);
    }
    itgc_node *joined = itgc_insert_node(graph, "Slice", name, inputs, 5);
    if (itgc_infer_node(graph, joined)) {
        itgc_replace_node(graph, node, joined->out[0]);
    }
}

bool itgc_drop_identity(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        if (itgc_is_op(node, "Reshape")) {
            join_reshapes(graph, node);
        } else if (itgc_is_op(node, "Slice")) {
            join_slices(graph, node);
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
