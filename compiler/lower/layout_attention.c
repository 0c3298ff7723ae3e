/* SPDX-License-Identifier: Apache-2.0
 * Attention on data as projections leave them: where heads stand behind the position ([batch,length,heads,size]), the packed form
 * [batch,length,heads*size] is read and written and nothing is transposed. Called by layout_axis.c. */
#include "compiler/lower/layout.h"

#include <string.h>

static const int64_t packed_perm[4] = {0, 2, 1, 3};

/* How many elements would have to move for one operand to stand in this order. */
static int64_t moved_elements(const itgc_view *view, const int64_t *want)
{
    return itgc_same_perm(view->perm, want, 4) ? 0 : itgc_elements(&view->base->shape);
}

static bool is_packing_cheaper(const itgc_layout *layout, const itgc_node *node)
{
    static const int64_t identity[4] = {0, 1, 2, 3};
    int64_t packed = 0, apart = 0;
    for (int i = 0; i < 3; i++) {
        packed += moved_elements(itgc_view_of(layout, node->in[i]), packed_perm);
        apart += moved_elements(itgc_view_of(layout, node->in[i]), identity);
    }
    return packed < apart;
}

static bool can_pack(const itgc_node *node)
{
    for (int i = 0; i < 3; i++) {
        if (node->in[i]->shape.rank != 4 || node->in[i]->constant) {
            return false;
        }
    }
    for (int i = 1; i < node->out_count; i++) {
        if (node->out[i]) {
            return false;
        }
    }
    return node->in_count <= 4;
}

static bool pack_operand(itgc_layout *layout, itgc_node *node, int index)
{
    const itgc_shape shape = itgc_view_shape(itgc_view_of(layout, node->in[index]));
    const itgc_shape packed = {.rank = 3, .dim = {shape.dim[0], shape.dim[2], shape.dim[1] * shape.dim[3]}};
    itgc_tensor *base = itgc_bring(layout, itgc_view_of(layout, node->in[index]), packed_perm);
    const char *name = base ? itgc_sprint(layout->graph->arena, "%s/packed", base->name) : NULL;
    itgc_tensor *in = base ? itgc_insert_reshape(layout->graph, name, base, &packed) : NULL;
    if (in) {
        itgc_set_input(layout->graph, node, index, in);
    }
    return in != NULL;
}

bool itgc_place_attention(itgc_layout *layout, itgc_node *node, bool *known)
{
    itgc_attention_params *params = node->params;
    itgc_graph *graph = layout->graph;
    if (!can_pack(node) || !is_packing_cheaper(layout, node)) {
        return true;
    }
    int64_t identity[ITGC_MAX_RANK];
    itgc_identity_perm(identity, ITGC_MAX_RANK);
    const itgc_shape out_shape = node->out[0]->shape;
    itgc_tensor *in[4] = {NULL};
    params->q_heads = itgc_view_shape(itgc_view_of(layout, node->in[0])).dim[1];
    params->kv_heads = itgc_view_shape(itgc_view_of(layout, node->in[1])).dim[1];
    for (int i = 0; i < node->in_count; i++) {
        if (i == 3 && node->in[i] && !itgc_bring_input(layout, node, i, identity)) {
            return false;
        }
        if (i < 3 && !pack_operand(layout, node, i)) {
            return false;
        }
        in[i] = node->in[i];
    }
    const char *name = node->out[0]->name;
    itgc_node *packed = itgc_insert_node(graph, "Attention", name, in, node->in_count);
    packed->name = node->name;
    *(itgc_attention_params *)packed->params = *params;
    const itgc_shape stored = {.rank = 4, .dim = {out_shape.dim[0], out_shape.dim[2], out_shape.dim[1], out_shape.dim[3]}};
    itgc_view *view = itgc_view_of(layout, node->out[0]);
    view->base = itgc_infer_node(graph, packed) ? itgc_insert_reshape(graph, name, packed->out[0], &stored) : NULL;
    memcpy(view->perm, packed_perm, sizeof packed_perm);
    *known = true;
    return view->base != NULL;
}
