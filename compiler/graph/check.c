/* SPDX-License-Identifier: Apache-2.0
 * What must hold at each level. Called before and after every phase; a failure (code 900) is a mistake of ours, not of the input. */
#include "compiler/graph/graph.h"

#include <math.h>

static bool fail_tensor(const itgc_graph *graph, const itgc_tensor *tensor, const char *what)
{
    return itgc_fail(graph->diag, 900, "internal: tensor \"%.100s\" (id %d) %s at level %d; please report this", tensor->name, tensor->id, what,
                     (int)graph->level);
}

static bool fail_node(const itgc_graph *graph, const itgc_node *node, const char *what)
{
    return itgc_fail(graph->diag, 900, "internal: node \"%.100s\" (%.60s) %s at level %d; please report this", node->name, node->type, what,
                     (int)graph->level);
}

static bool check_tensor(const itgc_graph *graph, const itgc_tensor *tensor)
{
    if (tensor->name == NULL)
        return itgc_fail(graph->diag, 900, "internal: tensor %d has no name; please report this", tensor->id);
    if (tensor->id < 0 || tensor->id >= graph->tensor_count || graph->tensors[tensor->id] != tensor)
        return fail_tensor(graph, tensor, "is not in the graph under its id");
    if (tensor->type == ITGC_NO_TYPE)
        return fail_tensor(graph, tensor, "has no type");
    if (tensor->shape.rank > ITGC_MAX_RANK || itgc_elements(&tensor->shape) < 0)
        return fail_tensor(graph, tensor, "has no known shape");
    const itgc_value *const value = tensor->constant;
    if (value == NULL)
        return true;
    if (value->type != tensor->type || !itgc_same_shape(&value->shape, &tensor->shape))
        return fail_tensor(graph, tensor, "differs from its constant in type or shape");
    if ((itgc_is_float(value->type) ? (const void *)value->f : (const void *)value->i) == NULL)
        return fail_tensor(graph, tensor, "is a constant without values");
    if (tensor->producer != NULL)
        return fail_tensor(graph, tensor, "is a constant and has a producer");
    return true;
}

static bool check_reads(const itgc_graph *graph, const itgc_node *node, const bool *is_ready)
{
    for (int i = 0; i < node->in_count; i++) {
        const itgc_tensor *const tensor = node->in[i];
        if (tensor == NULL)
            continue;
        if (!check_tensor(graph, tensor))
            return false;
        if (tensor->constant == NULL && !is_ready[tensor->id])
            return fail_node(graph, node, "reads what no earlier node makes");
    }
    return true;
}

static bool check_writes(const itgc_graph *graph, const itgc_node *node, bool *is_ready)
{
    for (int i = 0; i < node->out_count; i++) {
        const itgc_tensor *const tensor = node->out[i];
        if (tensor == NULL || tensor->constant != NULL)
            continue;
        if (!check_tensor(graph, tensor))
            return false;
        if (tensor->producer != node)
            return fail_node(graph, node, "is not the producer of its output");
        if (is_ready[tensor->id])
            return fail_node(graph, node, "writes a tensor that is written already");
        is_ready[tensor->id] = true;
    }
    return true;
}

static bool check_fusion(const itgc_graph *graph, int index)
{
    const itgc_node *const node = graph->nodes[index];
    if (node->fused != NULL && (index + 1 >= graph->node_count || graph->nodes[index + 1] != node->fused || !node->fused->is_fused))
        return fail_node(graph, node, "is not followed by what is fused into it");
    if (node->is_fused && (index == 0 || graph->nodes[index - 1]->fused != node))
        return fail_node(graph, node, "is fused into no node");
    return true;
}

