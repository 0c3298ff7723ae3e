/* SPDX-License-Identifier: Apache-2.0
 * Cascades of random layers, in which schedule makes one step of many: equal codes as in steps of their own with every table, on one thread and on
 * several, with one schedule for all packings, arenas that are never larger, and results that take the place of what the cascade reads. */
#include "tests/support/cascades.h"

enum { CASES = 60 };

typedef struct tally {
    int longest, overwritten, saved, means;
} tally;

static int64_t between(bench *b, int64_t low, int64_t high)
{
    return low + next_random(b) % (high - low + 1);
}

static itgc_tensor *add_dense(bench *b, itgc_tensor *x, int64_t kernel, int64_t stride, int64_t channels)
{
    itgc_tensor *weights = add_exact_weights(b, DIMS(channels, x->shape.dim[3], kernel, kernel), -9, 1);
    const conv_window window = {.stride = stride, .pad = kernel / 2, .dilation = 1, .group = 1};
    return add_conv(b, x, weights, add_reals(b, DIMS(channels), -1.0, 1.0), window)->out[0];
}

static itgc_tensor *add_depthwise(bench *b, itgc_tensor *x)
{
    const int64_t channels = x->shape.dim[3], kernel = between(b, 1, 2) * 2 + 1;
    itgc_tensor *weights = add_exact_weights(b, DIMS(channels, 1, kernel, kernel), -7, 3);
    const conv_window window = {.stride = between(b, 1, 2), .pad = between(b, 1, kernel - 1), .dilation = 1, .group = channels};
    return add_conv(b, x, weights, add_reals(b, DIMS(channels), -1.0, 1.0), window)->out[0];
}

static itgc_tensor *add_some_pool(bench *b, itgc_tensor *x)
{
    const itgc_pool_kind kind = between(b, 0, 1) ? ITGC_POOL_MAX : ITGC_POOL_AVERAGE;
    const int64_t kernel = between(b, 2, 3), stride = between(b, 1, 4), pad = between(b, 0, 1);
    return add_pool(b, x, kind, kernel, (conv_window){.stride = stride, .pad = pad, .dilation = 1});
}

static itgc_tensor *add_tall_pool(bench *b, itgc_tensor *x, int64_t height, int64_t stride, int64_t pad)
{
    itgc_node *node = add_node(b, "MaxPool", x, NULL, NULL);
    *(itgc_pool_params *)node->params = (itgc_pool_params){.kind = ITGC_POOL_MAX,
                                                           .window = {.rank = 2,
                                                                      .kernel = {height, 1},
                                                                      .stride = {stride, 1},
                                                                      .dilation = {1, 1},
                                                                      .before = {pad, 0},
                                                                      .after = {pad, 0},
                                                                      .channels_last = true}};
    return finish_node(b, node);
}

/* Layers of a mobile network in random order: blocks that widen, look around, narrow and add what they began with, and single layers. */
static itgc_tensor *add_block(bench *b, itgc_tensor *x)
{
    const int64_t channels = x->shape.dim[3];
    itgc_tensor *inner;
    switch (between(b, 0, 4)) {
    case 0:
        return add_dense(b, x, 3, between(b, 1, 2), between(b, 4, 40));
    case 1:
        return x->shape.dim[1] > 4 ? add_some_pool(b, x) : x;
    case 2:
        return add_depthwise(b, x);
    default:
        inner = add_dense(b, x, 1, 1, channels * between(b, 2, 6));
        inner = add_dense(b, add_depthwise(b, inner), 1, 1, channels);
        return itgc_same_shape(&inner->shape, &x->shape) ? (next_random(b) % 2 ? add_sum(b, x, inner) : add_sum(b, inner, x)) : inner;
    }
}

/* Over all positions of an image. */
static itgc_tensor *add_mean(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "GlobalAveragePool", x, NULL, NULL);
    itgc_pool_params *params = node->params;
    *params = (itgc_pool_params){.kind = ITGC_POOL_AVERAGE, .global = true, .window = {.rank = 2, .channels_last = true}};
    for (int i = 0; i < 2; i++) {
        params->window.kernel[i] = x->shape.dim[1 + i];
        params->window.stride[i] = params->window.dilation[i] = 1;
    }
    return finish_node(b, node);
}

