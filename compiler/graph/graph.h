/* SPDX-License-Identifier: Apache-2.0
 * The one structure all phases share: nodes in topological order, tensors, constants, and what each phase learned as fields.
 * Levels: imported (ONNX as it is, shapes known) → lowered (few ops, channels last) → measured (ranges) → quantized (formats, steps)
 * → scheduled (addresses). graph/check.c asserts what must hold at each; graph/dump.c prints any of them. */
#ifndef ITGC_GRAPH_H
#define ITGC_GRAPH_H

#include "compiler/base/arena.h"
#include "compiler/base/diag.h"

#include <intaglio/plan.h>

#define ITGC_MAX_RANK      8
#define ITGC_MOST_PACKINGS 4                  /* of the weights of one plan */
#define ITGC_MOST_WORK     ((int64_t)1 << 33) /* of folding constants in one graph: seconds */

typedef struct itgc_op itgc_op; /* ops/op.h */
typedef struct itgc_node itgc_node;
typedef struct itgc_graph itgc_graph;
typedef struct itgc_step itgc_step; /* below */

typedef enum itgc_level { ITGC_IMPORTED = 1, ITGC_LOWERED, ITGC_MEASURED, ITGC_QUANTIZED, ITGC_SCHEDULED } itgc_level;

/* Element types as declared in the file. Values of floating types are held as float, all others as int64 wrapped to the declared type. */
typedef enum itgc_type {
    ITGC_NO_TYPE,
    ITGC_F32,
    ITGC_F16,
    ITGC_BF16,
    ITGC_F64,
    ITGC_BOOL,
    ITGC_U8,
    ITGC_I8,
    ITGC_U16,
    ITGC_I16,
    ITGC_U32,
    ITGC_I32,
    ITGC_U64,
    ITGC_I64
} itgc_type;

typedef struct itgc_shape {
    int rank;
    int64_t dim[ITGC_MAX_RANK];
} itgc_shape;

/* Dense, row-major values of a tensor: f for floating types, i for all others. */
typedef struct itgc_value {
    itgc_type type;
    itgc_shape shape;
    float *f;
    int64_t *i;
} itgc_value;

/* What calibration saw of a tensor. */
typedef struct itgc_range {
    double min, max;                        /* min > max: nothing seen */
    const struct itgc_histogram *histogram; /* measure/observe.h; NULL for tensors nobody needs it of */
} itgc_range;

/* How a tensor's codes stand for reals: real = (code - zero) * scale. type 0: not chosen. */
typedef struct itgc_format {
    itg_type type;
    double scale;
    int32_t zero;
    int32_t limit; /* ITG_S16: codes lie in [-limit, limit]; 0: the type's full range */
} itgc_format;

/* Where schedule put a tensor in the arena. */
typedef struct itgc_place {
    uint32_t offset, bytes;
    int first_step, last_step; /* live from the start of the first to the end of the last */
} itgc_place;

typedef struct itgc_tensor {
    const char *name; /* the ONNX name while it still holds that tensor's values; never NULL */
    int id;           /* dense index for side tables */
    itgc_type type;
    itgc_shape shape;           /* rank -1: unknown */
    const itgc_value *constant; /* NULL unless known at compile time */
    itgc_node *producer;        /* NULL for graph inputs and constants */
    itgc_node **uses;           /* nodes that read it, once per reading; filled by itgc_fill_uses */
    int use_count, use_capacity;
    bool is_output; /* of the graph */
    /* lowered: the format that an already quantized file gives its values (lower/adopt_formats.c); type 0: it gives none */
    itgc_format prescribed;
    itgc_range range;   /* measured */
    itgc_format format; /* quantized */
    itgc_place place;   /* scheduled */
    /* quantized: whose place it shares, having the same codes under another shape (Reshape); NULL: its own place */
    struct itgc_tensor *alias_of;
    /* scheduled: whose place it takes over in the step that reads that tensor last; NULL: nobody's */
    struct itgc_tensor *overwrites;
} itgc_tensor;

typedef enum itgc_attribute_kind {
    ITGC_ATTR_INT,
    ITGC_ATTR_FLOAT,
    ITGC_ATTR_STRING,
    ITGC_ATTR_TENSOR,
    ITGC_ATTR_GRAPH,
    ITGC_ATTR_INTS,
    ITGC_ATTR_FLOATS,
    ITGC_ATTR_STRINGS
} itgc_attribute_kind;

