/* SPDX-License-Identifier: Apache-2.0
 * Lazily permuted tensors, for to_nhwc: the ONNX tensor t is base with its dimensions in another order, t.dim[i] = base.dim[perm[i]].
 * Transpose nodes only change views; data moves where a reader needs another order than the one there is. */
#ifndef ITGC_LOWER_LAYOUT_H
#define ITGC_LOWER_LAYOUT_H

#include "compiler/lower/edit.h"

typedef struct itgc_view {
    itgc_tensor *base;
    int64_t perm[ITGC_MAX_RANK];
} itgc_view;

typedef struct itgc_layout {
    itgc_graph *graph;
    itgc_view *views; /* by id of the tensors there were when the pass began */
    int view_count;
    struct itgc_moved *moved; /* what was brought into another order already */
    int moved_count, moved_capacity;
} itgc_layout;

void itgc_start_layout(itgc_layout *layout, itgc_graph *graph);

itgc_view *itgc_view_of(const itgc_layout *layout, const itgc_tensor *tensor);
/* The shape that the ONNX tensor has, whatever its base's order. */
itgc_shape itgc_view_shape(const itgc_view *view);
bool itgc_same_perm(const int64_t *a, const int64_t *b, int rank);
void itgc_identity_perm(int64_t *perm, int rank);
/* t.dim[i] = base.dim[perm[i]] for channels last: 0, rank-1, 1, 2, … */
void itgc_channels_last_perm(int64_t *perm, int rank);

/* The view's values in the order `want` as a tensor: the base itself, or what a Transpose, a Reshape (where only dimensions of size 1
 * move) or a constant's rearrangement gives; the same one for every reader. NULL with a diagnostic. */
itgc_tensor *itgc_bring(itgc_layout *layout, const itgc_view *view, const int64_t *want);
/* The same with leading dimensions of size 1 up to `rank`, for broadcasting; constants lose leading ones afterwards. */
itgc_tensor *itgc_bring_aligned(itgc_layout *layout, const itgc_view *view, int rank, const int64_t *want);

/* Input `index` of node reads its tensor in the order `want`. What the pass itself put there is in order already. */
bool itgc_bring_input(itgc_layout *layout, itgc_node *node, int index, const int64_t *want);
/* Node's output is from now on stored in this order. */
void itgc_store_output(itgc_layout *layout, itgc_node *node, const int64_t *perm);

/* How a Reshape of a view to out can run on the base: the base's new shape and the new view's perm. False if it cannot. */
bool itgc_map_reshape(const itgc_view *view, const itgc_shape *out, itgc_shape *base_shape, int64_t *perm);
/* The order closest to the base's in which it could. False if only the ONNX order will do. */
bool itgc_group_perm(const itgc_view *view, const itgc_shape *out, int64_t *perm);

/* Nodes with axes (layout_axis.c): Concat, Slice, Softmax, Reduce…, Pad, Gather, Resize, Expand, normalizations. *known: whether
 * node is one of them and was placed; the caller materialises it otherwise. */
bool itgc_place_attention(itgc_layout *layout, itgc_node *node, bool *known); /* layout_attention.c, one of them */
bool itgc_place_axis_node(itgc_layout *layout, itgc_node *node, bool *known);

#endif
