/* SPDX-License-Identifier: Apache-2.0
 * Gemm, MatMul and BatchNormalization in float: against naive loops, with broadcasting, vectors and all transpositions. */
#include "tests/ops/op_run.h"

static void test_gemm(void **state)
{
    static const int64_t third[][3] = {{2, 5, 19}, {2, 1, 19}, {2, 5, 1}, {1, 19, 0}, {1, 1, 0}, {0, 0, 0}, {-1, 0, 0}};
    op_run *const run = *state;
    const int64_t m = 5, n = 19, k = 13;
    for (int64_t form = 0; form < 4 * 7; form++) {
        const bool turn_a = (form & 1) != 0, turn_b = (form & 2) != 0;
        const int64_t *const shape = third[form / 4];
        start_node(run);
        add_int(run, "transA", turn_a);
        add_int(run, "transB", turn_b);
        add_float(run, "alpha", 0.5f);
        add_float(run, "beta", 2.0f);
        const float *const a = add_random(run, turn_a ? SHAPE(k, m) : SHAPE(m, k)), *const b = add_random(run, turn_b ? SHAPE(n, k) : SHAPE(k, n));
        const float *const c = shape[0] < 0 ? NULL : add_random(run, make_shape((int)shape[0], shape + 1));
        const itgc_value *const y = run_node(run, "Gemm", 13, 1)[0];
        float expected[5 * 19];
        for (int64_t i = 0; i < m * n; i++) {
            double sum = 0;
            for (int64_t j = 0; j < k; j++) {
                sum += (double)a[turn_a ? j * m + i / n : i / n * k + j] * (double)b[turn_b ? i % n * k + j : j * n + i % n];
            }
            const int64_t last = shape[0] == 2 ? shape[2] : shape[0] == 1 ? shape[1] : 1, first = shape[0] == 2 ? shape[1] : 1;
            const int64_t at = (first == 1 ? 0 : i / n * last) + (last == 1 ? 0 : i % n);
            expected[i] = (float)(0.5 * sum + (c == NULL ? 0.0 : 2.0 * (double)c[at]));
        }
        assert_shape(y, SHAPE(m, n));
        assert_floats(y, expected, m * n);
    }
}

typedef struct product_case {
    itgc_shape a, b, y;
} product_case;

/* numpy.matmul, element by element: batch indices aligned at the right, sizes of 1 repeated. */
static int64_t find_matrix(const itgc_shape *operand, const itgc_shape *y, int64_t batch, int trailing)
{
    int64_t at = 0, step = 1;
    for (int i = y->rank - trailing - 1, j = operand->rank - 3; i >= 0; i--, j--) {
        const int64_t digit = batch % y->dim[i];
        batch /= y->dim[i];
        if (j >= 0) {
            at += operand->dim[j] == 1 ? 0 : digit * step;
            step *= operand->dim[j];
        }
    }
    return at;
}

static void check_product(op_run *run, const product_case *c)
{
    start_node(run);
    const float *const a = add_random(run, c->a), *const b = add_random(run, c->b);
    const itgc_value *const y = run_node(run, "MatMul", 13, 1)[0];
    const int64_t m = c->a.rank < 2 ? 1 : c->a.dim[c->a.rank - 2], n = c->b.rank < 2 ? 1 : c->b.dim[c->b.rank - 1], k = c->a.dim[c->a.rank - 1];
    const int trailing = (c->a.rank < 2 ? 0 : 1) + (c->b.rank < 2 ? 0 : 1);
    assert_shape(y, c->y);
    float *const expected = ITGC_NEW_ARRAY(run->arena, float, itgc_elements(&c->y));
    for (int64_t i = 0; i < itgc_elements(&c->y); i++) {
        const int64_t batch = i / (m * n), row = i / n % m, column = i % n;
        const float *const from = a + find_matrix(&c->a, &c->y, batch, trailing) * m * k + row * k;
        const float *const to = b + find_matrix(&c->b, &c->y, batch, trailing) * k * n + column;
        for (int64_t j = 0; j < k; j++) {
            expected[i] += from[j] * to[j * n];
        }
    }
    assert_memory_equal(y->f, expected, (size_t)itgc_elements(&c->y) * sizeof(float));
    const itgc_value *const in[] = {run->in[0]->constant, run->in[1]->constant};
    assert_memory_equal(eval_node(run, in, 3)[0]->f, expected, (size_t)itgc_elements(&c->y) * sizeof(float));
}

