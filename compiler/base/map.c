/* SPDX-License-Identifier: Apache-2.0
 * Names to pointers by open addressing; at most half of the slots are taken. */
#include "compiler/base/map.h"

#include <string.h>

typedef struct slot {
    const char *key;
    void *value;
    uint64_t hash;
} slot;

struct itgc_map {
    itgc_arena *arena;
    slot *slots;
    size_t count, capacity; /* capacity: a power of two */
};

/* FNV-1a, with the high half folded in because slots are picked by the low bits. */
static uint64_t hash_text(const char *text)
{
    uint64_t hash = 14695981039346656037u;
    for (const char *c = text; *c != '\0'; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    return hash ^ (hash >> 32);
}

static slot *find_slot(const itgc_map *map, const char *key, uint64_t hash)
{
    for (size_t i = (size_t)hash & (map->capacity - 1);; i = (i + 1) & (map->capacity - 1)) {
        slot *const found = &map->slots[i];
        if (found->key == NULL || (found->hash == hash && strcmp(found->key, key) == 0))
            return found;
    }
}

static void set_capacity(itgc_map *map, size_t capacity)
{
    const slot *const old = map->slots;
    const size_t old_capacity = map->capacity;
    map->slots = itgc_alloc_array(map->arena, capacity, sizeof *map->slots);
    map->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key != NULL)
            *find_slot(map, old[i].key, old[i].hash) = old[i];
}

itgc_map *itgc_new_map(itgc_arena *arena)
{
    itgc_map *const map = ITGC_NEW(arena, itgc_map);
    map->arena = arena;
    set_capacity(map, 16);
    return map;
}

void *itgc_find_in_map(const itgc_map *map, const char *key)
{
    return find_slot(map, key, hash_text(key))->value;
}

void itgc_put_in_map(itgc_map *map, const char *key, void *value)
{
    if (map->count * 2 >= map->capacity)
        set_capacity(map, map->capacity * 2);
    const uint64_t hash = hash_text(key);
    slot *const place = find_slot(map, key, hash);
    if (place->key == NULL) {
        place->key = key;
        place->hash = hash;
        map->count++;
    }
    place->value = value;
}
