/* SPDX-License-Identifier: Apache-2.0
 * Builds and edits graphs: tensors, nodes, replacing, uses, dead nodes, order. Every walk here is linear in the size of the graph. */
#include "compiler/graph/graph.h"
#include "compiler/base/order.h"

#include <string.h>

itgc_graph *itgc_new_graph(itgc_arena *arena, itgc_diag *diag)
{
    itgc_graph *const graph = ITGC_NEW(arena, itgc_graph);
    graph->arena = arena;
    graph->diag = diag;
    graph->level = ITGC_IMPORTED;
    graph->work_left = ITGC_MOST_WORK;
    graph->name = graph->file = graph->doc = "";
    return graph;
}

itgc_tensor *itgc_new_tensor(itgc_graph *graph, const char *name, itgc_type type, const itgc_shape *shape)
{
    itgc_tensor *const tensor = ITGC_NEW(graph->arena, itgc_tensor);
    tensor->name = name;
    tensor->id = graph->tensor_count;
    tensor->type = type;
    if (shape != NULL)
        tensor->shape = *shape;
    else
        tensor->shape.rank = -1;
    tensor->range.min = 1;
    tensor->range.max = -1;
    void **list = (void **)graph->tensors;
    itgc_push(graph->arena, &list, &graph->tensor_count, &graph->tensor_capacity, tensor);
    graph->tensors = (itgc_tensor **)list;
    return tensor;
}

itgc_tensor *itgc_new_constant(itgc_graph *graph, const char *name, const itgc_value *value)
{
    itgc_tensor *const tensor = itgc_new_tensor(graph, name, value->type, &value->shape);
    tensor->constant = value;
    return tensor;
}

itgc_tensor *itgc_find_tensor(const itgc_graph *graph, const char *name)
{
    for (int i = 0; i < graph->tensor_count; i++)
        if (strcmp(graph->tensors[i]->name, name) == 0)
            return graph->tensors[i];
    return NULL;
}

static itgc_tensor **copy_list(itgc_arena *arena, itgc_tensor *const *list, int count)
{
    itgc_tensor **const copy = ITGC_NEW_ARRAY(arena, itgc_tensor *, count);
    if (count > 0)
        memcpy(copy, list, (size_t)count * sizeof *copy);
    return copy;
}

itgc_node *itgc_append_node(itgc_graph *graph, const itgc_op *record, const char *type, const char *name, itgc_tensor *const *in, int in_count,
                            itgc_tensor *const *out, int out_count)
{
    itgc_node *const node = ITGC_NEW(graph->arena, itgc_node);
    node->op = record;
    node->type = type;
    node->name = name;
    node->in = copy_list(graph->arena, in, in_count);
    node->out = copy_list(graph->arena, out, out_count);
    node->in_count = in_count;
    node->out_count = out_count;
    for (int i = 0; i < out_count; i++)
        if (out[i] != NULL)
            out[i]->producer = node;
    void **list = (void **)graph->nodes;
    itgc_push(graph->arena, &list, &graph->node_count, &graph->node_capacity, node);
    graph->nodes = (itgc_node **)list;
    return node;
}

static bool is_input(const itgc_graph *graph, const itgc_tensor *tensor)
{
    for (int i = 0; i < graph->input_count; i++)
        if (graph->inputs[i] == tensor)
            return true;
    return false;
}

/* A graph output keeps its ONNX name through replacement, unless the replacement has a name that callers know it by. */
static void replace_output(const itgc_graph *graph, itgc_tensor **output, itgc_tensor *to)
{
    itgc_tensor *const from = *output;
    if (!to->is_output && !is_input(graph, to))
        to->name = from->name;
    from->is_output = false;
    to->is_output = true;
    *output = to;
}

void itgc_replace(itgc_graph *graph, itgc_tensor *from, itgc_tensor *to)
{
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *const node = graph->nodes[i];
        for (int j = 0; j < node->in_count; j++)
            if (node->in[j] == from)
                node->in[j] = to;
    }
    for (int i = 0; i < graph->output_count; i++)
        if (graph->outputs[i] == from)
            replace_output(graph, &graph->outputs[i], to);
}

/* Follows chains of replacements; the count guards against a map that leads in a circle. */
static itgc_tensor *follow_map(const itgc_graph *graph, itgc_tensor *const *map, itgc_tensor *tensor)
{
    itgc_tensor *current = tensor;
    for (int i = 0; i < graph->tensor_count && current != NULL && map[current->id] != NULL; i++)
        current = map[current->id];
    return current;
}

void itgc_replace_all(itgc_graph *graph, itgc_tensor **map)
{
    for (int i = 0; i < graph->node_count; i++) {
        itgc_node *const node = graph->nodes[i];
        for (int j = 0; j < node->in_count; j++)
            node->in[j] = follow_map(graph, map, node->in[j]);
    }
    for (int i = 0; i < graph->output_count; i++) {
        itgc_tensor *const to = follow_map(graph, map, graph->outputs[i]);
        if (to != graph->outputs[i])
            replace_output(graph, &graph->outputs[i], to);
    }
}

