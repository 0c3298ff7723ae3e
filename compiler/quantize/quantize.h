/* SPDX-License-Identifier: Apache-2.0
 * measured graph → quantized graph: formats for every tensor, then integer steps, in this order:
 *   choose_format.c  which tensors are int16, range → scale and zero point, shared formats
 *   correct.c        corrections measured on the integer graph (bias)
 *   ops/<op>_quantize.c  each node's steps
 * Knows nothing of the target. */
#ifndef ITGC_QUANTIZE_H
#define ITGC_QUANTIZE_H

#include "compiler/graph/graph.h"
#include "compiler/ops/op.h"

/* Single quantization steps, switchable with --steps=+NAME,-NAME. */
typedef struct itgc_quantize_options {
    bool mse_ranges;      /* "mse": ranges by expected error instead of min-max */
    bool mse_weights;     /* "mse-weights": per-channel weight scales by error */
    bool wide_pool;       /* "int16-pool": global pools before the classifier in int16 */
    bool wide_logits;     /* "int16-logits" */
    itg_type input_type;  /* ITG_U8, ITG_S8 or 0: the model's best */
    itg_type output_type; /* 0: the last op's best */
} itgc_quantize_options;

typedef struct itgc_quantizer {
    itgc_graph *graph;
    itgc_diag *diag;
    itgc_arena *arena;
    const itgc_quantize_options *options;
} itgc_quantizer;

bool itgc_quantize_graph(itgc_graph *graph, const itgc_quantize_options *options);

/* What the ops' quantize callbacks call. */

/* Appends a step; params are copied. Inputs that are NULL are unused; rows as itg_step.rows. */
itgc_step *itgc_add_step(itgc_quantizer *quantizer, const itgc_step_kind *kind, const void *params, itgc_node *node, itgc_tensor *const *in,
                         int in_count, itgc_tensor *out, uint32_t rows);

/* Registers a constant array so that emit prints it; returns bytes (already in the graph's arena). */
const void *itgc_keep_constant(itgc_quantizer *quantizer, const char *suffix, const void *bytes, int element_bytes, bool is_signed, size_t count);

/* A new tensor between steps of one node, with this format. */
itgc_tensor *itgc_new_step_tensor(itgc_quantizer *quantizer, const char *name, const itgc_shape *shape, const itgc_format *format);

/* The tensor with the same codes as 8-bit ITG_S8: the tensor itself, or a new one behind a lookup step if it is stored as ITG_U8. */
itgc_tensor *itgc_signed_input(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *tensor);

/* Where node's result really goes: its own output, or the fused activation's. */
itgc_tensor *itgc_result_of(const itgc_node *node);

/* real ratio → requantization constants: multiplier in [2^29, 2^30) at the largest of `count` ratios, shift h and left n per tensor
 * (numerics.md 1). max_acc: proven bound of |acc|, for the left form. ratios may be negative (PRelu). False with error 401 if a ratio
 * cannot be represented. */
bool itgc_choose_multipliers(itgc_diag *diag, const double *ratios, int64_t count, int64_t max_acc, int32_t *multipliers, uint8_t *shift,
                             uint8_t *left);

/* Clamp bounds, in codes of `format`, of a node's fused clamp activation (Relu, Clip); the type's full range without one. */
void itgc_clamp_bounds(const itgc_node *activation, const itgc_format *format, int32_t *low, int32_t *high);

/* Code of a real value in a format: round half away from zero, saturated. */
int32_t itgc_code_of(const itgc_format *format, double value);
int32_t itgc_lowest_code(itg_type type);
int32_t itgc_highest_code(itg_type type);

/* int8 weights of one output channel: scale by min-max or by error (options), at least |bias| / (s_x 2^30). codes in [-127,127]. */
double itgc_quantize_channel(const itgc_quantizer *quantizer, const float *weights, int64_t count, int64_t stride, double bias, double in_scale,
                             int8_t *codes);

#endif
