/* SPDX-License-Identifier: Apache-2.0
 * The dictionary: one record per op (or family of ops that share a body), one row per ONNX name in ops.inc.
 * A record says how to read the op's attributes, what shapes it gives, what it computes in float, and what integer steps stand for it. */
#ifndef ITGC_OP_H
#define ITGC_OP_H

#include "compiler/graph/graph.h"
#include "compiler/ops/params.h"

/* One evaluation: inputs (NULL where left out) and outputs whose type and shape infer has set, already allocated.
 * scratch is released after the call. threads: how many may be used; results must not depend on it. */
typedef struct itgc_eval {
    const itgc_node *node;
    const itgc_value *const *in;
    itgc_value *const *out;
    itgc_arena *scratch;
    itgc_diag *diag;
    int threads;
    void **kept; /* NULL, or where an eval leaves what it derived from constant inputs (in keep) for the next run of its executor */
    itgc_arena *keep;
} itgc_eval;

/* How an op's output format follows from its inputs (quantize/choose_format.c). */
typedef enum itgc_format_rule {
    ITGC_FORMAT_OWN,  /* its own measured range */
    ITGC_FORMAT_PASS, /* codes pass through unchanged: Reshape, Transpose, Slice, Gather, MaxPool, Pad, nearest Resize */
    ITGC_FORMAT_JOIN, /* all inputs and the output share one format where that costs little: Concat */
    ITGC_FORMAT_FIXED /* a fixed one: Softmax */
} itgc_format_rule;

struct itgc_quantizer; /* quantize/quantize.h: what quantize callbacks call to make steps and constants */

struct itgc_op {
    const char *family;                      /* file name without .c: "conv" */
    const char *attributes;                  /* names it understands, space separated; any other attribute is an error */
    int min_inputs, max_inputs, max_outputs; /* max -1: any number */
    size_t params_bytes;                     /* itgc_node.params is allocated zeroed before parse */

    /* attributes → params. NULL: nothing to read. */
    bool (*parse)(itgc_node *node, itgc_diag *diag);
    /* input types, shapes and constants → output types and shapes. All non-NULL inputs' shapes are known. */
    bool (*infer)(itgc_node *node, itgc_diag *diag);
    /* float semantics, exactly ONNX's. */
    bool (*eval)(const itgc_eval *eval);
    /* lowered, measured node → steps. NULL: the op must not be left after lowering. */
    bool (*quantize)(struct itgc_quantizer *quantizer, itgc_node *node);
    itgc_format_rule format;
};

/* A row of ops.inc: OP(ONNX name, first opset, last opset, record, what runs). */
typedef struct itgc_op_row {
    const char *name;
    int first_opset, last_opset;
    const itgc_op *op;
    const char *runs; /* "itg_op_conv", "fused table", "folded away" */
} itgc_op_row;

/* The table, in alphabetical order; *count rows. */
const itgc_op_row *itgc_op_rows(int *count);

/* The record for a name at an opset of the default domain; NULL if there is none. *known (may be NULL): whether the name exists at all. */
const itgc_op *itgc_find_op(const char *name, int opset, bool *known);

/* Sets of types an input may have; itgc_require_type fails with error 215 naming the input and its type. A NULL input passes. */
typedef enum itgc_type_set {
    ITGC_FLOATS = 1,
    ITGC_INTEGERS = 2,
    ITGC_BOOLS = 4,
    ITGC_NUMBERS = ITGC_FLOATS | ITGC_INTEGERS,
    ITGC_ALL_TYPES = ITGC_NUMBERS | ITGC_BOOLS
} itgc_type_set;
bool itgc_require_type(itgc_diag *diag, const itgc_node *node, int input, itgc_type_set set);
/* The same type as input 0 for inputs [first, in_count). */
bool itgc_require_same_type(itgc_diag *diag, const itgc_node *node, int first);
/* Input `index`, NULL if left out or past the end; for eval its value. */
itgc_tensor *itgc_input_of(const itgc_node *node, int index);
const itgc_value *itgc_operand_of(const itgc_eval *eval, int index);
/* ONNX's TensorProto.DataType (Cast's "to", EyeLike's "dtype"); ITGC_NO_TYPE if not supported. */
itgc_type itgc_type_of_code(int32_t code);
const char *itgc_name_of_code(int32_t code);                         /* "float8e4m3fn", …; "undefined" for codes that ONNX does not define */
bool itgc_read_type(itgc_diag *diag, int64_t code, itgc_type *type); /* error 215 */
/* Truncates toward zero; INT64_MIN where that does not fit (and for NaN), as 64-bit hosts convert. */
int64_t itgc_int_of(double value);

