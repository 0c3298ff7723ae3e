/* SPDX-License-Identifier: Apache-2.0
 * The float executor (reference.h). Lifetimes are planned before the first run: a value's buffer goes back to the pool after its last
 * reader, and the pool's buffers are allocated once. Called by measure, evaluate, `run --float` and conformance. */
#include "compiler/reference/reference.h"
#include "compiler/ops/op.h"

typedef struct buffer {
    size_t bytes;
    bool is_free;
    void *memory;
} buffer;

struct itgc_executor {
    const itgc_graph *graph;
    int threads;
    itgc_arena *arena, *buffer_arena; /* the second: what a plan allocated, and what evals keep */
    bool is_planned;
    buffer *buffers;
    int buffer_count;
    void **kept; /* by node */
    /* By tensor id: */
    const itgc_value **current; /* the value to read, NULL before it is computed */
    itgc_value *own;            /* values computed here */
    int *buffer_of;             /* index, -1: none */
    int *last_use;              /* node index; node_count: until the next run */
    bool *wanted;               /* itgc_keep_value */
    void (*change)(void *argument, const itgc_tensor *tensor, itgc_value *value);
    void *change_argument;
};

itgc_executor *itgc_new_executor(const itgc_graph *graph, int threads)
{
    itgc_arena *const arena = itgc_new_child_arena(graph->arena);
    itgc_executor *const executor = ITGC_NEW(arena, itgc_executor);
    executor->graph = graph;
    executor->threads = threads < 1 ? 1 : threads;
    executor->arena = arena;
    executor->buffers = ITGC_NEW_ARRAY(arena, buffer, graph->tensor_count + 1);
    executor->kept = ITGC_NEW_ARRAY(arena, void *, graph->node_count + 1);
    executor->current = ITGC_NEW_ARRAY(arena, const itgc_value *, graph->tensor_count + 1);
    executor->own = ITGC_NEW_ARRAY(arena, itgc_value, graph->tensor_count + 1);
    executor->buffer_of = ITGC_NEW_ARRAY(arena, int, graph->tensor_count + 1);
    executor->last_use = ITGC_NEW_ARRAY(arena, int, graph->tensor_count + 1);
    executor->wanted = ITGC_NEW_ARRAY(arena, bool, graph->tensor_count + 1);
    return executor;
}

void itgc_release_executor(itgc_executor *executor)
{
    itgc_release_arena(executor->arena);
}

void itgc_keep_value(itgc_executor *executor, const itgc_tensor *tensor)
{
    executor->wanted[tensor->id] = true;
    executor->is_planned = false;
}

static void find_last_uses(itgc_executor *executor)
{
    const itgc_graph *const graph = executor->graph;
    for (int i = 0; i < graph->tensor_count; i++) {
        executor->last_use[i] = -1;
    }
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *const node = graph->nodes[i];
        for (int j = 0; j < node->out_count; j++) {
            if (node->out[j] != NULL) {
                executor->last_use[node->out[j]->id] = i;
            }
        }
        for (int j = 0; j < node->in_count; j++) {
            if (node->in[j] != NULL) {
                executor->last_use[node->in[j]->id] = i;
            }
        }
    }
    for (int i = 0; i < graph->output_count; i++) {
        executor->last_use[graph->outputs[i]->id] = graph->node_count;
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        executor->last_use[i] = executor->wanted[i] ? graph->node_count : executor->last_use[i];
    }
}

/* The smallest free buffer that is large enough; else the largest free one, enlarged; else a new one. */
static int take_buffer(itgc_executor *executor, size_t bytes)
{
    int best = -1;
    for (int i = 0; i < executor->buffer_count; i++) {
        const buffer *const candidate = &executor->buffers[i];
        if (!candidate->is_free) {
            continue;
        }
        const size_t held = best < 0 ? 0 : executor->buffers[best].bytes;
        const bool is_better = held < bytes ? candidate->bytes > held : candidate->bytes >= bytes && candidate->bytes < held;
        best = best < 0 || is_better ? i : best;
    }
    if (best < 0) {
        best = executor->buffer_count++;
        executor->buffers[best] = (buffer){0};
    }
    buffer *const chosen = &executor->buffers[best];
    chosen->is_free = false;
    chosen->bytes = chosen->bytes < bytes ? bytes : chosen->bytes;
    return best;
}

static void release_buffers(itgc_executor *executor, itgc_tensor *const *tensors, int count, int node)
{
    for (int i = 0; i < count; i++) {
        if (tensors[i] != NULL && executor->buffer_of[tensors[i]->id] >= 0 && executor->last_use[tensors[i]->id] == node) {
            executor->buffers[executor->buffer_of[tensors[i]->id]].is_free = true;
        }
    }
}

/* Constant outputs are of folded nodes: nothing to compute. */
static bool has_result(const itgc_node *node)
{
    for (int i = 0; i < node->out_count; i++) {
        if (node->out[i] != NULL && node->out[i]->constant == NULL) {
            return true;
        }
    }
    return false;
}

static void assign_buffers(itgc_executor *executor)
{
    const itgc_graph *const graph = executor->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *const node = graph->nodes[i];
        for (int j = 0; j < node->out_count; j++) {
            const itgc_tensor *const tensor = node->out[j];
            if (tensor != NULL && has_result(node)) {
                const size_t each = itgc_is_float(tensor->type) ? sizeof(float) : sizeof(int64_t);
                executor->buffer_of[tensor->id] = take_buffer(executor, (size_t)itgc_elements(&tensor->shape) * each);
            }
        }
        release_buffers(executor, node->in, node->in_count, i);
        release_buffers(executor, node->out, node->out_count, i);
    }
}

