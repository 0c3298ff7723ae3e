/* SPDX-License-Identifier: Apache-2.0
 * Access to what refine/ found (tuning.h), and the int8 copies of int16 tensors that it asks for. Called throughout quantize and refine. */
#include "compiler/quantize/tuning.h"
#include "compiler/quantize/quantize.h"

#include <string.h>

itgc_tuning *itgc_new_tuning(itgc_arena *arena, const itgc_graph *graph)
{
    itgc_tuning *tuning = ITGC_NEW(arena, itgc_tuning);
    const int count = graph->tensor_count;
    *tuning = (itgc_tuning){.tensor_count = count,
                            .width = ITGC_NEW_ARRAY(arena, itgc_width, count),
                            .low = ITGC_NEW_ARRAY(arena, double, count),
                            .high = ITGC_NEW_ARRAY(arena, double, count),
                            .layer = ITGC_NEW_ARRAY(arena, itgc_layer_tuning *, count)};
    for (int i = 0; i < count; i++) {
        itgc_forget_range(tuning, i);
    }
    return tuning;
}

itgc_layer_tuning *itgc_tune_layer(itgc_arena *arena, itgc_tuning *tuning, const itgc_node *node)
{
    const int id = node->out[0]->id;
    if (!tuning->layer[id]) {
        tuning->layer[id] = ITGC_NEW(arena, itgc_layer_tuning);
    }
    return tuning->layer[id];
}

const itgc_layer_tuning *itgc_layer_tuning_of(const itgc_tuning *tuning, const itgc_node *node)
{
    const int id = node->out[0]->id;
    return tuning && id < tuning->tensor_count ? tuning->layer[id] : NULL;
}

itgc_width itgc_width_of(const itgc_tuning *tuning, const itgc_tensor *tensor)
{
    return tuning && tensor->id < tuning->tensor_count ? tuning->width[tensor->id] : ITGC_WIDTH_RULE;
}

bool itgc_has_range(const itgc_tuning *tuning, const itgc_tensor *tensor)
{
    return tuning && tensor->id < tuning->tensor_count && tuning->low[tensor->id] <= tuning->high[tensor->id];
}

void itgc_forget_range(itgc_tuning *tuning, int id)
{
    tuning->low[id] = 1.0;
    tuning->high[id] = 0.0;
}

static bool eval_copy(const itgc_eval *eval)
{
    const itgc_value *in = eval->in[0];
    memcpy(eval->out[0]->f, in->f, (size_t)itgc_elements(&in->shape) * sizeof(float));
    return true;
}

static bool quantize_copy(itgc_quantizer *quantizer, itgc_node *node)
{
    return itgc_add_rescale_step(quantizer, node, NULL, node->in[0], node->out[0]);
}

/* In no ONNX file: the quantizer's own. */
static const itgc_op copy_op = {.family = "narrow",
                                .attributes = "",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .max_outputs = 1,
                                .eval = eval_copy,
                                .quantize = quantize_copy,
                                .format = ITGC_FORMAT_OWN};

static bool is_narrowed(const itgc_tensor *tensor, bool (*narrow)(const void *argument, const itgc_tensor *tensor), const void *argument)
{
    bool reads = false;
    for (int i = 0; i < tensor->use_count; i++) {
        reads = reads || itgc_is_linear(tensor->uses[i]);
    }
    return reads && narrow(argument, tensor);
}

static itgc_node *make_copy(itgc_graph *graph, itgc_tensor *tensor)
{
    const char *name = itgc_sprint(graph->arena, "%s:int8", tensor->name);
    itgc_tensor *copy = itgc_new_tensor(graph, name, tensor->type, &tensor->shape);
    copy->range = tensor->range;
    itgc_node *node = itgc_append_node(graph, &copy_op, "Identity", name, &tensor, 1, &copy, 1);
    for (int i = 0; i < tensor->use_count; i++) {
        for (int k = 0; k < tensor->uses[i]->in_count && itgc_is_linear(tensor->uses[i]); k++) {
            if (tensor->uses[i]->in[k] == tensor) {
                tensor->uses[i]->in[k] = copy;
            }
        }
    }
    return node;
}

void itgc_insert_copies(itgc_graph *graph, bool (*narrow)(const void *argument, const itgc_tensor *tensor), const void *argument)
{
    const int old_nodes = graph->node_count;
    const int old_tensors = graph->tensor_count;
    for (int i = 0; i < old_tensors; i++) {
        if (!graph->tensors[i]->constant && graph->tensors[i]->producer && is_narrowed(graph->tensors[i], narrow, argument)) {
            make_copy(graph, graph->tensors[i]);
        }
    }
    /* Each copy stands right behind its producer, where the next node cannot be a fused one. */
    const int copies = graph->node_count - old_nodes;
    itgc_node **all = ITGC_NEW_ARRAY(graph->arena, itgc_node *, graph->node_count + 1);
    int count = 0;
    for (int i = 0; i < old_nodes; i++) {
        all[count++] = graph->nodes[i];
        for (int k = 0; k < copies; k++) {
            if (graph->nodes[old_nodes + k]->in[0]->producer == graph->nodes[i]) {
                all[count++] = graph->nodes[old_nodes + k];
            }
        }
    }
    for (int i = 0; i < count; i++) {
        graph->nodes[i] = all[i];
    }
    itgc_fill_uses(graph);
}
