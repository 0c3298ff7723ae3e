/* SPDX-License-Identifier: Apache-2.0
 * Pad in every mode and form, and DepthToSpace and SpaceToDepth as each other's inverse and in both layouts. */
#include "tests/ops/op_run.h"

static void add_row(op_run *run)
{
    memcpy(add_value(run, ITGC_F32, SHAPE(1, 3))->f, (const float[]){1, 2, 3}, 3 * sizeof(float));
}

static const itgc_value *pad_row(op_run *run, const char *mode, int64_t before, int64_t after)
{
    start_node(run);
    add_string(run, "mode", mode);
    add_row(run);
    add_int_list(run, 4, (const int64_t[]){0, before, 0, after});
    return run_node(run, "Pad", 19, 1)[0];
}

static void test_modes(void **state)
{
    op_run *const run = *state;
    ASSERT_FLOATS(pad_row(run, "constant", 2, 1), 0, 0, 1, 2, 3, 0);
    ASSERT_FLOATS(pad_row(run, "edge", 2, 1), 1, 1, 1, 2, 3, 3);
    ASSERT_FLOATS(pad_row(run, "reflect", 2, 2), 3, 2, 1, 2, 3, 2, 1);
    ASSERT_FLOATS(pad_row(run, "reflect", 0, 5), 1, 2, 3, 2, 1, 2, 3, 2);
    ASSERT_FLOATS(pad_row(run, "wrap", 2, 4), 2, 3, 1, 2, 3, 1, 2, 3, 1);
    ASSERT_FLOATS(pad_row(run, "constant", -1, 2), 2, 3, 0, 0);
    ASSERT_FLOATS(pad_row(run, "edge", 1, -2), 1, 1);
}

static void test_two_axes(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_string(run, "mode", "reflect");
    ADD_INTS(run, "pads", 1, 0, 0, 1);
    memcpy(add_value(run, ITGC_F32, SHAPE(2, 2))->f, (const float[]){1, 2, 3, 4}, 4 * sizeof(float));
    ASSERT_FLOATS(run_node(run, "Pad", 2, 1)[0], 3, 4, 3, 1, 2, 1, 3, 4, 3);
    start_node(run);
    ADD_INTS(run, "pads", 0, 1, 0, 0);
    add_float(run, "value", 7);
    add_row(run);
    ASSERT_FLOATS(run_node(run, "Pad", 10, 1)[0], 7, 1, 2, 3);
}

static void test_axes_and_value(void **state)
{
    op_run *const run = *state;
    start_node(run);
    itgc_value *const x = add_value(run, ITGC_I64, SHAPE(1, 2, 2));
    memcpy(x->i, (const int64_t[]){1, 2, 3, 4}, 4 * sizeof(int64_t));
    add_int_list(run, 2, (const int64_t[]){1, 0});
    add_value(run, ITGC_I64, (itgc_shape){.rank = 0})->i[0] = -5;
    add_int_list(run, 1, (const int64_t[]){-1});
    const itgc_value *const y = run_node(run, "Pad", 25, 1)[0];
    assert_shape(y, SHAPE(1, 2, 3));
    assert_memory_equal(y->i, ((const int64_t[]){-5, 1, 2, -5, 3, 4}), 6 * sizeof(int64_t));
}

static void test_refusals(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_row(run);
    add_int_list(run, 2, (const int64_t[]){1, 1});
    assert_false(prepare_node(run, "Pad", 13, 1));
    assert_int_equal(run->diag.code, 231);
    start_node(run);
    add_row(run);
    add_int_list(run, 4, (const int64_t[]){0, -2, 0, -2});
    assert_false(prepare_node(run, "Pad", 13, 1));
    assert_int_equal(run->diag.code, 231);
}

/* depth [1,8,2,3] → space [1,2,4,6]: where ONNX's reshape and transpose put each element. */
static void test_depth_to_space(void **state)
{
    op_run *const run = *state;
    for (int crd = 0; crd < 2; crd++) {
        start_node(run);
        add_int(run, "blocksize", 2);
        add_string(run, "mode", crd != 0 ? "CRD" : "DCR");
        const float *const x = add_random(run, SHAPE(1, 8, 2, 3));
        const itgc_value *const y = run_node(run, "DepthToSpace", 13, 1)[0];
        assert_shape(y, SHAPE(1, 2, 4, 6));
        for (int i = 0; i < 48; i++) {
            const int c = i / 24, h = i / 6 % 4, w = i % 6, block = h % 2 * 2 + w % 2;
            assert_true(y->f[i] == x[((crd != 0 ? c * 4 + block : block * 2 + c) * 2 + h / 2) * 3 + w / 2]);
        }
        const itgc_value *const last = move_channels_last(run, run->in[0]->constant), *const turned = move_channels_last(run, y);
        ((itgc_block_params *)run->node->params)->channels_last = true;
        run->node->out[0]->shape = turned->shape;
        assert_memory_equal(eval_node(run, &last, 1)[0]->f, turned->f, 48 * sizeof(float));
        start_node(run);
        add_int(run, "blocksize", 2);
        add_string(run, "mode", crd != 0 ? "CRD" : "DCR");
        memcpy(add_value(run, ITGC_F32, SHAPE(1, 2, 4, 6))->f, y->f, 48 * sizeof(float));
        assert_memory_equal(run_node(run, "SpaceToDepth", 28, 1)[0]->f, x, 48 * sizeof(float));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down), cmocka_unit_test_setup_teardown(test_two_axes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_axes_and_value, set_up, tear_down), cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_depth_to_space, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
