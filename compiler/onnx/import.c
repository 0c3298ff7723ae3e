/* SPDX-License-Identifier: Apache-2.0
 * .onnx bytes → imported graph: unpacks, checks opsets, makes inputs and initialisers, walks every node once in order on a stack of
 * scopes, ties up the outputs and drops what nobody reads. Called by compile.c. */
#include "compiler/onnx/import.h"
#include "compiler/base/files.h"
#include "compiler/onnx/importer.h"
#include "compiler/ops/op.h"

#include <inttypes.h>
#include <string.h>

static const char *text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* The opset of the default domain, 0 where the file uses other domains only, -1 with a diagnostic. */
static int find_opset(itgc_importer *importer)
{
    const ItgcOnnx__ModelProto *const model = importer->model;
    int64_t version = 0;
    bool has_others = false;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const char *const domain = text_or_empty(model->opset_import[i]->domain);
        if (*domain == '\0' || strcmp(domain, "ai.onnx") == 0)
            version = model->opset_import[i]->version;
        else
            has_others = true;
    }
    if (version == 0 && has_others)
        return 0;
    if (version == 0)
        itgc_fail(importer->diag, 104, "the file names no opset: it is not an ONNX model, or cut short; copy or export it again");
    else if (version < ITGC_FIRST_OPSET || version > ITGC_LAST_OPSET)
        itgc_fail(importer->diag, 104, "opset %" PRId64 " is not supported, only %d to %d; export with one of those", version, ITGC_FIRST_OPSET,
                  ITGC_LAST_OPSET);
    else
        return (int)version;
    return -1;
}

static itgc_scope *make_main_scope(itgc_importer *importer)
{
    const ItgcOnnx__GraphProto *const message = importer->model->graph;
    itgc_scope *const scope = ITGC_NEW(importer->message, itgc_scope);
    scope->tensors = itgc_new_map(importer->message);
    scope->prefix = "";
    scope->nodes = message->node;
    scope->opset = find_opset(importer);
    if (scope->opset < 0)
        return NULL;
    if (message->n_node > ITGC_MOST_NODES || message->n_initializer > ITGC_MOST_NODES || message->n_input > ITGC_MOST_NODES) {
        itgc_fail(importer->diag, 103, "the model has more than %d nodes, initializers or inputs; use a smaller one", ITGC_MOST_NODES);
        return NULL;
    }
    scope->node_count = (int)message->n_node;
    return itgc_order_nodes(importer, scope) ? scope : NULL;
}

static bool walk_nodes(itgc_importer *importer)
{
    while (importer->scope != NULL) {
        itgc_scope *const scope = importer->scope;
        if (scope->next < scope->node_count) {
            const int index = scope->order == NULL ? scope->next : scope->order[scope->next];
            scope->next++;
            if (!itgc_import_node(importer, scope, scope->nodes[index]))
                return false;
        } else if (scope->caller == NULL) {
            return true;
        } else if (!itgc_close_scope(importer)) {
            return false;
        }
    }
    return true;
}

/* A tensor of exactly this name: the one found, or a copy where the name is a second one of the same values. */
static itgc_tensor *name_output(itgc_importer *importer, itgc_tensor *found, const char *name)
{
    itgc_graph *const graph = importer->graph;
    if (strcmp(found->name, name) == 0 && !found->is_output)
        return found;
    itgc_tensor *const output = itgc_new_tensor(graph, itgc_copy_string(importer->arena, name), found->type, &found->shape);
    if (found->constant != NULL)
        output->constant = found->constant;
    else if (itgc_make_node(graph, "Identity", output->name, &found, 1, &output, 1) == NULL)
        return NULL;
    return output;
}

static bool tie_outputs(itgc_importer *importer, const itgc_scope *scope)
{
    const ItgcOnnx__GraphProto *const message = importer->model->graph;
    itgc_graph *const graph = importer->graph;
    graph->outputs = ITGC_NEW_ARRAY(importer->arena, itgc_tensor *, message->n_output);
    for (size_t i = 0; i < message->n_output; i++) {
        const char *const name = text_or_empty(message->output[i]->name);
        itgc_tensor *const found = *name == '\0' ? NULL : itgc_find_in_map(scope->tensors, name);
        if (found == NULL)
            return itgc_fail(importer->diag, 219, "output \"%.100s\" is made by no node; export the model again", name);
        itgc_tensor *const output = name_output(importer, found, name);
        if (output == NULL)
            return false;
        output->is_output = true;
        graph->outputs[graph->output_count++] = output;
    }
    return true;
}

