/* SPDX-License-Identifier: Apache-2.0
 * Conv and ConvTranspose in float: against naive loops, in both layouts, equal bits for any number of threads. */
#include "tests/ops/op_run.h"

typedef struct conv_case {
    int rank;
    int64_t batch, channels, outputs, group;
    int64_t in[3], kernel[3], stride[3], dilation[3], before[3], after[3];
} conv_case;

static const conv_case cases[] = {
    {2, 1, 3, 8, 1, {9, 7}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}},
    {2, 2, 4, 6, 2, {8, 8}, {3, 2}, {2, 1}, {1, 2}, {0, 1}, {2, 0}},
    {2, 1, 5, 5, 5, {10, 11}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}},
    {2, 1, 4, 8, 4, {6, 6}, {2, 2}, {1, 1}, {2, 2}, {0, 0}, {0, 0}},
    {2, 1, 3, 20, 1, {23, 21}, {7, 7}, {2, 2}, {1, 1}, {3, 3}, {3, 3}},
    {2, 3, 33, 17, 1, {5, 4}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}},
    {1, 2, 6, 9, 3, {17}, {4}, {3}, {2}, {2}, {3}},
    {3, 1, 2, 4, 1, {4, 5, 6}, {2, 3, 2}, {1, 2, 2}, {2, 1, 1}, {1, 0, 1}, {0, 1, 1}},
    {2, 1, 2, 3, 1, {2, 2}, {5, 5}, {1, 1}, {1, 1}, {2, 2}, {2, 2}},
};

static itgc_shape whole_shape(int64_t first, int64_t second, int rank, const int64_t *spatial)
{
    itgc_shape shape = {.rank = rank + 2, .dim = {first, second}};
    memcpy(shape.dim + 2, spatial, (size_t)rank * sizeof *spatial);
    return shape;
}

/* Digits of `index` in the mixed base of `rank` sizes. */
static void split_index(int64_t index, int rank, const int64_t *sizes, int64_t *digit)
{
    for (int i = rank - 1; i >= 0; i--) {
        digit[i] = index % sizes[i];
        index /= sizes[i];
    }
}

static int64_t count_of(int rank, const int64_t *sizes)
{
    int64_t count = 1;
    for (int i = 0; i < rank; i++) {
        count *= sizes[i];
    }
    return count;
}

/* Offset of the input element that output `o` reads through `tap`, -1 in the padding; transposed swaps the roles of o and the input. */
static int64_t locate(const conv_case *c, const int64_t *o, const int64_t *tap, bool transposed)
{
    int64_t at = 0;
    for (int i = 0; i < c->rank; i++) {
        int64_t position = transposed ? o[i] + c->before[i] - tap[i] * c->dilation[i] : o[i] * c->stride[i] - c->before[i] + tap[i] * c->dilation[i];
        if (transposed && (position < 0 || position % c->stride[i] != 0)) {
            return -1;
        }
        position = transposed ? position / c->stride[i] : position;
        if (position < 0 || position >= c->in[i]) {
            return -1;
        }
        at = at * c->in[i] + position;
    }
    return at;
}

static float convolve_at(const conv_case *c, const float *const *operands, int64_t index, const int64_t *out, bool transposed)
{
    const int64_t space = count_of(c->rank, out), taps = count_of(c->rank, c->kernel), plane = count_of(c->rank, c->in);
    const int64_t in_each = c->channels / c->group, out_each = c->outputs / c->group, m = index / space % c->outputs,
                  image = index / space / c->outputs;
    int64_t o[3], tap[3];
    double sum = (double)operands[2][m];
    split_index(index % space, c->rank, out, o);
    for (int64_t k = 0; k < taps; k++) {
        split_index(k, c->rank, c->kernel, tap);
        const int64_t at = locate(c, o, tap, transposed);
        for (int64_t i = 0; i < in_each && at >= 0; i++) {
            const int64_t channel = m / out_each * in_each + i;
            const int64_t weight = transposed ? (channel * out_each + m % out_each) * taps + k : (m * in_each + i) * taps + k;
            sum += (double)operands[0][(image * c->channels + channel) * plane + at] * (double)operands[1][weight];
        }
    }
    return (float)sum;
}

static void add_window(op_run *run, const conv_case *c)
{
    int64_t pads[6];
    memcpy(pads, c->before, (size_t)c->rank * sizeof *pads);
    memcpy(pads + c->rank, c->after, (size_t)c->rank * sizeof *pads);
    add_ints(run, "kernel_shape", c->rank, c->kernel);
    add_ints(run, "strides", c->rank, c->stride);
    add_ints(run, "dilations", c->rank, c->dilation);
    add_ints(run, "pads", 2 * c->rank, pads);
    add_int(run, "group", c->group);
}

/* The other layout and other thread counts: the same bits. */
static void check_variants(op_run *run, itgc_conv_params *params, const itgc_value *const *in, const itgc_value *y)
{
    const size_t bytes = (size_t)itgc_elements(&y->shape) * sizeof(float);
    assert_memory_equal(eval_node(run, in, 3)[0]->f, y->f, bytes);
    const itgc_value *const turned = move_channels_last(run, y);
    const itgc_value *const last[] = {move_channels_last(run, in[0]), in[1], in[2]};
    params->window.channels_last = true;
    run->node->out[0]->shape = turned->shape;
    assert_memory_equal(eval_node(run, last, 1)[0]->f, turned->f, bytes);
    assert_memory_equal(eval_node(run, last, 2)[0]->f, turned->f, bytes);
}

