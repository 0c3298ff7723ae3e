/* SPDX-License-Identifier: Apache-2.0
 * Picking positions along one axis by a table: what Pad, cropping and nearest Resize are made of. */
#ifndef ITGC_GATHER_AXIS_H
#define ITGC_GATHER_AXIS_H

#include "compiler/graph/graph.h"

/* A value of in's shape but `count` along axis, in arena: position i holds in's position table[i], or *fill (one element) where that is negative. */
itgc_value *itgc_gather_axis(itgc_arena *arena, const itgc_value *in, int axis, const int64_t *table, int64_t count, const void *fill);

#endif
