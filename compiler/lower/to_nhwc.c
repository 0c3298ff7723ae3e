/* SPDX-License-Identifier: Apache-2.0
 * Brings the graph to channels last. Transposes turn into views (layout.h) and vanish where nobody needs them; Conv, pools and Resize work
 * on [N,H,W,C]; elementwise nodes and nodes with axes work on the data as they lie; everything else gets the ONNX order. A flattening in
 * front of Gemm permutes the weights instead of the data. Graph outputs keep the ONNX order, inputs too unless the options say otherwise. */
#include "compiler/lower/layout.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool place_plain(itgc_layout *layout, itgc_node *node)
{
    int64_t identity[ITGC_MAX_RANK];
    itgc_identity_perm(identity, ITGC_MAX_RANK);
    for (int i = 0; i < node->in_count; i++) {
        if (node->in[i] && !itgc_bring_input(layout, node, i, identity)) {
            return false;
        }
    }
    return true;
}

static bool place_transpose(itgc_layout *layout, itgc_node *node)
{
    const itgc_view *in = itgc_view_of(layout, node->in[0]);
    itgc_view *out = itgc_view_of(layout, node->out[0]);
    int64_t perm[ITGC_MAX_RANK];
    itgc_read_perm(node, perm);
    out->base = in->base;
    for (int i = 0; i < node->in[0]->shape.rank; i++) {
        out->perm[i] = in->perm[perm[i]];
    }
    return true;
}

/* A node on [N,spatial…,C] with its flag set; its other inputs are weights or lists of one value per channel. */
static bool place_spatial(itgc_layout *layout, itgc_node *node, bool *channels_last)
{
    int64_t perm[ITGC_MAX_RANK];
    const int rank = node->in[0]->shape.rank;
    if (node->out_count > 1 && node->out[1]) {
        return place_plain(layout, node);
    }
    itgc_channels_last_perm(perm, rank);
    if (!itgc_bring_input(layout, node, 0, perm)) {
        return false;
    }
    *channels_last = true;
    itgc_store_output(layout, node, perm);
    return true;
}

/* The order an elementwise node works in: that of its largest input of full rank. Of two equals the permuted one for images, and for
 * three dimensions, which are mostly tokens, the one that is not: what follows wants channels last in both. */
static void choose_perm(const itgc_layout *layout, const itgc_node *node, int64_t *perm)
{
    const int rank = node->out[0]->shape.rank;
    int64_t most = -1;
    itgc_identity_perm(perm, rank);
    for (int i = 0; i < node->in_count; i++) {
        const itgc_view *view = node->in[i] ? itgc_view_of(layout, node->in[i]) : NULL;
        if (!view || view->base->constant || view->base->shape.rank != rank) {
            continue;
        }
        int64_t identity[ITGC_MAX_RANK];
        itgc_identity_perm(identity, rank);
        const bool is_permuted = !itgc_same_perm(view->perm, identity, rank);
        const int64_t weight = 2 * itgc_elements(&view->base->shape) + (is_permuted == (rank > 3));
        if (weight > most) {
            most = weight;
            memcpy(perm, view->perm, (size_t)rank * sizeof perm[0]);
        }
    }
}

static bool place_elementwise(itgc_layout *layout, itgc_node *node)
{
    int64_t perm[ITGC_MAX_RANK];
    choose_perm(layout, node, perm);
    for (int i = 0; i < node->in_count; i++) {
        if (!node->in[i] || (i > 0 && node->in[i]->constant && strcmp(node->op->family, "unary") == 0)) {
            continue; /* Clip's bounds are no data */
        }
        itgc_tensor *in = itgc_bring_aligned(layout, itgc_view_of(layout, node->in[i]), node->out[0]->shape.rank, perm);
        if (!in) {
            return false;
        }
        itgc_set_input(layout->graph, node, i, in);
    }
    itgc_store_output(layout, node, perm);
    return true;
}

