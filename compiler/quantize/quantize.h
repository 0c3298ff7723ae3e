/* SPDX-License-Identifier: Apache-2.0
 * measured graph → quantized graph: formats for every tensor, then integer steps, in this order:
 *   choose_format.c  which tensors are int16, range → scale and zero point, shared formats
 *   terms.c          what convolutions hand to a sum alone, in int16
 *   ops/<op>_quantize.c  each node's steps
 * Knows nothing of the target. */
#ifndef ITGC_QUANTIZE_H
#define ITGC_QUANTIZE_H

#include "compiler/graph/graph.h"
#include "compiler/ops/op.h"

/* Single quantization steps, switchable with --steps=+NAME,-NAME. */
typedef struct itgc_quantize_options {
    bool mse_ranges;                  /* "mse": ranges by expected error instead of min-max */
    bool mse_weights;                 /* "mse-weights": per-channel weight scales by error */
    bool wide_pool;                   /* "int16-pool": global pools before the classifier in int16 */
    bool wide_logits;                 /* "int16-logits" */
    bool wide_gates;                  /* "int16-gates": the values of Squeeze-Excite and its kin (itgc_node.in_gate) in int16 */
    bool wide_terms;                  /* "int16-terms": what a convolution hands to one sum alone in int16 */
    bool repeat;                      /* "repeat": a cheap convolution computed a second time for a sum (refine/) */
    bool equalize;                    /* "equalize": channels scaled so that they use the same range (refine/) */
    bool round_weights;               /* "round": weights rounded by the error of the layer's results (refine/) */
    bool correct;                     /* "correct": scale and offset of each channel fitted to float results (refine/) */
    bool fit_ranges;                  /* "ranges": clipping chosen by the error of the logits (refine/) */
    bool widen;                       /* "int16": the tensors that cost the most accuracy in int16, within limits (refine/) */
    itg_type input_type;              /* ITG_U8, ITG_S8 or 0: the model's best */
    itg_type output_type;             /* 0: the last op's best */
    const struct itgc_tuning *tuning; /* what refine/ found; NULL: nothing */
} itgc_quantize_options;

/* The steps by name: which presets have them, and the field they set. */
typedef struct itgc_step_row {
    const char *name, *help;
    bool fast, accurate;
    size_t offset; /* of the bool in itgc_quantize_options */
} itgc_step_row;
const itgc_step_row *itgc_step_rows(int *count);

typedef struct itgc_quantizer {
    itgc_graph *graph;
    itgc_diag *diag;
    itgc_arena *arena;
    const itgc_quantize_options *options;
} itgc_quantizer;

/* False with error 422 or 423 for a graph that has no integer form whatever is chosen. */
bool itgc_check_expressible(const itgc_graph *graph);

bool itgc_quantize_graph(itgc_graph *graph, const itgc_quantize_options *options);

/* Nodes of one op that the quantizer refuses with one code. */
typedef struct itgc_missing {
    const char *op, *node; /* the op's ONNX name after lowering, and the first such node; "": of the model as a whole */
    const char *reason;    /* "fact; remedy" of that node */
    int code, nodes;
} itgc_missing;

typedef struct itgc_survey {
    int nodes, refused; /* of the lowered graph */
    itgc_missing **missing;
    int count, capacity;
} itgc_survey;

/* What keeps a lowered graph from int8, whatever the samples; nothing missing: it is ready. The graph is spent afterwards. */
void itgc_survey_integers(itgc_graph *graph, const itgc_quantize_options *options, itgc_survey *survey);

/* The steps of one node, whose formats are chosen. */
bool itgc_quantize_node(itgc_quantizer *quantizer, itgc_node *node);

/* What the ops' quantize callbacks call. */

/* Appends a step; params are copied. Inputs that are NULL are unused; rows as itg_step.rows. */
itgc_step *itgc_add_step(itgc_quantizer *quantizer, const itgc_step_kind *kind, const void *params, itgc_node *node, itgc_tensor *const *in,
                         int in_count, itgc_tensor *out, uint32_t rows);

/* Registers a constant array so that emit prints it; returns bytes (already in the graph's arena). */
const void *itgc_keep_constant(itgc_quantizer *quantizer, const char *suffix, const void *bytes, int element_bytes, bool is_signed, size_t count);

