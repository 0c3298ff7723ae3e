/* SPDX-License-Identifier: Apache-2.0
 * Arenas: alignment, zeroes, limit, children, the jump when memory runs out, growing lists; diagnostics and the name map on top. */
#include "compiler/base/arena.h"
#include "compiler/base/diag.h"
#include "compiler/base/map.h"
#include "compiler/base/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void memory_is_zeroed_and_aligned(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    for (size_t bytes = 0; bytes < 100000; bytes = bytes * 3 + 1) {
        uint8_t *const block = itgc_alloc(arena, bytes);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(block[i], 0);
        memset(block, 0xff, bytes);
    }
    itgc_release_arena(arena);
}

static bool runs_out(itgc_arena *arena, size_t bytes)
{
    if (setjmp(*itgc_arm_arena(arena))) {
        itgc_disarm_arena(arena);
        return true;
    }
    (void)itgc_alloc(arena, bytes);
    itgc_disarm_arena(arena);
    return false;
}

static void limit_counts_children_and_releases(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(1000000);
    itgc_arena *const child = itgc_new_child_arena(arena), *const grandchild = itgc_new_child_arena(child);
    assert_false(runs_out(arena, 400000));
    assert_false(runs_out(grandchild, 400000));
    assert_true(runs_out(child, 400000));
    const size_t peak = itgc_arena_peak(grandchild);
    assert_in_range(peak, 800000, 1000000);
    itgc_release_arena(child);
    assert_false(runs_out(arena, 400000));
    assert_true(runs_out(arena, SIZE_MAX - 3));
    itgc_release_arena(arena);
}

/* The end of each block is that of its chunk, whatever was asked before; what was counted is given back. */
static void requests_apart_are_exact(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(100000), *const child = itgc_new_child_arena(arena);
    itgc_cut_apart(child);
    for (size_t bytes = 0; bytes < 200; bytes++) {
        const size_t before = itgc_arena_peak(arena);
        const uint8_t *const block = itgc_alloc(bytes % 2 ? arena : child, bytes);
        assert_int_equal((uintptr_t)block % 64, 0);
        assert_int_equal(itgc_arena_peak(arena) - before, bytes + 64);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(block[i], 0);
    }
    const size_t peak = itgc_arena_peak(arena);
    itgc_release_arena(child);
    assert_false(runs_out(arena, 9000));
    assert_int_equal(itgc_arena_peak(arena), peak);
    assert_true(runs_out(arena, 100000));
    itgc_release_arena(arena);
}

static void overflowing_product_runs_out(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    if (setjmp(*itgc_arm_arena(arena))) {
        itgc_release_arena(arena);
        return;
    }
    (void)itgc_alloc_array(arena, SIZE_MAX / 2, 3);
    fail();
}

static void fails_the_nth_allocation(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    itgc_fail_allocation(arena, 3);
    assert_false(runs_out(arena, 1));
    assert_false(runs_out(arena, 1));
    assert_true(runs_out(arena, 1));
    assert_false(runs_out(arena, 1));
    itgc_release_arena(arena);
}

static void lists_keep_their_order(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    void **list = NULL;
    int count = 0, capacity = 0;
    for (int i = 0; i < 1000; i++)
        itgc_push(arena, &list, &count, &capacity, (void *)&letters[i % 26]);
    assert_int_equal(count, 1000);
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(list[i], &letters[i % 26]);
    itgc_release_arena(arena);
}

static void map_finds_what_was_put(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    itgc_map *const map = itgc_new_map(arena);
    for (int i = 0; i < 5000; i++)
        itgc_put_in_map(map, itgc_sprint(arena, "name%d", i), itgc_sprint(arena, "%d", i));
    itgc_put_in_map(map, "name7", "other");
    assert_string_equal(itgc_find_in_map(map, "name4999"), "4999");
    assert_string_equal(itgc_find_in_map(map, "name7"), "other");
    assert_null(itgc_find_in_map(map, "name5000"));
    itgc_release_arena(arena);
}

static void first_error_is_kept_with_its_place(void **state)
{
    (void)state;
    itgc_diag diag = {.arena = itgc_new_arena(0), .file = "m.onnx"};
    itgc_note(&diag, "first\nline");
    itgc_enter_node(&diag, "layer1/conv", "Conv", 12);
    assert_false(itgc_fail(&diag, 204, "auto_pad %s is unknown; re-export", "BEST"));
    itgc_leave_node(&diag);
    assert_false(itgc_fail(&diag, 900, "later"));
    assert_string_equal(diag.error, "m.onnx: node \"layer1/conv\" (Conv, opset 12): auto_pad BEST is unknown; re-export [E204]");
    assert_string_equal(diag.fact, "auto_pad BEST is unknown; re-export");
    assert_int_equal(diag.code, 204);
    assert_string_equal(diag.warnings[0], "note: m.onnx: first?line");
    itgc_clear_error(&diag);
    assert_false(itgc_fail(&diag, 101, "new"));
    assert_string_equal(diag.error, "m.onnx: new [E101]");
    itgc_release_arena(diag.arena);
}

static void order_is_stable_and_finds_cycles(void **state)
{
    (void)state;
    itgc_arena *const arena = itgc_new_arena(0);
    itgc_edges edges = {0};
    int order[5];
    itgc_add_edge(arena, &edges, 4, 1);
    itgc_add_edge(arena, &edges, 0, 3);
    assert_int_equal(itgc_find_order(arena, &edges, 5, order), -1);
    const int expected[5] = {0, 2, 3, 4, 1};
    assert_memory_equal(order, expected, sizeof order);
    itgc_add_edge(arena, &edges, 1, 2); /* 2 hangs off the cycle and is not on it */
    itgc_add_edge(arena, &edges, 1, 4);
    const int on_cycle = itgc_find_order(arena, &edges, 5, order);
    assert_true(on_cycle == 1 || on_cycle == 4);
    itgc_release_arena(arena);
}

static void count_release(void *resource)
{
    ++*(int *)resource;
}

/* What an arena owns goes with it, also when memory ran out in between; what was taken back stays. */
static void owned_resources_are_released_once(void **state)
{
    (void)state;
    int closed = 0, kept = 0, inner = 0;
    itgc_arena *const arena = itgc_new_arena(100000);
    *itgc_own(arena, count_release) = &closed;
    void **const taken_back = itgc_own(arena, count_release);
    *taken_back = &kept;
    *taken_back = NULL;
    if (setjmp(*itgc_arm_arena(arena)) == 0) {
        *itgc_own(itgc_new_child_arena(arena), count_release) = &inner;
        (void)itgc_alloc(arena, 200000);
        fail_msg("memory did not run out");
    }
    assert_int_equal(inner, 0);
    itgc_release_arena(arena);
    assert_int_equal(closed, 1);
    assert_int_equal(inner, 1);
    assert_int_equal(kept, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owned_resources_are_released_once),
        cmocka_unit_test(memory_is_zeroed_and_aligned),
        cmocka_unit_test(limit_counts_children_and_releases),
        cmocka_unit_test(requests_apart_are_exact),
        cmocka_unit_test(overflowing_product_runs_out),
        cmocka_unit_test(fails_the_nth_allocation),
        cmocka_unit_test(lists_keep_their_order),
        cmocka_unit_test(map_finds_what_was_put),
        cmocka_unit_test(first_error_is_kept_with_its_place),
        cmocka_unit_test(order_is_stable_and_finds_cycles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
