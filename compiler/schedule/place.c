/* SPDX-License-Identifier: Apache-2.0
 * First-fit placement by decreasing size, and the lower bound it is measured against. Of blocks of one size the first to live goes first, or the
 * one that lives longest (a residual stream, around which the others have to fit) and then the last, whichever ends lower.
 * The order is total (size, then life or start, then index), so that equal inputs give equal addresses on every host. */
#include "compiler/schedule/place.h"

#include <stdlib.h>

typedef struct ranked_block {
    itgc_block *block;
    int life, start; /* of one size the larger life goes first, then the smaller start */
    int index;
} ranked_block;

static int compare_size(const void *left, const void *right)
{
    const ranked_block *a = left;
    const ranked_block *b = right;
    if (a->block->bytes != b->block->bytes) {
        return a->block->bytes > b->block->bytes ? -1 : 1;
    }
    if (a->life != b->life) {
        return a->life > b->life ? -1 : 1;
    }
    if (a->start != b->start) {
        return a->start < b->start ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

static uint64_t round_up(uint64_t value, uint32_t align)
{
    return (value + align - 1) / align * align;
}

/* The lowest gap among the placed blocks (sorted by offset), from `offset` on, that holds `block` during its life. */
static uint64_t find_gap(const itgc_block *block, uint64_t offset, itgc_block *const *placed, int count, uint32_t align)
{
    for (int i = 0; i < count; i++) {
        const itgc_block *other = placed[i];
        if (other->last_step < block->first_step || other->first_step > block->last_step) {
            continue;
        }
        if (offset + block->bytes <= other->offset) {
            break;
        }
        const uint64_t end = round_up(other->offset + other->bytes, align);
        offset = end > offset ? end : offset;
    }
    return offset;
}

/* The same for a block and those that follow it there. */
static uint64_t find_shared_gap(const itgc_block *first, itgc_block *const *placed, int count, uint32_t align)
{
    uint64_t offset = 0, before;
    do {
        before = offset;
        for (const itgc_block *block = first; block; block = block->next) {
            offset = find_gap(block, offset, placed, count, align);
        }
    } while (offset != before);
    return offset;
}

static void insert_by_offset(itgc_block **placed, int count, itgc_block *block)
{
    int i = count;
    for (; i > 0 && placed[i - 1]->offset > block->offset; i--) {
        placed[i] = placed[i - 1];
    }
    placed[i] = block;
}

/* Returns the end of the highest block. */
static uint64_t place_in_order(itgc_arena *scratch, itgc_block *blocks, int count, uint32_t align, bool by_life)
{
    ranked_block *order = ITGC_NEW_ARRAY(scratch, ranked_block, count);
    itgc_block **placed = ITGC_NEW_ARRAY(scratch, itgc_block *, count);
    for (int i = 0; i < count; i++) {
        const int life = blocks[i].last_step - blocks[i].first_step;
        order[i] = (ranked_block){&blocks[i], by_life ? life : 0, by_life ? -blocks[i].first_step : blocks[i].first_step, i};
    }
    qsort(order, (size_t)count, sizeof *order, compare_size);
    uint64_t end = 0;
    for (int i = 0, done = 0; i < count; i++) {
        if (order[i].block->is_next) {
            continue;
        }
        const uint64_t offset = find_shared_gap(order[i].block, placed, done, align);
        for (itgc_block *block = order[i].block; block; block = block->next) {
            block->offset = offset;
            insert_by_offset(placed, done++, block);
        }
        end = offset + order[i].block->bytes > end ? offset + order[i].block->bytes : end;
    }
    return end;
}

uint64_t itgc_place_first_fit(itgc_arena *scratch, itgc_block *blocks, int count, uint32_t align)
{
    uint64_t *offsets = ITGC_NEW_ARRAY(scratch, uint64_t, count);
    const uint64_t by_life = place_in_order(scratch, blocks, count, align, true);
    for (int i = 0; i < count; i++) {
        offsets[i] = blocks[i].offset;
    }
    const uint64_t by_start = place_in_order(scratch, blocks, count, align, false);
    for (int i = 0; by_life < by_start && i < count; i++) {
        blocks[i].offset = offsets[i];
    }
    return by_life < by_start ? by_life : by_start;
}

uint64_t itgc_place_lower_bound(itgc_arena *scratch, const itgc_block *blocks, int count)
{
    int steps = 1;
    for (int i = 0; i < count; i++) {
        steps = blocks[i].last_step + 2 > steps ? blocks[i].last_step + 2 : steps;
    }
    /* Bytes that appear at a step minus bytes that vanish before it; the running sum is what lives (modulo 2^64, as it must be). */
    uint64_t *change = ITGC_NEW_ARRAY(scratch, uint64_t, steps);
    for (int i = 0; i < count; i++) {
        change[blocks[i].first_step] += blocks[i].bytes;
        change[blocks[i].last_step + 1] -= blocks[i].bytes;
    }
    uint64_t live = 0;
    uint64_t most = 0;
    for (int step = 0; step < steps; step++) {
        live += change[step];
        most = live > most ? live : most;
    }
    return most;
}
