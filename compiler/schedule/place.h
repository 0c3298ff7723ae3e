/* SPDX-License-Identifier: Apache-2.0
 * Placement: blocks with a size and a span of steps → offsets such that no two blocks that live at once overlap.
 * One function type, so that schedule can be given another placer; called by arena.c and the tests. */
#ifndef ITGC_PLACE_H
#define ITGC_PLACE_H

#include "compiler/base/arena.h"

#include <stdbool.h>

/* Bytes that must stay untouched by others from the start of first_step to the end of last_step. */
typedef struct itgc_block {
    uint64_t bytes;
    int first_step, last_step;
    struct itgc_block *next; /* lies at this one's offset when this one has ended, and is no larger; NULL: none */
    bool is_next;            /* of some other block */
    uint64_t offset;         /* the placer's answer, a multiple of align */
} itgc_block;

/* Fills the offsets; returns the end of the highest block. scratch: for the placer's own tables. */
typedef uint64_t itgc_placer(itgc_arena *scratch, itgc_block *blocks, int count, uint32_t align);

/* Largest block first, each at the lowest place that is free during its life. */
itgc_placer itgc_place_first_fit;

/* Most bytes that live at once: no placement needs less. */
uint64_t itgc_place_lower_bound(itgc_arena *scratch, const itgc_block *blocks, int count);

#endif
