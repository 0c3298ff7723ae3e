/* SPDX-License-Identifier: Apache-2.0
 * Cascades of a convolution and the pooling or depthwise convolution that reads it: which there are, that its result takes no place in the
 * arena, and equal codes as in two steps with every table, on one thread and on several. */
#include "tests/support/cascades.h"

#include "compiler/ops/quantizers.h"

enum { IMAGES = 3 };

typedef enum reader { MAXIMUM, AVERAGE, DEPTHWISE } reader;

typedef struct windows_case {
    int64_t height, width, channels, kernel, stride; /* of the convolution, which keeps the size at stride 1 */
    reader reader;
    int64_t window, step, pad, dilation;
    bool is_wide;   /* int16 */
    bool is_shared; /* somebody else reads the convolution's result */
    int cascades;
} windows_case;

static const windows_case cases[] = {
    {17, 33, 16, 3, 2, MAXIMUM, 3, 2, 1, 1, false, false, 1},
    {56, 56, 24, 7, 2, MAXIMUM, 3, 2, 1, 1, false, false, 1},
    {40, 21, 64, 3, 1, MAXIMUM, 3, 2, 0, 1, true, false, 1},
    {24, 24, 32, 3, 1, AVERAGE, 2, 2, 0, 1, false, false, 1},
    {31, 18, 8, 5, 1, AVERAGE, 3, 1, 1, 1, false, false, 1},
    {23, 23, 40, 1, 1, MAXIMUM, 2, 3, 0, 1, false, false, 1}, /* rows that no window sees */
    {26, 30, 16, 3, 1, MAXIMUM, 3, 2, 2, 2, false, false, 1},
    {9, 12, 16, 1, 1, MAXIMUM, 9, 1, 4, 1, false, false, 1}, /* windows as high as the image */
    {20, 20, 16, 3, 1, MAXIMUM, 2, 2, 0, 1, false, true, 0},
    {30, 17, 48, 1, 1, DEPTHWISE, 3, 2, 1, 1, false, false, 1},
    {60, 33, 32, 3, 2, DEPTHWISE, 3, 1, 1, 1, false, false, 1},
    {21, 40, 96, 1, 1, DEPTHWISE, 5, 2, 2, 1, true, false, 1},
    {22, 22, 20, 1, 1, DEPTHWISE, 3, 1, 2, 2, false, false, 1},
    {20, 20, 16, 1, 1, DEPTHWISE, 3, 1, 1, 1, false, true, 0},
};

#define CASE_COUNT (sizeof cases / sizeof cases[0])

static itgc_tensor *add_depthwise(bench *b, const windows_case *c, itgc_tensor *x)
{
    itgc_tensor *weights = add_exact_weights(b, DIMS(c->channels, 1, c->window, c->window), -7, 5);
    const conv_window window = {.stride = c->step, .pad = c->pad, .dilation = c->dilation, .group = c->channels};
    return add_conv(b, x, weights, add_reals(b, DIMS(c->channels), -1.0, 1.0), window)->out[0];
}

static void start_case(bench *b, const windows_case *c)
{
    start_bench(b);
    itgc_tensor *x = add_input(b, DIMS(IMAGES, c->height, c->width, 3), ldexp(1.0, -6), 3);
    itgc_tensor *weights = add_exact_weights(b, DIMS(c->channels, 3, c->kernel, c->kernel), -9, 1);
    const conv_window window = {.stride = c->stride, .pad = c->kernel / 2, .dilation = 1, .group = 1};
    itgc_node *conv = add_conv(b, x, weights, add_reals(b, DIMS(c->channels), -1.0, 1.0), window);
    itgc_tensor *result = add_unary(b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, conv->out[0], conv);
    const conv_window read = {.stride = c->step, .pad = c->pad, .dilation = c->dilation};
    const itgc_pool_kind kind = c->reader == MAXIMUM ? ITGC_POOL_MAX : ITGC_POOL_AVERAGE;
    add_output(b, c->reader == DEPTHWISE ? add_depthwise(b, c, result) : add_pool(b, result, kind, c->window, read));
    if (c->is_shared) {
        add_output(b, result);
    }
    b->options = (itgc_quantize_options){.wide_logits = c->is_wide};
}

static void equals_two_steps(void **state)
{
    (void)state;
    pools crew = start_crew();
    for (size_t i = 0; i < CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i]);
        (void)run_float(&b);
        compare_tables(&b, &crew);
        compare_packings(&b);
        compare_arenas(&b);
        end_bench(&b);
    }
    stop_crew(&crew);
}

/* With scalar kernels, whose bands are the smallest. */
static void leaves_the_arena(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        bench b;
        start_case(&b, &cases[i]);
        (void)run_float(&b);
        const itg_model *apart = plan_for(&b, &itg_kernels_scalar, true, 1), *plan = plan_for(&b, &itg_kernels_scalar, false, 1);
        assert_int_equal(count_steps(apart, itg_op_cascade), 0);
        assert_int_equal(count_steps(plan, itg_op_cascade), cases[i].cascades);
        assert_true(!cases[i].cascades || plan->arena_bytes < apart->arena_bytes);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_two_steps), cmocka_unit_test(leaves_the_arena)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