static void check_case(op_run *run, const conv_case *c, bool transposed)
{
    start_node(run);
    add_window(run, c);
    const int64_t first = transposed ? c->channels : c->outputs, second = (transposed ? c->outputs : c->channels) / c->group;
    const float *const operands[] = {add_random(run, whole_shape(c->batch, c->channels, c->rank, c->in)),
                                     add_random(run, whole_shape(first, second, c->rank, c->kernel)), add_random(run, SHAPE(c->outputs))};
    const itgc_value *const y = run_node(run, transposed ? "ConvTranspose" : "Conv", 13, 1)[0];
    float *const expected = ITGC_NEW_ARRAY(run->arena, float, itgc_elements(&y->shape));
    for (int64_t i = 0; i < itgc_elements(&y->shape); i++) {
        expected[i] = convolve_at(c, operands, i, y->shape.dim + 2, transposed);
    }
    assert_floats(y, expected, itgc_elements(&y->shape));
    for (int i = 0; i < c->rank; i++) {
        const int64_t extent = (c->kernel[i] - 1) * c->dilation[i] + 1, padding = c->before[i] + c->after[i];
        const int64_t size = transposed ? c->stride[i] * (c->in[i] - 1) + extent - padding : (c->in[i] + padding - extent) / c->stride[i] + 1;
        assert_int_equal(y->shape.dim[2 + i], size);
    }
    const itgc_value *const in[] = {run->in[0]->constant, run->in[1]->constant, run->in[2]->constant};
    check_variants(run, run->node->params, in, y);
}

static void test_conv(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i], false);
    }
}

static void test_convtranspose(void **state)
{
    for (size_t i = 0; i + 1 < sizeof cases / sizeof cases[0]; i++) {
        check_case(*state, &cases[i], true);
    }
}

static void test_auto_pad(void **state)
{
    static const struct {
        const char *mode;
        int64_t in, kernel, stride, out, before, after;
    } rows[] = {{"SAME_UPPER", 5, 3, 2, 3, 1, 1}, {"SAME_UPPER", 6, 3, 2, 3, 0, 1}, {"SAME_LOWER", 6, 3, 2, 3, 1, 0},
                {"VALID", 6, 3, 2, 2, 0, 0},      {"SAME_UPPER", 5, 1, 2, 3, 0, 0}, {"SAME_LOWER", 4, 4, 1, 4, 2, 1}};
    op_run *const run = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start_node(run);
        add_string(run, "auto_pad", rows[i].mode);
        ADD_INTS(run, "strides", rows[i].stride);
        add_random(run, SHAPE(1, 1, rows[i].in));
        add_random(run, SHAPE(1, 1, rows[i].kernel));
        assert_true(prepare_node(run, "Conv", 11, 1));
        const itgc_window *const window = &((const itgc_conv_params *)run->node->params)->window;
        assert_int_equal(run->node->out[0]->shape.dim[2], rows[i].out);
        assert_int_equal(window->before[0], rows[i].before);
        assert_int_equal(window->after[0], rows[i].after);
        assert_int_equal(window->auto_pad, ITGC_PAD_EXPLICIT);
    }
}

/* Padding with a value per channel equals convolving an input that was padded so before. */
static void test_pad_values(void **state)
{
    static const float values[] = {2.0f, -3.0f};
    op_run *const run = *state;
    start_node(run);
    ADD_INTS(run, "pads", 1, 1);
    const float *const x = add_random(run, SHAPE(1, 2, 5));
    const float *const w = add_random(run, SHAPE(3, 2, 3));
    assert_true(prepare_node(run, "Conv", 13, 1));
    ((itgc_conv_params *)run->node->params)->pad_values = values;
    const itgc_value *const in[] = {run->in[0]->constant, run->in[1]->constant};
    const itgc_value *const y = eval_node(run, in, 1)[0];
    for (int m = 0; m < 3; m++) {
        for (int o = 0; o < 5; o++) {
            float sum = 0;
            for (int c = 0; c < 2; c++) {
                for (int k = 0; k < 3; k++) {
                    const int at = o + k - 1;
                    sum += (at < 0 || at > 4 ? values[c] : x[c * 5 + at]) * w[(m * 2 + c) * 3 + k];
                }
            }
            assert_true(fabsf(y->f[m * 5 + o] - sum) < 1e-5f);
        }
    }
}

static void test_refusals(void **state)
{
    op_run *const run = *state;
    start_node(run);
    add_random(run, SHAPE(1, 4, 5, 5));
    add_random(run, SHAPE(3, 3, 2, 2));
    assert_false(prepare_node(run, "Conv", 13, 1));
    assert_int_equal(run->diag.code, 226);
    start_node(run);
    add_string(run, "auto_pad", "BEST");
    add_random(run, SHAPE(1, 4, 5, 5));
    add_random(run, SHAPE(3, 4, 2, 2));
    assert_false(prepare_node(run, "Conv", 13, 1));
    assert_int_equal(run->diag.code, 222);
    start_node(run);
    add_random(run, SHAPE(1, 4, 2, 2));
    add_random(run, SHAPE(3, 4, 3, 3));
    assert_false(prepare_node(run, "Conv", 13, 1));
    assert_int_equal(run->diag.code, 224);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_conv, set_up, tear_down),     cmocka_unit_test_setup_teardown(test_convtranspose, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_auto_pad, set_up, tear_down), cmocka_unit_test_setup_teardown(test_pad_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
