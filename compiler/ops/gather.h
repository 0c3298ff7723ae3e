/* SPDX-License-Identifier: Apache-2.0
 * Index arithmetic that gathering and scattering share. Both fail with error 218 for an index outside its dimension. */
#ifndef ITGC_GATHER_H
#define ITGC_GATHER_H

#include "compiler/ops/op.h"

/* Counts a negative index from the end. */
bool itgc_resolve_index(itgc_diag *diag, int64_t *index, int64_t dim);

/* The row number of an index tuple over dimensions [first, first + depth) of shape. */
bool itgc_resolve_tuple(itgc_diag *diag, const itgc_shape *shape, int first, const int64_t *tuple, int depth, int64_t *row);

#endif
