/* SPDX-License-Identifier: Apache-2.0
 * The float executor: runs a graph of level imported, lowered or measured, node by node, in double-checked fixed order; frees each value after
 * its last use. Deterministic: equal bits on every host and thread count. */
#ifndef ITGC_REFERENCE_H
#define ITGC_REFERENCE_H

#include "compiler/graph/graph.h"

typedef struct itgc_executor itgc_executor;

/* Plans lifetimes and allocates the buffers once; reused for every sample. Released with the graph's arena or by itgc_release_executor. */
itgc_executor *itgc_new_executor(const itgc_graph *graph, int threads);
void itgc_release_executor(itgc_executor *executor);

/* Keeps a tensor's value alive until the next run (graph outputs always are). */
void itgc_keep_value(itgc_executor *executor, const itgc_tensor *tensor);

/* inputs: one value per graph input. watch (may be NULL) sees every tensor as it is computed, inputs included. */
bool itgc_run_float(itgc_executor *executor, const itgc_value *const *inputs,
                    void (*watch)(void *argument, const itgc_tensor *tensor, const itgc_value *value), void *argument);

/* From the next run on change (NULL: nothing) may alter every value just computed, before any node reads it. */
void itgc_change_values(itgc_executor *executor, void (*change)(void *argument, const itgc_tensor *tensor, itgc_value *value), void *argument);

/* Value of a graph output or kept tensor after a run. */
const itgc_value *itgc_value_of(const itgc_executor *executor, const itgc_tensor *tensor);

#endif
