/* SPDX-License-Identifier: Apache-2.0
 * float16, bfloat16 and float64 tensors → float32, which their values are held in anyhow: behind this pass every real is float32, and no
 * pass has to ask. Casts between them become casts to float32, which drop_identity takes out; CastLike becomes Cast. Called by lower.c, first. */
#include "compiler/lower/edit.h"
#include "compiler/lower/passes.h"

static void widen_cast(const itgc_node *node)
{
    itgc_cast_params *params = node->params;
    if (itgc_is_op(node, "Cast") && itgc_is_float(params->to)) {
        params->to = ITGC_F32;
    }
}

/* The second input is there for its type alone. */
static bool replace_cast_like(itgc_graph *graph, itgc_node *node)
{
    itgc_node *cast = itgc_insert_node(graph, "Cast", node->out[0]->name, node->in, 1);
    ((itgc_cast_params *)cast->params)->to = node->in[1]->type;
    return itgc_infer_node(graph, cast) && itgc_replace_node(graph, node, cast->out[0]);
}

bool itgc_single_precision(itgc_graph *graph, const itgc_lower_options *options)
{
    (void)options;
    for (int i = 0; i < graph->tensor_count; i++) {
        itgc_tensor *tensor = graph->tensors[i];
        if (!itgc_is_float(tensor->type) || tensor->type == ITGC_F32) {
            continue;
        }
        tensor->type = ITGC_F32;
        if (tensor->constant) { /* shared with the imported graph: only the head is copied */
            itgc_value *value = ITGC_NEW(graph->arena, itgc_value);
            *value = *tensor->constant;
            value->type = ITGC_F32;
            tensor->constant = value;
        }
    }
    const int count = graph->node_count;
    for (int i = 0; i < count; i++) {
        widen_cast(graph->nodes[i]);
        if (itgc_is_op(graph->nodes[i], "CastLike") && !replace_cast_like(graph, graph->nodes[i])) {
            return false;
        }
    }
    return true;
}
