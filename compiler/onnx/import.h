/* SPDX-License-Identifier: Apache-2.0
 * .onnx bytes → imported graph. The only untrusted input: bounded, no recursion on input-controlled depth, no assert reachable from it
 * (docs/trust.md). */
#ifndef ITGC_IMPORT_H
#define ITGC_IMPORT_H

#include "compiler/graph/graph.h"

typedef struct itgc_input_shape {
    const char *name;
    itgc_shape shape;
} itgc_input_shape;

typedef struct itgc_import_options {
    const itgc_input_shape *shapes; /* --input-shape */
    int shape_count;
    bool survey; /* inspect: go on over unsupported nodes and list them in the result */
    int threads;
    int64_t most_work; /* that folding constants may take; 0: ITGC_MOST_WORK */
} itgc_import_options;

typedef struct itgc_unsupported {
    const char *node, *op, *reason;
} itgc_unsupported;

typedef struct itgc_import_result {
    itgc_graph *graph;
    itgc_unsupported *unsupported; /* survey only */
    int unsupported_count;
    double mean[4], std[4]; /* from the doc_string's JSON "means" / "vars"; counts 0 if absent */
    int mean_count, std_count;
} itgc_import_result;

/* Reads, checks and folds: shapes of all tensors known, everything computable from constants is constant, nodes in order.
 * False with a diagnostic (1xx, 2xx). */
bool itgc_import_file(itgc_arena *arena, itgc_diag *diag, const char *path, const itgc_import_options *options, itgc_import_result *result);
bool itgc_import_bytes(itgc_arena *arena, itgc_diag *diag, const char *name, const uint8_t *bytes, size_t count, const itgc_import_options *options,
                       itgc_import_result *result);

/* One ONNX TensorProto file (.pb sample). NULL with a diagnostic. */
itgc_value *itgc_read_tensor_file(itgc_arena *arena, itgc_diag *diag, const char *path);

#endif
