/* SPDX-License-Identifier: Apache-2.0
 * The passes of lower.c, one file each. Every pass gets a sorted graph with shapes known and uses filled, and may leave dead nodes, nodes
 * out of order and shapes that follow from others: lower.c cleans up behind it. False with a diagnostic. */
#ifndef ITGC_LOWER_PASSES_H
#define ITGC_LOWER_PASSES_H

#include "compiler/lower/lower.h"

bool itgc_single_precision(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_expand_quantized(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_adopt_formats(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_drop_identity(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_normalize_arithmetic(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_normalize_shape(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_expand_einsum(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_normalize_linear(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fuse_patterns(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fuse_normalization(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fuse_movement(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fold_movement(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_merge_branches(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_split_linear(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_mark_gates(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_absorb_affine(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fuse_attention(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fuse_pad(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fold_input(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fold_batchnorm(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fold_functions(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_expand_attention(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_expand_arithmetic(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_expand_spatial(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_expand_picks(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_unit_height(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_raise_activation(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_to_nhwc(itgc_graph *graph, const itgc_lower_options *options);
bool itgc_fuse_activation(itgc_graph *graph, const itgc_lower_options *options);

/* After all passes (names.c): every name finds the tensor that holds that ONNX tensor's values, in whatever layout, or none. */
void itgc_settle_names(itgc_graph *graph);

#endif
