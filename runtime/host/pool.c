/* SPDX-License-Identifier: Apache-2.0
 * Threads that wait for a round of tasks: they spin (a step lasts microseconds, waking a sleeper costs several), then sleep.
 * A round has a number; a worker that sees a new number does its share and reports. Contract: pool.h. */
#include "runtime/host/pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    SPINS = 2000, /* checks before a waiting thread yields: some microseconds */
    YIELDS = 200  /* yields before it sleeps */
};

typedef struct worker_thread {
    struct itg_workers *workers;
    pthread_t thread;
    uint32_t number;
} worker_thread;

struct itg_workers {
    atomic_uint round; /* number of the current round */
    atomic_uint busy;  /* threads that have not finished it */
    atomic_bool stop;
    uint32_t count; /* workers that take part, the caller included */
    uint32_t task_count;
    void (*task)(void *argument, uint32_t index, uint32_t worker);
    void *argument;
    pthread_mutex_t lock; /* guards only the going to sleep */
    pthread_cond_t wake;
    worker_thread threads[]; /* count - 1 */
};

static void pause_thread(uint32_t turn)
{
    if (turn < SPINS)
        atomic_signal_fence(memory_order_seq_cst);
    else
        sched_yield();
}

static void sleep_until_round(struct itg_workers *workers, unsigned seen)
{
    pthread_mutex_lock(&workers->lock);
    while (atomic_load(&workers->round) == seen)
        pthread_cond_wait(&workers->wake, &workers->lock);
    pthread_mutex_unlock(&workers->lock);
}

static void await_round(struct itg_workers *workers, unsigned seen)
{
    for (uint32_t turn = 0; turn < SPINS + YIELDS; turn++) {
        if (atomic_load_explicit(&workers->round, memory_order_acquire) != seen)
            return;
        pause_thread(turn);
    }
    sleep_until_round(workers, seen);
}

static void do_share(const struct itg_workers *workers, uint32_t worker)
{
    for (uint32_t index = worker; index < workers->task_count; index += workers->count)
        workers->task(workers->argument, index, worker);
}

static void *serve_rounds(void *argument)
{
    const worker_thread *self = argument;
    struct itg_workers *workers = self->workers;
    for (unsigned seen = 0;; seen++) {
        await_round(workers, seen);
        if (atomic_load(&workers->stop))
            return NULL;
        do_share(workers, self->number);
        atomic_fetch_sub_explicit(&workers->busy, 1, memory_order_release);
    }
}

static void begin_round(struct itg_workers *workers)
{
    atomic_store(&workers->busy, workers->count - 1);
    pthread_mutex_lock(&workers->lock);
    atomic_fetch_add(&workers->round, 1);
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
}

itg_workers *itg_start_workers(uint32_t count)
{
    const uint32_t threads = count > 1 ? count - 1 : 0;
    itg_workers *workers = calloc(1, sizeof *workers + threads * sizeof workers->threads[0]);
    if (!workers)
        return NULL;
    atomic_init(&workers->round, 0);
    atomic_init(&workers->busy, 0);
    atomic_init(&workers->stop, false);
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    workers->count = 1;
    for (uint32_t i = 0; i < threads; i++) {
        worker_thread *thread = &workers->threads[i];
        thread->workers = workers;
        thread->number = i + 1;
        if (pthread_create(&thread->thread, NULL, serve_rounds, thread) != 0)
            break;
        workers->count++;
    }
    return workers;
}

uint32_t itg_worker_count(const itg_workers *workers)
{
    return workers->count;
}

bool itg_share_work(void *pool, uint32_t count, void (*task)(void *argument, uint32_t index, uint32_t worker), void *argument)
{
    struct itg_workers *workers = pool;
    workers->task_count = count;
    workers->task = task;
    workers->argument = argument;
    if (workers->count > 1)
        begin_round(workers);
    do_share(workers, 0);
    for (uint32_t turn = 0; atomic_load_explicit(&workers->busy, memory_order_acquire) != 0; turn++)
        pause_thread(turn);
    return true;
}

void itg_stop_workers(itg_workers *workers)
{
    if (!workers)
        return;
    atomic_store(&workers->stop, true);
    begin_round(workers);
    for (uint32_t i = 0; i + 1 < workers->count; i++)
        pthread_join(workers->threads[i].thread, NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}
