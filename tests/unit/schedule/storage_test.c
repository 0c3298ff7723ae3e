/* SPDX-License-Identifier: Apache-2.0
 * What schedule re-stores without changing a value: int8 codes as ITG_U8, and convolutions that write into a Concat's place. */
#include "compiler/schedule/schedule.h"
#include "tests/models/hand_graph.h"

#include <intaglio/intaglio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static itgc_arena *open_arena(void)
{
    itgc_arena *arena = itgc_new_arena(0);
    if (!arena || setjmp(*itgc_arm_arena(arena))) {
        fail_msg("out of memory");
    }
    itgc_cut_apart(arena); /* weights and the memory plans run in are exactly as long as they say */
    return arena;
}

/* The output's bytes after one run on fixed input; NULL where this processor has no table that reads the packing. */
static const uint8_t *run_graph(itgc_arena *arena, itgc_graph *graph, const itgc_schedule_options *options)
{
    assert_true(itgc_schedule_graph(graph, options));
    const itg_kernels *kernels = options->packings[0] ? itg_kernels_reading(options->packings[0]) : &itg_kernels_scalar;
    if (!kernels) {
        return NULL;
    }
    const itg_model *model = itgc_build_plan(graph, kernels);
    void *memory = itgc_alloc(arena, model->arena_bytes);
    hand_fill(itg_input(model, memory, 0).data, model->inputs[0].bytes, 3);
    assert_int_equal(itg_run_with(model, NULL, memory), ITG_OK);
    return itg_output(model, memory, 0).data;
}

static void stores_codes_unsigned(void **state)
{
    (void)state;
    itgc_arena *arena = open_arena();
    itgc_diag diag = {.arena = arena};
    itgc_graph *plain = hand_graph(arena, &diag), *flipped = hand_graph(arena, &diag);
    const uint8_t *expected = run_graph(arena, plain, &(itgc_schedule_options){.align = 16, .workers = 1});
    const uint8_t *found =
        run_graph(arena, flipped, &(itgc_schedule_options){.align = 16, .workers = 1, .packings = {ITG_PACK_16C4P}, .storage = ITG_U8});
    if (found) {
        assert_memory_equal(found, expected, 8);
    }
    static const char *const inner[] = {"conv", "pool", "concat", "flat"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(itgc_find_tensor(plain, inner[i])->format.type, ITG_S8);
        assert_int_equal(itgc_find_tensor(flipped, inner[i])->format.type, ITG_U8);
    }
    assert_int_equal(itgc_find_tensor(flipped, "logits")->format.type, ITG_S16);
    const itg_copy *copy = flipped->steps[2]->params;
    assert_true(copy->in_type == ITG_U8 && copy->out_type == ITG_U8);
    itgc_release_arena(arena);
}

/* An int8 output stays int8, and so does what a maximum pool reads to make it. */
static void keeps_ports(void **state)
{
    (void)state;
    itgc_arena *arena = open_arena();
    itgc_diag diag = {.arena = arena};
    itgc_graph *graph = hand_graph(arena, &diag);
    graph->outputs[0] = itgc_find_tensor(graph, "pool");
    graph->step_count = 2;
    (void)run_graph(arena, graph, &(itgc_schedule_options){.align = 16, .workers = 1, .packings = {ITG_PACK_16C4P}, .storage = ITG_U8});
    assert_int_equal(itgc_find_tensor(graph, "pool")->format.type, ITG_S8);
    assert_int_equal(itgc_find_tensor(graph, "conv")->format.type, ITG_S8);
    itgc_release_arena(arena);
}

static void add_member(itgc_graph *graph, itgc_tensor *in, itgc_tensor *whole, const char *name, int32_t channels, int32_t start)
{
    itgc_tensor *member = hand_tensor(graph, name, ITG_S8, 4, (const int64_t[]){1, 2, 2, channels});
    const itg_conv conv = {.in = {2, 2, 3},
                           .out = {2, 2, channels},
                           .kernel = {1, 1},
                           .stride = {1, 1},
                           .dilation = {1, 1},
                           .groups = 1,
                           .weights = hand_weights(graph, (size_t)(3 * channels), (uint32_t)channels),
                           .epilogue = hand_epilogue(graph, channels, 6, -128, 127),
                           .in_type = ITG_S8,
                           .out_type = ITG_S8,
                           .packing = ITG_PACK_ROWS};
    hand_step(graph, &itgc_step_conv, &conv, in, member)->rows = 2;
    const itg_copy copy = {.dim = {4, 1, 1, 1, 1, channels},
                           .in_stride = {channels, 0, 0, 0, 0, 1},
                           .out_stride = {6, 0, 0, 0, 0, 1},
                           .out_start = start,
                           .element_bytes = 1,
                           .in_type = ITG_S8,
                           .out_type = ITG_S8};
    itgc_step *step = hand_step(graph, &itgc_step_copy, &copy, member, whole);
    step->rows = 4;
    step->partial = start == 0;
}

/* Two convolutions of 4 and 2 channels, concatenated. is_read: a member is an output too, so that its copy has to stay. */
static itgc_graph *make_concat(itgc_arena *arena, itgc_diag *diag, bool is_read)
{
    itgc_graph *graph = itgc_new_graph(arena, diag);
    graph->name = "concat";
    graph->level = ITGC_QUANTIZED;
    itgc_tensor *in = hand_tensor(graph, "in", ITG_S8, 4, (const int64_t[]){1, 2, 2, 3});
    itgc_tensor *whole = hand_tensor(graph, "whole", ITG_S8, 4, (const int64_t[]){1, 2, 2, 6});
    add_member(graph, in, whole, "left", 4, 0);
    add_member(graph, in, whole, "right", 2, 4);
    graph->inputs = ITGC_NEW(arena, itgc_tensor *);
    graph->outputs = ITGC_NEW_ARRAY(arena, itgc_tensor *, 3);
    graph->inputs[0] = in;
    graph->input_count = 1;
    graph->outputs[graph->output_count++] = whole;
    if (is_read) {
        graph->outputs[graph->output_count++] = itgc_find_tensor(graph, "left");
        graph->outputs[graph->output_count++] = itgc_find_tensor(graph, "right");
    }
    return graph;
}

static void writes_members_in_place(void **state)
{
    (void)state;
    itgc_arena *arena = open_arena();
    itgc_diag diag = {.arena = arena};
    const itgc_schedule_options options = {.align = 16, .workers = 1};
    itgc_graph *copied = make_concat(arena, &diag, true), *joined = make_concat(arena, &diag, false);
    const uint8_t *expected = run_graph(arena, copied, &options), *found = run_graph(arena, joined, &options);
    assert_memory_equal(found, expected, 24);
    assert_int_equal(copied->step_count, 4);
    assert_int_equal(joined->step_count, 2);
    const itg_conv *right = joined->steps[1]->params;
    assert_int_equal(right->out_pitch, 6);
    assert_int_equal(joined->steps[1]->out_offset, 4);
    assert_true(joined->steps[0]->partial && !joined->steps[1]->partial);
    itgc_release_arena(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stores_codes_unsigned), cmocka_unit_test(keeps_ports),
                                       cmocka_unit_test(writes_members_in_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
