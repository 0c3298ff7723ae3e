/* SPDX-License-Identifier: Apache-2.0
 * Kahn's algorithm with a heap of ready items, so that a list already in order stays as it is. */
#include "compiler/base/order.h"

#include <string.h>

void itgc_add_edge(itgc_arena *arena, itgc_edges *edges, int before, int after)
{
    if (edges->count == edges->capacity) {
        const int room = edges->capacity == 0 ? 64 : edges->capacity * 2;
        int *const grown = ITGC_NEW_ARRAY(arena, int, 2 * (size_t)room);
        if (edges->count != 0) {
            memcpy(grown, edges->before, (size_t)edges->count * sizeof *grown);
            memcpy(grown + room, edges->after, (size_t)edges->count * sizeof *grown);
        }
        edges->before = grown;
        edges->after = grown + room;
        edges->capacity = room;
    }
    edges->before[edges->count] = before;
    edges->after[edges->count++] = after;
}

static void push_heap(int *heap, int *size, int item)
{
    int at = (*size)++;
    for (; at > 0 && heap[(at - 1) / 2] > item; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = item;
}

static int pop_heap(int *heap, int *size)
{
    const int least = heap[0], moved = heap[--*size];
    int at = 0;
    for (int child = 1; child < *size; child = 2 * at + 1) {
        if (child + 1 < *size && heap[child + 1] < heap[child])
            child++;
        if (heap[child] >= moved)
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = moved;
    return least;
}

/* begin[i] .. begin[i + 1]: the followers of item i in the returned list. */
static int *group_followers(itgc_arena *scratch, const itgc_edges *edges, int count, int *begin)
{
    int *const followers = ITGC_NEW_ARRAY(scratch, int, edges->count);
    int *const filled = ITGC_NEW_ARRAY(scratch, int, count);
    for (int i = 0; i < edges->count; i++)
        begin[edges->before[i] + 1]++;
    for (int i = 0; i < count; i++)
        begin[i + 1] += begin[i];
    for (int i = 0; i < edges->count; i++)
        followers[begin[edges->before[i]] + filled[edges->before[i]]++] = edges->after[i];
    return followers;
}

/* Every item still waiting waits for another one still waiting: walking back as many steps as there are items ends on a cycle. */
static int find_cycle(itgc_arena *scratch, const itgc_edges *edges, int count, const int *waiting)
{
    int *const waits_for = ITGC_NEW_ARRAY(scratch, int, count);
    int item = -1;
    for (int i = 0; i < edges->count; i++)
        if (waiting[edges->before[i]] > 0 && waiting[edges->after[i]] > 0) {
            waits_for[edges->after[i]] = edges->before[i];
            item = edges->after[i];
        }
    for (int i = 0; i < count; i++)
        item = waits_for[item];
    return item;
}

int itgc_find_order(itgc_arena *scratch, const itgc_edges *edges, int count, int *order)
{
    int *const begin = ITGC_NEW_ARRAY(scratch, int, (size_t)count + 1);
    const int *const followers = group_followers(scratch, edges, count, begin);
    int *const waiting = ITGC_NEW_ARRAY(scratch, int, count);
    int *const heap = ITGC_NEW_ARRAY(scratch, int, count);
    int ready = 0, done = 0;
    for (int i = 0; i < edges->count; i++)
        waiting[edges->after[i]]++;
    for (int i = 0; i < count; i++)
        if (waiting[i] == 0)
            push_heap(heap, &ready, i);
    while (ready > 0) {
        const int item = pop_heap(heap, &ready);
        order[done++] = item;
        for (int i = begin[item]; i < begin[item + 1]; i++)
            if (--waiting[followers[i]] == 0)
                push_heap(heap, &ready, followers[i]);
    }
    return done == count ? -1 : find_cycle(scratch, edges, count, waiting);
}
