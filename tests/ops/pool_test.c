/* SPDX-License-Identifier: Apache-2.0
 * The pools in float: against naive loops over a table of windows, and the edges of ceil_mode, padding and indices by hand. */
#include "tests/ops/op_run.h"

typedef struct pool_case {
    int64_t height, width, kernel[2], stride[2], dilation[2], pads[4];
    bool ceil_mode, include_pad;
    int64_t out[2];
} pool_case;

static const pool_case cases[] = {
    {6, 6, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}, false, false, {3, 3}}, {7, 5, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, false, false, {4, 3}},
    {7, 5, {3, 2}, {2, 1}, {1, 1}, {0, 1, 1, 0}, false, true, {3, 5}},  {6, 6, {3, 3}, {2, 2}, {1, 1}, {0, 0, 0, 0}, true, false, {3, 3}},
    {6, 6, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, true, true, {4, 4}},   {4, 4, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}, true, false, {2, 2}},
    {2, 2, {2, 2}, {2, 2}, {1, 1}, {1, 1, 1, 1}, true, true, {2, 2}},   {8, 9, {2, 3}, {1, 2}, {2, 1}, {0, 1, 0, 1}, false, false, {6, 5}},
    {8, 9, {3, 3}, {3, 3}, {2, 2}, {1, 1, 1, 1}, true, true, {3, 3}},
};

typedef enum pooled { LARGEST, AVERAGE, NORM } pooled;

static float pool_at(const pool_case *c, const float *x, int64_t h, int64_t w, pooled kind)
{
    double sum = 0, largest = -HUGE_VAL;
    int64_t seen = 0, inside = 0;
    for (int64_t k = 0; k < c->kernel[0] * c->kernel[1]; k++) {
        const int64_t row = h * c->stride[0] + k / c->kernel[1] * c->dilation[0] - c->pads[0];
        const int64_t column = w * c->stride[1] + k % c->kernel[1] * c->dilation[1] - c->pads[1];
        seen += row < c->height + c->pads[2] && column < c->width + c->pads[3] ? 1 : 0;
        if (row < 0 || row >= c->height || column < 0 || column >= c->width) {
            continue;
        }
        const double value = (double)x[row * c->width + column];
        inside++;
        sum += kind == NORM ? value * value : value;
        largest = value > largest ? value : largest;
    }
    return (float)(kind == LARGEST ? largest : kind == NORM ? sqrt(sum) : sum / (double)(c->include_pad ? seen : inside));
}

static void add_window(op_run *run, const pool_case *c)
{
    add_ints(run, "kernel_shape", 2, c->kernel);
    add_ints(run, "strides", 2, c->stride);
    add_ints(run, "dilations", 2, c->dilation);
    add_ints(run, "pads", 4, c->pads);
    add_int(run, "ceil_mode", c->ceil_mode);
}

static void check_case(op_run *run, const pool_case *c, pooled kind)
{
    static const char *const names[] = {"MaxPool", "AveragePool", "LpPool"};
    const int64_t channels = 5, plane = c->height * c->width, space = c->out[0] * c->out[1];
    start_node(run);
    add_window(run, c);
    if (kind == AVERAGE) {
        add_int(run, "count_include_pad", c->include_pad);
    }
    const float *const x = add_random(run, SHAPE(2, channels, c->height, c->width));
    const itgc_value *const y = run_node(run, names[kind], 22, 1)[0];
    float *const expected = ITGC_NEW_ARRAY(run->arena, float, 2 * channels * space);
    assert_shape(y, SHAPE(2, channels, c->out[0], c->out[1]));
    for (int64_t i = 0; i < 2 * channels * space; i++) {
        expected[i] = pool_at(c, x + i / space * plane, i % space / c->out[1], i % c->out[1], kind);
    }
    assert_floats(y, expected, 2 * channels * space);
    const itgc_value *const turned = move_channels_last(run, y), *const last = move_channels_last(run, run->in[0]->constant);
    ((itgc_pool_params *)run->node->params)->window.channels_last = true;
    run->node->out[0]->shape = turned->shape;
    assert_memory_equal(eval_node(run, &last, 3)[0]->f, turned->f, (size_t)(2 * channels * space) * sizeof(float));
}

static void test_windows(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i], LARGEST);
        check_case(*state, &cases[i], AVERAGE);
        check_case(*state, &cases[i], NORM);
    }
}