static void start_case(bench *b, int index)
{
    start_bench(b);
    b->seed = (uint32_t)index * 7919u + 1u;
    itgc_tensor *x = add_input(b, DIMS(between(b, 1, 2), between(b, 7, 40), between(b, 5, 40), between(b, 1, 24)), ldexp(1.0, -6), 3);
    for (int64_t i = between(b, 2, 5); i > 0; i--) {
        x = add_block(b, x);
    }
    x = add_dense(b, x, 1, 1, between(b, 8, 40));
    add_output(b, index % 3 ? x : add_mean(b, x));
    b->options = (itgc_quantize_options){.wide_terms = index % 2 != 0};
}

static void count_cascades(bench *b, tally *all)
{
    const itgc_schedule_options options = {.align = 16, .packings = {ITG_PACK_ROWS}, .storage = ITG_S8, .workers = 1};
    const itgc_graph *graph = schedule_case(b, &options);
    for (int i = 0; i < graph->step_count; i++) {
        const itgc_step *step = graph->steps[i];
        all->longest = step->tier_count > all->longest ? step->tier_count : all->longest;
        all->overwritten += itgc_place_owner(step->out)->overwrites && step->in[0]->place.offset == step->out->place.offset;
        all->means += step->tiers && step->tiers[step->tier_count - 1]->kind->run == itg_op_reduce;
        assert_true(!step->tiers || step->tier_count <= ITG_MOST_TIERS);
    }
    all->saved += graph->arena_bytes < plan_for(b, &itg_kernels_scalar, true, 1)->arena_bytes;
}

static void equals_steps_of_their_own(void **state)
{
    (void)state;
    pools crew = start_crew();
    tally all = {0, 0, 0, 0};
    for (int i = 0; i < CASES; i++) {
        bench b;
        start_case(&b, i);
        (void)run_float(&b);
        count_cascades(&b, &all);
        compare_tables(&b, &crew);
        compare_packings(&b);
        compare_arenas(&b);
        end_bench(&b);
    }
    stop_crew(&crew);
    assert_true(all.longest >= 6);
    assert_true(all.overwritten >= CASES / 4);
    assert_true(all.saved >= CASES / 2);
    assert_true(all.means >= 3);
}

/* Wide convolutions one behind the other: steps of their own, unless memory does not do. */
static void saves_memory_where_it_must(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 32, 32, 3), ldexp(1.0, -6), 3);
    for (int i = 0; i < 3; i++) {
        x = add_dense(&b, x, 3, 1, 16);
    }
    add_output(&b, x);
    (void)run_float(&b);
    itgc_schedule_options options = {.align = 16, .packings = {ITG_PACK_ROWS}, .storage = ITG_S8, .workers = 1};
    const itgc_graph *fast = schedule_case(&b, &options);
    const itg_model *plan = plan_for(&b, &itg_kernels_scalar, true, 1);
    assert_int_equal(fast->step_count, 3);
    options.ram_budget = fast->arena_bytes + fast->stack_bytes;
    assert_int_equal(schedule_case(&b, &options)->step_count, 3);
    options.ram_budget = fast->arena_bytes * 3u / 4 + fast->stack_bytes;
    itgc_graph *small = schedule_case(&b, &options);
    assert_true(small->step_count < 3);
    assert_memory_equal(run_plan(&b, itgc_build_plan(small, &itg_kernels_scalar), NULL), run_plan(&b, plan, NULL), plan->outputs[0].bytes);
    end_bench(&b);
}

/* A budget between where the last tensor ends and what the arena is rounded up to. */
static void saves_memory_for_a_few_bytes(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 33, 31, 3), ldexp(1.0, -6), 3);
    for (int i = 0; i < 3; i++) {
        x = add_dense(&b, x, 3, 1, 15);
    }
    add_output(&b, x);
    (void)run_float(&b);
    itgc_schedule_options options = {.align = 64, .packings = {ITG_PACK_ROWS}, .storage = ITG_S8, .workers = 1};
    const itgc_graph *fast = schedule_case(&b, &options);
    assert_true(fast->arena_lower_bound_bytes < fast->arena_bytes);
    options.ram_budget = fast->arena_bytes - 1 + fast->stack_bytes;
    assert_true(schedule_case(&b, &options)->arena_bytes < fast->arena_bytes);
    end_bench(&b);
}

