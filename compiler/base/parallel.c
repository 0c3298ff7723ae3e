/* SPDX-License-Identifier: Apache-2.0
 * Splits [0, count) into equal ranges, one a thread; the caller's thread takes the first. Threads live for one call: the tasks are
 * milliseconds long. Where a thread cannot be had, the caller does its share. */
#include "compiler/base/parallel.h"

#include <pthread.h>
#include <stdbool.h>

#define MAX_THREADS 64
#define FEWEST_WORK ((int64_t)1 << 22) /* a few hundred microseconds of float */

typedef struct share {
    void (*task)(void *argument, int64_t begin, int64_t end);
    void *argument;
    int64_t begin, end;
    pthread_t thread;
    bool started;
} share;

static void *run_share(void *argument)
{
    const share *own = argument;
    own->task(own->argument, own->begin, own->end);
    return NULL;
}

void itgc_parallel(int threads, int64_t count, void (*task)(void *argument, int64_t begin, int64_t end), void *argument)
{
    share shares[MAX_THREADS];
    const int64_t wanted = threads < MAX_THREADS ? threads : MAX_THREADS;
    const int64_t pieces = wanted < count ? wanted : count;
    if (pieces <= 1) {
        if (count > 0) {
            task(argument, 0, count);
        }
        return;
    }
    for (int64_t i = 0; i < pieces; i++) {
        shares[i] = (share){.task = task, .argument = argument, .begin = count * i / pieces, .end = count * (i + 1) / pieces};
        shares[i].started = i > 0 && pthread_create(&shares[i].thread, NULL, run_share, &shares[i]) == 0;
    }
    for (int64_t i = 0; i < pieces; i++) {
        if (!shares[i].started) {
            run_share(&shares[i]);
        }
    }
    for (int64_t i = 0; i < pieces; i++) {
        if (shares[i].started) {
            pthread_join(shares[i].thread, NULL);
        }
    }
}

int itgc_useful_threads(int threads, int64_t work)
{
    return work < FEWEST_WORK || threads < 1 ? 1 : threads;
}
