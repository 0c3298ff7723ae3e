/* SPDX-License-Identifier: Apache-2.0
 * Names to pointers: a hash map with open addressing, so that looking up each of n names costs n steps, not n * n. Keys are not copied. */
#ifndef ITGC_MAP_H
#define ITGC_MAP_H

#include "compiler/base/arena.h"

typedef struct itgc_map itgc_map;

itgc_map *itgc_new_map(itgc_arena *arena);

/* NULL if the key is absent. */
void *itgc_find_in_map(const itgc_map *map, const char *key);

/* Adds or overwrites; value must not be NULL. */
void itgc_put_in_map(itgc_map *map, const char *key, void *value);

#endif
