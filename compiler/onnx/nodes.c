/* SPDX-License-Identifier: Apache-2.0
 * One node of the file: names → tensors, attributes, its record in the op table; then parse, infer and, where the inputs are constant,
 * fold. In a survey a node that fails is listed and its results stay unknown. */
#include "compiler/base/text.h"
#include "compiler/onnx/importer.h"
#include "compiler/ops/op.h"

#include <string.h>

itgc_tensor *itgc_look_up(const itgc_scope *scope, const char *name)
{
    for (const itgc_scope *current = scope; current != NULL; current = current->outer) {
        itgc_tensor *const tensor = itgc_find_in_map(current->tensors, name);
        if (tensor != NULL)
            return tensor;
    }
    return NULL;
}

bool itgc_add_name(itgc_importer *importer, itgc_scope *scope, const char *name, itgc_tensor *tensor)
{
    if (itgc_find_in_map(scope->tensors, name) != NULL)
        return itgc_fail(importer->diag, 205, "tensor \"%.100s\" is written twice; export the model again", name);
    itgc_put_in_map(scope->tensors, name, tensor);
    return true;
}

static bool is_default_domain(const char *domain)
{
    return domain == NULL || *domain == '\0' || strcmp(domain, "ai.onnx") == 0;
}

/* NULL entries: left out. Trailing ones are dropped, so that counts mean what is there. */
static itgc_tensor **find_inputs(itgc_importer *importer, const itgc_scope *scope, const ItgcOnnx__NodeProto *message, int *count)
{
    itgc_tensor **const in = ITGC_NEW_ARRAY(importer->message, itgc_tensor *, message->n_input);
    *count = 0;
    for (size_t i = 0; i < message->n_input; i++) {
        if (*message->input[i] == '\0')
            continue;
        in[i] = itgc_look_up(scope, message->input[i]);
        if (in[i] == NULL) {
            itgc_fail(importer->diag, 203,
                      "its input \"%.100s\" is neither a model input nor an initializer nor made by any node; export the model again",
                      message->input[i]);
            return NULL;
        }
        if (in[i] == importer->absent)
            in[i] = NULL;
        else
            *count = (int)i + 1;
    }
    return in;
}

static itgc_tensor **make_outputs(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message)
{
    itgc_tensor **const out = ITGC_NEW_ARRAY(importer->message, itgc_tensor *, message->n_output);
    for (size_t i = 0; i < message->n_output; i++) {
        if (*message->output[i] == '\0')
            continue;
        const char *const name = itgc_sprint(importer->arena, "%s%s", scope->prefix, message->output[i]);
        out[i] = itgc_new_tensor(importer->graph, name, ITGC_NO_TYPE, NULL);
        if (!itgc_add_name(importer, scope, message->output[i], out[i]))
            return NULL;
    }
    return out;
}

static const char *list_opsets(itgc_importer *importer, const char *type)
{
    int count = 0;
    const itgc_op_row *const rows = itgc_op_rows(&count);
    itgc_text text;
    itgc_init_text(&text, importer->message);
    for (int i = 0; i < count; i++)
        if (strcmp(rows[i].name, type) == 0)
            itgc_addf(&text, "%s%d to %d", text.count == 0 ? "" : ", ", rows[i].first_opset, rows[i].last_opset);
    return text.bytes;
}

static const itgc_op *find_record(itgc_importer *importer, const itgc_scope *scope, const ItgcOnnx__NodeProto *message)
{
    bool is_known = false;
    if (!is_default_domain(message->domain)) {
        itgc_fail(importer->diag, 201, "ops of domain \"%.60s\" are not supported; export with standard ONNX ops only", message->domain);
        return NULL;
    }
    const itgc_op *const op = itgc_find_op(message->op_type, scope->opset, &is_known);
    if (op == NULL && is_known)
        itgc_fail(importer->diag, 202, "this op is supported in opsets %s, not %d; export with one of those", list_opsets(importer, message->op_type),
                  scope->opset);
    else if (op == NULL)
        itgc_fail(importer->diag, 201, "this op is not supported; replace it in the model by ops that are (`intaglio targets --matrix` lists them)");
    return op;
}

static bool process_node(itgc_importer *importer, itgc_node *node)
{
    itgc_graph *const graph = importer->graph;
    if (!itgc_parse_node(graph, node) || !itgc_infer_node(graph, node))
        return false;
    return !itgc_can_fold_node(node) || itgc_fold_node(graph, node, importer->options->threads);
}

/* True if a result that the node needs is unknown because of an earlier failure: only in surveys. */
static bool depends_on_unknown(itgc_tensor *const *in, int count)
{
    for (int i = 0; i < count; i++)
        if (in[i] != NULL && in[i]->shape.rank < 0)
            return true;
    return false;
}

