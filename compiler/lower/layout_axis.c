/* SPDX-License-Identifier: Apache-2.0
 * Places nodes that name axes on permuted data: the axis is renamed, the data stays. Called by to_nhwc through layout.h. */
#include "compiler/lower/layout.h"

#include <string.h>

static int64_t normal_axis(int64_t axis, int rank)
{
    return axis < 0 ? axis + rank : axis;
}

static void sort_ascending(int64_t *values, int count)
{
    for (int i = 1; i < count; i++) {
        for (int k = i; k > 0 && values[k] < values[k - 1]; k--) {
            const int64_t swap = values[k];
            values[k] = values[k - 1];
            values[k - 1] = swap;
        }
    }
}

/* The node reads its data where they lie; *view is a copy of how. */
static bool take_base(itgc_layout *layout, itgc_node *node, itgc_view *view)
{
    *view = *itgc_view_of(layout, node->in[0]);
    return itgc_bring_input(layout, node, 0, view->perm);
}

static bool place_concat(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_axis_params *params = node->params;
    const int rank = node->out[0]->shape.rank;
    const itgc_view *model = NULL;
    for (int i = 0; i < node->in_count; i++) {
        const itgc_view *view = itgc_view_of(layout, node->in[i]);
        if (!view->base->constant && (!model || itgc_elements(&view->base->shape) > itgc_elements(&model->base->shape))) {
            model = view;
        }
    }
    int64_t perm[ITGC_MAX_RANK];
    itgc_identity_perm(perm, rank);
    if (model) {
        memcpy(perm, model->perm, sizeof perm);
    }
    for (int i = 0; i < node->in_count; i++) {
        if (!itgc_bring_input(layout, node, i, perm)) {
            return false;
        }
    }
    params->axis = perm[normal_axis(params->axis, rank)];
    itgc_store_output(layout, node, perm);
    *known = true;
    return true;
}

static bool place_slice(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_slice_params *params = node->params;
    itgc_view view;
    int64_t axes[ITGC_MAX_RANK];
    const int rank = node->out[0]->shape.rank;
    int count = 0;
    if (!take_base(layout, node, &view)) {
        return false;
    }
    if (node->in_count > 3 && node->in[3]) {
        if (!itgc_constant_ints(layout->graph->diag, node, 3, axes, ITGC_MAX_RANK, &count)) {
            return false;
        }
    } else if (!params->from_attributes) {
        count = (int)node->in[1]->shape.dim[0];
        itgc_identity_perm(axes, count);
    }
    for (int i = 0; i < count; i++) {
        axes[i] = view.perm[normal_axis(axes[i], rank)];
    }
    if (!params->from_attributes) {
        itgc_set_input(layout->graph, node, 3, itgc_make_ints(layout->graph, node->name, axes, count));
    }
    for (int i = 0; i < params->count; i++) {
        params->axis[i] = view.perm[normal_axis(params->axis[i], rank)];
    }
    itgc_store_output(layout, node, view.perm);
    *known = true;
    return true;
}

static bool place_softmax(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_axis_params *params = node->params;
    const itgc_view view = *itgc_view_of(layout, node->in[0]);
    const int rank = node->out[0]->shape.rank;
    const int axis = (int)normal_axis(params->axis, rank);
    int64_t perm[ITGC_MAX_RANK];
    memcpy(perm, view.perm, sizeof perm);
    if (rank == 0 || (params->coerce && axis != rank - 1)) {
        return true;
    }
    for (int i = 0; i < rank; i++) { /* the axis moves to the end, the others close up */
        perm[i] = view.perm[i] > view.perm[axis] ? view.perm[i] - 1 : view.perm[i];
    }
    perm[axis] = rank - 1;
    if (!itgc_bring_input(layout, node, 0, perm)) {
        return false;
    }
    params->axis = rank - 1;
    params->coerce = false;
    itgc_store_output(layout, node, perm);
    *known = true;
    return true;
}

/* Removes dimension `axis` of the ONNX order from a perm; the rest is numbered anew. */
static void remove_dimension(int64_t *perm, int rank, int axis)
{
    const int64_t removed = perm[axis];
    for (int i = axis; i + 1 < rank; i++) {
        perm[i] = perm[i + 1];
    }
    for (int i = 0; i + 1 < rank; i++) {
        perm[i] -= perm[i] > removed;
    }
}

