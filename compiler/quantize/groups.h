/* SPDX-License-Identifier: Apache-2.0
 * Sets of tensors that share one format, while formats are being chosen: choose_format.c makes them, wide.c says which are int16. */
#ifndef ITGC_GROUPS_H
#define ITGC_GROUPS_H

#include "compiler/quantize/quantize.h"

/* Union-find over tensor ids; the other arrays are read at a group's root. */
typedef struct itgc_groups {
    itgc_quantizer *quantizer;
    int *parent;
    bool *wide;
    itgc_format *fixed; /* type 0: free */
} itgc_groups;

int itgc_group_of(const itgc_groups *groups, const itgc_tensor *tensor);

/* Makes the fused activation a node of its own. */
void itgc_free_activation(itgc_node *node);

/* prescribed.c: the formats that the file gives become fixed; notes about those that no tensor got in the end. */
void itgc_fix_prescribed(itgc_groups *groups);
void itgc_report_prescribed(const itgc_graph *graph);

/* wide.c: marks the groups of int16 tensors; frees fused tables whose result is one. */
void itgc_choose_wide(itgc_groups *groups);

/* terms.c: results of convolutions that only a sum reads become int16. */
void itgc_refine_terms(const itgc_groups *groups);

/* Largest code with which no consumer's sum can overflow 32 bits, if reals reach +-largest; 0 where that would cost more than a bit or two, so
 * that sums are 64 bits wide instead. */
bool itgc_choose_limit(const itgc_groups *groups, int root, double largest, int32_t *limit);

#endif