static bool add_node(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message, const char *name)
{
    int in_count = 0, attribute_count = 0;
    const itgc_op *const op = find_record(importer, scope, message);
    itgc_tensor **const in = op == NULL ? NULL : find_inputs(importer, scope, message, &in_count);
    const itgc_binding *const bindings = in == NULL ? NULL : itgc_bind_attributes(importer, scope, message, &attribute_count);
    itgc_tensor **const out = bindings == NULL ? NULL : make_outputs(importer, scope, message);
    if (out == NULL)
        return false;
    if (depends_on_unknown(in, in_count))
        return true;
    int out_count = (int)message->n_output;
    while (out_count > 0 && out[out_count - 1] == NULL)
        out_count--;
    itgc_node *const node =
        itgc_append_node(importer->graph, op, itgc_copy_string(importer->arena, message->op_type), name, in, in_count, out, out_count);
    node->opset = scope->opset;
    return itgc_import_attributes(importer, node, bindings, attribute_count) && process_node(importer, node);
}

static bool dispatch_node(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message, const char *name)
{
    bool is_contributed = false;
    const ItgcOnnx__FunctionProto *function = itgc_find_function(importer, message);
    if (function == NULL)
        function = itgc_make_contributed(importer, message, &is_contributed);
    if (function != NULL)
        return itgc_enter_function(importer, scope, message, function);
    if (is_contributed)
        return false;
    if (is_default_domain(message->domain) && strcmp(message->op_type, "If") == 0)
        return itgc_enter_branch(importer, scope, message);
    return add_node(importer, scope, message, name);
}

/* Forgets the failed node; what it would have made stays unknown. */
static void note_unsupported(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message, const char *name)
{
    itgc_import_result *const result = importer->result;
    if (result->unsupported_count == importer->unsupported_capacity) {
        importer->unsupported_capacity = importer->unsupported_capacity * 2 + 8;
        itgc_unsupported *const grown = ITGC_NEW_ARRAY(importer->arena, itgc_unsupported, importer->unsupported_capacity);
        if (result->unsupported_count > 0)
            memcpy(grown, result->unsupported, (size_t)result->unsupported_count * sizeof *grown);
        result->unsupported = grown;
    }
    result->unsupported[result->unsupported_count++] =
        (itgc_unsupported){name, itgc_copy_string(importer->arena, message->op_type), importer->diag->fact};
    itgc_clear_error(importer->diag);
    for (size_t i = 0; i < message->n_output; i++) {
        if (*message->output[i] == '\0')
            continue;
        itgc_tensor *tensor = itgc_find_in_map(scope->tensors, message->output[i]);
        if (tensor == NULL) {
            tensor = itgc_new_tensor(importer->graph, itgc_copy_string(importer->arena, message->output[i]), ITGC_NO_TYPE, NULL);
            itgc_put_in_map(scope->tensors, message->output[i], tensor);
        }
        tensor->shape.rank = -1;
        tensor->producer = NULL;
    }
}

static bool check_names(itgc_importer *importer, const ItgcOnnx__NodeProto *message)
{
    if (message->op_type == NULL || *message->op_type == '\0')
        return itgc_fail(importer->diag, 103, "node %d has no op type; export the model again", importer->nodes_seen);
    bool is_short = strlen(message->op_type) <= ITGC_MOST_NAME_BYTES && (message->name == NULL || strlen(message->name) <= ITGC_MOST_NAME_BYTES);
    for (size_t i = 0; i < message->n_output && is_short; i++)
        is_short = strlen(message->output[i]) <= ITGC_MOST_NAME_BYTES;
    if (!is_short)
        return itgc_fail(importer->diag, 103, "node %d has a name longer than %zu bytes; shorten it", importer->nodes_seen, ITGC_MOST_NAME_BYTES);
    return true;
}

static const char *name_node(itgc_importer *importer, const itgc_scope *scope, const ItgcOnnx__NodeProto *message)
{
    if (message->name != NULL && *message->name != '\0')
        return itgc_sprint(importer->arena, "%s%s", scope->prefix, message->name);
    return itgc_sprint(importer->arena, "%s%s:%s", scope->prefix, message->op_type, message->n_output == 0 ? "" : message->output[0]);
}

bool itgc_import_node(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message)
{
    if (++importer->nodes_seen > ITGC_MOST_NODES)
        return itgc_fail(importer->diag, 103, "the model has more than %d nodes, local functions written out; use a smaller one", ITGC_MOST_NODES);
    if (!check_names(importer, message))
        return false;
    const char *const name = name_node(importer, scope, message);
    const int node_count = importer->graph->node_count;
    itgc_enter_node(importer->diag, name, itgc_copy_string(importer->arena, message->op_type), scope->opset);
    const bool done = dispatch_node(importer, scope, message, name);
    itgc_leave_node(importer->diag);
    if (done || !importer->options->survey)
        return done;
    importer->graph->node_count = node_count;
    note_unsupported(importer, scope, message, name);
    return true;
}