static void rename_axes(itgc_reduce_params *params, const int64_t *perm)
{
    for (int i = 0; i < params->axis_count; i++) {
        params->axes[i] = perm[params->axes[i]];
    }
    sort_ascending(params->axes, params->axis_count);
}

/* A mean over height and width of channels-last data is the global pool; without those two its output is [N,C]. */
static bool place_global_mean(itgc_layout *layout, itgc_node *node, const itgc_view *view)
{
    itgc_graph *graph = layout->graph;
    const itgc_tensor *out = node->out[0];
    const bool keep = ((const itgc_reduce_params *)node->params)->keep;
    const char *name = keep ? out->name : itgc_sprint(graph->arena, "%s/plane", out->name);
    itgc_view *result = itgc_view_of(layout, out);
    result->base = itgc_insert_global_mean(graph, name, node->in[0], true);
    memcpy(result->perm, view->perm, sizeof result->perm);
    if (result->base && !keep) {
        result->base = itgc_insert_reshape(graph, out->name, result->base, &out->shape);
        itgc_identity_perm(result->perm, 2);
    }
    return result->base != NULL;
}

static bool place_reduce(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_reduce_params *params = node->params;
    const int rank = node->in[0]->shape.rank;
    const int count = params->axis_count;
    int64_t axes[ITGC_MAX_RANK];
    itgc_view view;
    memcpy(axes, params->axes, sizeof axes);
    if (!take_base(layout, node, &view)) {
        return false;
    }
    rename_axes(params, view.perm);
    *known = true;
    const bool is_plane = rank == 4 && count == 2 && params->axes[0] == 1 && params->axes[1] == 2;
    const bool is_in_order = view.perm[axes[0] > 0 ? 0 : axes[1] > 1 ? 1 : 2] == 0; /* of what is left, the batch stands first */
    if (params->kind == ITGC_REDUCE_MEAN && is_plane && (params->keep || is_in_order)) {
        return place_global_mean(layout, node, &view);
    }
    if (node->in_count > 1 && node->in[1]) {
        itgc_set_input(layout->graph, node, 1, itgc_make_ints(layout->graph, node->name, params->axes, count));
    }
    if (!params->keep) {
        for (int i = count - 1; i >= 0; i--) {
            remove_dimension(view.perm, rank - (count - 1 - i), (int)axes[i]);
        }
    }
    itgc_store_output(layout, node, view.perm);
    return true;
}

static bool place_pad(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_pad_params *params = node->params;
    const itgc_pad_params old = *params;
    const int rank = node->in[0]->shape.rank;
    int64_t pads[2 * ITGC_MAX_RANK];
    itgc_view view;
    if (!take_base(layout, node, &view)) {
        return false;
    }
    for (int i = 0; i < rank; i++) {
        const int64_t to = view.perm[i];
        pads[to] = params->before[to] = old.before[i];
        pads[rank + to] = params->after[to] = old.after[i];
    }
    if (node->in_count > 1 && node->in[1]) {
        itgc_set_input(layout->graph, node, 1, itgc_make_ints(layout->graph, node->name, pads, 2 * rank));
    }
    if (node->in_count > 3 && node->in[3]) {
        itgc_set_input(layout->graph, node, 3, NULL);
    }
    itgc_store_output(layout, node, view.perm);
    *known = true;
    return true;
}

static bool place_gather(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_axis_params *params = node->params;
    const itgc_value *index = node->in[1]->constant;
    const int rank = node->in[0]->shape.rank;
    if (!index || index->shape.rank > 1 || node->in[0]->constant) {
        return true;
    }
    itgc_view view;
    if (!take_base(layout, node, &view)) {
        return false;
    }
    const int axis = (int)normal_axis(params->axis, rank);
    params->axis = view.perm[axis];
    if (index->shape.rank == 0) {
        remove_dimension(view.perm, rank, axis);
    }
    itgc_store_output(layout, node, view.perm);
    *known = true;
    return true;
}

