/* SPDX-License-Identifier: Apache-2.0
 * Topological order of numbered items: shared by the importer (names in a file) and the graph (nodes). */
#ifndef ITGC_ORDER_H
#define ITGC_ORDER_H

#include "compiler/base/arena.h"

/* Edges are pairs (before, after) of item numbers. */
typedef struct itgc_edges {
    int *before, *after;
    int count, capacity;
} itgc_edges;

void itgc_add_edge(itgc_arena *arena, itgc_edges *edges, int before, int after);

/* Fills order with 0 .. count-1 so that every `before` precedes its `after`, smallest numbers first where free. Returns -1, or an item
 * that lies on a cycle. */
int itgc_find_order(itgc_arena *scratch, const itgc_edges *edges, int count, int *order);

#endif
