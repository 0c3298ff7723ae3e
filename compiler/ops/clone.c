/* SPDX-License-Identifier: Apache-2.0
 * Copies a graph of level imported to measured, so that the phases may transform one copy while the other stays what the file said.
 * Tensors keep their ids; constant values and attributes are shared, because nobody writes to them. */
#include "compiler/ops/op.h"

#include <string.h>

static void copy_tensors(itgc_graph *copy, const itgc_graph *graph)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_tensor *const from = graph->tensors[i];
        itgc_tensor *const to = itgc_new_tensor(copy, from->name, from->type, &from->shape);
        *to = *from;
        to->producer = NULL;
        to->uses = NULL;
        to->use_count = 0;
    }
}

static itgc_tensor **map_tensors(const itgc_graph *copy, itgc_tensor *const *list, int count)
{
    itgc_tensor **const mapped = ITGC_NEW_ARRAY(copy->arena, itgc_tensor *, count);
    for (int i = 0; i < count; i++)
        mapped[i] = list[i] == NULL ? NULL : copy->tensors[list[i]->id];
    return mapped;
}

static void copy_node(itgc_graph *copy, const itgc_node *from)
{
    itgc_tensor **const in = map_tensors(copy, from->in, from->in_count);
    itgc_tensor **const out = map_tensors(copy, from->out, from->out_count);
    itgc_node *const to = itgc_append_node(copy, from->op, from->type, from->name, in, from->in_count, out, from->out_count);
    for (int i = 0; i < from->out_count; i++)
        if (from->out[i] != NULL && from->out[i]->producer != from)
            to->out[i]->producer = NULL; /* folded */
    to->opset = from->opset;
    to->attributes = from->attributes;
    to->attribute_count = from->attribute_count;
    to->is_fused = from->is_fused;
    to->in_gate = from->in_gate;
    to->is_precise = from->is_precise;
    if (from->params != NULL)
        to->params = itgc_copy_bytes(copy->arena, from->params, from->op->params_bytes);
}

itgc_graph *itgc_clone_graph(itgc_arena *arena, const itgc_graph *graph)
{
    itgc_graph *const copy = itgc_new_graph(arena, graph->diag);
    copy->level = graph->level;
    copy->work_left = graph->work_left;
    copy->name = graph->name;
    copy->file = graph->file;
    copy->doc = graph->doc;
    copy->labels = graph->labels;
    copy->label_count = graph->label_count;
    copy_tensors(copy, graph);
    for (int i = 0; i < graph->node_count; i++)
        copy_node(copy, graph->nodes[i]);
    for (int i = 0; i + 1 < graph->node_count; i++) /* what is fused stands right behind */
        if (graph->nodes[i]->fused != NULL)
            copy->nodes[i]->fused = copy->nodes[i + 1];
    copy->inputs = map_tensors(copy, graph->inputs, graph->input_count);
    copy->input_count = graph->input_count;
    copy->outputs = map_tensors(copy, graph->outputs, graph->output_count);
    copy->output_count = graph->output_count;
    itgc_fill_uses(copy);
    return copy;
}