static bool finish_graph(itgc_importer *importer)
{
    itgc_read_description(importer);
    itgc_fill_uses(importer->graph);
    if (importer->result->unsupported_count > 0)
        return true; /* a survey's graph has holes */
    itgc_remove_dead(importer->graph);
    itgc_fill_uses(importer->graph);
    return itgc_check_graph(importer->graph);
}

static bool import_model(itgc_importer *importer)
{
    const ItgcOnnx__GraphProto *const message = importer->model->graph;
    if (message == NULL)
        return itgc_fail(importer->diag, 102, "the file holds no graph: it is not an ONNX model, or cut short; copy or export it again");
    if (message->n_output == 0)
        return itgc_fail(importer->diag, 102, "the graph has no outputs: the file is cut short, or not meant to be run; copy or export it again");
    importer->graph->name = itgc_copy_string(importer->arena, text_or_empty(message->name));
    importer->graph->doc = itgc_copy_string(importer->arena, text_or_empty(message->doc_string));
    itgc_scope *const scope = make_main_scope(importer);
    if (scope == NULL || !itgc_index_functions(importer))
        return false;
    importer->scope = scope;
    importer->absent = ITGC_NEW(importer->message, itgc_tensor); /* not in the graph */
    return itgc_import_initializers(importer, scope, message) && itgc_import_inputs(importer, scope) && walk_nodes(importer) &&
           tie_outputs(importer, scope) && finish_graph(importer);
}

static const char *folder_of(itgc_arena *arena, const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? "" : itgc_copy_bytes(arena, path, (size_t)(slash - path) + 1);
}

static bool import_unpacked(itgc_arena *arena, itgc_arena *message, itgc_diag *diag, const char *name, const ItgcOnnx__ModelProto *model,
                            const itgc_import_options *options, itgc_import_result *result)
{
    itgc_importer importer = {.arena = arena, .message = message, .diag = diag, .options = options, .result = result, .model = model};
    *result = (itgc_import_result){0};
    importer.graph = itgc_new_graph(arena, diag);
    importer.graph->file = itgc_copy_string(arena, name);
    if (options->most_work > 0)
        importer.graph->work_left = options->most_work;
    importer.folder = folder_of(message, name);
    if (!import_model(&importer))
        return false;
    result->graph = importer.graph;
    return true;
}

bool itgc_import_bytes(itgc_arena *arena, itgc_diag *diag, const char *name, const uint8_t *bytes, size_t count, const itgc_import_options *options,
                       itgc_import_result *result)
{
    itgc_arena *const message = itgc_new_child_arena(arena);
    diag->file = itgc_copy_string(arena, name);
    const ItgcOnnx__ModelProto *const model = itgc_unpack_model(message, diag, bytes, count);
    const bool done = model != NULL && import_unpacked(arena, message, diag, name, model, options, result);
    itgc_release_arena(message);
    return done;
}

bool itgc_import_file(itgc_arena *arena, itgc_diag *diag, const char *path, const itgc_import_options *options, itgc_import_result *result)
{
    itgc_arena *const message = itgc_new_child_arena(arena), *const file = itgc_new_child_arena(arena);
    size_t count = 0;
    diag->file = itgc_copy_string(arena, path);
    const uint8_t *const bytes = itgc_read_file(file, diag, path, ITGC_MOST_FILE_BYTES, &count);
    const ItgcOnnx__ModelProto *const model = bytes == NULL ? NULL : itgc_unpack_model(message, diag, bytes, count);
    itgc_release_arena(file); /* large: messages hold copies */
    const bool done = model != NULL && import_unpacked(arena, message, diag, path, model, options, result);
    itgc_release_arena(message);
    return done;
}
