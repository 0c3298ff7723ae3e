/* SPDX-License-Identifier: Apache-2.0
 * Cascades of a convolution and the sum that reads it: which there are, that one rounding less is left, that the sum may take its other
 * term's place, that the arena is never larger for it, and equal codes as in two steps with every table, on one thread and on several. */
#include "tests/support/cascades.h"

#include "compiler/ops/quantizers.h"
#include "runtime/kernels/conv.h"

enum { IMAGES = 4 };

typedef struct residual_case residual_case;
struct residual_case {
    void (*build)(bench *b, const residual_case *c);
    int64_t height, width, channels, kernel;
    int sums; /* in cascades, where memory is no reason against it */
};

/* Keeps the image's size. */
static itgc_tensor *add_layer(bench *b, const residual_case *c, itgc_tensor *x, int64_t kernel)
{
    itgc_tensor *weights = add_exact_weights(b, DIMS(c->channels, x->shape.dim[3], kernel, kernel), -9, 1);
    const conv_window window = {.stride = 1, .pad = kernel / 2, .dilation = 1, .group = 1};
    return add_conv(b, x, weights, add_reals(b, DIMS(c->channels), -1.0, 1.0), window)->out[0];
}

static itgc_tensor *add_relu(bench *b, itgc_tensor *x)
{
    return add_unary(b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, x, x->producer);
}

static itgc_tensor *add_image(bench *b, const residual_case *c)
{
    return add_input(b, DIMS(IMAGES, c->height, c->width, c->channels), ldexp(1.0, -6), 3);
}

/* conv(x) + (x + x) */
static void build_first(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_image(b, c), *term = add_sum(b, x, x);
    add_output(b, add_sum(b, add_layer(b, c, x, c->kernel), term));
}

/* (x + x) + conv(x) */
static void build_second(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_image(b, c), *term = add_sum(b, x, x);
    add_output(b, add_relu(b, add_sum(b, term, add_layer(b, c, x, c->kernel))));
}

/* The convolution reads what is added to it. */
static void build_reading(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_image(b, c), *term = add_sum(b, x, x);
    add_output(b, add_relu(b, add_sum(b, add_layer(b, c, term, c->kernel), term)));
}

/* Its result is read by somebody else as well. */
static void build_shared(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_image(b, c), *layer = add_layer(b, c, x, c->kernel);
    add_output(b, add_sum(b, layer, add_sum(b, x, x)));
    add_output(b, layer);
}

/* Two blocks of two convolutions, then one whose other term is a convolution's result too, as in residual networks. */
static void build_chain(bench *b, const residual_case *c)
{
    itgc_tensor *at = add_relu(b, add_layer(b, c, add_image(b, c), 3));
    for (int i = 0; i < 2; i++) {
        itgc_tensor *inner = add_relu(b, add_layer(b, c, at, c->kernel));
        at = add_relu(b, i ? add_sum(b, add_layer(b, c, inner, c->kernel), at) : add_sum(b, at, add_layer(b, c, inner, c->kernel)));
    }
    itgc_tensor *inner = add_relu(b, add_layer(b, c, at, c->kernel)), *shortcut = add_layer(b, c, at, 1);
    add_output(b, add_sum(b, shortcut, add_layer(b, c, inner, c->kernel)));
}

/* The sum's result is read by a Concat and by the next convolution. */
static void build_joined(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_image(b, c), *term = add_sum(b, x, x);
    itgc_tensor *sum = add_relu(b, add_sum(b, add_layer(b, c, x, c->kernel), term));
    itgc_node *node = add_node(b, "Concat", sum, add_layer(b, c, sum, 1), x);
    ((itgc_axis_params *)node->params)->axis = 3;
    add_output(b, finish_node(b, node));
}

/* One number for each channel of an image, computed, and added to the convolution's pixels: first in the sum. */
static void build_broadcast(bench *b, const residual_case *c)
{
    itgc_tensor *x = add_image(b, c);
    itgc_tensor *means = add_input(b, DIMS(IMAGES, 1, 1, c->channels), ldexp(1.0, -5), -7);
    add_output(b, add_sum(b, add_sum(b, means, means), add_layer(b, c, x, c->kernel)));
}

/* Of 192 channels and more, whose 12 blocks are enough for 3 workers to share one row (run.c). */
static const residual_case cases[] = {
    {build_first, 5, 33, 16, 1, 1},    {build_first, 9, 7, 24, 3, 1},    {build_first, 14, 14, 48, 3, 1},   {build_first, 2, 1, 40, 1, 1},
    {build_first, 6, 5, 208, 1, 1},    {build_first, 5, 5, 200, 3, 1},   {build_second, 9, 7, 24, 3, 1},    {build_second, 6, 6, 192, 1, 1},
    {build_reading, 12, 12, 32, 3, 1}, {build_reading, 5, 9, 195, 1, 1}, {build_shared, 7, 7, 16, 3, 0},    {build_chain, 8, 9, 16, 3, 3},
    {build_chain, 6, 6, 194, 1, 3},    {build_joined, 8, 8, 32, 3, 1},   {build_broadcast, 7, 6, 24, 3, 0},
};

