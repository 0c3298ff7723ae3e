/* SPDX-License-Identifier: Apache-2.0
 * Arenas: lists of zeroed chunks. Small requests are cut from the newest chunk, large ones get a chunk of their own, so that releasing a
 * child gives large blocks back at once. The root counts every chunk of its family against one limit. */
#include "compiler/base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT     ((size_t)64)
#define FIRST_CHUNK   ((size_t)4096)
#define LARGEST_CHUNK ((size_t)262144)

typedef struct chunk {
    struct chunk *next;
    size_t held_bytes;
} chunk;

_Static_assert(sizeof(chunk) <= ALIGNMENT, "a chunk's head fits before its first aligned byte");

typedef struct owned {
    struct owned *next;
    void (*release)(void *resource);
    void *resource;
} owned;

struct itgc_arena {
    itgc_arena *root, *parent;
    itgc_arena *first_child, *next_sibling, *previous_sibling;
    chunk *chunks;
    owned *resources;
    uint8_t *free_begin, *free_end; /* what is left of the newest shared chunk */
    size_t next_chunk_bytes;
    /* Of roots only: */
    size_t limit_bytes, held_bytes, peak_bytes;
    uint64_t fail_countdown;
    bool is_apart;
    bool is_armed;
    jmp_buf escape;
};

static itgc_arena *new_arena(void)
{
    itgc_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->root = arena;
        arena->next_chunk_bytes = FIRST_CHUNK;
    }
    return arena;
}

itgc_arena *itgc_new_arena(size_t limit_bytes)
{
    itgc_arena *arena = new_arena();
    if (arena != NULL)
        arena->limit_bytes = limit_bytes;
    return arena;
}

/* An unarmed arena that runs out is a mistake of ours: there is nowhere to go. */
static void run_out(itgc_arena *root)
{
    if (!root->is_armed)
        abort();
    longjmp(root->escape, 1);
}

static void count_allocation(itgc_arena *root)
{
    if (root->fail_countdown != 0 && --root->fail_countdown == 0)
        run_out(root);
}

itgc_arena *itgc_new_child_arena(itgc_arena *parent)
{
    count_allocation(parent->root);
    itgc_arena *arena = new_arena();
    if (arena == NULL)
        run_out(parent->root);
    arena->root = parent->root;
    arena->parent = parent;
    arena->next_sibling = parent->first_child;
    if (arena->next_sibling != NULL)
        arena->next_sibling->previous_sibling = arena;
    parent->first_child = arena;
    return arena;
}

static void unlink_arena(itgc_arena *arena)
{
    if (arena->previous_sibling != NULL)
        arena->previous_sibling->next_sibling = arena->next_sibling;
    else if (arena->parent != NULL)
        arena->parent->first_child = arena->next_sibling;
    if (arena->next_sibling != NULL)
        arena->next_sibling->previous_sibling = arena->previous_sibling;
}

static void free_one(itgc_arena *arena)
{
    unlink_arena(arena);
    for (const owned *own = arena->resources; own != NULL; own = own->next)
        if (own->resource != NULL)
            own->release(own->resource);
    while (arena->chunks != NULL) {
        chunk *const first = arena->chunks;
        arena->chunks = first->next;
        arena->root->held_bytes -= first->held_bytes;
        free(first);
    }
    free(arena);
}

void itgc_release_arena(itgc_arena *arena)
{
    if (arena == NULL)
        return;
    itgc_arena *current = arena;
    for (;;) { /* leaves first */
        while (current->first_child != NULL)
            current = current->first_child;
        itgc_arena *const parent = current->parent;
        const bool is_last = current == arena;
        free_one(current);
        if (is_last)
            return;
        current = parent;
    }
}

jmp_buf *itgc_arm_arena(itgc_arena *arena)
{
    arena->root->is_armed = true;
    return &arena->root->escape;
}

void itgc_disarm_arena(itgc_arena *arena)
{
    arena->root->is_armed = false;
}

bool itgc_is_armed(const itgc_arena *arena)
{
    return arena->root->is_armed;
}

void itgc_fail_allocation(itgc_arena *arena, uint64_t n)
{
    arena->root->fail_countdown = n;
}

void itgc_cut_apart(itgc_arena *arena)
{
    arena->root->is_apart = true;
}

