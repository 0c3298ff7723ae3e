/* SPDX-License-Identifier: Apache-2.0
 * MaxPool, AveragePool (padding counted or not, ceil_mode), global pools and reductions in integers against the float evaluator. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

typedef struct pool_case {
    itgc_pool_kind kind;
    int64_t height, width, kernel, stride, pad;
    bool include_pad, ceil_mode, wide;
    int zero;
} pool_case;

static const pool_case cases[] = {
    {ITGC_POOL_MAX, 8, 8, 2, 2, 0, false, false, false, -128},   {ITGC_POOL_MAX, 9, 7, 3, 2, 1, false, true, false, 3},
    {ITGC_POOL_AVERAGE, 8, 8, 2, 2, 0, false, false, false, 0},  {ITGC_POOL_AVERAGE, 7, 9, 3, 2, 1, false, false, false, -128},
    {ITGC_POOL_AVERAGE, 7, 9, 3, 2, 1, true, false, false, 100}, {ITGC_POOL_AVERAGE, 8, 10, 3, 2, 0, false, true, false, -7},
    {ITGC_POOL_AVERAGE, 8, 10, 3, 2, 1, true, true, false, -7},  {ITGC_POOL_AVERAGE, 5, 5, 1, 1, 0, false, false, true, 12},
};

static void test_windows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const pool_case *c = &cases[i];
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(2, c->height, c->width, 5), 0x1p-5, c->zero);
        itgc_node *node = add_node(&b, c->kind == ITGC_POOL_MAX ? "MaxPool" : "AveragePool", x, NULL, NULL);
        itgc_pool_params *params = node->params;
        *params = (itgc_pool_params){
            .kind = c->kind, .include_pad = c->include_pad, .window = {.rank = 2, .channels_last = true, .ceil_mode = c->ceil_mode}};
        for (int k = 0; k < 2; k++) {
            params->window.kernel[k] = c->kernel;
            params->window.stride[k] = c->stride;
            params->window.dilation[k] = 1;
            params->window.before[k] = params->window.after[k] = c->pad;
        }
        add_output(&b, finish_node(&b, node));
        b.options.wide_logits = c->wide;
        const double difference = compare_runs(&b);
        assert_ptr_equal(step_kind(&b, 0), &itgc_step_pool);
        if (difference > (c->kind == ITGC_POOL_MAX ? 1e-6 : 0.52)) {
            fail_msg("case %zu differs by %.3f steps", i, difference);
        }
        end_bench(&b);
    }
}

/* A square window over 8 x 8 positions of 64 channels. */
typedef struct far_window {
    int64_t kernel, stride, dilation, pad;
} far_window;

static itgc_tensor *add_far_window(bench *b, const far_window *far, bool average)
{
    itgc_tensor *x = add_input(b, DIMS(1, 8, 8, 64), 0x1p-5, 0);
    const conv_window window = {.stride = far->stride, .pad = far->pad, .dilation = far->dilation};
    return add_pool(b, x, average ? ITGC_POOL_AVERAGE : ITGC_POOL_MAX, far->kernel, window);
}

/* Ranges that come from a file run no float model, which would find them. */
static void refuses_windows(void **state)
{
    (void)state;
    static const far_window refused[] = {{3, 1, 1, 3},                    /* padding alone */
                                         {3, 4000000, 1, 4000000},        /* the same */
                                         {2, 1, 16, 16},                  /* between two taps */
                                         {3, 1 << 23, 1 << 23, 1 << 23}}; /* places of more than 32 bits */
    for (size_t i = 0; i < 2 * sizeof refused / sizeof refused[0]; i++) {
        bench b;
        start_bench(&b);
        itgc_tensor *out = add_far_window(&b, &refused[i / 2], i % 2);
        refuse_graph(&b, b.graph->inputs[0], out, 419);
        end_bench(&b);
    }
}

/* Of 2^32 positions, which 32 bits do not even count. */
static void refuses_sums(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *out = add_far_window(&b, &(far_window){1 << 16, 1, 1, 1 << 15}, true);
    refuse_graph(&b, b.graph->inputs[0], out, 402);
    end_bench(&b);
}

/* Poolings stage nothing: windows may reach further than a convolution's. */
static void test_far_windows(void **state)
{
    (void)state;
    static const far_window far = {3, 1, 1 << 13, 1 << 13};
    for (int average = 0; average < 2; average++) {
        bench b;
        start_bench(&b);
        add_output(&b, add_far_window(&b, &far, average));
        assert_true(compare_runs(&b) < 0.52);
        end_bench(&b);
    }
}

static void test_global(void **state)
{
    (void)state;
    for (int kind = ITGC_POOL_MAX; kind <= ITGC_POOL_AVERAGE; kind++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(2, 6, 5, 4), 0x1p-5, 7);
        itgc_node *node = add_node(&b, kind == ITGC_POOL_MAX ? "GlobalMaxPool" : "GlobalAveragePool", x, NULL, NULL);
        itgc_pool_params *params = node->params;
        *params = (itgc_pool_params){
            .kind = (itgc_pool_kind)kind, .global = true, .window = {.rank = 2, .channels_last = true, .stride = {1, 1}, .dilation = {1, 1}}};
        add_output(&b, finish_node(&b, node));
        assert_true(compare_runs(&b) < 0.52);
        assert_ptr_equal(step_kind(&b, 0), kind == ITGC_POOL_MAX ? &itgc_step_pool : &itgc_step_reduce);
        end_bench(&b);
    }
}

static void test_reductions(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        itgc_reduce_kind kind;
    } kinds[] = {{"ReduceMean", ITGC_REDUCE_MEAN}, {"ReduceSum", ITGC_REDUCE_SUM}, {"ReduceMax", ITGC_REDUCE_MAX}};
    for (size_t i = 0; i < 3; i++) {
        for (int first = 0; first < 3; first++) {
            bench b;
            start_bench(&b);
            itgc_tensor *x = add_input(&b, DIMS(3, 4, 5, 6), 0x1p-5, -30);
            itgc_node *node = add_node(&b, kinds[i].type, x, NULL, NULL);
            *(itgc_reduce_params *)node->params =
                (itgc_reduce_params){.kind = kinds[i].kind, .axis_count = 2, .axes = {first, first + 1}, .keep = true, .resolved = true};
            add_output(&b, finish_node(&b, node));
            const double difference = compare_runs(&b);
            if (difference > 0.52) {
                fail_msg("%s from axis %d differs by %.3f steps", kinds[i].type, first, difference);
            }
            end_bench(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_windows),     cmocka_unit_test(refuses_windows), cmocka_unit_test(refuses_sums),
                                       cmocka_unit_test(test_far_windows), cmocka_unit_test(test_global),     cmocka_unit_test(test_reductions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