/* A constant list with one entry (or, for a region of interest, two halves of one entry) per dimension, in the base's order. */
static void permute_list(itgc_layout *layout, itgc_node *node, int input, const int64_t *perm, int rank)
{
    const itgc_value *old = input < node->in_count && node->in[input] ? node->in[input]->constant : NULL;
    if (!old || old->shape.rank != 1 || old->shape.dim[0] == 0 || old->shape.dim[0] % rank != 0) {
        return;
    }
    itgc_value *value = itgc_new_value(layout->graph->arena, old->type, &old->shape);
    for (int64_t half = 0; half < old->shape.dim[0]; half += rank) {
        for (int i = 0; i < rank; i++) {
            if (old->f) {
                value->f[half + perm[i]] = old->f[half + i];
            } else {
                value->i[half + perm[i]] = old->i[half + i];
            }
        }
    }
    itgc_set_input(layout->graph, node, input, itgc_new_constant(layout->graph, node->in[input]->name, value));
}

static bool place_resize(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_resize_params *params = node->params;
    const itgc_resize_params old = *params;
    const int rank = node->in[0]->shape.rank;
    int64_t perm[ITGC_MAX_RANK];
    itgc_channels_last_perm(perm, rank);
    if (rank < 3 || !itgc_bring_input(layout, node, 0, perm)) {
        return rank < 3;
    }
    for (int i = 0; i < params->axis_count; i++) {
        params->axes[i] = perm[normal_axis(params->axes[i], rank)];
    }
    for (int i = 0; i < rank; i++) {
        params->scale[perm[i]] = old.scale[i];
    }
    for (int i = 1; i < node->in_count && params->axis_count == 0; i++) {
        permute_list(layout, node, i, perm, rank);
    }
    itgc_store_output(layout, node, perm);
    *known = true;
    return true;
}

static bool place_expand(itgc_layout *layout, itgc_node *node, bool *known)
{
    const int rank = node->out[0]->shape.rank;
    const itgc_view *view = itgc_view_of(layout, node->in[0]);
    int64_t perm[ITGC_MAX_RANK];
    itgc_identity_perm(perm, rank);
    if (view->base->shape.rank == rank) {
        memcpy(perm, view->perm, sizeof perm);
    }
    itgc_tensor *in = itgc_bring_aligned(layout, view, rank, perm);
    if (!in) {
        return false;
    }
    itgc_set_input(layout->graph, node, 0, in);
    itgc_store_output(layout, node, perm);
    itgc_set_input(layout->graph, node, 1, itgc_make_ints(layout->graph, node->name, node->out[0]->shape.dim, rank));
    *known = true;
    return true;
}

static bool place_layer_norm(itgc_layout *layout, itgc_node *node, bool *known)
{
    const itgc_norm_params *params = node->params;
    const int rank = node->out[0]->shape.rank;
    itgc_view view = *itgc_view_of(layout, node->in[0]);
    if (normal_axis(params->axis, rank) != rank - 1 || view.perm[rank - 1] != rank - 1 || node->out_count > 1) {
        return true;
    }
    *known = true;
    if (!take_base(layout, node, &view)) {
        return false;
    }
    itgc_store_output(layout, node, view.perm);
    return true;
}

static bool place_lp_norm(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_norm_params *params = node->params;
    itgc_view view;
    *known = true;
    if (!take_base(layout, node, &view)) {
        return false;
    }
    params->axis = view.perm[normal_axis(params->axis, node->out[0]->shape.rank)];
    itgc_store_output(layout, node, view.perm);
    return true;
}

static const struct {
    const char *type;
    bool (*place)(itgc_layout *layout, itgc_node *node, bool *known);
} rules[] = {
    {"Concat", place_concat},
    {"Slice", place_slice},
    {"Softmax", place_softmax},
    {"LogSoftmax", place_softmax},
    {"Pad", place_pad},
    {"Gather", place_gather},
    {"Resize", place_resize},
    {"Upsample", place_resize},
    {"Expand", place_expand},
    {"LayerNormalization", place_layer_norm},
    {"RMSNormalization", place_layer_norm},
    {"LpNormalization", place_lp_norm},
    {"Attention", itgc_place_attention},
};

bool itgc_place_axis_node(itgc_layout *layout, itgc_node *node, bool *known)
{
    *known = false;
    if (strcmp(node->op->family, "reduce") == 0 && node->in_count > 0) {
        return place_reduce(layout, node, known);
    }
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (itgc_is_op(node, rules[i].type)) {
            return rules[i].place(layout, node, known);
        }
    }
    return true;
}
