/* SPDX-License-Identifier: Apache-2.0
 * Col2Im in float: every pixel against the sum over all places and taps that meet it, in one and two dimensions; what does not fit is refused. */
#include "tests/ops/op_run.h"

typedef struct case_of_two {
    int64_t image[2], block[2], stride[2], dilation[2], before[2], after[2];
} case_of_two;

static int64_t count_places(const case_of_two *c, int axis)
{
    return (c->image[axis] + c->before[axis] + c->after[axis] - c->dilation[axis] * (c->block[axis] - 1) - 1) / c->stride[axis] + 1;
}

/* The place from which tap `tap` meets pixel `at`; -1: none. */
static int64_t find_place(const case_of_two *c, int axis, int64_t at, int64_t tap)
{
    const int64_t start = at + c->before[axis] - tap * c->dilation[axis];
    const int64_t place = start / c->stride[axis];
    return start < 0 || start % c->stride[axis] != 0 || place >= count_places(c, axis) ? -1 : place;
}

static void check_case(op_run *run, const case_of_two *c)
{
    const int64_t batch = 2, channels = 3, block = c->block[0] * c->block[1], rows = count_places(c, 0), columns = count_places(c, 1);
    start_node(run);
    add_ints(run, "strides", 2, c->stride);
    add_ints(run, "dilations", 2, c->dilation);
    ADD_INTS(run, "pads", c->before[0], c->before[1], c->after[0], c->after[1]);
    const float *const x = add_random(run, SHAPE(batch, channels * block, rows * columns));
    add_int_list(run, 2, c->image);
    add_int_list(run, 2, c->block);
    const itgc_value *const y = run_node(run, "Col2Im", 18, 1)[0];
    assert_shape(y, SHAPE(batch, channels, c->image[0], c->image[1]));
    float expected[2 * 3 * 12 * 12];
    int64_t i = 0;
    for (int64_t plane = 0; plane < batch * channels; plane++) {
        for (int64_t pixel = 0; pixel < c->image[0] * c->image[1]; pixel++, i++) {
            expected[i] = 0.0f;
            for (int64_t tap = 0; tap < block; tap++) {
                const int64_t row = find_place(c, 0, pixel / c->image[1], tap / c->block[1]);
                const int64_t column = find_place(c, 1, pixel % c->image[1], tap % c->block[1]);
                expected[i] += row < 0 || column < 0 ? 0.0f : x[((plane * block + tap) * rows + row) * columns + column];
            }
        }
    }
    assert_floats(y, expected, i);
}

static void test_planes(void **state)
{
    static const case_of_two cases[] = {
        {{6, 6}, {3, 3}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},   {{7, 9}, {3, 2}, {2, 1}, {1, 1}, {1, 0}, {1, 1}},
        {{8, 5}, {2, 3}, {3, 2}, {2, 1}, {0, 2}, {1, 0}},   {{5, 4}, {5, 1}, {1, 2}, {1, 3}, {0, 0}, {0, 0}},
        {{12, 12}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i]);
    }
}

/* Overlapping rows of three, one apart: 1 + 2 + 3 in the middle. */
static void test_line(void **state)
{
    op_run *const run = *state;
    start_node(run);
    const float ones[9] = {1, 1, 1, 2, 2, 2, 3, 3, 3};
    memcpy(add_value(run, ITGC_F32, SHAPE(1, 3, 3))->f, ones, sizeof ones);
    add_int_list(run, 1, (const int64_t[]){5});
    add_int_list(run, 1, (const int64_t[]){3});
    const itgc_value *const y = run_node(run, "Col2Im", 18, 1)[0];
    assert_shape(y, SHAPE(1, 1, 5));
    assert_floats(y, (const float[]){1, 3, 6, 5, 3}, 5);
}

static void test_refusals(void **state)
{
    static const int64_t image[] = {5, 5}, block[] = {2, 2};
    static const struct {
        int64_t rows, places;
        int block_rank, code;
    } wrong[] = {{8, 15, 2, 223}, {7, 16, 2, 223}, {8, 16, 1, 220}};
    op_run *const run = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        start_node(run);
        add_random(run, SHAPE(1, wrong[i].rows, wrong[i].places));
        add_int_list(run, 2, image);
        add_int_list(run, wrong[i].block_rank, block);
        assert_false(prepare_node(run, "Col2Im", 18, 1));
        assert_int_equal(run->diag.code, wrong[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_planes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
