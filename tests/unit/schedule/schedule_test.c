/* SPDX-License-Identifier: Apache-2.0
 * The hand-made graph through schedule: lives, aliases, merged constants, budgets, and the plan that comes of it. */
#include "compiler/schedule/schedule.h"
#include "tests/models/hand_graph.h"

#include <intaglio/intaglio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Every step by itself. */
static const itgc_schedule_options plain = {.align = 16, .workers = 1, .keep_results = true};

typedef struct fixture {
    itgc_arena *arena;
    itgc_diag diag;
    itgc_graph *graph;
} fixture;

static int set_up(void **state)
{
    itgc_arena *arena = itgc_new_arena(0);
    if (!arena || setjmp(*itgc_arm_arena(arena))) {
        return -1;
    }
    fixture *f = ITGC_NEW(arena, fixture);
    f->arena = arena;
    f->diag = (itgc_diag){.arena = arena, .file = "hand"};
    f->graph = hand_graph(arena, &f->diag);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    itgc_release_arena(((fixture *)*state)->arena);
    return 0;
}

static const itgc_place *place_of(const fixture *f, const char *name)
{
    return &itgc_find_tensor(f->graph, name)->place;
}

static void finds_lives(void **state)
{
    const fixture *f = *state;
    assert_true(itgc_schedule_graph(f->graph, &plain));
    assert_int_equal(f->graph->level, ITGC_SCHEDULED);
    assert_int_equal(place_of(f, "pixels")->first_step, 0);
    assert_int_equal(place_of(f, "pixels")->last_step, 0);
    assert_int_equal(place_of(f, "pool")->first_step, 1);
    assert_int_equal(place_of(f, "pool")->last_step, 3);
    assert_int_equal(place_of(f, "concat")->first_step, 2); /* the partial step */
    assert_int_equal(place_of(f, "concat")->last_step, 4);  /* read through its alias */
    assert_int_equal(place_of(f, "logits")->last_step, 5);  /* to the end */
    assert_int_equal(place_of(f, "flat")->offset, place_of(f, "concat")->offset);
    assert_int_equal(f->graph->arena_lower_bound_bytes, 108 + 288); /* input and first convolution */
    assert_true(f->graph->arena_bytes >= f->graph->arena_lower_bound_bytes && f->graph->arena_bytes % 16 == 0);
}

static void keeps_equal_constants_once(void **state)
{
    const fixture *f = *state;
    assert_int_equal(f->graph->constant_count, 7);
    assert_true(itgc_schedule_graph(f->graph, &plain));
    assert_int_equal(f->graph->constant_count, 5);
    const itg_conv *first = f->graph->steps[0]->params;
    const itg_conv *last = f->graph->steps[4]->params;
    assert_ptr_equal(first->epilogue.multiplier, last->epilogue.multiplier);
    assert_int_equal(f->graph->weights_bytes, 216 + 576 + 32 + 32 + 16);
}

static void refuses_what_exceeds_a_budget(void **state)
{
    fixture *f = *state;
    itgc_schedule_options tight = plain;
    tight.ram_budget = 1000;
    assert_false(itgc_schedule_graph(f->graph, &tight));
    assert_int_equal(f->diag.code, 501);
    assert_non_null(strstr(f->diag.error, "and 1000 are allowed"));
    f->diag.error = NULL;
    tight.ram_budget = 0;
    tight.flash_budget = 2000;
    assert_false(itgc_schedule_graph(f->graph, &tight));
    assert_int_equal(f->diag.code, 502);
    assert_non_null(strstr(f->diag.error, "constants 872"));
}

static void refuses_what_no_plan_can_address(void **state)
{
    fixture *f = *state;
    f->graph->steps[0]->out->shape = (itgc_shape){.rank = 2, .dim = {65536, 65536}};
    assert_false(itgc_schedule_graph(f->graph, &plain));
    assert_int_equal(f->diag.code, 503);
}

static void refuses_an_output_nobody_writes(void **state)
{
    fixture *f = *state;
    f->graph->step_count--;
    assert_false(itgc_schedule_graph(f->graph, &plain));
    assert_int_equal(f->diag.code, 504);
}

static void refuses_reading_a_half_written_tensor(void **state)
{
    fixture *f = *state;
    f->graph->steps[3]->partial = true;
    assert_false(itgc_schedule_graph(f->graph, &plain));
    assert_int_equal(f->diag.code, 900);
}

static void places_scratch_for_every_worker(void **state)
{
    const fixture *f = *state;
    itgc_schedule_options two = plain;
    two.workers = 2;
    f->graph->steps[0]->scratch_bytes = 1000;
    assert_true(itgc_schedule_graph(f->graph, &two));
    assert_int_equal(f->graph->arena_lower_bound_bytes, 108 + 288 + 2000);
    const uint32_t scratch = f->graph->steps[0]->scratch_offset;
    const itgc_place *out = place_of(f, "conv");
    assert_true(scratch + 2000 <= out->offset || out->offset + out->bytes <= scratch);
}

static void builds_a_plan_that_runs(void **state)
{
    const fixture *f = *state;
    assert_true(itgc_schedule_graph(f->graph, &plain));
    const itg_model *model = itgc_build_plan(f->graph, &itg_kernels_scalar);
    assert_int_equal(model->families, ITG_FAMILY_CONV | ITG_FAMILY_POOL);
    assert_string_equal(model->inputs[0].name, "pixels");
    assert_int_equal(model->inputs[0].dim[0], 1); /* the batch stays */
    assert_int_equal(model->outputs[0].bytes, 8);
    void *arena = itgc_alloc(f->arena, model->arena_bytes);
    assert_int_equal(itg_check(model, NULL, arena, model->arena_bytes), ITG_OK);
    hand_fill(itg_input(model, arena, 0).data, model->inputs[0].bytes, 3);
    itg_run(model, arena);
    const int16_t *logits = itg_output(model, arena, 0).data;
    assert_true(logits[0] != logits[1]); /* not a constant plane */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(finds_lives),
                                       TEST(keeps_equal_constants_once),
                                       TEST(refuses_what_exceeds_a_budget),
                                       TEST(refuses_what_no_plan_can_address),
                                       TEST(refuses_an_output_nobody_writes),
                                       TEST(refuses_reading_a_half_written_tensor),
                                       TEST(places_scratch_for_every_worker),
                                       TEST(builds_a_plan_that_runs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
