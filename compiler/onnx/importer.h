/* SPDX-License-Identifier: Apache-2.0
 * What the files of the importer share, private to this folder: the state of one import, the scopes in which names are looked up, limits.
 * read.c bytes → messages; tensor.c, external.c values; inputs.c shapes; nodes.c one node; calls.c functions and branches; contributed.c ops
 * of another domain; import.c the walk. */
#ifndef ITGC_IMPORTER_H
#define ITGC_IMPORTER_H

#include "compiler/base/map.h"
#include "compiler/onnx/import.h"

#include "onnx.pb-c.h"

#define ITGC_MOST_FILE_BYTES ((uint64_t)1 << 31)
#define ITGC_MOST_NODES      131072
#define ITGC_MOST_NAME_BYTES ((size_t)1 << 20)
#define ITGC_MOST_ATTRIBUTES 64
#define ITGC_MOST_LIST_ITEMS ((size_t)1 << 20)
#define ITGC_MOST_DEPTH      32
#define ITGC_FIRST_OPSET     7
#define ITGC_LAST_OPSET      28

/* An attribute under the name a node knows it by; differs from the message's own name where a function body refers to its caller's. */
typedef struct itgc_binding {
    const char *name;
    const ItgcOnnx__AttributeProto *message;
} itgc_binding;

/* A list of nodes being walked and the names it sees: the main graph, the body of a local function, a branch of If. */
typedef struct itgc_scope {
    struct itgc_scope *caller; /* goes on when this one is done; NULL for the main graph */
    struct itgc_scope *outer;  /* names unknown here are looked up there; NULL for the main graph and functions */
    itgc_map *tensors;
    ItgcOnnx__NodeProto **nodes;
    int node_count, next;
    int *order; /* NULL: as in the file */
    int opset;
    const char *prefix; /* of node and tensor names: "" in the main graph */
    const ItgcOnnx__FunctionProto *function;
    const itgc_binding *bindings; /* what ref_attr_name refers to */
    int binding_count;
    const ItgcOnnx__NodeProto *call; /* the caller's node that this scope computes */
    char **results;                  /* names, in here, of the call's outputs */
    int result_count, first_tensor, depth;
} itgc_scope;

typedef struct itgc_importer {
    itgc_arena *arena;   /* of the graph */
    itgc_arena *message; /* released when the import is done */
    itgc_diag *diag;
    const itgc_import_options *options;
    itgc_import_result *result;
    itgc_graph *graph;
    const char *folder; /* of external data, "" or with a slash behind */
    const ItgcOnnx__ModelProto *model;
    itgc_map *functions; /* domain, name and overload → message */
    itgc_tensor *absent; /* stands for optional inputs that a function's caller left out */
    itgc_scope *scope;
    int nodes_seen, unsupported_capacity;
} itgc_importer;

/* read.c: NULL with a diagnostic. */
ItgcOnnx__ModelProto *itgc_unpack_model(itgc_arena *arena, itgc_diag *diag, const uint8_t *bytes, size_t count);
ItgcOnnx__GraphProto *itgc_unpack_graph(itgc_arena *arena, itgc_diag *diag, const uint8_t *bytes, size_t count);

/* tensor.c. what: "initializer" or so, for messages. check_finite: refuse NaN, and infinities other than scalars. */
typedef struct itgc_tensor_reader {
    itgc_arena *arena;
    itgc_diag *diag;
    const char *folder, *what;
    bool check_finite;
} itgc_tensor_reader;
itgc_value *itgc_convert_tensor(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message);

/* external.c: path and offset of `count` bytes of a tensor stored beside the model; NULL with a diagnostic. */
const char *itgc_find_external(const itgc_tensor_reader *reader, const ItgcOnnx__TensorProto *message, size_t count, uint64_t *offset);

/* attributes.c */
bool itgc_import_attributes(itgc_importer *importer, itgc_node *node, const itgc_binding *bindings, int count);
itgc_binding *itgc_bind_attributes(itgc_importer *importer, const itgc_scope *scope, const ItgcOnnx__NodeProto *message, int *count);

/* inputs.c */
bool itgc_import_inputs(itgc_importer *importer, itgc_scope *scope);
bool itgc_import_initializers(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__GraphProto *message);

/* nodes.c */
bool itgc_import_node(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message);
itgc_tensor *itgc_look_up(const itgc_scope *scope, const char *name);
bool itgc_add_name(itgc_importer *importer, itgc_scope *scope, const char *name, itgc_tensor *tensor); /* error 205 if it is taken */

/* calls.c: each pushes a scope. itgc_close_scope hands the results to the caller. */
bool itgc_index_functions(itgc_importer *importer);
const ItgcOnnx__FunctionProto *itgc_find_function(const itgc_importer *importer, const ItgcOnnx__NodeProto *message);
bool itgc_enter_function(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message, const ItgcOnnx__FunctionProto *function);
bool itgc_enter_branch(itgc_importer *importer, itgc_scope *scope, const ItgcOnnx__NodeProto *message);
bool itgc_close_scope(itgc_importer *importer);
bool itgc_order_nodes(itgc_importer *importer, itgc_scope *scope);

/* contributed.c: the body of a quantized op of ONNX Runtime's own domain. NULL where it is none (*known false) or with a diagnostic. */
const ItgcOnnx__FunctionProto *itgc_make_contributed(itgc_importer *importer, const ItgcOnnx__NodeProto *message, bool *known);

/* describe.c: what the file says about itself: normalisation in doc strings, labels in output names. */
void itgc_read_description(itgc_importer *importer);

#endif
