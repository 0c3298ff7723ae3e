/* SPDX-License-Identifier: Apache-2.0
 * Local functions and branches of If, written out where they are called: each is a scope on the importer's own stack, so depth is bounded
 * by a counter and not by the C stack. */
#include "compiler/base/order.h"
#include "compiler/onnx/importer.h"

#include <string.h>

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static char *make_key(itgc_arena *arena, const char *domain, const char *name, const char *overload)
{
    return itgc_sprint(arena, "%s\n%s\n%s", text_or_empty(domain), text_or_empty(name), text_or_empty(overload));
}

bool itgc_index_functions(itgc_importer *importer)
{
    const ItgcOnnx__ModelProto *const model = importer->model;
    importer->functions = itgc_new_map(importer->message);
    for (size_t i = 0; i < model->n_functions; i++) {
        ItgcOnnx__FunctionProto *const function = model->functions[i];
        const char *const key = make_key(importer->message, function->domain, function->name, function->overload);
        if (itgc_find_in_map(importer->functions, key) != NULL)
            return itgc_fail(importer->diag, 241, "local function \"%.100s\" is defined twice; export the model again",
                             text_or_empty(function->name));
        itgc_put_in_map(importer->functions, key, function);
    }
    return true;
}

const ItgcOnnx__FunctionProto *itgc_find_function(const itgc_importer *importer, const ItgcOnnx__NodeProto *message)
{
    if (importer->model->n_functions == 0)
        return NULL;
    return itgc_find_in_map(importer->functions, make_key(importer->message, message->domain, message->op_type, message->overload));
}

/* Numbers of the nodes in an order that computes before it reads: the file's own wherever that already does. Names that a branch of If
 * takes from outside count only if the file lists them in order. */
bool itgc_order_nodes(itgc_importer *importer, itgc_scope *scope)
{
    itgc_arena *const scratch = itgc_new_child_arena(importer->message);
    itgc_map *const writers = itgc_new_map(scratch);
    int *const numbers = ITGC_NEW_ARRAY(scratch, int, scope->node_count);
    itgc_edges edges = {0};
    bool is_sorted = true;
    for (int i = 0; i < scope->node_count; i++) {
        numbers[i] = i;
        for (size_t j = 0; j < scope->nodes[i]->n_output; j++)
            if (*scope->nodes[i]->output[j] != '\0')
                itgc_put_in_map(writers, scope->nodes[i]->output[j], &numbers[i]);
    }
    for (int i = 0; i < scope->node_count; i++)
        for (size_t j = 0; j < scope->nodes[i]->n_input; j++) {
            const int *const writer = itgc_find_in_map(writers, scope->nodes[i]->input[j]);
            if (writer == NULL)
                continue;
            itgc_add_edge(scratch, &edges, *writer, i);
            is_sorted = is_sorted && *writer < i;
        }
    int on_cycle = -1;
    if (!is_sorted) {
        scope->order = ITGC_NEW_ARRAY(importer->message, int, scope->node_count);
        on_cycle = itgc_find_order(scratch, &edges, scope->node_count, scope->order);
    }
    itgc_release_arena(scratch);
    if (on_cycle < 0)
        return true;
    const ItgcOnnx__NodeProto *const node = scope->nodes[on_cycle];
    return itgc_fail(importer->diag, 204, "node \"%.100s\" (%.60s) needs its own result: the graph has a cycle; export the model again",
                     node->name != NULL && *node->name != '\0' ? node->name : node->output[0], text_or_empty(node->op_type));
}

