/* SPDX-License-Identifier: Apache-2.0
 * Resize and Upsample in float: one row of five values through every mode, expected values from ONNX Runtime; then axes, sizes and
 * policies in two dimensions. */
#include "tests/ops/op_run.h"

static const float line[] = {1, 2, 4, 8, 3};

typedef struct resize_case {
    const char *mode, *coordinates, *nearest;
    float scale; /* 0: size counts */
    int64_t size;
    bool antialias, exclude_outside;
    float cubic_a;
    int count;
    float expected[9];
} resize_case;

static const resize_case cases[] = {
    {"linear", "half_pixel", NULL, 0, 8, false, false, 0, 8, {1, 1.4375f, 2.125f, 3.375f, 5.25f, 7.75f, 5.1875f, 3}},
    {"linear", "align_corners", NULL, 0, 8, false, false, 0, 8, {1, 1.5714285f, 2.2857144f, 3.4285715f, 5.1428576f, 7.4285717f, 5.8571424f, 3}},
    {"linear", "asymmetric", NULL, 0, 8, false, false, 0, 8, {1, 1.625f, 2.5f, 3.75f, 6, 7.375f, 4.25f, 3}},
    {"linear", "half_pixel_symmetric", NULL, 0.5f, 0, false, false, 0, 2, {2, 8}},
    {"linear", "pytorch_half_pixel", NULL, 0, 1, false, false, 0, 1, {1}},
    {"linear", "half_pixel", NULL, 0, 3, true, false, 0, 3, {1.375f, 4.4444447f, 4.875f}},
    {"cubic", "half_pixel", NULL, 0, 7, false, false, 0, 7, {0.9212823f, 1.3702629f, 2.4621034f, 4, 7.578718f, 6.3207f, 2.6064122f}},
    {"cubic", "align_corners", NULL, 0, 7, false, false, 0, 7, {1, 1.4629632f, 2.5185165f, 4, 7.407408f, 6.870372f, 3}},
    {"cubic", "asymmetric", NULL, 0, 7, false, false, 0, 7, {1, 1.5174923f, 2.6297376f, 4.706997f, 7.9358597f, 5.413995f, 2.4533534f}},
    {"cubic",
     "half_pixel",
     NULL,
     1.7f,
     0,
     false,
     true,
     0,
     8,
     {0.880982f, 1.2100388f, 1.9351555f, 2.800408f, 4.7293453f, 7.646732f, 6.7252326f, 3.3598592f}},
    {"cubic",
     "half_pixel",
     NULL,
     1.7f,
     0,
     false,
     false,
     -0.5f,
     8,
     {0.9350827f, 1.2642742f, 1.956315f, 2.9254894f, 4.5642548f, 7.5336742f, 6.8715672f, 3.2897427f}},
    {"cubic", "half_pixel", NULL, 0, 3, true, false, 0, 3, {1.1301199f, 4.833335f, 5.212049f}},
    {"cubic", "half_pixel", NULL, 0, 3, true, true, 0, 3, {1.1377544f, 4.75463f, 5.3418374f}},
    {"nearest", "half_pixel", "round_prefer_floor", 0, 9, false, false, 0, 9, {1, 1, 2, 2, 4, 8, 8, 3, 3}},
    {"nearest", "half_pixel", "round_prefer_floor", 0.5f, 0, false, false, 0, 2, {1, 4}},
    {"nearest", "half_pixel", "round_prefer_ceil", 0.5f, 0, false, false, 0, 2, {2, 8}},
    {"nearest", "align_corners", "round_prefer_floor", 0, 9, false, false, 0, 9, {1, 1, 2, 2, 4, 4, 8, 8, 3}},
    {"nearest", "align_corners", "round_prefer_ceil", 0, 9, false, false, 0, 9, {1, 2, 2, 4, 4, 8, 8, 3, 3}},
    {"nearest", "half_pixel", "floor", 0, 9, false, false, 0, 9, {1, 1, 1, 2, 4, 4, 8, 8, 3}},
    {"nearest", "asymmetric", "floor", 0, 9, false, false, 0, 9, {1, 1, 2, 2, 4, 4, 8, 8, 3}},
    {"nearest", "half_pixel", "ceil", 0, 9, false, false, 0, 9, {1, 2, 2, 4, 4, 8, 3, 3, 3}},
    {"nearest", "asymmetric", "ceil", 0, 9, false, false, 0, 9, {1, 2, 4, 4, 8, 8, 3, 3, 3}},
};

static void add_line(op_run *run)
{
    memcpy(add_value(run, ITGC_F32, SHAPE(1, 1, 5))->f, line, sizeof line);
}

