/* SPDX-License-Identifier: Apache-2.0
 * Names after lowering. Passes name what they make for a tensor after that tensor; of several, the last one in order holds its values.
 * The others, constants of that name and tensors no longer in use must not be found by it. */
#include "compiler/base/map.h"
#include "compiler/lower/passes.h"

static void rename_part(itgc_graph *graph, itgc_tensor *tensor)
{
    tensor->name = itgc_sprint(graph->arena, "%s/part%d", tensor->name, tensor->id);
}

static void rename_earlier(itgc_graph *graph, const itgc_map *owners)
{
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        for (int k = 0; k < node->in_count + node->out_count; k++) {
            itgc_tensor *tensor = k < node->in_count ? node->in[k] : node->out[k - node->in_count];
            const itgc_tensor *owner = tensor ? itgc_find_in_map(owners, tensor->name) : tensor;
            if (owner && owner != tensor) {
                rename_part(graph, tensor);
            }
        }
    }
}

void itgc_settle_names(itgc_graph *graph)
{
    itgc_arena *scratch = itgc_new_child_arena(graph->arena);
    bool *is_live = ITGC_NEW_ARRAY(scratch, bool, graph->tensor_count);
    itgc_map *owners = itgc_new_map(scratch);
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *node = graph->nodes[i];
        for (int k = 0; k < node->in_count; k++) {
            if (node->in[k]) {
                is_live[node->in[k]->id] = true;
            }
        }
        for (int k = 0; k < node->out_count; k++) {
            if (node->out[k]) {
                is_live[node->out[k]->id] = true;
                itgc_put_in_map(owners, node->out[k]->name, node->out[k]);
            }
        }
    }
    for (int i = 0; i < graph->input_count + graph->output_count; i++) { /* these names are the caller's */
        itgc_tensor *tensor = i < graph->input_count ? graph->inputs[i] : graph->outputs[i - graph->input_count];
        is_live[tensor->id] = true;
        itgc_put_in_map(owners, tensor->name, tensor);
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        graph->tensors[i]->name = is_live[i] ? graph->tensors[i]->name : "";
    }
    rename_earlier(graph, owners);
    itgc_release_arena(scratch);
}