#define CASE_COUNT (sizeof cases / sizeof cases[0])

static void start_case(bench *b, const residual_case *c, bool wide_terms)
{
    start_bench(b);
    c->build(b, c);
    b->options = (itgc_quantize_options){.wide_terms = wide_terms};
}

/* Memory speaks against it only where the convolution reads what is added to it, or where another step needs the most. */
static void check_sums(const itg_model *model, const itg_kernels *kernels, const residual_case *c)
{
    const bool is_certain = kernels == &itg_kernels_scalar || (c->build != build_reading && c->build != build_chain);
    assert_true(is_certain ? count_tiers(model, itg_tier_add) == c->sums : count_tiers(model, itg_tier_add) <= c->sums);
}

/* Blocks that workers share, so that bands are added pixel by pixel. */
static void check_blocks(const itg_model *model, const itg_kernels *kernels, const residual_case *c)
{
    if (kernels != &itg_kernels_scalar && c->channels >= 192 && (c->build == build_first || c->build == build_second)) {
        const itg_step *last = &model->steps[model->step_count - 1];
        assert_true(last->run == itg_op_cascade && last->blocks >= 4 * MOST_WORKERS && kernels->conv->part);
    }
}

static void check_tables(bench *b, const residual_case *c)
{
    const itg_kernels *kernels = NULL;
    assert_int_equal(count_tiers(plan_for(b, &itg_kernels_scalar, true, 1), itg_tier_add), 0);
    for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        check_sums(plan_for(b, kernels, false, 1), kernels, c);
        check_blocks(plan_for(b, kernels, false, MOST_WORKERS), kernels, c);
    }
}

static void equals_two_steps(void **state)
{
    (void)state;
    pools crew = start_crew();
    for (size_t i = 0; i < 2 * CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i / 2], i % 2 != 0);
        (void)run_float(&b);
        check_tables(&b, &cases[i / 2]);
        compare_tables(&b, &crew);
        end_bench(&b);
    }
    stop_crew(&crew);
}

static void equals_with_all_packings(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i], true);
        (void)run_float(&b);
        compare_packings(&b);
        end_bench(&b);
    }
}

static void never_enlarges_the_arena(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i], true);
        (void)run_float(&b);
        compare_arenas(&b);
        end_bench(&b);
    }
}

/* The sum of exact reals, rounded once: half a step, the finer codes' half and the constant's. */
static void rounds_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i], true);
        const double difference = compare_runs(&b);
        const bool is_single = cases[i].sums == 1 && cases[i].build != build_joined;
        if (is_single && difference > 1.1) { /* the term has half a step of its own, at twice the result's scale at most */
            fail_msg("case %zu differs by %.3f steps", i, difference);
        }
        end_bench(&b);
    }
}

static void overwrites_its_term(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i], true);
        (void)run_float(&b);
        quantize_graph(&b);
        const itgc_step *last = b.graph->steps[b.graph->step_count - 1];
        if (cases[i].build == build_first || cases[i].build == build_second || cases[i].build == build_reading) {
            assert_true(last->kind->run == itg_op_cascade);
            const bool is_read_later = cases[i].build == build_reading && cases[i].kernel > 1;
            assert_true((last->out->place.offset == last->in[1]->place.offset) != is_read_later);
        }
        end_bench(&b);
    }
}

/* An int16 result of more than 2 GiB stands in the way of two steps alone; a plan that was found carries no error. */
static void needs_no_place_for_what_is_inside(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        bench b;
        start_case(&b, &cases[1], true);
        (void)run_float(&b);
        assert_true(itgc_quantize_graph(b.graph, &b.options));
        for (int i = 0; i < b.graph->tensor_count; i++) {
            itgc_shape *shape = &b.graph->tensors[i]->shape;
            shape->dim[0] *= ((int64_t)5 << 28) / itgc_elements(shape);
        }
        const itgc_schedule_options options = {.align = 64, .workers = 1, .keep_results = keep};
        assert_int_equal(itgc_schedule_graph(b.graph, &options), !keep);
        assert_int_equal(b.diag.error ? b.diag.code : 0, keep ? 503 : 0);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_two_steps),         cmocka_unit_test(equals_with_all_packings),
                                       cmocka_unit_test(never_enlarges_the_arena), cmocka_unit_test(rounds_once),
                                       cmocka_unit_test(overwrites_its_term),      cmocka_unit_test(needs_no_place_for_what_is_inside)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
