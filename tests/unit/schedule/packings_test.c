/* SPDX-License-Identifier: Apache-2.0
 * One schedule for several packings: the same arena and steps, params of its own only for weights that differ, equal results. */
#include "compiler/schedule/schedule.h"
#include "runtime/kernels/pairs.h"
#include "runtime/kernels/winograd.h"
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

static itgc_graph *schedule(itgc_arena *arena, itgc_diag *diag, itg_packing first, itg_packing second)
{
    itgc_graph *graph = hand_graph(arena, diag);
    assert_true(itgc_schedule_graph(graph, &(itgc_schedule_options){.align = 64, .packings = {first, second}, .storage = ITG_U8, .workers = 1}));
    return graph;
}

static void shares_what_is_equal(void **state)
{
    (void)state;
    itgc_arena *arena = open_arena();
    itgc_diag diag = {.arena = arena};
    const itgc_graph *pairs = schedule(arena, &diag, ITG_PACK_16C4P, 0), *dots = schedule(arena, &diag, ITG_PACK_16C4, 0);
    const itgc_graph *both = schedule(arena, &diag, ITG_PACK_16C4P, ITG_PACK_16C4);
    assert_int_equal(both->packing_count, 2);
    assert_ptr_equal(both->steps[1]->variants[0], both->steps[1]->variants[1]); /* the pool */
    const itg_conv *conv[2] = {both->steps[0]->variants[0], both->steps[0]->variants[1]};
    const itg_conv *dense[2] = {both->steps[4]->variants[0], both->steps[4]->variants[1]};
    assert_true(conv[0]->packing == ITG_PACK_16C4P && conv[1]->packing == ITG_PACK_16C4);
    assert_ptr_equal(conv[0]->epilogue.bias, conv[1]->epilogue.bias);
    assert_ptr_equal(conv[0]->weights, conv[1]->weights); /* nothing is taken back: ITG_PACK_16C4 and then empty lists */
    assert_ptr_equal(dense[0]->weights, dense[1]->weights);
    assert_int_equal(both->weights_bytes, pairs->weights_bytes);
    const uint32_t most = pairs->arena_bytes > dots->arena_bytes ? pairs->arena_bytes : dots->arena_bytes;
    assert_int_equal(both->arena_bytes, most);
    for (int i = 0; i < both->step_count; i++) {
        assert_true(both->steps[i]->scratch_bytes >= pairs->steps[i]->scratch_bytes &&
                    both->steps[i]->scratch_bytes >= dots->steps[i]->scratch_bytes);
    }
    itgc_release_arena(arena);
}

static void keeps_what_differs(void **state)
{
    (void)state;
    itgc_arena *arena = open_arena();
    itgc_diag diag = {.arena = arena};
    const itgc_graph *both = schedule(arena, &diag, ITG_PACK_16C4S, ITG_PACK_16C8S);
    const itg_conv *fours = both->steps[0]->variants[0], *eights = both->steps[0]->variants[1];
    assert_true(fours->packing == ITG_PACK_16C4S && eights->packing == ITG_PACK_16C8S);
    assert_ptr_equal(fours->epilogue.bias, eights->epilogue.bias);
    assert_ptr_not_equal(fours->weights, eights->weights);
    assert_ptr_equal(both->steps[1]->variants[0], both->steps[1]->variants[1]);
    itgc_release_arena(arena);
}

/* A layer of weights within `limit`, in ITG_PACK_16C4P and ITG_PACK_16C4. */
static itgc_step *pack_layer(itgc_arena *arena, int32_t size, int32_t channels, int limit)
{
    const size_t count = (size_t)(16 * 9 * channels);
    int8_t *weights = itgc_alloc(arena, count);
    hand_fill(weights, count, 5);
    for (size_t i = 0; i < count; i++) {
        weights[i] = (int8_t)(weights[i] % limit);
    }
    itg_conv *conv = ITGC_NEW(arena, itg_conv);
    *conv = (itg_conv){.in = {size, size, channels},
                       .out = {size, size, 16},
                       .kernel = {3, 3},
                       .stride = {1, 1},
                       .dilation = {1, 1},
                       .before = {1, 1},
                       .groups = 1,
                       .weights = weights,
                       .epilogue.bias = ITGC_NEW_ARRAY(arena, int32_t, 16),
                       .in_type = ITG_U8,
                       .out_type = ITG_U8,
                       .packing = ITG_PACK_ROWS};
    itgc_step *step = ITGC_NEW(arena, itgc_step), *steps[] = {step};
    step->kind = &itgc_step_conv;
    step->params = conv;
    step->rows = (uint32_t)size;
    itgc_graph graph = {.arena = arena, .steps = steps, .step_count = 1, .packings = {ITG_PACK_16C4P, ITG_PACK_16C4}, .packing_count = 2};
    itgc_pack_weights(&graph);
    return step;
}

