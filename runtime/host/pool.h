/* SPDX-License-Identifier: Apache-2.0
 * A small thread pool for hosted programs, outside the runtime's core: gives itg_exec its parallel_for.
 *
 *     itg_workers *workers = itg_start_workers(4);
 *     const itg_exec exec = {.parallel_for = itg_share_work, .pool = workers, .workers = itg_worker_count(workers)};
 *     itg_run_with(&model, &exec, arena);
 *     itg_stop_workers(workers); */
#ifndef ITG_HOST_POOL_H
#define ITG_HOST_POOL_H

#include <intaglio/intaglio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct itg_workers itg_workers;

/* count - 1 threads; the caller of itg_share_work is worker 0. Returns fewer workers if the system gives fewer threads, NULL only if it
 * gives no memory. */
itg_workers *itg_start_workers(uint32_t count);
uint32_t itg_worker_count(const itg_workers *workers);

/* An itg_parallel_for that never fails: task `index` runs on worker index % count. pool is an itg_workers; one caller at a time. Workers spin for a
 * moment after their last task, then sleep. */
bool itg_share_work(void *pool, uint32_t count, void (*task)(void *argument, uint32_t index, uint32_t worker), void *argument);

/* Waits for the threads to end and frees the pool. NULL is allowed. */
void itg_stop_workers(itg_workers *workers);

#ifdef __cplusplus
}
#endif
#endif
