/* SPDX-License-Identifier: Apache-2.0
 * Which channels of which tensors can only be scaled together, and which not at all: what equalize.c scales by. */
#ifndef ITGC_CHANNELS_H
#define ITGC_CHANNELS_H

#include "compiler/graph/graph.h"

typedef struct itgc_channels {
    const itgc_graph *graph;
    int64_t *first; /* by tensor id: its channels are first .. first + count - 1 */
    int64_t *count; /* last dimension; 0: constants and what is not float */
    int64_t *parent;
    bool *fixed; /* at roots: cannot be scaled */
    int64_t total;
} itgc_channels;

/* Channels are the last dimension. Scaling by positive factors commutes with sums, maxima, means, Relu and moves; layers by constants take
 * any factors in and give any out; everything else fixes what it reads and writes, as inputs and outputs of the graph are. */
void itgc_tie_channels(itgc_arena *arena, const itgc_graph *graph, itgc_channels *channels);

/* The channel that stands for all tied to this one. */
int64_t itgc_root_of(const itgc_channels *channels, const itgc_tensor *tensor, int64_t channel);

/* Forbids to scale any channel of the tensor, NULL: of none. */
void itgc_fix_channels(const itgc_channels *channels, const itgc_tensor *tensor);

#endif
