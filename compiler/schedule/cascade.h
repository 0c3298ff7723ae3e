/* SPDX-License-Identifier: Apache-2.0
 * Cascades: steps of which each alone reads what the one before it writes, in one step that computes some rows at a time. What the files that make
 * them offer one another. */
#ifndef ITGC_SCHEDULE_CASCADE_H
#define ITGC_SCHEDULE_CASCADE_H

#include "compiler/schedule/parts.h"

/* Two steps that may follow one another in a cascade, by their indices in the list. */
typedef struct itgc_edge {
    int from, to;
    int operand;       /* of a sum: which one `from` writes */
    bool is_preferred; /* where the arena is as large without it */
    bool is_costly;    /* more time than steps of their own: only where memory would not do */
} itgc_edge;

/* edges.c: the step that may come before step `to`. False if there is none. */
bool itgc_find_edge(const itgc_graph *graph, int to, itgc_edge *edge);

/* cascade.c: the step that stands for these, first to last; operand: of each that is a sum, which one the tier before it writes (of the first: 0). */
itgc_step *itgc_make_cascade(const itgc_graph *graph, itgc_step *const *steps, const int *operand, int count);

/* What params of convolutions, depthwise ones and poolings begin with (plan.h). */
typedef struct itgc_windows {
    int32_t in[3], out[3], kernel[2], stride[2], dilation[2], before[2];
} itgc_windows;

/* cascade.c: those of a step; of a sum or a mean over the image those of single pixels, of a mean no results but a row for each that it reads. */
itgc_windows itgc_windows_of(const itgc_step *step);

#endif
