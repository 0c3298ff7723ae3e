/* SPDX-License-Identifier: Apache-2.0
 * The quantize callbacks of the dictionary: lowered, measured node → runtime steps, one family a file (compiler/ops/<family>_quantize.c).
 * Op records point to them; each file also holds the step kind and field table of the runtime op it makes. */
#ifndef ITGC_QUANTIZERS_H
#define ITGC_QUANTIZERS_H

#include "compiler/ops/op.h"

/* All have the signature of itgc_op.quantize and fail with a 4xx naming what has no integer rule. */
bool itgc_quantize_conv(struct itgc_quantizer *quantizer, itgc_node *node);      /* Conv, grouped and depthwise → itg_conv, itg_depthwise */
bool itgc_quantize_gemm(struct itgc_quantizer *quantizer, itgc_node *node);      /* Gemm by a constant → itg_conv */
bool itgc_quantize_matmul(struct itgc_quantizer *quantizer, itgc_node *node);    /* MatMul of two activations → itg_matmul */
bool itgc_quantize_batchnorm(struct itgc_quantizer *quantizer, itgc_node *node); /* one left alone → itg_depthwise */
bool itgc_quantize_pool(struct itgc_quantizer *quantizer, itgc_node *node);      /* → itg_pool, itg_reduce */
bool itgc_quantize_reduce(struct itgc_quantizer *quantizer, itgc_node *node);    /* ReduceMean, ReduceSum, ReduceMax → itg_reduce, itg_pool */
bool itgc_quantize_binary(struct itgc_quantizer *quantizer, itgc_node *node);    /* → itg_add, itg_mul, itg_div, itg_depthwise */
bool itgc_quantize_unary(struct itgc_quantizer *quantizer, itgc_node *node);     /* → itg_lookup, itg_rescale */
bool itgc_quantize_softmax(struct itgc_quantizer *quantizer, itgc_node *node);   /* → itg_softmax */
bool itgc_quantize_layernorm(struct itgc_quantizer *quantizer, itgc_node *node); /* LayerNormalization, RMSNormalization → itg_normalize */
bool itgc_quantize_groupnorm(struct itgc_quantizer *quantizer, itgc_node *node); /* and InstanceNormalization → itg_normalize */
bool itgc_quantize_lpnorm(struct itgc_quantizer *quantizer, itgc_node *node);    /* → itg_normalize */
bool itgc_quantize_mvn(struct itgc_quantizer *quantizer, itgc_node *node);       /* MeanVarianceNormalization → itg_normalize */
bool itgc_quantize_lrn(struct itgc_quantizer *quantizer, itgc_node *node);       /* → itg_lrn */
bool itgc_quantize_concat(struct itgc_quantizer *quantizer, itgc_node *node);    /* → itg_copy */
bool itgc_quantize_slice(struct itgc_quantizer *quantizer, itgc_node *node);     /* → itg_copy */
bool itgc_quantize_split(struct itgc_quantizer *quantizer, itgc_node *node);     /* → itg_copy */
bool itgc_quantize_transpose(struct itgc_quantizer *quantizer, itgc_node *node); /* → itg_copy */
bool itgc_quantize_expand(struct itgc_quantizer *quantizer, itgc_node *node);    /* → itg_copy */
bool itgc_quantize_alias(struct itgc_quantizer *quantizer, itgc_node *node);     /* Reshape, Flatten, Squeeze, Unsqueeze, Identity: no step */
bool itgc_quantize_gather(struct itgc_quantizer *quantizer, itgc_node *node);    /* Gather by constants → itg_gather */
bool itgc_quantize_pad(struct itgc_quantizer *quantizer, itgc_node *node);       /* → itg_gather per axis */
bool itgc_quantize_resize(struct itgc_quantizer *quantizer, itgc_node *node);    /* nearest → itg_gather per axis */

/* The kinds of runtime steps, for tests and for files that make another file's step. */
extern const itgc_step_kind itgc_step_conv, itgc_step_depthwise, itgc_step_pool, itgc_step_reduce, itgc_step_add, itgc_step_mul, itgc_step_lookup,
    itgc_step_rescale, itgc_step_copy, itgc_step_gather, itgc_step_softmax, itgc_step_normalize, itgc_step_lrn, itgc_step_div, itgc_step_matmul;

#endif