static uint8_t *align_pointer(uint8_t *pointer)
{
    const uintptr_t rest = (uintptr_t)pointer % ALIGNMENT;
    return rest == 0 ? pointer : pointer + (ALIGNMENT - rest);
}

/* Zeroed; aligned, so that what follows one chunk and its alignment ends where the memory does, if requests are apart. */
static chunk *reserve_chunk(const itgc_arena *root, size_t held)
{
    if (!root->is_apart)
        return calloc(1, held);
    void *memory = NULL;
    if (posix_memalign(&memory, ALIGNMENT, held) != 0)
        return NULL;
    return memset(memory, 0, held);
}

/* A chunk with `bytes` usable bytes; where they start. */
static uint8_t *add_chunk(itgc_arena *arena, size_t bytes)
{
    itgc_arena *const root = arena->root;
    if (bytes > SIZE_MAX - sizeof(chunk) - ALIGNMENT)
        run_out(root);
    const size_t held = bytes + ALIGNMENT + (root->is_apart ? 0 : sizeof(chunk));
    if (held > SIZE_MAX - root->held_bytes || (root->limit_bytes != 0 && root->held_bytes + held > root->limit_bytes))
        run_out(root);
    chunk *const added = reserve_chunk(root, held);
    if (added == NULL)
        run_out(root);
    added->held_bytes = held;
    added->next = arena->chunks;
    arena->chunks = added;
    root->held_bytes += held;
    if (root->held_bytes > root->peak_bytes)
        root->peak_bytes = root->held_bytes;
    return align_pointer((uint8_t *)(added + 1));
}

void *itgc_alloc(itgc_arena *arena, size_t bytes)
{
    count_allocation(arena->root);
    if (bytes > SIZE_MAX - ALIGNMENT)
        run_out(arena->root);
    if (arena->root->is_apart)
        return add_chunk(arena, bytes);
    const size_t rounded = bytes == 0 ? ALIGNMENT : (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded > arena->next_chunk_bytes / 4 && rounded > (size_t)(arena->free_end - arena->free_begin))
        return add_chunk(arena, rounded);
    if (rounded > (size_t)(arena->free_end - arena->free_begin)) {
        arena->free_begin = add_chunk(arena, arena->next_chunk_bytes);
        arena->free_end = arena->free_begin + arena->next_chunk_bytes;
        if (arena->next_chunk_bytes < LARGEST_CHUNK)
            arena->next_chunk_bytes *= 2;
    }
    void *const result = arena->free_begin;
    arena->free_begin += rounded;
    return result;
}

void **itgc_own(itgc_arena *arena, void (*release)(void *resource))
{
    owned *const own = ITGC_NEW(arena, owned);
    own->release = release;
    own->next = arena->resources;
    arena->resources = own;
    return &own->resource;
}

void *itgc_alloc_array(itgc_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        run_out(arena->root);
    return itgc_alloc(arena, count * size);
}

char *itgc_copy_bytes(itgc_arena *arena, const void *bytes, size_t count)
{
    if (count == SIZE_MAX)
        run_out(arena->root);
    char *const copy = itgc_alloc(arena, count + 1);
    if (count != 0)
        memcpy(copy, bytes, count);
    return copy;
}

char *itgc_copy_string(itgc_arena *arena, const char *text)
{
    return itgc_copy_bytes(arena, text, strlen(text));
}

char *itgc_sprint(itgc_arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *const text = itgc_sprint_list(arena, format, list);
    va_end(list);
    return text;
}

char *itgc_sprint_list(itgc_arena *arena, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    const int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    const size_t room = length < 0 ? 1 : (size_t)length + 1;
    char *const text = itgc_alloc(arena, room);
    (void)vsnprintf(text, room, format, list);
    return text;
}

size_t itgc_arena_peak(const itgc_arena *arena)
{
    return arena->root->peak_bytes;
}

void itgc_push(itgc_arena *arena, void ***list, int *count, int *capacity, void *item)
{
    if (*count == *capacity) {
        const int room = *capacity == 0 ? 8 : *capacity <= 1 << 29 ? *capacity * 2 : 0;
        if (room == 0)
            run_out(arena->root);
        void **const grown = itgc_alloc_array(arena, (size_t)room, sizeof *grown);
        if (*count != 0)
            memcpy(grown, *list, (size_t)*count * sizeof *grown);
        *list = grown;
        *capacity = room;
    }
    (*list)[(*count)++] = item;
}
