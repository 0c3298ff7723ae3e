/* SPDX-License-Identifier: Apache-2.0
 * Splits independent tasks over threads in the host tools. Only for work whose result cannot depend on the split. */
#ifndef ITGC_PARALLEL_H
#define ITGC_PARALLEL_H

#include <stdint.h>

/* Calls task(argument, begin, end) on pieces of [0, count) on up to `threads` threads and waits. Tasks must not allocate from an arena. */
void itgc_parallel(int threads, int64_t count, void (*task)(void *argument, int64_t begin, int64_t end), void *argument);

/* Threads for so many multiplications or similar: one where starting others, or waiting for them on a busy machine, takes longer. */
int itgc_useful_threads(int threads, int64_t work);

#endif