/* A new tensor between steps of one node, with this format. */
itgc_tensor *itgc_new_step_tensor(itgc_quantizer *quantizer, const char *name, const itgc_shape *shape, const itgc_format *format);

/* The same values as ITG_S8: the tensor itself, the same codes behind a lookup if it is stored as ITG_U8, or a rescaled one. NULL with a
 * diagnostic where that cannot be. */
itgc_tensor *itgc_signed_input(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor);

/* How the output's format follows; per node, as records serve several ops (pools, Resize). */
itgc_format_rule itgc_format_rule_of(const itgc_node *node);

/* Where node's result really goes: its own output, or the fused activation's. */
itgc_tensor *itgc_result_of(const itgc_node *node);

/* What itgc_choose_multipliers turns into constants: acc * ratio[i] is an output code, plus its zero point. */
typedef struct itgc_ratios {
    const double *ratio; /* may be negative (PRelu, Sub) */
    int64_t count;
    int64_t max_acc; /* proven bound of |acc|, for the left form */
    itg_type type;   /* of the output: how fine the multipliers must be (ITG_S16 for the index of a fused table) */
} itgc_ratios;

/* Requantization constants (numerics.md 1): one shift h and one left n for all; plain RQ (h = 0) where every multiplier is fine enough,
 * else the smallest h that makes them so, the largest multiplier staying below 2^30. False with error 401 if a ratio cannot be
 * represented. */
bool itgc_choose_multipliers(itgc_diag *diag, const itgc_ratios *ratios, int32_t *multipliers, uint8_t *shift, uint8_t *left);

/* Whether an elementwise node is a clamp (Relu, Clip), two slopes (LeakyRelu, PRelu by constants), another function of one variable (a table), or
 * none of these. */
typedef enum itgc_activation { ITGC_NO_ACTIVATION, ITGC_CLAMP, ITGC_SLOPES, ITGC_TABLE, ITGC_OTHER } itgc_activation;
itgc_activation itgc_activation_of(const itgc_node *node);

/* Whether a sum with 8-bit result reads this tensor as it is, finer than its result (terms.c). */
bool itgc_is_term(const itgc_tensor *term, const itgc_format *sum);

/* Clamp bounds, in codes of `format`, of a node's fused clamp activation (Relu, Clip); the format's full range without one (NULL). */
void itgc_clamp_bounds(const itgc_node *activation, const itgc_format *format, int32_t *low, int32_t *high);

/* Code of a real value in a format: round half away from zero, saturated. */
int32_t itgc_code_of(const itgc_format *format, double value);
int32_t itgc_lowest_code(const itgc_format *format);
int32_t itgc_highest_code(const itgc_format *format);
/* Formats of a real range, which is widened to contain 0: asymmetric 8-bit, and 16-bit with zero 0 and codes within +-limit. */
itgc_format itgc_format_s8(double low, double high);
itgc_format itgc_format_s16(double largest, int32_t limit);

/* One output channel: `count` weights, `stride` floats apart. */
typedef struct itgc_channel {
    const float *weights;
    int64_t count, stride;
    double bias, in_scale;
} itgc_channel;

/* int8 weights of one output channel: scale by min-max or by error (mse), at least |bias| / (s_x 2^30) and `least`. codes in [-127,127],
 * dense. Returns the scale; 0 for a channel of zeros. */
double itgc_quantize_channel(const itgc_channel *channel, bool mse, double least, int8_t *codes);

/* prescribed.c: the finest step, at least 1/127 of the largest weight, of which all weights of a file that came quantized are multiples; 0
 * if there is none, or the file did not. */
double itgc_find_weight_step(const itgc_quantizer *quantizer, const itgc_channel *channel);

/* A linear layer: output channel c has its weights at c * channel_stride + k * tap_stride. */
typedef struct itgc_linear {
    const float *weights, *bias; /* bias NULL: zeros */
    int64_t channels, taps, channel_stride, tap_stride;
    const double *slope; /* per channel, what negative results are multiplied by; NULL: not */
    const struct itgc_layer_tuning *tuning;
} itgc_linear;

