/* SPDX-License-Identifier: Apache-2.0
 * lowered graph + samples → measured graph: runs the float executor over the samples and records ranges of every tensor. */
#ifndef ITGC_MEASURE_H
#define ITGC_MEASURE_H

#include "compiler/graph/graph.h"
#include "compiler/measure/samples.h"

typedef struct itgc_progress {
    void (*report)(void *argument, const char *what, int64_t done, int64_t total);
    void *argument;
} itgc_progress;

/* sets: one per graph input. use (may be NULL): sample -> whether it counts (the gate keeps some out). */
bool itgc_measure_graph(itgc_graph *graph, itgc_samples *const *sets, bool (*use)(void *argument, int64_t index), void *argument, int threads,
                        const itgc_progress *progress);

/* A lowered graph whose file came quantized, without samples: ranges from the formats that the file prescribes, and measured from then on.
 * NULL; or, where a tensor has none, its name. */
const char *itgc_take_prescribed_ranges(itgc_graph *graph);

/* Ranges to and from a file (--save-calib, --calib FILE): text, exact. */
bool itgc_save_ranges(const itgc_graph *graph, const char *path);
bool itgc_load_ranges(itgc_graph *graph, const char *path);

#endif
