/* SPDX-License-Identifier: Apache-2.0
 * The normalizations in float against their definitions in double, in both layouts where they have two. */
#include "tests/ops/op_run.h"

/* Mean and variance of `count` values `step` apart. */
static void take_moments(const float *x, int64_t count, int64_t step, double *mean, double *variance)
{
    *mean = *variance = 0;
    for (int64_t i = 0; i < count; i++) {
        *mean += (double)x[i * step] / (double)count;
    }
    for (int64_t i = 0; i < count; i++) {
        *variance += ((double)x[i * step] - *mean) * ((double)x[i * step] - *mean) / (double)count;
    }
}

static void test_layernorm(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_float(run, "epsilon", 0.01f);
    add_int(run, "axis", -2);
    const float *const x = add_random(run, SHAPE(3, 4, 5)), *const scale = add_random(run, SHAPE(4, 5)), *const bias = add_random(run, SHAPE(5));
    itgc_value **const out = run_node(run, "LayerNormalization", 17, 3);
    float expected[60];
    for (int i = 0; i < 60; i++) {
        double mean, variance;
        take_moments(x + i / 20 * 20, 20, 1, &mean, &variance);
        expected[i] = (float)(((double)x[i] - mean) / sqrt(variance + 0.01) * (double)scale[i % 20] + (double)bias[i % 5]);
        assert_true(fabs((double)out[1]->f[i / 20] - mean) < 1e-6 && fabs((double)out[2]->f[i / 20] * sqrt(variance + 0.01) - 1) < 1e-6);
    }
    assert_floats(out[0], expected, 60);
    assert_shape(out[1], SHAPE(3, 1, 1));
}

static void test_rmsnorm(void **state)
{
    op_run *const run = *state;
    start_node(run);
    const float *const x = add_random(run, SHAPE(4, 5)), *const scale = add_random(run, SHAPE(5));
    const itgc_value *const y = run_node(run, "RMSNormalization", 23, 1)[0];
    float expected[20];
    for (int i = 0; i < 20; i++) {
        double squares = 0;
        for (int j = 0; j < 5; j++) {
            squares += (double)x[i / 5 * 5 + j] * (double)x[i / 5 * 5 + j] / 5;
        }
        expected[i] = (float)((double)x[i] / sqrt(squares + 1e-5) * (double)scale[i % 5]);
    }
    assert_floats(y, expected, 20);
}

/* type over `groups` of 6 channels of [2,6,3,4]; scale has `entries` values. */
static void check_groups(op_run *run, const char *type, int opset, int64_t groups, int64_t entries)
{
    start_node(run);
    if (groups != 6) {
        add_int(run, "num_groups", groups);
    }
    const float *const x = add_random(run, SHAPE(2, 6, 3, 4)), *const scale = add_random(run, SHAPE(entries)),
                       *const bias = add_random(run, SHAPE(entries));
    const itgc_value *const y = run_node(run, type, opset, 1)[0];
    const int64_t each = 6 / groups;
    float expected[144];
    for (int64_t i = 0; i < 144; i++) {
        const int64_t channel = i / 12 % 6, entry = channel * entries / 6;
        double mean, variance;
        take_moments(x + i / (12 * each) * 12 * each, 12 * each, 1, &mean, &variance);
        expected[i] = (float)(((double)x[i] - mean) / sqrt(variance + 1e-5) * (double)scale[entry] + (double)bias[entry]);
    }
    assert_floats(y, expected, 144);
    const itgc_value *const turned = move_channels_last(run, y);
    const itgc_value *const in[] = {move_channels_last(run, run->in[0]->constant), run->in[1]->constant, run->in[2]->constant};
    ((itgc_norm_params *)run->node->params)->channels_last = true;
    run->node->out[0]->shape = turned->shape;
    assert_floats(eval_node(run, in, 1)[0], turned->f, 144);
}

static void test_groups(void **state)
{
    check_groups(*state, "InstanceNormalization", 6, 6, 6);
    check_groups(*state, "GroupNormalization", 21, 2, 6);
    check_groups(*state, "GroupNormalization", 18, 3, 3);
}

static void test_lpnorm(void **state)
{
    op_run *const run = *state;
    for (int64_t p = 1; p <= 2; p++) {
        start_node(run);
        add_int(run, "axis", 0);
        add_int(run, "p", p);
        memcpy(add_value(run, ITGC_F32, SHAPE(2, 2))->f, (const float[]){3, 0, -4, 0}, 4 * sizeof(float));
        const float norm = p == 1 ? 7.0f : 5.0f;
        ASSERT_FLOATS(run_node(run, "LpNormalization", 22, 1)[0], 3 / norm, 0, -4 / norm, 0);
    }
}

static void test_mvn(void **state)
{
    op_run *const run = *state;
    start_node(run);
    const float *const x = add_random(run, SHAPE(3, 2, 2, 5));
    const itgc_value *const y = run_node(run, "MeanVarianceNormalization", 13, 1)[0];
    for (int c = 0; c < 2; c++) {
        float channel[30];
        double mean, variance;
        for (int i = 0; i < 30; i++) {
            channel[i] = x[(i / 10 * 2 + c) * 10 + i % 10];
        }
        take_moments(channel, 30, 1, &mean, &variance);
        for (int i = 0; i < 30; i++) {
            assert_true(fabs((double)y->f[(i / 10 * 2 + c) * 10 + i % 10] - ((double)channel[i] - mean) / sqrt(variance)) < 1e-5);
        }
    }
}

static void test_lrn(void **state)
{
    op_run *const run = *state;
    for (int64_t size = 1; size < 7; size++) {
        start_node(run);
        add_int(run, "size", size);
        add_float(run, "alpha", 0.5f);
        add_float(run, "bias", 2.0f);
        const float *const x = add_random(run, SHAPE(2, 5, 3));
        const itgc_value *const y = run_node(run, "LRN", 13, 1)[0];
        float expected[30];
        for (int64_t i = 0; i < 30; i++) {
            const int64_t c = i / 3 % 5;
            double squares = 0;
            for (int64_t j = 0; j < 5; j++) {
                const bool is_near = j >= c - (size - 1) / 2 && j <= c + size / 2;
                const double value = (double)x[i + (j - c) * 3];
                squares += is_near ? value * value : 0;
            }
            expected[i] = (float)((double)x[i] / pow(2 + 0.5 / (double)size * squares, 0.75));
        }
        assert_floats(y, expected, 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_layernorm, set_up, tear_down), cmocka_unit_test_setup_teardown(test_rmsnorm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_groups, set_up, tear_down),    cmocka_unit_test_setup_teardown(test_lpnorm, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_mvn, set_up, tear_down),       cmocka_unit_test_setup_teardown(test_lrn, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