/* Whether the node is a Conv or Gemm. */
bool itgc_is_linear(const itgc_node *node);

/* An Add. */
bool itgc_is_sum(const itgc_node *node);
/* The layer of a Conv or Gemm node, slopes of its fused activation included. False with error 403 if it is not linear by constants. */
bool itgc_read_linear(const itgc_quantizer *quantizer, const itgc_node *node, itgc_linear *linear);

/* Its integers. */
typedef struct itgc_linear_codes {
    int64_t channels, taps;
    int8_t *weights;     /* [channels][taps] */
    double *scale;       /* per channel */
    int64_t *bias;       /* round(b / (s_x s_w)) */
    int64_t *weight_sum; /* sum of the codes */
    const double *slope;
    int64_t max_acc; /* proven bound of |acc| after narrowing */
    bool wide;
    int narrow;
} itgc_linear_codes;

/* Weights, biases and bounds for input codes of this format and outputs of that type. False with error 401 where one of them is
 * not finite, 402 where no bound holds. */
bool itgc_quantize_linear(const itgc_quantizer *quantizer, const itgc_linear *linear, const itgc_format *in, itg_type out_type,
                          itgc_linear_codes *codes);

/* bounds.c: |acc| of every channel proven below 2^31, or summed in 64 bits (int16 input). Fills max_acc, wide, narrow. */
bool itgc_prove_sums(itgc_diag *diag, const itgc_format *in, itgc_linear_codes *codes);
/* Largest |sum| over all inputs whose distance from the zero point lies in [low, high]. */
int64_t itgc_bound_channel(const int8_t *weights, int64_t count, int64_t bias, int64_t low, int64_t high);

/* Everything between the accumulator and the output code of a layer's node, its fused activation included. `out`: format of the result. */
bool itgc_fill_epilogue(itgc_quantizer *quantizer, const itgc_node *node, const itgc_linear_codes *codes, const itgc_format *in,
                        const itgc_format *out, itg_epilogue *epilogue);

/* A fused table (numerics.md 3): index = zero + RQ(acc), step `scale`; mask + 1 entries. */
typedef struct itgc_table {
    double scale;
    int32_t zero;
    int mask;
    int8_t *entries;
} itgc_table;

/* Table of `activation` for pre-activations in [low, high] and outputs in `out` (8 bits). */
bool itgc_choose_table(itgc_arena *arena, itgc_diag *diag, const itgc_unary_params *activation, double low, double high, const itgc_format *out,
                       itgc_table *table);

/* Lookup tables of a function: 256 entries for 8-bit codes (stored as out.type wants), 513 interpolated ones for int16. */
void *itgc_lookup_bytes(itgc_arena *arena, const itgc_unary_params *function, const itgc_format *in, const itgc_format *out);
int16_t *itgc_lookup_words(itgc_arena *arena, const itgc_unary_params *function, const itgc_format *in, const itgc_format *out);

/* y = gain[c] x + bias[c], negative results times slope[c] where slope is not NULL: a 1x1 depthwise step over the last dimension. */
bool itgc_add_affine_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_linear *affine);

/* Mean or sum, times `factor`, of `count` elements [outer][count][inner]: one itg_reduce step. */
bool itgc_add_reduce_step(itgc_quantizer *quantizer, itgc_node *node, int64_t count, int64_t inner, double factor);

/* The same tensor as codes of `format` behind a rescale step; itself if the formats are equal. NULL with a diagnostic. */
itgc_tensor *itgc_rescale_tensor(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor, const itgc_format *format);

/* y = the code of `in` rescaled to the format of `out`, clamped as `activation` (NULL: not) says: one itg_rescale step. */
bool itgc_add_rescale_step(itgc_quantizer *quantizer, itgc_node *node, const itgc_node *activation, itgc_tensor *in, itgc_tensor *out);

/* y = table[x]: one itg_lookup step. table: 256 entries as stored in out, or 513 words. */
void itgc_add_lookup_step(itgc_quantizer *quantizer, itgc_node *node, const void *table, itgc_tensor *in, itgc_tensor *out);

/* choose_format.c: formats of all tensors that are stored; frees activations that no step can fuse. */
bool itgc_choose_formats(itgc_quantizer *quantizer);

#endif