/* The transform pays for one packing, for both, for none where pairs are split. */
static void shares_arrays_of_other_marks(void **state)
{
    (void)state;
    static const struct {
        int32_t size, channels;
        int limit;
        bool transforms_pairs, transforms_dots, is_shared;
    } cases[] = {{7, 512, 40, true, false, true}, {56, 64, 40, true, true, true}, {2, 512, 68, false, false, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itgc_arena *arena = open_arena();
        const itgc_step *step = pack_layer(arena, cases[i].size, cases[i].channels, cases[i].limit);
        const itg_conv *pairs = step->variants[0], *dots = step->variants[1];
        assert_int_equal(itg_is_transformed(pairs), cases[i].transforms_pairs);
        assert_int_equal(itg_is_transformed(dots), cases[i].transforms_dots);
        assert_int_equal(pairs->weights == dots->weights, cases[i].is_shared);
        itgc_release_arena(arena);
    }
}

/* The output's bytes of one run on fixed input. */
static const uint8_t *run_plan(itgc_arena *arena, itgc_graph *graph, const itg_kernels *kernels)
{
    const itg_model *model = itgc_build_plan(graph, kernels);
    void *memory = itgc_alloc(arena, model->arena_bytes);
    hand_fill(itg_input(model, memory, 0).data, model->inputs[0].bytes, 3);
    assert_int_equal(itg_run_with(model, NULL, memory), ITG_OK);
    return itg_output(model, memory, 0).data;
}

/* Tables that read neither packing take rows, as the scalar one does. */
static void runs_alike_with_every_table(void **state)
{
    (void)state;
    static const itg_packing pairs[][2] = {{ITG_PACK_16C4P, ITG_PACK_16C4}, {ITG_PACK_16C4S, ITG_PACK_16C8S}, {ITG_PACK_ROWS, ITG_PACK_8C4S}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        itgc_arena *arena = open_arena();
        itgc_diag diag = {.arena = arena};
        itgc_graph *graph = schedule(arena, &diag, pairs[i][0], pairs[i][1]);
        const uint8_t *expected = run_plan(arena, graph, &itg_kernels_scalar);
        const itg_kernels *kernels = NULL;
        for (uint32_t k = 1; (kernels = itg_kernels_supported(k)) != NULL; k++) {
            assert_memory_equal(run_plan(arena, graph, kernels), expected, 8);
        }
        itgc_release_arena(arena);
    }
}

/* The plan of one packing with the table of another. */
static void is_refused_with_the_wrong_table(void **state)
{
    (void)state;
    itgc_arena *arena = open_arena();
    itgc_diag diag = {.arena = arena};
    itgc_graph *graph = schedule(arena, &diag, ITG_PACK_16C4P, ITG_PACK_16C4);
    itg_kernels kernels[2] = {itg_kernels_scalar, itg_kernels_scalar};
    kernels[0].packing = ITG_PACK_16C4P;
    kernels[1].packing = ITG_PACK_16C4;
    for (int k = 0; k < 2; k++) {
        const itg_model *model = itgc_build_plan(graph, &kernels[k]);
        void *memory = itgc_alloc(arena, model->arena_bytes);
        const itg_exec own = {.kernels = &kernels[k], .workers = 1}, other = {.kernels = &kernels[1 - k], .workers = 1};
        assert_ptr_equal(model->steps[0].params, graph->steps[0]->variants[k]);
        assert_int_equal(itg_check(model, &own, memory, model->arena_bytes), ITG_OK);
        assert_int_equal(itg_check(model, &other, memory, model->arena_bytes), ITG_BAD_PACKING);
        assert_int_equal(itg_run_with(model, &other, memory), ITG_BAD_PACKING);
    }
    itgc_release_arena(arena);
}

/* Workers' slots lie one behind the other (itg_scratch_of): each begins on a cache line only if all are whole lines. */
static void slots_are_whole_lines(void **state)
{
    (void)state;
    for (int32_t channels = 1; channels <= 64; channels++) {
        for (int32_t width = 3; width <= 11; width++) {
            itg_conv conv = {
                .in = {7, width, channels}, .out = {7, width, 16}, .kernel = {3, 3}, .before = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
            conv.groups = 1;
            conv.in_type = ITG_U8;
            conv.packing = ITG_PACK_16C4P;
            assert_int_equal(itg_band_scratch_bytes(&conv) % 64, 0);
            assert_int_equal(itg_widened_scratch_bytes(&conv) % 64, 0);
            assert_true(!itg_winograd_fits(&conv) || itg_winograd_scratch_bytes(&conv, 1) % 64 == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shares_what_is_equal),
                                       cmocka_unit_test(keeps_what_differs),
                                       cmocka_unit_test(shares_arrays_of_other_marks),
                                       cmocka_unit_test(runs_alike_with_every_table),
                                       cmocka_unit_test(is_refused_with_the_wrong_table),
                                       cmocka_unit_test(slots_are_whole_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