/* The last tier's first rows see padding alone and are there before anything is read; its last ones ask for no more rows. */
static void windows_in_padding_need_no_rows(void **state)
{
    (void)state;
    for (int64_t stride = 1; stride <= 3; stride++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_tall_pool(&b, add_input(&b, DIMS(2, 16, 8, 32), ldexp(1.0, -6), 3), 5, 1, 0);
        x = add_tall_pool(&b, x, 5, 1, 0);
        itgc_tensor *weights = add_exact_weights(&b, DIMS(8, 32, 1, 1), -9, 1);
        const conv_window window = {.stride = stride, .pad = 2, .dilation = 1, .group = 1};
        add_output(&b, add_conv(&b, x, weights, add_reals(&b, DIMS(8), -1.0, 1.0), window)->out[0]);
        (void)run_float(&b);
        const itg_model *plan = plan_for(&b, &itg_kernels_scalar, false, 1), *apart = plan_for(&b, &itg_kernels_scalar, true, 1);
        assert_int_equal(count_steps(plan, itg_op_cascade), 1);
        assert_memory_equal(run_plan(&b, plan, NULL), run_plan(&b, apart, NULL), apart->outputs[0].bytes);
        end_bench(&b);
    }
}

/* Bands of half a GiB each, of a batch whose images take 2 GiB: together more than a plan can say where they lie. */
static void bands_lie_where_plans_can_say(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_shape shape = DIMS(4, 4, 4190000, 1);
    itgc_tensor *x = b.graph->inputs[b.graph->input_count++] = itgc_new_tensor(b.graph, "x", ITGC_F32, &shape);
    itgc_tensor *y = add_dense(&b, x, 1, 1, 32);
    for (int i = 0; i < 4; i++) {
        y = add_tall_pool(&b, y, 7, 1, 3);
    }
    add_output(&b, add_dense(&b, y, 1, 1, 1));
    itgc_fill_uses(b.graph);
    for (int i = 0; i < b.graph->tensor_count; i++) {
        b.graph->tensors[i]->range = (itgc_range){.min = -1.0, .max = 1.0};
    }
    const itgc_schedule_options options = {.align = 16, .packings = {ITG_PACK_ROWS}, .storage = ITG_S8, .workers = 1};
    const itgc_graph *graph = schedule_case(&b, &options);
    for (int i = 0; i < graph->step_count; i++) {
        const itgc_step *step = graph->steps[i];
        for (int l = 0; l + 1 < step->tier_count; l++) {
            const itg_tier *tier = &((const itg_cascade *)step->params)->tiers[l];
            assert_true(tier->band_offset >= 0);
            assert_true((int64_t)tier->band_offset + (int64_t)tier->band_rows * tier->row_bytes <= step->scratch_bytes);
        }
    }
    end_bench(&b);
}

/* A stride of nearly 32 bits, which rows to compute at a time are divided by. */
static void strides_may_be_as_long_as_they_like(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_dense(&b, add_input(&b, DIMS(1, 1024, 1, 1), ldexp(1.0, -6), 3), 1, 1, 1);
    add_output(&b, add_tall_pool(&b, x, 3, INT32_MAX - 8, 0));
    (void)run_float(&b);
    assert_int_equal(count_steps(plan_for(&b, &itg_kernels_scalar, false, 1), itg_op_cascade), 1);
    compare_packings(&b);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_steps_of_their_own),     cmocka_unit_test(saves_memory_where_it_must),
                                       cmocka_unit_test(saves_memory_for_a_few_bytes),  cmocka_unit_test(windows_in_padding_need_no_rows),
                                       cmocka_unit_test(bands_lie_where_plans_can_say), cmocka_unit_test(strides_may_be_as_long_as_they_like)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