typedef struct itgc_attribute {
    const char *name;
    itgc_attribute_kind kind;
    int count;            /* of ints, floats, strings */
    int64_t *ints;        /* INT: one */
    float *floats;        /* FLOAT: one */
    const char **strings; /* STRING: one */
    const itgc_value *tensor;
    itgc_graph *graph;    /* subgraph */
    const char **misused; /* of its node: where an access of another kind is noted; NULL: nowhere */
} itgc_attribute;

struct itgc_node {
    const itgc_op *op; /* its record in the dictionary */
    const char *name;  /* as in the file, or made up from its op and first output */
    const char *type;  /* ONNX op type, e.g. "Conv" */
    int opset;         /* of its domain in the file */
    itgc_tensor **in;  /* NULL entries: optional inputs left out */
    itgc_tensor **out;
    int in_count, out_count;
    const itgc_attribute *attributes;
    int attribute_count;
    const char *misused; /* name of an attribute that parse took for another kind; NULL: none */
    void *params;        /* the op's own struct (ops/params.h), filled by op->parse */
    itgc_node *fused;    /* the elementwise node computed in this node's epilogue; it stays in the list right behind */
    bool is_fused;       /* this node is some other node's `fused` */
    bool in_gate;        /* lowered: computes one value a channel for a plane to be multiplied by (lower/mark_gates.c) */
    bool is_precise;     /* lowered: its result goes on into a difference, a root or the like that would show rounding to 8 bits */
};

/* Kind of a runtime step: its function, its struct and how emit prints that struct. One per runtime op, in the op's _quantize.c. */
typedef enum itgc_field_kind { ITGC_FIELD_I32, ITGC_FIELD_U8, ITGC_FIELD_U16, ITGC_FIELD_BOOL, ITGC_FIELD_TYPE, ITGC_FIELD_POINTER } itgc_field_kind;

typedef struct itgc_field {
    const char *name; /* as a C designator: "in", "epilogue.bias" */
    itgc_field_kind kind;
    size_t offset;
    int count; /* array length, 1 for scalars */
} itgc_field;

typedef struct itgc_step_kind {
    const char *op_name;     /* "itg_op_conv" */
    const char *tier_name;   /* "itg_tier_conv"; NULL: it cannot be a tier of a cascade */
    const char *params_name; /* "itg_conv" */
    itg_op *run;
    itg_tier_run *tier; /* NULL as tier_name is */
    size_t params_bytes;
    const itgc_field *fields;
    int field_count;
    uint32_t families; /* itg_family bits: members of itg_kernels it needs */
} itgc_step_kind;

/* One runtime step: what quantize makes of a node (one or several), and what schedule and emit work on. */
struct itgc_step {
    const itgc_step_kind *kind;
    void *params;      /* the struct of plan.h */
    const void *plain; /* scheduled: the same with weights in rows, for host tables that read none of the packings; NULL: params are so */
    void *variants[ITGC_MOST_PACKINGS]; /* scheduled: params for each of the graph's packings, the first: params; equal where nothing is packed */
    itgc_node *node;                    /* where it comes from; of a cascade the last tier's */
    itgc_step **tiers;                  /* scheduled: of a cascade, first to last; NULL: it is no cascade */
    int tier_count;
    itgc_tensor *in[3]; /* NULL: unused */
    itgc_tensor *out;
    bool partial;        /* writes only part of out; a later step completes it */
    uint32_t out_offset; /* scheduled: bytes into out where a partial step begins */
    uint32_t rows;
    uint32_t blocks;         /* scheduled: of channels that kernels compute apart; 0: none */
    uint32_t scratch_bytes;  /* per worker */
    uint32_t scratch_offset; /* scheduled */
    int64_t macs;
};

/* A constant array that a params struct points to; emit prints it once, under its name. */
typedef struct itgc_constant {
    const void *bytes;  /* the pointer that params structs hold */
    const char *suffix; /* "weights", "bias", … */
    int element_bytes;  /* 1, 2 or 4 */
    bool is_signed;
    size_t count;
    int align; /* bytes; 0: the element's own */
} itgc_constant;

