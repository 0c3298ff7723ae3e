/* SPDX-License-Identifier: Apache-2.0
 * Walking several dense tensors side by side: broadcasting, transposing, slicing, reducing are all one walk over an index space with a
 * stride per operand. Dimensions that allow it are merged, so that the callers' loops run over long rows. Used by the ops' eval. */
#ifndef ITGC_WALK_H
#define ITGC_WALK_H

#include "compiler/graph/graph.h"

#define ITGC_WALK_RANK     16
#define ITGC_WALK_OPERANDS 8

/* Strides and offsets in elements. The innermost dimension, dim[rank - 1], is the row; rank >= 1 once started. */
typedef struct itgc_walk {
    int rank, operand_count;
    int64_t dim[ITGC_WALK_RANK];
    int64_t stride[ITGC_WALK_OPERANDS][ITGC_WALK_RANK];
    int64_t index[ITGC_WALK_RANK];
    int64_t offset[ITGC_WALK_OPERANDS]; /* of each operand at the start of the current row */
} itgc_walk;

/* A walk over an index space, with no operands yet. */
void itgc_init_walk(itgc_walk *walk, int rank, const int64_t *dim);
/* Adds an operand: given by strides from element `start` on, or dense, repeated by numpy's rule where a dimension is 1. */
void itgc_add_strided(itgc_walk *walk, const int64_t *stride, int64_t start);
void itgc_add_broadcast(itgc_walk *walk, const itgc_shape *shape);
/* Merges dimensions and goes to the first row; false if there are no elements at all. Then: do { … } while (itgc_next_row(walk)). */
bool itgc_first_row(itgc_walk *walk);
bool itgc_next_row(itgc_walk *walk);

/* stride[i] of a dense row-major tensor. */
void itgc_dense_strides(const itgc_shape *shape, int64_t *stride);

/* Bytes an element takes in memory, and where the elements are, whatever their type. */
size_t itgc_held_bytes(itgc_type type);
void *itgc_held_elements(const itgc_value *value);

/* Fills dense `out` (shape `dim` of the walk) from operand 0 of a walk with one operand over `in`; types equal. */
void itgc_copy_walk(itgc_value *out, const itgc_value *in, itgc_walk *walk);
/* All elements; the shapes may differ, the counts not. */
void itgc_copy_elements(itgc_value *out, const itgc_value *in);

/* Elements before and after an axis: a tensor seen as [outer][dim[axis]][inner]. */
int64_t itgc_outer_count(const itgc_shape *shape, int64_t axis);
int64_t itgc_inner_count(const itgc_shape *shape, int64_t axis);

#endif