static void check_case(op_run *run, const resize_case *c)
{
    start_node(run);
    add_string(run, "mode", c->mode);
    add_string(run, "coordinate_transformation_mode", c->coordinates);
    add_int(run, "antialias", c->antialias);
    add_int(run, "exclude_outside", c->exclude_outside);
    if (c->nearest != NULL) {
        add_string(run, "nearest_mode", c->nearest);
    }
    if (c->cubic_a != 0) {
        add_float(run, "cubic_coeff_a", c->cubic_a);
    }
    add_line(run);
    leave_out_input(run);
    if (c->scale != 0) {
        add_float_list(run, 3, (const float[]){1, 1, c->scale});
    } else {
        leave_out_input(run);
        add_int_list(run, 3, (const int64_t[]){1, 1, c->size});
    }
    assert_floats(run_node(run, "Resize", 19, 1)[0], c->expected, c->count);
}

static void test_modes(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i]);
    }
}

static void test_old_forms(void **state)
{
    op_run *const run = *state;
    static const float scales[] = {1, 1, 1.6f}, smaller[] = {1, 1, 0.6f};
    start_node(run);
    add_line(run);
    add_float_list(run, 3, scales);
    ASSERT_FLOATS(run_node(run, "Resize", 10, 1)[0], 1, 1, 2, 2, 4, 8, 8, 3);
    start_node(run);
    add_line(run);
    add_float_list(run, 3, smaller);
    ASSERT_FLOATS(run_node(run, "Resize", 10, 1)[0], 1, 4, 3);
    start_node(run);
    add_string(run, "mode", "linear");
    add_line(run);
    add_float_list(run, 3, scales);
    ASSERT_FLOATS(run_node(run, "Upsample", 9, 1)[0], 1, 1.625f, 2.5f, 3.75f, 6, 7.375f, 4.25f, 3);
    start_node(run);
    add_attribute(run, (itgc_attribute){.name = "scales", .kind = ITGC_ATTR_FLOATS, .count = 3, .floats = (float[]){1, 1, 2}});
    add_line(run);
    ASSERT_FLOATS(run_node(run, "Upsample", 7, 1)[0], 1, 1, 2, 2, 4, 4, 8, 8, 3, 3);
}

static void test_crop(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_string(run, "mode", "linear");
    add_string(run, "coordinate_transformation_mode", "tf_crop_and_resize");
    add_float(run, "extrapolation_value", 9);
    add_line(run);
    add_float_list(run, 6, (const float[]){0, 0, 0.25f, 1, 1, 1.25f});
    leave_out_input(run);
    add_int_list(run, 3, (const int64_t[]){1, 1, 4});
    ASSERT_FLOATS(run_node(run, "Resize", 13, 1)[0], 2, 5.3333335f, 4.6666665f, 9);
}

/* axes names which dimensions the sizes are for; a policy keeps one scale for both. */
static void test_axes_and_policies(void **state)
{
    static const struct {
        const char *policy;
        int64_t height, width;
    } rows[] = {{"stretch", 7, 8}, {"not_larger", 5, 8}, {"not_smaller", 7, 11}};
    op_run *const run = *state;
    for (int i = 0; i < 3; i++) {
        start_node(run);
        ADD_INTS(run, "axes", -1, 1);
        add_string(run, "keep_aspect_ratio_policy", rows[i].policy);
        add_random(run, SHAPE(1, 5, 2, 8));
        leave_out_input(run);
        leave_out_input(run);
        add_int_list(run, 2, (const int64_t[]){8, 7});
        assert_shape(run_node(run, "Resize", 18, 1)[0], SHAPE(1, rows[i].height, 2, rows[i].width));
    }
}

static void test_two_dimensions(void **state)
{
    op_run *const run = *state;
    start_node(run);
    itgc_value *const x = add_value(run, ITGC_U8, SHAPE(1, 2, 2, 1));
    memcpy(x->i, (const int64_t[]){1, 2, 3, 4}, 4 * sizeof(int64_t));
    leave_out_input(run);
    add_float_list(run, 4, (const float[]){1, 2, 3, 1});
    const itgc_value *const y = run_node(run, "Resize", 13, 1)[0];
    assert_shape(y, SHAPE(1, 4, 6, 1));
    for (int i = 0; i < 24; i++) {
        assert_int_equal(y->i[i], 1 + i / 12 * 2 + i % 6 / 3);
    }
}

static void test_refusals(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_string(run, "mode", "lanczos");
    add_line(run);
    assert_false(prepare_node(run, "Resize", 13, 1));
    assert_int_equal(run->diag.code, 232);
    start_node(run);
    add_line(run);
    assert_false(prepare_node(run, "Resize", 13, 1));
    assert_int_equal(run->diag.code, 232);
    start_node(run);
    add_line(run);
    leave_out_input(run);
    add_float_list(run, 2, (const float[]){1, 2});
    assert_false(prepare_node(run, "Resize", 13, 1));
    assert_int_equal(run->diag.code, 232);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_modes, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_old_forms, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_crop, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_axes_and_policies, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_two_dimensions, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
