/* SPDX-License-Identifier: Apache-2.0
 * The compiler's one allocator: everything lives until its arena is released. Allocation never returns NULL: when memory or the
 * limit runs out the arena jumps to the place that armed it (docs/decisions/0003), as Lua does. */
#ifndef ITGC_ARENA_H
#define ITGC_ARENA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct itgc_arena itgc_arena;

/* A new root arena that may hold at most limit_bytes (0: no limit), children included. NULL if even that fails. */
itgc_arena *itgc_new_arena(size_t limit_bytes);

/* A child shares its parent's limit and escape, and is released with it or before. For memory whose life is shorter. */
itgc_arena *itgc_new_child_arena(itgc_arena *parent);
void itgc_release_arena(itgc_arena *arena);

/* Where to go when memory runs out: `if (setjmp(*itgc_arm_arena(a))) { out of memory }`. Entry points of compile.c arm it, nobody else;
 * they disarm it before they return. */
jmp_buf *itgc_arm_arena(itgc_arena *arena);
void itgc_disarm_arena(itgc_arena *arena);
bool itgc_is_armed(const itgc_arena *arena);

/* Fails the n-th allocation from now on (0: never): the allocation-failure mode of the tests. */
void itgc_fail_allocation(itgc_arena *arena, uint64_t n);

/* From now on every request of the family has a block of its own, exactly as long, whose end sanitizers watch: for tests. */
void itgc_cut_apart(itgc_arena *arena);

/* bytes of zeroed memory, aligned to 64. Overflowing count * size counts as out of memory. */
void *itgc_alloc(itgc_arena *arena, size_t bytes);
void *itgc_alloc_array(itgc_arena *arena, size_t count, size_t size);
char *itgc_copy_string(itgc_arena *arena, const char *text);
char *itgc_copy_bytes(itgc_arena *arena, const void *bytes, size_t count); /* with a NUL behind */
char *itgc_sprint(itgc_arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *itgc_sprint_list(itgc_arena *arena, const char *format, va_list list) __attribute__((format(printf, 2, 0)));

/* Room for a resource that is no memory of an arena (an open file, a parsed document): release is called with what stands there, unless it
 * is NULL, when the arena is released, also after memory ran out. Taken before the resource is opened; set to NULL once it is closed. */
void **itgc_own(itgc_arena *arena, void (*release)(void *resource));

/* Most bytes held at any time by this root and its children. */
size_t itgc_arena_peak(const itgc_arena *arena);

#define ITGC_NEW(arena, type)              ((type *)itgc_alloc((arena), sizeof(type)))
#define ITGC_NEW_ARRAY(arena, type, count) ((type *)itgc_alloc_array((arena), (size_t)(count), sizeof(type)))

/* Growable array of pointers: itgc_push(arena, (void ***)&list, &count, &capacity, item) doubles the room when needed. */
void itgc_push(itgc_arena *arena, void ***list, int *count, int *capacity, void *item);

#endif