/* Attribute access for parse. Absent: the default given. Of another kind: the default too, and itgc_parse_node fails after parse (error 210). */
const itgc_attribute *itgc_find_attribute(const itgc_node *node, const char *name);
int64_t itgc_int_attribute(const itgc_node *node, const char *name, int64_t otherwise);
float itgc_float_attribute(const itgc_node *node, const char *name, float otherwise);
const char *itgc_string_attribute(const itgc_node *node, const char *name, const char *otherwise);
/* Copies an integer list; returns its length, -1 if absent, -2 if longer than capacity or of another kind. */
int itgc_ints_attribute(const itgc_node *node, const char *name, int64_t *values, int capacity);

/* Generic steps shared by import and passes: checks input and output counts and attribute names, allocates params, calls parse. */
bool itgc_parse_node(itgc_graph *graph, itgc_node *node);
/* Calls infer with the node as the diagnostic place; checks that every output got a type and shape within limits. */
bool itgc_infer_node(itgc_graph *graph, itgc_node *node);
/* Whether the outputs follow from constants alone (of Shape and Size: from the shape of the input alone). */
bool itgc_can_fold_node(const itgc_node *node);
/* Multiplications or the like that one evaluation takes at most, from the shapes; 2^60 if more. */
int64_t itgc_work_of(const itgc_node *node);
/* Evaluates such a node and stores its outputs as constants; the node is dead afterwards. Error 217 if that is more than the graph's
 * work_left allows. */
bool itgc_fold_node(itgc_graph *graph, itgc_node *node, int threads);

/* Helpers for infer. */
bool itgc_normalize_axis(itgc_diag *diag, int64_t *axis, int rank);                              /* negative axes; error 211 if out of range */
bool itgc_broadcast(itgc_diag *diag, itgc_shape *out, const itgc_shape *a, const itgc_shape *b); /* error 212 */
void itgc_set_output(itgc_node *node, int index, itgc_type type, const itgc_shape *shape);       /* ignores outputs left out */
/* The constant integers of an input that is there (shape arithmetic), any rank; error 213 "must be a constant; …" naming the input if it is not. */
bool itgc_constant_ints(itgc_diag *diag, const itgc_node *node, int input, int64_t *values, int capacity, int *count);

/* The value of a unary function in double: shared by eval, the table builder and the tests. */
double itgc_unary_value(const itgc_unary_params *params, double x);

/* The record of nodes that lowering makes of several functions of one variable (ITGC_CHAIN); no ONNX name leads to it. */
extern const itgc_op itgc_op_function;

/* A copy whose nodes, tensors and params may be edited; constant values are shared (they are never written to after they are made). */
itgc_graph *itgc_clone_graph(itgc_arena *arena, const itgc_graph *graph);

/* Makes a node for a pass: finds the op at the latest opset, allocates params (caller fills them; parse is not called).
 * NULL with error 900 if the op table lacks the name. */
itgc_node *itgc_make_node(itgc_graph *graph, const char *type, const char *name, itgc_tensor *const *in, int in_count, itgc_tensor *const *out,
                          int out_count);

/* One step for several of which each alone reads what the one before it writes (schedule/cascade.c). */
extern const itgc_step_kind itgc_step_cascade;

/* Of a step's multiplications those that read int16 activations: of a layer all or none. What a sum adds to them is not multiplied. */
int64_t itgc_count_int16_macs(const itgc_step *step);

/* Whether a cascade may hold sum, an Add or Sub, behind what computes its operand `term`: the image, of more than one row, that a convolution (no
 * depthwise one) gives to this sum alone, beside a tensor of the same shape. quantize makes such a result finer, schedule makes the cascade. */
bool itgc_is_inner_term(const itgc_node *sum, const itgc_tensor *term);

#endif