static void plan_values(itgc_executor *executor)
{
    const itgc_graph *const graph = executor->graph;
    if (executor->buffer_arena != NULL) {
        itgc_release_arena(executor->buffer_arena);
    }
    executor->buffer_arena = itgc_new_child_arena(executor->arena);
    executor->buffer_count = 0;
    for (int i = 0; i < graph->node_count; i++) {
        executor->kept[i] = NULL;
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        executor->current[i] = graph->tensors[i]->constant;
        executor->buffer_of[i] = -1;
    }
    find_last_uses(executor);
    assign_buffers(executor);
    for (int i = 0; i < executor->buffer_count; i++) {
        executor->buffers[i].memory = itgc_alloc(executor->buffer_arena, executor->buffers[i].bytes + 1);
    }
    for (int i = 0; i < graph->tensor_count; i++) {
        const itgc_tensor *const tensor = graph->tensors[i];
        void *const memory = executor->buffer_of[i] < 0 ? NULL : executor->buffers[executor->buffer_of[i]].memory;
        executor->own[i] = (itgc_value){.type = tensor->type, .shape = tensor->shape};
        executor->own[i].f = itgc_is_float(tensor->type) ? memory : NULL;
        executor->own[i].i = itgc_is_float(tensor->type) ? NULL : memory;
    }
    executor->is_planned = true;
}

typedef struct watching {
    void (*watch)(void *argument, const itgc_tensor *tensor, const itgc_value *value);
    void *argument;
} watching;

static void show_value(const itgc_executor *executor, const watching *watcher, const itgc_tensor *tensor)
{
    if (watcher->watch != NULL) {
        watcher->watch(watcher->argument, tensor, executor->current[tensor->id]);
    }
}

static bool accept_input(itgc_executor *executor, const itgc_tensor *tensor, const itgc_value *value)
{
    if (itgc_is_float(value->type) != itgc_is_float(tensor->type) || !itgc_same_shape(&value->shape, &tensor->shape)) {
        itgc_arena *const arena = executor->graph->diag->arena;
        return itgc_fail(executor->graph->diag, 315, "input \"%.100s\" is %s %s but the sample is %s %s; check the sample", tensor->name,
                         itgc_type_name(tensor->type), itgc_shape_text(arena, &tensor->shape), itgc_type_name(value->type),
                         itgc_shape_text(arena, &value->shape));
    }
    executor->current[tensor->id] = value;
    return true;
}

static bool run_node(itgc_executor *executor, int index, itgc_arena *scratch)
{
    const itgc_node *const node = executor->graph->nodes[index];
    const itgc_value **const in = ITGC_NEW_ARRAY(scratch, const itgc_value *, node->in_count + 1);
    itgc_value **const out = ITGC_NEW_ARRAY(scratch, itgc_value *, node->out_count + 1);
    for (int i = 0; i < node->in_count; i++) {
        in[i] = node->in[i] == NULL ? NULL : executor->current[node->in[i]->id];
    }
    for (int i = 0; i < node->out_count; i++) {
        out[i] = node->out[i] == NULL ? NULL : &executor->own[node->out[i]->id];
    }
    const itgc_eval eval = {.node = node,
                            .in = in,
                            .out = out,
                            .scratch = scratch,
                            .diag = executor->graph->diag,
                            .threads = executor->threads,
                            .kept = &executor->kept[index],
                            .keep = executor->buffer_arena};
    itgc_enter_node(eval.diag, node->name, node->type, node->opset);
    const bool done = node->op->eval(&eval);
    itgc_leave_node(eval.diag);
    for (int i = 0; i < node->out_count && done; i++) {
        if (out[i] != NULL) {
            itgc_round_value(out[i]);
        }
    }
    return done;
}

static bool run_nodes(itgc_executor *executor, const watching *watcher)
{
    const itgc_graph *const graph = executor->graph;
    for (int i = 0; i < graph->node_count; i++) {
        const itgc_node *const node = graph->nodes[i];
        if (!has_result(node)) {
            continue;
        }
        itgc_arena *const scratch = itgc_new_child_arena(executor->arena);
        const bool done = run_node(executor, i, scratch);
        itgc_release_arena(scratch);
        if (!done) {
            return false;
        }
        for (int j = 0; j < node->out_count; j++) {
            if (node->out[j] != NULL) {
                executor->current[node->out[j]->id] = &executor->own[node->out[j]->id];
                if (executor->change != NULL) {
                    executor->change(executor->change_argument, node->out[j], &executor->own[node->out[j]->id]);
                }
                show_value(executor, watcher, node->out[j]);
            }
        }
    }
    return true;
}

bool itgc_run_float(itgc_executor *executor, const itgc_value *const *inputs,
                    void (*watch)(void *argument, const itgc_tensor *tensor, const itgc_value *value), void *argument)
{
    const itgc_graph *const graph = executor->graph;
    const watching watcher = {.watch = watch, .argument = argument};
    if (!executor->is_planned) {
        plan_values(executor);
    }
    for (int i = 0; i < graph->input_count; i++) {
        if (!accept_input(executor, graph->inputs[i], inputs[i])) {
            return false;
        }
        show_value(executor, &watcher, graph->inputs[i]);
    }
    return run_nodes(executor, &watcher);
}

void itgc_change_values(itgc_executor *executor, void (*change)(void *argument, const itgc_tensor *tensor, itgc_value *value), void *argument)
{
    executor->change = change;
    executor->change_argument = argument;
}

const itgc_value *itgc_value_of(const itgc_executor *executor, const itgc_tensor *tensor)
{
    return executor->current[tensor->id];
}