static itgc_scope *push_scope(itgc_importer *importer, itgc_scope *caller, const ItgcOnnx__NodeProto *call)
{
    if (caller->depth >= ITGC_MOST_DEPTH) {
        itgc_fail(importer->diag, 241, "functions and branches are nested deeper than %d; export the model with less nesting", ITGC_MOST_DEPTH);
        return NULL;
    }
    itgc_scope *const scope = ITGC_NEW(importer->message, itgc_scope);
    scope->caller = caller;
    scope->tensors = itgc_new_map(importer->message);
    scope->opset = caller->opset;
    scope->call = call;
    scope->first_tensor = importer->graph->tensor_count;
    scope->depth = caller->depth + 1;
    const char *const own = text_or_empty(call->name);
    const char *const first = call->n_output == 0 ? "" : call->output[0];
    scope->prefix = itgc_sprint(importer->arena, "%s%s/", caller->prefix, *own == '\0' ? first : own);
    if (strlen(scope->prefix) > ITGC_MOST_NAME_BYTES) {
        itgc_fail(importer->diag, 103, "nested names are longer than %zu bytes; shorten them", ITGC_MOST_NAME_BYTES);
        return NULL;
    }
    return scope;
}

/* Nodes are walked once they are in order; from here on the scope is the current one. */
static bool start_scope(itgc_importer *importer, itgc_scope *scope, ItgcOnnx__NodeProto **nodes, size_t count)
{
    if (count > ITGC_MOST_NODES)
        return itgc_fail(importer->diag, 103, "it has more than %d nodes inside; use a smaller model", ITGC_MOST_NODES);
    if ((size_t)scope->result_count < scope->call->n_output)
        return itgc_fail(importer->diag, 241, "it has %zu outputs, but its definition only %d; export the model again", scope->call->n_output,
                         scope->result_count);
    scope->nodes = nodes;
    scope->node_count = (int)count;
    if (!itgc_order_nodes(importer, scope))
        return false;
    importer->scope = scope;
    return true;
}

static bool bind_inputs(itgc_importer *importer, itgc_scope *scope, const itgc_scope *caller, const ItgcOnnx__FunctionProto *function)
{
    const ItgcOnnx__NodeProto *const call = scope->call;
    if (call->n_input > function->n_input)
        return itgc_fail(importer->diag, 241, "it has %zu inputs, but its definition only %zu; export the model again", call->n_input,
                         function->n_input);
    for (size_t i = 0; i < function->n_input; i++) {
        const char *const name = i < call->n_input ? call->input[i] : "";
        itgc_tensor *const tensor = *name == '\0' ? importer->absent : itgc_look_up(caller, name);
        if (tensor == NULL)
            return itgc_fail(importer->diag, 203,
                             "its input \"%.100s\" is neither a model input nor an initializer nor made by any node; "
                             "export the model again",
                             name);
        if (*function->input[i] != '\0' && !itgc_add_name(importer, scope, function->input[i], tensor))
            return false;
    }
    return true;
}

/* The caller's attributes, then the defaults of those it does not give. */
static bool bind_function_attributes(itgc_importer *importer, itgc_scope *scope, const itgc_scope *caller, const ItgcOnnx__FunctionProto *function)
{
    int given = 0;
    const itgc_binding *const bindings = itgc_bind_attributes(importer, caller, scope->call, &given);
    if (bindings == NULL)
        return false;
    if (function->n_attribute_proto > ITGC_MOST_ATTRIBUTES)
        return itgc_fail(importer->diag, 103, "its definition has more than %d attributes; export the model again", ITGC_MOST_ATTRIBUTES);
    itgc_binding *const all = ITGC_NEW_ARRAY(importer->message, itgc_binding, (size_t)given + function->n_attribute_proto);
    if (given > 0)
        memcpy(all, bindings, (size_t)given * sizeof *all);
    scope->bindings = all;
    scope->binding_count = given;
    for (size_t i = 0; i < function->n_attribute_proto; i++)
        if (function->attribute_proto[i]->name != NULL) /* lookups take the first of a name: the caller's */
            all[scope->binding_count++] = (itgc_binding){function->attribute_proto[i]->name, function->attribute_proto[i]};
    return true;
}

static int find_default_opset(const ItgcOnnx__FunctionProto *function, int otherwise)
{
    for (size_t i = 0; i < function->n_opset_import; i++) {
        const ItgcOnnx__OperatorSetIdProto *const import = function->opset_import[i];
        const char *const domain = text_or_empty(import->domain);
        if ((*domain == '\0' || strcmp(domain, "ai.onnx") == 0) && import->version > 0 && import->version < 1000)
            return (int)import->version;
    }
    return otherwise;
}

