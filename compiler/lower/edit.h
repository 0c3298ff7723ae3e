/* SPDX-License-Identifier: Apache-2.0
 * What the passes share: matching and editing a graph while tensor->uses stays true. A pass starts with uses filled (lower.c does that)
 * and edits only through these; nodes it detaches are taken out, and nodes it makes are put in order, when the pass ends. */
#ifndef ITGC_LOWER_EDIT_H
#define ITGC_LOWER_EDIT_H

#include "compiler/graph/graph.h"
#include "compiler/ops/op.h"

/* Whether node (may be NULL or detached) is of this ONNX op. */
bool itgc_is_op(const itgc_node *node, const char *type);
/* The producer of tensor if it is of this op, else NULL. */
itgc_node *itgc_producer_of(const itgc_tensor *tensor, const char *type);
/* The one node that reads tensor, once; NULL if there are several, none, or tensor is a graph output. */
itgc_node *itgc_only_reader(const itgc_tensor *tensor);
/* Whether tensor is a float constant. */
bool itgc_is_weights(const itgc_tensor *tensor);
/* Whether tensor is a float constant all of whose elements are equal; *value is that element. */
bool itgc_is_scalar(const itgc_tensor *tensor, double *value);
/* |a - b| <= 1e-4 |b|: constants of patterns, as exporters round them. */
bool itgc_is_about(double a, double b);
/* Elements before dimension `axis`, and from there on: products of dims. */
int64_t itgc_elements_before(const itgc_shape *shape, int axis);
int64_t itgc_elements_after(const itgc_shape *shape, int axis);

/* New constants. *values is where to put the floats. */
itgc_tensor *itgc_make_weights(itgc_graph *graph, const char *name, const itgc_shape *shape, float **values);
itgc_tensor *itgc_make_scalar(itgc_graph *graph, const char *name, double value);
itgc_tensor *itgc_make_ints(itgc_graph *graph, const char *name, const int64_t *values, int count);

/* Reads inputs[0..] and writes one new float tensor called `name`, whose shape itgc_infer_node sets once params are filled. */
itgc_node *itgc_insert_node(itgc_graph *graph, const char *type, const char *name, itgc_tensor *const *in, int in_count);
/* Whole small nodes with their shapes; each returns its output, NULL with a diagnostic. */
itgc_tensor *itgc_insert_reshape(itgc_graph *graph, const char *name, itgc_tensor *in, const itgc_shape *shape);
itgc_tensor *itgc_insert_transpose(itgc_graph *graph, const char *name, itgc_tensor *in, const int64_t *perm);
itgc_tensor *itgc_insert_binary(itgc_graph *graph, const char *type, const char *name, itgc_tensor *a, itgc_tensor *b);
itgc_tensor *itgc_insert_unary(itgc_graph *graph, const char *type, const itgc_unary_params *params, const char *name, itgc_tensor *in);
/* One node for a chain of functions, which is copied. */
itgc_tensor *itgc_insert_function(itgc_graph *graph, const itgc_chain *chain, const char *name, itgc_tensor *in);
itgc_tensor *itgc_insert_global_mean(itgc_graph *graph, const char *name, itgc_tensor *in, bool channels_last);
itgc_tensor *itgc_insert_slice(itgc_graph *graph, const char *name, itgc_tensor *in, int64_t axis, int64_t start, int64_t end);

/* Makes input `index` of node read `tensor` (NULL: left out). The index may be in_count: the node gains an input. */
void itgc_set_input(itgc_graph *graph, itgc_node *node, int index, itgc_tensor *tensor);
/* All reads of `from`, graph outputs included, go to `to`, which takes over the output's name. False, and nothing is done, where a graph
 * input, a constant or another output would have to become that output. */
bool itgc_redirect(itgc_graph *graph, itgc_tensor *from, itgc_tensor *to);
/* Whether itgc_redirect would. */
bool itgc_can_redirect(const itgc_tensor *from, const itgc_tensor *to);
/* Takes node out of the graph's data flow: it reads nothing any more. */
void itgc_detach(itgc_graph *graph, itgc_node *node);
/* redirect + detach: node's first output is replaced by `to`; a node made for that takes over the name. */
bool itgc_replace_node(itgc_graph *graph, itgc_node *node, itgc_tensor *to);

/* The permutation of a Transpose node (spelled out or ONNX's default). */
void itgc_read_perm(const itgc_node *node, int64_t *perm);

#endif
