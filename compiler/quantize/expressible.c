/* SPDX-License-Identifier: Apache-2.0
 * What no integer plan can hold, refused before formats are chosen: tensors without elements, outputs that no input leads to.
 * Called by compile.c. */
#include "compiler/quantize/quantize.h"

static bool check_tensor(const itgc_graph *graph, const itgc_tensor *tensor)
{
    if (tensor == NULL || itgc_elements(&tensor->shape) > 0)
        return true;
    return itgc_fail(graph->diag, 422, "tensor \"%.100s\" of shape %s has no elements; give an --input-shape that leaves it some", tensor->name,
                     itgc_shape_text(graph->arena, &tensor->shape));
}

bool itgc_check_expressible(const itgc_graph *graph)
{
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i]->out_count; k++)
            if (!check_tensor(graph, graph->nodes[i]->out[k]))
                return false;
    for (int i = 0; i < graph->output_count; i++)
        if (graph->outputs[i]->constant != NULL)
            return itgc_fail(graph->diag, 423, "output \"%.100s\" is the same for every input; remove it from the model", graph->outputs[i]->name);
    return true;
}