void itgc_fill_uses(itgc_graph *graph)
{
    size_t total = 0;
    for (int i = 0; i < graph->tensor_count; i++)
        graph->tensors[i]->use_count = 0;
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->nodes[i]->in_count; j++)
            if (graph->nodes[i]->in[j] != NULL) {
                graph->nodes[i]->in[j]->use_count++;
                total++;
            }
    itgc_node **pool = ITGC_NEW_ARRAY(graph->arena, itgc_node *, total);
    for (int i = 0; i < graph->tensor_count; i++) {
        graph->tensors[i]->uses = pool;
        pool += graph->tensors[i]->use_count;
        graph->tensors[i]->use_capacity = graph->tensors[i]->use_count;
        graph->tensors[i]->use_count = 0;
    }
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->nodes[i]->in_count; j++) {
            itgc_tensor *const tensor = graph->nodes[i]->in[j];
            if (tensor != NULL)
                tensor->uses[tensor->use_count++] = graph->nodes[i];
        }
}

static bool is_alive(const itgc_node *node, const bool *is_read)
{
    for (int i = 0; i < node->out_count; i++) {
        const itgc_tensor *const tensor = node->out[i];
        if (tensor != NULL && tensor->producer == node && (tensor->is_output || is_read[tensor->id]))
            return true;
    }
    return false;
}

static void mark_reads(const itgc_node *node, bool *is_read)
{
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] != NULL)
            is_read[node->in[i]->id] = true;
}

int itgc_remove_dead(itgc_graph *graph)
{
    itgc_arena *const scratch = itgc_new_child_arena(graph->arena);
    bool *const is_read = ITGC_NEW_ARRAY(scratch, bool, graph->tensor_count);
    bool *const keep = ITGC_NEW_ARRAY(scratch, bool, graph->node_count);
    for (int i = graph->node_count - 1; i >= 0; i--) {
        keep[i] = is_alive(graph->nodes[i], is_read);
        if (keep[i])
            mark_reads(graph->nodes[i], is_read);
    }
    int kept = 0;
    for (int i = 0; i < graph->node_count; i++)
        if (keep[i])
            graph->nodes[kept++] = graph->nodes[i];
    const int removed = graph->node_count - kept;
    graph->node_count = kept;
    itgc_release_arena(scratch);
    return removed;
}

/* Edges from each node to the readers of what it produces; writer[id]: number of the node that produces tensor id, -1 if none. */
static itgc_edges find_edges(itgc_arena *scratch, const itgc_graph *graph)
{
    itgc_edges edges = {0};
    int *const writer = ITGC_NEW_ARRAY(scratch, int, graph->tensor_count);
    for (int i = 0; i < graph->tensor_count; i++)
        writer[i] = -1;
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->nodes[i]->out_count; j++) {
            const itgc_tensor *const tensor = graph->nodes[i]->out[j];
            if (tensor != NULL && tensor->producer == graph->nodes[i])
                writer[tensor->id] = i;
        }
    for (int i = 0; i < graph->node_count; i++)
        for (int j = 0; j < graph->nodes[i]->in_count; j++) {
            const itgc_tensor *const tensor = graph->nodes[i]->in[j];
            if (tensor != NULL && writer[tensor->id] >= 0)
                itgc_add_edge(scratch, &edges, writer[tensor->id], i);
        }
    return edges;
}

bool itgc_sort(itgc_graph *graph)
{
    itgc_arena *const scratch = itgc_new_child_arena(graph->arena);
    const itgc_edges edges = find_edges(scratch, graph);
    int *const order = ITGC_NEW_ARRAY(scratch, int, graph->node_count);
    const int on_cycle = itgc_find_order(scratch, &edges, graph->node_count, order);
    if (on_cycle < 0) {
        itgc_node **const sorted = ITGC_NEW_ARRAY(scratch, itgc_node *, graph->node_count);
        for (int i = 0; i < graph->node_count; i++)
            sorted[i] = graph->nodes[order[i]];
        if (graph->node_count > 0)
            memcpy(graph->nodes, sorted, (size_t)graph->node_count * sizeof *sorted);
    }
    itgc_release_arena(scratch);
    if (on_cycle < 0)
        return true;
    const itgc_node *const node = graph->nodes[on_cycle];
    return itgc_fail(graph->diag, 204, "node \"%.100s\" (%.60s) needs its own result: the graph has a cycle; export the model again", node->name,
                     node->type);
}

itgc_tensor *itgc_place_owner(const itgc_tensor *tensor)
{
    while (tensor->alias_of) {
        tensor = tensor->alias_of;
    }
    return (itgc_tensor *)(uintptr_t)tensor;
}

int itgc_tier_count(const itgc_step *step)
{
    return step->tiers ? step->tier_count : 1;
}

const itgc_step *itgc_tier_at(const itgc_step *step, int index)
{
    return step->tiers ? step->tiers[index] : step;
}

uint32_t itgc_families_of(const itgc_graph *graph)
{
    uint32_t families = 0;
    for (int s = 0; s < graph->step_count; s++) {
        for (int t = 0; t < itgc_tier_count(graph->steps[s]); t++) {
            families |= itgc_tier_at(graph->steps[s], t)->kind->families;
        }
    }
    return families;
}

int64_t itgc_count_macs(const itgc_graph *graph)
{
    int64_t macs = 0;
    for (int i = 0; i < graph->step_count; i++) {
        macs += graph->steps[i]->macs;
    }
    return macs;
}