static bool check_nodes(const itgc_graph *graph, bool *is_ready)
{
    for (int i = 0; i < graph->input_count; i++) {
        if (!check_tensor(graph, graph->inputs[i]))
            return false;
        is_ready[graph->inputs[i]->id] = true;
    }
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *const node = graph->nodes[i];
        if (node->op == NULL || node->name == NULL || node->type == NULL)
            return itgc_fail(graph->diag, 900, "internal: node %d has no op, name or type; please report this", i);
        if (!check_reads(graph, node, is_ready) || !check_writes(graph, node, is_ready) || !check_fusion(graph, i))
            return false;
    }
    for (int i = 0; i < graph->output_count; i++) {
        const itgc_tensor *const tensor = graph->outputs[i];
        if (!check_tensor(graph, tensor))
            return false;
        if (!tensor->is_output || (tensor->constant == NULL && !is_ready[tensor->id]))
            return fail_tensor(graph, tensor, "is an output that nothing makes");
    }
    return true;
}

static bool check_range(const itgc_graph *graph, const itgc_tensor *tensor)
{
    if (tensor == NULL || tensor->constant != NULL || !itgc_is_float(tensor->type) || itgc_elements(&tensor->shape) == 0)
        return true;
    if (!(tensor->range.min <= tensor->range.max) || !isfinite(tensor->range.min) || !isfinite(tensor->range.max))
        return fail_tensor(graph, tensor, "has no measured range");
    return true;
}

static bool check_ranges(const itgc_graph *graph)
{
    for (int i = 0; i < graph->input_count; i++)
        if (!check_range(graph, graph->inputs[i]))
            return false;
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->nodes[i]->out_count; j++)
            if (!check_range(graph, graph->nodes[i]->out[j]))
                return false;
    return true;
}

static bool check_format(const itgc_graph *graph, const itgc_tensor *tensor)
{
    if (tensor != NULL && (tensor->format.type == 0 || !(tensor->format.scale > 0) || !isfinite(tensor->format.scale)))
        return fail_tensor(graph, tensor, "has no format");
    return true;
}

static bool check_place(const itgc_graph *graph, const itgc_tensor *tensor)
{
    if (tensor == NULL || itgc_elements(&tensor->shape) == 0)
        return true;
    if (tensor->place.bytes == 0 || (uint64_t)tensor->place.offset + tensor->place.bytes > graph->arena_bytes)
        return fail_tensor(graph, tensor, "has no place in the arena");
    if (tensor->place.last_step < tensor->place.first_step)
        return fail_tensor(graph, tensor, "dies before it is born");
    return true;
}

static bool check_step(const itgc_graph *graph, const itgc_step *step)
{
    if (step->kind == NULL || step->params == NULL || step->out == NULL)
        return itgc_fail(graph->diag, 900, "internal: a step without kind, params or output; please report this");
    for (int i = 0; i < 4; i++) {
        const itgc_tensor *const tensor = i < 3 ? step->in[i] : step->out;
        if (!check_format(graph, tensor))
            return false;
        if (graph->level >= ITGC_SCHEDULED && !check_place(graph, tensor))
            return false;
    }
    return true;
}

static bool check_steps(const itgc_graph *graph)
{
    for (int i = 0; i < graph->step_count; i++)
        if (!check_step(graph, graph->steps[i]))
            return false;
    for (int i = 0; i < graph->input_count; i++)
        if (!check_format(graph, graph->inputs[i]))
            return false;
    for (int i = 0; i < graph->output_count; i++)
        if (!check_format(graph, graph->outputs[i]))
            return false;
    return true;
}

bool itgc_check_graph(const itgc_graph *graph)
{
    itgc_arena *const scratch = itgc_new_child_arena(graph->arena);
    bool *const is_ready = ITGC_NEW_ARRAY(scratch, bool, graph->tensor_count);
    bool holds = check_nodes(graph, is_ready);
    if (graph->level >= ITGC_MEASURED)
        holds = holds && check_ranges(graph);
    if (graph->level >= ITGC_QUANTIZED)
        holds = holds && check_steps(graph);
    itgc_release_arena(scratch);
    return holds;
}
