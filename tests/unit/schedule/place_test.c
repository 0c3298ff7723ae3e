/* SPDX-License-Identifier: Apache-2.0
 * Placement on random lives: nothing that lives at once overlaps, everything is aligned, never below the lower bound. */
#include "compiler/schedule/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#define ROUNDS     300
#define MAX_BLOCKS 120

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static int fill_blocks(itgc_block *blocks, uint32_t *seed)
{
    const int count = 1 + (int)(next_random(seed) % MAX_BLOCKS);
    for (int i = 0; i < count; i++) {
        const int first = (int)(next_random(seed) % 60);
        blocks[i] = (itgc_block){.bytes = 1 + next_random(seed) % 5000, .first_step = first, .last_step = first + (int)(next_random(seed) % 10)};
    }
    for (int i = 0; i + 1 < count; i += 1 + (int)(next_random(seed) % 4)) {
        itgc_block *next = &blocks[i + 1];
        *next = (itgc_block){.bytes = 1 + next_random(seed) % blocks[i].bytes, .first_step = blocks[i].last_step + 1, .is_next = true};
        next->last_step = blocks[i].last_step + (int)(next_random(seed) % 10);
        blocks[i].next = next;
    }
    return count;
}

static uint64_t count_live(const itgc_block *blocks, int count, int step)
{
    uint64_t live = 0;
    for (int i = 0; i < count; i++) {
        live += blocks[i].first_step <= step && step <= blocks[i].last_step ? blocks[i].bytes : 0;
    }
    return live;
}

static void check_disjoint(const itgc_block *a, const itgc_block *b)
{
    const bool together = a->first_step <= b->last_step && b->first_step <= a->last_step;
    const bool apart = a->offset + a->bytes <= b->offset || b->offset + b->bytes <= a->offset;
    assert_true(!together || apart);
}

static void places_without_overlap(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    assert_int_equal(setjmp(*itgc_arm_arena(arena)), 0);
    uint32_t seed = 20;
    for (int round = 0; round < ROUNDS; round++) {
        itgc_block blocks[MAX_BLOCKS];
        const uint32_t align = 1u << (round % 7);
        const int count = fill_blocks(blocks, &seed);
        const uint64_t end = itgc_place_first_fit(arena, blocks, count, align);
        uint64_t highest = 0;
        for (int i = 0; i < count; i++) {
            assert_int_equal(blocks[i].offset % align, 0);
            highest = blocks[i].offset + blocks[i].bytes > highest ? blocks[i].offset + blocks[i].bytes : highest;
            assert_true(!blocks[i].next || blocks[i].next->offset == blocks[i].offset);
            for (int k = 0; k < i; k++) {
                check_disjoint(&blocks[i], &blocks[k]);
            }
        }
        assert_int_equal(end, highest);
        assert_true(end >= itgc_place_lower_bound(arena, blocks, count));
    }
    itgc_release_arena(arena);
}

static void bounds_what_lives_at_once(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    assert_int_equal(setjmp(*itgc_arm_arena(arena)), 0);
    uint32_t seed = 7;
    for (int round = 0; round < ROUNDS; round++) {
        itgc_block blocks[MAX_BLOCKS];
        const int count = fill_blocks(blocks, &seed);
        uint64_t most = 0;
        for (int step = 0; step < 80; step++) {
            const uint64_t live = count_live(blocks, count, step);
            most = live > most ? live : most;
        }
        assert_int_equal(itgc_place_lower_bound(arena, blocks, count), most);
    }
    itgc_release_arena(arena);
}

/* A chain, where each block lives with its neighbours only, needs no more than its two largest neighbours. */
static void reuses_space_of_the_dead(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    assert_int_equal(setjmp(*itgc_arm_arena(arena)), 0);
    itgc_block chain[5] = {{.bytes = 256, .first_step = 0, .last_step = 1},
                           {.bytes = 512, .first_step = 1, .last_step = 2},
                           {.bytes = 128, .first_step = 2, .last_step = 3},
                           {.bytes = 512, .first_step = 3, .last_step = 4},
                           {.bytes = 64, .first_step = 4, .last_step = 5}};
    assert_int_equal(itgc_place_first_fit(arena, chain, 5, 16), 768);
    itgc_release_arena(arena);
}

/* What lies over the first block needs less, and what is left is free for the last one. */
static void frees_what_is_not_overwritten(void **state)
{
    (void)state;
    itgc_arena *arena = itgc_new_arena(0);
    assert_int_equal(setjmp(*itgc_arm_arena(arena)), 0);
    itgc_block blocks[3] = {{.bytes = 1024, .first_step = 0, .last_step = 1},
                            {.bytes = 256, .first_step = 2, .last_step = 3, .is_next = true},
                            {.bytes = 768, .first_step = 2, .last_step = 4}};
    blocks[0].next = &blocks[1];
    assert_int_equal(itgc_place_first_fit(arena, blocks, 3, 16), 1024);
    assert_int_equal(itgc_place_lower_bound(arena, blocks, 3), 1024);
    itgc_release_arena(arena);
}

/* A stream that lives long, blocks of its size before and beside it, a small one that lives at first, and the scratch memory of four steps: by the
 * start of their lives alone the small one would end up above all others. */
static void fits_around_the_longest_life(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    assert_int_equal(setjmp(*itgc_arm_arena(arena)), 0);
    itgc_block blocks[] = {
        {.bytes = 256, .first_step = 1, .last_step = 2},  {.bytes = 256, .first_step = 2, .last_step = 3},
        {.bytes = 256, .first_step = 3, .last_step = 8},  {.bytes = 256, .first_step = 5, .last_step = 6},
        {.bytes = 48, .first_step = 0, .last_step = 4},   {.bytes = 3072, .first_step = 2, .last_step = 2},
        {.bytes = 3072, .first_step = 3, .last_step = 3}, {.bytes = 3072, .first_step = 5, .last_step = 5},
        {.bytes = 3328, .first_step = 6, .last_step = 6},
    };
    assert_int_equal(itgc_place_lower_bound(arena, blocks, 9), 3840);
    assert_int_equal(itgc_place_first_fit(arena, blocks, 9, 16), 3840);
    itgc_release_arena(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places_without_overlap), cmocka_unit_test(bounds_what_lives_at_once),
                                       cmocka_unit_test(reuses_space_of_the_dead), cmocka_unit_test(frees_what_is_not_overwritten),
                                       cmocka_unit_test(fits_around_the_longest_life)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
