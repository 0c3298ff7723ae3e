/* SPDX-License-Identifier: Apache-2.0
 * One spelling for ops that shape data: Flatten, Squeeze, Unsqueeze and Reshape become Reshape with its sizes spelled out, Split becomes
 * Slices, Softmax of opset 12 and older becomes one over one axis, means over the whole plane become GlobalAveragePool. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

#include <string.h>

static bool rewrite_reshape(itgc_graph *graph, itgc_node *node)
{
    itgc_tensor *out = itgc_insert_reshape(graph, node->out[0]->name, node->in[0], &node->out[0]->shape);
    return out && itgc_replace_node(graph, node, out);
}

/* A Gather by 0, 1, 2, … of all elements of an axis moves nothing: whatever the rank of the indices, it is a Reshape. */
static bool rewrite_gather(itgc_graph *graph, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const itgc_value *index = node->in[1]->constant;
    const int rank = node->in[0]->shape.rank;
    const int64_t count = node->in[0]->shape.dim[params->axis < 0 ? params->axis + rank : params->axis];
    if (!index || !index->i || itgc_elements(&index->shape) != count) {
        return true;
    }
    for (int64_t i = 0; i < count; i++) {
        if (index->i[i] != i && index->i[i] != i - count) {
            return true;
        }
    }
    return rewrite_reshape(graph, node);
}

static bool rewrite_split(itgc_graph *graph, itgc_node *node)
{
    const itgc_axis_params *params = node->params;
    const int rank = node->in[0]->shape.rank;
    const int axis = (int)(params->axis < 0 ? params->axis + rank : params->axis);
    int64_t start = 0;
    for (int i = 0; i < node->out_count; i++) {
        if (!node->out[i]) {
            return true;
        }
        const int64_t end = start + node->out[i]->shape.dim[axis];
        itgc_tensor *part = itgc_insert_slice(graph, node->out[i]->name, node->in[0], axis, start, end);
        if (!part || !itgc_redirect(graph, node->out[i], part)) {
            return false;
        }
        start = end;
    }
    itgc_detach(graph, node);
    return true;
}

/* The one dimension of more than one element from `axis` on; -1 if there are several. */
static int find_only_axis(const itgc_shape *shape, int axis)
{
    int only = shape->rank - 1;
    int count = 0;
    for (int i = axis; i < shape->rank; i++) {
        if (shape->dim[i] > 1) {
            only = i;
            count++;
        }
    }
    return count > 1 ? -1 : only;
}

static bool rewrite_softmax(itgc_graph *graph, itgc_node *node)
{
    itgc_axis_params *params = node->params;
    const itgc_shape *shape = &node->in[0]->shape;
    if (!params->coerce) {
        return true;
    }
    const int axis = (int)(params->axis < 0 ? params->axis + shape->rank : params->axis);
    const int only = axis < shape->rank ? find_only_axis(shape, axis) : -1; /* behind the last one: rows of one */
    if (only >= 0) {
        params->coerce = false;
        params->axis = only;
        return true;
    }
    const char *name = node->out[0]->name;
    const itgc_shape flat = {.rank = 2, .dim = {itgc_elements_before(shape, axis), itgc_elements_after(shape, axis)}};
    itgc_tensor *rows = itgc_insert_reshape(graph, itgc_sprint(graph->arena, "%s/rows", name), node->in[0], &flat);
    itgc_node *softmax = rows ? itgc_insert_node(graph, node->type, name, &rows, 1) : NULL;
    if (!softmax) {
        return false;
    }
    ((itgc_axis_params *)softmax->params)->axis = 1;
    if (!itgc_infer_node(graph, softmax)) {
        return false;
    }
    itgc_tensor *out = itgc_insert_reshape(graph, name, softmax->out[0], shape);
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_mean(itgc_graph *graph, itgc_node *node)
{
    const itgc_reduce_params *params = node->params;
    if (node->in[0]->shape.rank != 4 || params->axis_count != 2 || params->axes[0] != 2 || params->axes[1] != 3) {
        return true;
    }
    itgc_tensor *out = itgc_insert_global_mean(graph, node->out[0]->name, node->in[0], false);
    if (out && !params->keep) {
        out = itgc_insert_reshape(graph, node->out[0]->name, out, &node->out[0]->shape);
    }
    return out && itgc_replace_node(graph, node, out);
}

static bool rewrite_pool(itgc_graph *graph, itgc_node *node)
{
    const itgc_pool_params *params = node->params;
    const itgc_window *window = &params->window;
    if (params->global || window->rank != 2) {
        return true;
    }
    for (int i = 0; i < 2; i++) {
        if (window->kernel[i] != node->in[0]->shape.dim[i + 2] || window->before[i] != 0 || window->after[i] != 0 ||
            node->out[0]->shape.dim[i + 2] != 1 || window->dilation[i] > 1) {
            return true;
        }
    }
    itgc_tensor *out = itgc_insert_global_mean(graph, node->out[0]->name, node->in[0], false);
    return out && itgc_replace_node(graph, node, out);
}

static const struct {
    const char *type;
    bool (*rewrite)(itgc_graph *graph, itgc_node *node);
} rules[] = {
    {"Flatten", rewrite_reshape},  {"Squeeze", rewrite_reshape}, {"Unsqueeze", rewrite_reshape},  {"Reshape", rewrite_reshape},
    {"Split", rewrite_split},      {"Softmax", rewrite_softmax}, {"LogSoftmax", rewrite_softmax}, {"ReduceMean", rewrite_mean},
    {"AveragePool", rewrite_pool}, {"Gather", rewrite_gather},
};

bool itgc_normalize_shape(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        itgc_node *node = graph->nodes[i];
        for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
            if (itgc_is_op(node, rules[k].type) && !node->in[0]->constant) {
                if (!rules[k].rewrite(graph, node)) {
                    return false;
                }
                break;
            }
        }
    }
    return true;
}