static void test_matmul(void **state)
{
    const product_case cases[] = {
        {SHAPE(3, 4), SHAPE(4, 5), SHAPE(3, 5)},
        {SHAPE(70, 300), SHAPE(300, 130), SHAPE(70, 130)},
        {SHAPE(4), SHAPE(4, 5), SHAPE(5)},
        {SHAPE(3, 4), SHAPE(4), SHAPE(3)},
        {SHAPE(4), SHAPE(4), {.rank = 0}},
        {SHAPE(2, 3, 4), SHAPE(4, 17), SHAPE(2, 3, 17)},
        {SHAPE(2, 3, 4), SHAPE(1, 4, 5), SHAPE(2, 3, 5)},
        {SHAPE(2, 3, 4), SHAPE(2, 4, 5), SHAPE(2, 3, 5)},
        {SHAPE(3, 4), SHAPE(2, 6, 4, 5), SHAPE(2, 6, 3, 5)},
        {SHAPE(2, 1, 3, 4), SHAPE(6, 4, 5), SHAPE(2, 6, 3, 5)},
        {SHAPE(2, 6, 3, 4), SHAPE(2, 1, 4, 1), SHAPE(2, 6, 3, 1)},
        {SHAPE(1, 2, 3, 4), SHAPE(5, 1, 4, 2), SHAPE(5, 2, 3, 2)},
        {SHAPE(2, 3, 4), SHAPE(4), SHAPE(2, 3)},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_product(*state, &cases[i]);
    }
}

static void test_batchnorm(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_float(run, "epsilon", 0.5f);
    const float *const x = add_random(run, SHAPE(2, 3, 4, 5));
    const float *const scale = add_random(run, SHAPE(3)), *const bias = add_random(run, SHAPE(3)), *const mean = add_random(run, SHAPE(3));
    add_float_list(run, 3, (const float[]){0.25f, 1, 2});
    const itgc_value *const y = run_node(run, "BatchNormalization", 15, 1)[0];
    float expected[2 * 3 * 4 * 5];
    for (int i = 0; i < 120; i++) {
        const int c = i / 20 % 3;
        expected[i] = (x[i] - mean[c]) / sqrtf(run->in[4]->constant->f[c] + 0.5f) * scale[c] + bias[c];
    }
    assert_floats(y, expected, 120);
    const itgc_value *const last = move_channels_last(run, run->in[0]->constant), *const turned = move_channels_last(run, y);
    const itgc_value *const in[] = {last, run->in[1]->constant, run->in[2]->constant, run->in[3]->constant, run->in[4]->constant};
    ((itgc_norm_params *)run->node->params)->channels_last = true;
    run->node->out[0]->shape = last->shape;
    assert_memory_equal(eval_node(run, in, 1)[0]->f, turned->f, sizeof expected);
}

/* Standardised weights are written so: mean and variance of each channel of x itself, and running ones as further outputs. */
static void test_batchnorm_of_itself(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_int(run, "training_mode", 1);
    add_float(run, "momentum", 0.75f);
    add_float(run, "epsilon", 0.5f);
    const float *const x = add_random(run, SHAPE(2, 3, 5));
    const float *const scale = add_random(run, SHAPE(3)), *const bias = add_random(run, SHAPE(3));
    const float *const old_mean = add_random(run, SHAPE(3)), *const old_variance = add_random(run, SHAPE(3));
    itgc_value *const *const y = run_node(run, "BatchNormalization", 15, 3);
    float expected[30], running_mean[3], running_variance[3];
    for (int c = 0; c < 3; c++) {
        double mean = 0, variance = 0;
        for (int i = 0; i < 10; i++) {
            mean += (double)x[(i / 5 * 3 + c) * 5 + i % 5] / 10;
        }
        for (int i = 0; i < 10; i++) {
            const double distance = (double)x[(i / 5 * 3 + c) * 5 + i % 5] - mean;
            variance += distance * distance / 10;
        }
        for (int i = 0; i < 10; i++) {
            const int at = (i / 5 * 3 + c) * 5 + i % 5;
            expected[at] = (float)(((double)x[at] - mean) / sqrt(variance + 0.5) * (double)scale[c] + (double)bias[c]);
        }
        running_mean[c] = (float)(0.75 * (double)old_mean[c] + 0.25 * mean);
        running_variance[c] = (float)(0.75 * (double)old_variance[c] + 0.25 * variance);
    }
    assert_floats(y[0], expected, 30);
    assert_floats(y[1], running_mean, 3);
    assert_floats(y[2], running_variance, 3);
}

static void test_refusals(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_random(run, SHAPE(2, 3));
    add_random(run, SHAPE(4, 3));
    assert_false(prepare_node(run, "MatMul", 13, 1));
    assert_int_equal(run->diag.code, 228);
    start_node(run);
    add_random(run, SHAPE(2, 3));
    add_random(run, SHAPE(3, 4));
    add_random(run, SHAPE(5, 4));
    assert_false(prepare_node(run, "Gemm", 13, 1));
    assert_int_equal(run->diag.code, 212);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_gemm, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_matmul, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_batchnorm, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_batchnorm_of_itself, set_up, tear_down),
                                       cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