static void test_indices(void **state)
{
    op_run *const run = *state;
    for (int64_t column_major = 0; column_major < 2; column_major++) {
        start_node(run);
        ADD_INTS(run, "kernel_shape", 2, 2);
        ADD_INTS(run, "strides", 2, 2);
        add_int(run, "storage_order", column_major);
        itgc_value *const x = add_value(run, ITGC_F32, SHAPE(1, 2, 2, 4));
        memcpy(x->f, (const float[]){1, 9, 3, 4, 5, 6, 7, 8, -4, -3, -2, -1, -8, -7, -6, -5}, 16 * sizeof(float));
        itgc_value **const out = run_node(run, "MaxPool", 12, 2);
        ASSERT_FLOATS(out[0], 9, 8, -3, -1);
        const int64_t rows[] = {1, 7, 9, 11}, columns[] = {2, 7, 10, 14};
        assert_memory_equal(out[1]->i, column_major != 0 ? columns : rows, sizeof rows);
    }
}

static void test_integers(void **state)
{
    op_run *const run = *state;
    start_node(run);
    ADD_INTS(run, "kernel_shape", 3);
    ADD_INTS(run, "pads", 1, 1);
    itgc_value *const x = add_value(run, ITGC_I8, SHAPE(1, 1, 4));
    memcpy(x->i, (const int64_t[]){-7, -9, -128, -3}, 4 * sizeof(int64_t));
    const itgc_value *const y = run_node(run, "MaxPool", 12, 1)[0];
    assert_int_equal(y->type, ITGC_I8);
    assert_memory_equal(y->i, ((const int64_t[]){-7, -7, -3, -3}), 4 * sizeof(int64_t));
}

static void test_global(void **state)
{
    op_run *const run = *state;
    static const char *const names[] = {"GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool"};
    const float expected[3][2] = {{4, -1}, {2.5f, -2.5f}, {5.4772256f, 5.4772256f}};
    for (int kind = 0; kind < 3; kind++) {
        start_node(run);
        itgc_value *const x = add_value(run, ITGC_F32, SHAPE(1, 2, 2, 2));
        memcpy(x->f, (const float[]){1, 2, 3, 4, -1, -2, -3, -4}, 8 * sizeof(float));
        const itgc_value *const y = run_node(run, names[kind], 13, 1)[0];
        assert_shape(y, SHAPE(1, 2, 1, 1));
        assert_floats(y, expected[kind], 2);
    }
}

static void test_refusals(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_random(run, SHAPE(1, 1, 4, 4));
    assert_false(prepare_node(run, "MaxPool", 12, 1));
    assert_int_equal(run->diag.code, 220);
    start_node(run);
    ADD_INTS(run, "kernel_shape", 5, 5);
    add_random(run, SHAPE(1, 1, 4, 4));
    assert_false(prepare_node(run, "AveragePool", 12, 1));
    assert_int_equal(run->diag.code, 224);
}

/* Of each name, what its neighbours have and it has not: the attribute is named, wherever it stands. */
static void test_attributes(void **state)
{
    static const struct {
        const char *type, *own, *foreign;
    } ops[] = {{"AveragePool", "count_include_pad", "p"},   {"LpPool", "p", "count_include_pad"}, {"MaxPool", "storage_order", "p"},
               {"GlobalLpPool", "p", "kernel_shape"},       {"GlobalLpPool", "p", "ceil_mode"},   {"GlobalAveragePool", NULL, "p"},
               {"GlobalAveragePool", NULL, "kernel_shape"}, {"GlobalMaxPool", NULL, "p"},         {"GlobalMaxPool", NULL, "storage_order"}};
    op_run *const run = *state;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        start_node(run);
        if (ops[i].own != NULL)
            add_int(run, ops[i].own, 1);
        if (strncmp(ops[i].type, "Global", 6) != 0)
            ADD_INTS(run, "kernel_shape", 2, 2);
        add_random(run, SHAPE(1, 1, 4, 4));
        assert_true(prepare_node(run, ops[i].type, 12, 1));
        add_int(run, ops[i].foreign, 1);
        assert_false(prepare_node(run, ops[i].type, 12, 1));
        assert_int_equal(run->diag.code, 209);
        assert_non_null(strstr(run->diag.error, ops[i].foreign));
    }
}

/* Where the largest values lie is MaxPool's to tell. */
static void test_second_output(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_random(run, SHAPE(1, 1, 4, 4));
    assert_false(prepare_node(run, "GlobalMaxPool", 12, 2));
    assert_int_equal(run->diag.code, 208);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_windows, set_up, tear_down),       cmocka_unit_test_setup_teardown(test_indices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_integers, set_up, tear_down),      cmocka_unit_test_setup_teardown(test_global, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),      cmocka_unit_test_setup_teardown(test_attributes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_second_output, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