/* Whether every reader of a flattened tensor is a Gemm whose weights can be permuted. */
static bool feeds_only_weights(const itgc_tensor *tensor)
{
    for (int i = 0; i < tensor->use_count; i++) {
        const itgc_node *reader = tensor->uses[i];
        const itgc_gemm_params *params = reader->params;
        if (!itgc_is_op(reader, "Gemm") || reader->in[0] != tensor || reader->in[1] == tensor || !itgc_is_weights(reader->in[1]) ||
            params->transpose_a || !params->transpose_b) {
            return false;
        }
    }
    return tensor->use_count > 0 && !tensor->is_output;
}

/* weights [N,K] of a Gemm: K follows the order of the view's base (behind its first dimension). */
static void permute_weights(itgc_graph *graph, itgc_node *gemm, const itgc_view *view)
{
    const itgc_tensor *old = gemm->in[1];
    const itgc_shape shape = itgc_view_shape(view);
    const int64_t rows = old->shape.dim[0], columns = old->shape.dim[1];
    float *values;
    itgc_tensor *weights = itgc_make_weights(graph, old->name, &old->constant->shape, &values);
    int64_t at[ITGC_MAX_RANK] = {0};
    for (int64_t k = 0; k < columns; k++) {
        int64_t to = 0;
        for (int d = 1; d < shape.rank; d++) {
            to += at[d] * itgc_elements_after(&view->base->shape, (int)view->perm[d] + 1);
        }
        for (int64_t row = 0; row < rows; row++) {
            values[row * columns + to] = old->constant->f[row * columns + k];
        }
        for (int d = shape.rank - 1; d > 0 && ++at[d] == shape.dim[d]; d--) {
            at[d] = 0;
        }
    }
    itgc_set_input(graph, gemm, 1, weights);
}

static bool can_permute_weights(const itgc_view *view, const itgc_tensor *out)
{
    return out->shape.rank == 2 && view->perm[0] == 0 && out->shape.dim[0] == view->base->shape.dim[0] && feeds_only_weights(out);
}

/* Brings the view into an order that the Reshape can keep, and says what comes out of it. */
static bool regroup(itgc_layout *layout, itgc_view *view, const itgc_shape *out, itgc_shape *base_shape, int64_t *perm)
{
    int64_t want[ITGC_MAX_RANK];
    itgc_identity_perm(want, ITGC_MAX_RANK);
    itgc_group_perm(view, out, want);
    view->base = itgc_bring(layout, view, want);
    if (!view->base) {
        return false;
    }
    memcpy(view->perm, want, sizeof want);
    if (!itgc_map_reshape(view, out, base_shape, perm)) {
        *base_shape = *out; /* empty tensors */
        itgc_identity_perm(perm, out->rank);
    }
    return true;
}

static bool place_reshape(itgc_layout *layout, itgc_node *node)
{
    itgc_graph *graph = layout->graph;
    itgc_view view = *itgc_view_of(layout, node->in[0]);
    itgc_tensor *out = node->out[0];
    itgc_shape base_shape;
    int64_t perm[ITGC_MAX_RANK];
    if (!itgc_map_reshape(&view, &out->shape, &base_shape, perm)) {
        if (can_permute_weights(&view, out)) {
            for (int i = 0; i < out->use_count; i++) {
                permute_weights(graph, out->uses[i], &view);
            }
            base_shape = out->shape;
            itgc_identity_perm(perm, 2);
        } else if (!regroup(layout, &view, &out->shape, &base_shape, perm)) {
            return false;
        }
    }
    itgc_view *result = itgc_view_of(layout, out);
    if (itgc_same_shape(&base_shape, &view.base->shape) && !out->is_output) {
        result->base = view.base;
        memcpy(result->perm, perm, sizeof perm);
        return true;
    }
    itgc_set_input(graph, node, 0, view.base);
    itgc_set_input(graph, node, 1, itgc_make_ints(graph, node->name, base_shape.dim, base_shape.rank));
    itgc_store_output(layout, node, perm);
    return true;
}