bool itgc_enter_function(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message, const ItgcOnnx__FunctionProto *function)
{
    for (const itgc_scope *current = scope; current != NULL; current = current->caller)
        if (current->function == function)
            return itgc_fail(importer->diag, 241, "local function \"%.100s\" calls itself; export the model again", text_or_empty(function->name));
    itgc_scope *const body = push_scope(importer, scope, message);
    if (body == NULL)
        return false;
    body->function = function;
    body->opset = find_default_opset(function, scope->opset);
    body->results = function->output;
    body->result_count = (int)function->n_output;
    return bind_inputs(importer, body, scope, function) && bind_function_attributes(importer, body, scope, function) &&
           start_scope(importer, body, function->node, function->n_node);
}

/* 1 or 0, or -1 with a diagnostic: only a condition known at compile time is supported. */
static int find_condition(itgc_importer *importer, const itgc_scope *scope, const ItgcOnnx__NodeProto *message)
{
    const itgc_tensor *const tensor = message->n_input == 1 ? itgc_look_up(scope, message->input[0]) : NULL;
    if (tensor == NULL)
        itgc_fail(importer->diag, 203, "its condition is made by no node; export the model again");
    else if (tensor->constant == NULL || tensor->type != ITGC_BOOL || itgc_elements(&tensor->shape) != 1)
        itgc_fail(importer->diag, 242, "its condition depends on the input's values; export the model without this branch");
    else
        return tensor->constant->i[0] != 0;
    return -1;
}

bool itgc_enter_branch(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message)
{
    const int condition = find_condition(importer, scope, message);
    if (condition < 0)
        return false;
    const char *const wanted = condition ? "then_branch" : "else_branch";
    const ItgcOnnx__AttributeProto *branch = NULL;
    for (size_t i = 0; i < message->n_attribute; i++)
        if (message->attribute[i]->has_g && strcmp(text_or_empty(message->attribute[i]->name), wanted) == 0)
            branch = message->attribute[i];
    if (branch == NULL)
        return itgc_fail(importer->diag, 210, "it lacks its %s; export the model again", wanted);
    itgc_scope *const body = push_scope(importer, scope, message);
    ItgcOnnx__GraphProto *const graph = body == NULL ? NULL : itgc_unpack_graph(importer->message, importer->diag, branch->g.data, branch->g.len);
    if (graph == NULL)
        return false;
    body->outer = scope;
    body->bindings = scope->bindings;
    body->binding_count = scope->binding_count;
    body->result_count = (int)graph->n_output;
    body->results = ITGC_NEW_ARRAY(importer->message, char *, graph->n_output);
    for (size_t i = 0; i < graph->n_output; i++)
        body->results[i] = graph->output[i]->name == NULL ? itgc_copy_string(importer->message, "") : graph->output[i]->name;
    return itgc_import_initializers(importer, body, graph) && start_scope(importer, body, graph->node, graph->n_node);
}

/* The call's outputs become other names of what the body made; a tensor made inside takes the name the file's main graph knows. */
bool itgc_close_scope(itgc_importer *importer)
{
    itgc_scope *const body = importer->scope, *const caller = body->caller;
    importer->scope = caller;
    for (size_t i = 0; i < body->call->n_output; i++) {
        const char *const name = body->call->output[i];
        if (*name == '\0')
            continue;
        itgc_tensor *const tensor = itgc_look_up(body, body->results[i]);
        if (tensor == NULL || tensor == importer->absent)
            return itgc_fail(importer->diag, 203, "result \"%.100s\" inside \"%.100s\" is made by no node; export the model again", body->results[i],
                             body->prefix);
        if (tensor->id >= body->first_tensor)
            tensor->name = itgc_sprint(importer->arena, "%s%s", caller->prefix, name);
        if (!itgc_add_name(importer, caller, name, tensor))
            return false;
    }
    return true;
}
