/* SPDX-License-Identifier: Apache-2.0
 * Marks the short side of gates (node->in_gate): Squeeze-Excite and its kin multiply a plane by one value a channel, computed from the
 * plane's mean by a few small layers. Errors there reach every pixel and cost next to nothing to avoid: the quantizer may use int16. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

#define MAX_NODES 32

/* Mean or maximum over the plane of channels-last data. */
static bool is_plane_reduction(const itgc_node *node)
{
    if (itgc_is_op(node, "GlobalAveragePool") || itgc_is_op(node, "GlobalMaxPool")) {
        return true;
    }
    if (!node || node->in_count == 0 || strcmp(node->op->family, "reduce") != 0) {
        return false;
    }
    const itgc_reduce_params *params = node->params;
    return node->in[0]->shape.rank == 4 && params->axis_count == 2 && params->axes[0] == 1 && params->axes[1] == 2;
}

/* Whether `gate` has one value per image and channel where `plane` has many. */
static bool is_per_channel(const itgc_shape *gate, const itgc_shape *plane)
{
    if (plane->rank != 4) {
        return false;
    }
    const int64_t channels = plane->dim[3];
    return plane->dim[1] * plane->dim[2] > 1 && gate->rank == 4 && gate->dim[1] == 1 && gate->dim[2] == 1 &&
           (gate->dim[3] == channels || gate->dim[3] == 1);
}

typedef struct path {
    itgc_node *nodes[MAX_NODES];
    int count;
} path;

static bool add_node(path *gate, itgc_node *node)
{
    for (int i = 0; i < gate->count; i++) {
        if (gate->nodes[i] == node) {
            return true;
        }
    }
    if (gate->count == MAX_NODES) {
        return false;
    }
    gate->nodes[gate->count++] = node;
    return true;
}

/* Everything between reductions of a plane and the gate; false if a path starts elsewhere or is large. */
static bool collect(const itgc_tensor *gate, path *found)
{
    const int64_t most = 16 * itgc_elements(&gate->shape);
    found->count = 0;
    if (!gate->producer || !add_node(found, gate->producer)) {
        return false;
    }
    for (int i = 0; i < found->count; i++) {
        const itgc_node *node = found->nodes[i];
        if (is_plane_reduction(node)) {
            continue;
        }
        for (int k = 0; k < node->in_count; k++) {
            itgc_tensor *in = node->in[k];
            if (!in || in->constant) {
                continue;
            }
            if (!in->producer || (!is_plane_reduction(in->producer) && itgc_elements(&in->shape) > most) || !add_node(found, in->producer)) {
                return false;
            }
        }
    }
    return true;
}

bool itgc_mark_gates(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        for (int side = 0; itgc_is_op(node, "Mul") && side < 2; side++) {
            path found;
            if (!is_per_channel(&node->in[side]->shape, &node->in[1 - side]->shape) || !collect(node->in[side], &found)) {
                continue;
            }
            for (int k = 0; k < found.count; k++) {
                found.nodes[k]->in_gate = true;
            }
        }
    }
    return true;
}