/* Where the node keeps its flag for channels last; NULL if it knows only the ONNX order. */
static bool *find_flag(const itgc_node *node)
{
    const char *family = node->op->family;
    if (node->in[0]->shape.rank < 3 || (node->in_count > 1 && node->in[1] && !node->in[1]->constant)) {
        return NULL;
    }
    if (strcmp(family, "conv") == 0 || strcmp(family, "convtranspose") == 0) {
        return &((itgc_conv_params *)node->params)->window.channels_last;
    }
    if (strcmp(family, "pool") == 0) {
        return &((itgc_pool_params *)node->params)->window.channels_last;
    }
    if (itgc_is_op(node, "InstanceNormalization") || itgc_is_op(node, "GroupNormalization") || itgc_is_op(node, "BatchNormalization")) {
        return &((itgc_norm_params *)node->params)->channels_last;
    }
    if (itgc_is_op(node, "DepthToSpace") || itgc_is_op(node, "SpaceToDepth")) {
        return &((itgc_block_params *)node->params)->channels_last;
    }
    return itgc_is_op(node, "LRN") ? &((itgc_lrn_params *)node->params)->channels_last : NULL;
}

static bool is_elementwise(const itgc_node *node)
{
    static const char *const families[] = {"unary", "binary", "where", "cast", "identity"};
    for (int i = 0; i < 5; i++) {
        if (strcmp(node->op->family, families[i]) == 0 && node->out_count == 1) {
            return node->in_count > 0;
        }
    }
    return false;
}

static bool place_node(itgc_layout *layout, itgc_node *node)
{
    bool known = false;
    if (node->in_count == 0 || !node->in[0] || node->out_count == 0 || !node->out[0]) {
        return place_plain(layout, node);
    }
    if (itgc_is_op(node, "Transpose")) {
        return place_transpose(layout, node);
    }
    if (itgc_is_op(node, "Reshape")) {
        return place_reshape(layout, node);
    }
    bool *channels_last = find_flag(node);
    if (channels_last) {
        return place_spatial(layout, node, channels_last);
    }
    if (is_elementwise(node)) {
        return place_elementwise(layout, node);
    }
    return itgc_place_axis_node(layout, node, &known) && (known || place_plain(layout, node));
}

/* The graph input itself is stored in the other order than the ONNX file says. */
static void place_input(itgc_layout *layout, itgc_tensor *input, bool channels_last)
{
    const int rank = input->shape.rank;
    int64_t last[ITGC_MAX_RANK], perm[ITGC_MAX_RANK];
    if (rank < 3 || rank > 5) {
        return;
    }
    itgc_channels_last_perm(last, rank);
    for (int i = 0; i < rank; i++) {
        perm[channels_last ? i : last[i]] = channels_last ? last[i] : i;
    }
    const itgc_shape shape = input->shape;
    for (int i = 0; i < rank; i++) {
        input->shape.dim[perm[i]] = shape.dim[i];
    }
    memcpy(itgc_view_of(layout, input)->perm, perm, sizeof perm);
}

static bool place_output(itgc_layout *layout, itgc_tensor **output)
{
    itgc_graph *graph = layout->graph;
    itgc_tensor *old = *output;
    int64_t identity[ITGC_MAX_RANK];
    itgc_identity_perm(identity, ITGC_MAX_RANK);
    itgc_tensor *tensor = itgc_bring(layout, itgc_view_of(layout, old), identity);
    if (!tensor || tensor == old) {
        return tensor != NULL;
    }
    old->is_output = false;
    if (tensor->is_output || !tensor->producer) { /* a graph input or another output: this one needs its own copy */
        tensor = itgc_insert_reshape(graph, old->name, tensor, &tensor->shape);
    }
    if (!tensor) {
        return false;
    }
    tensor->name = old->name;
    old->name = itgc_sprint(graph->arena, "%s/channels_last", old->name);
    tensor->is_output = true;
    *output = tensor;
    return true;
}

bool itgc_to_nhwc(itgc_graph *graph, const itgc_lower_options *options)
{
    itgc_layout layout;
    const int count = graph->node_count;
    itgc_start_layout(&layout, graph);
    for (int i = 0; i < graph->input_count; i++) {
        if (options->input_channels_last || options->input_channels_first) {
            place_input(&layout, graph->inputs[i], options->input_channels_last);
        }
    }
    for (int i = 0; i < count; i++) {
        if (!place_node(&layout, graph->nodes[i])) {
            return false;
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        if (!place_output(&layout, &graph->outputs[i])) {
            return false;
        }
    }
    return true;
}