struct itgc_graph {
    itgc_arena *arena;
    itgc_diag *diag;
    itgc_level level;
    int64_t work_left;             /* what constant folding may still spend (itgc_work_of) */
    const char *name, *file, *doc; /* doc: graph doc_string, "" if none */
    itgc_node **nodes;
    int node_count, node_capacity;
    itgc_tensor **tensors; /* all ever made, by id */
    int tensor_count, tensor_capacity;
    itgc_tensor **inputs, **outputs; /* inputs that are not initialisers */
    int input_count, output_count;
    /* Lowered: the first input takes grey levels 0..255 (RGB where it has three channels), because preprocessing was given as options,
     * or the graph divides by 255, 127.5 or the like, subtracts means in grey levels, or declares uint8. */
    bool input_is_pixels;
    bool is_prescribed; /* lowered: the file came quantized; some tensors' `prescribed` is set, weights lie on grids of their own */
    const char *const *labels;
    int label_count;
    itgc_step **steps;
    int step_count, step_capacity;
    itgc_constant **constants;
    int constant_count, constant_capacity;
    /* scheduled */
    itg_packing packings[ITGC_MOST_PACKINGS]; /* of the weights: the plan is emitted once for each */
    int packing_count;
    uint32_t arena_bytes, arena_lower_bound_bytes, arena_align;
    uint32_t stack_bytes;   /* what itg_run is budgeted */
    uint32_t workers;       /* scratch slots reserved in the arena */
    uint64_t weights_bytes; /* all constants as emitted: those some step points to, equal arrays once */
};

itgc_graph *itgc_new_graph(itgc_arena *arena, itgc_diag *diag);

/* A tensor of this name and type, shape unknown unless given (NULL). Names need not be unique; itgc_find_tensor gives the first. */
itgc_tensor *itgc_new_tensor(itgc_graph *graph, const char *name, itgc_type type, const itgc_shape *shape);
itgc_tensor *itgc_new_constant(itgc_graph *graph, const char *name, const itgc_value *value);
itgc_tensor *itgc_find_tensor(const itgc_graph *graph, const char *name);

/* Appends a node. record: ops/op.h itgc_find_op. in and out are copied; outputs' producer is set. params stay NULL. */
itgc_node *itgc_append_node(itgc_graph *graph, const itgc_op *record, const char *type, const char *name, itgc_tensor *const *in, int in_count,
                            itgc_tensor *const *out, int out_count);

/* Rewrites all reads of `from` (nodes and graph outputs) to `to`. Walks the whole graph: passes batch their edits with
 * itgc_replace_all where they make many. map[id]: what to read instead of tensor id, or NULL; chains are followed; the map has an
 * entry for every tensor. A replaced graph output hands its name on, unless `to` is a graph input or output itself. */
void itgc_replace(itgc_graph *graph, itgc_tensor *from, itgc_tensor *to);
void itgc_replace_all(itgc_graph *graph, itgc_tensor **map);

void itgc_fill_uses(itgc_graph *graph);

/* Removes nodes none of whose outputs is read or a graph output; returns how many. */
int itgc_remove_dead(itgc_graph *graph);

/* Stable topological sort (file order where free). False with a diagnostic naming a node on a cycle. */
bool itgc_sort(itgc_graph *graph);

/* The tensor whose place in the arena `tensor` has: itself unless it is an alias. As strchr: who may change the one may change the other. */
itgc_tensor *itgc_place_owner(const itgc_tensor *tensor);

/* A step's tiers, itself if it is no cascade: what has constants and kernels of its own. */
int itgc_tier_count(const itgc_step *step);
const itgc_step *itgc_tier_at(const itgc_step *step, int index);

/* itg_family bits of all steps and their tiers. */
uint32_t itgc_families_of(const itgc_graph *graph);

/* Multiplications of all steps. */
int64_t itgc_count_macs(const itgc_graph *graph);

/* Shapes and values. itgc_elements is -1 if the shape is unknown or the product overflows 2^40. */
int64_t itgc_elements(const itgc_shape *shape);
bool itgc_same_shape(const itgc_shape *a, const itgc_shape *b);
itgc_value *itgc_new_value(itgc_arena *arena, itgc_type type, const itgc_shape *shape);
bool itgc_is_float(itgc_type type);
int itgc_type_bytes(itgc_type type);
const char *itgc_type_name(itgc_type type);                              /* "float32", "int64", … */
int64_t itgc_wrap(itgc_type type, int64_t value);                        /* to the range of an integer type */
const char *itgc_shape_text(itgc_arena *arena, const itgc_shape *shape); /* "[1,3,224,224]" */

float itgc_round_float(itgc_type type, float value); /* to the nearest of a half type, ties to even; others as they are */
void itgc_round_value(itgc_value *value);            /* every element, to the value's own type */
/* What must hold at the graph's level: false with a diagnostic (code 900) naming what does not. */
bool itgc_check_graph(const itgc_graph *graph);

/* The graph as stable text: one node a line, with what its level knows (shapes, ranges, formats, addresses). */
struct itgc_text;
void itgc_dump_graph(struct itgc_text *text, const itgc_graph *graph);

#endif
