/* SPDX-License-Identifier: Apache-2.0
 * Conv and depthwise Conv in integers against the float evaluator: shapes, scales, activations, and the cases that break quantizers.
 * Inputs and weights lie on their grids, so that only the output's rounding and the multipliers' are left: half a step and a little. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

typedef struct conv_case {
    int64_t channels, outputs, group, height, width, kernel, stride, pad, dilation;
    int in_exponent, in_zero, weight_exponent, spread;
    double bias;
    int activation; /* itgc_unary_kind, or -1 */
    bool wide;      /* int16 output */
} conv_case;

static void build_case(bench *b, const conv_case *c)
{
    itgc_tensor *x = add_input(b, DIMS(1, c->height, c->width, c->channels), ldexp(1.0, c->in_exponent), c->in_zero);
    itgc_tensor *weights = add_exact_weights(b, DIMS(c->outputs, c->channels / c->group, c->kernel, c->kernel), c->weight_exponent, c->spread);
    itgc_node *node =
        add_conv(b, x, weights, add_reals(b, DIMS(c->outputs), -c->bias, c->bias), (conv_window){c->stride, c->pad, c->dilation, c->group});
    itgc_tensor *out = node->out[0];
    if (c->activation >= 0) {
        const char *type = c->activation == ITGC_RELU ? "Relu" : c->activation == ITGC_CLIP ? "Clip" : "LeakyRelu";
        const double alpha = c->activation == ITGC_LEAKY_RELU ? 0.125 : 0.0;
        out = add_unary(b, type, (itgc_unary_params){.kind = (itgc_unary_kind)c->activation, .alpha = alpha, .beta = 6.0}, out, node);
    }
    add_output(b, out);
    b->options = (itgc_quantize_options){.wide_logits = c->wide};
}

static const conv_case cases[] = {
    /* C  Cout  g  H  W  k  s  p  d   in  zero   w  spread bias activation wide */
    {3, 8, 1, 8, 9, 3, 1, 1, 1, -7, -128, -8, 0, 0.5, -1, false},
    {3, 8, 1, 8, 9, 3, 2, 1, 1, -7, 0, -8, 0, 0.5, ITGC_RELU, false},
    {4, 6, 2, 7, 7, 3, 1, 0, 2, -5, 127, -8, 2, 2.0, -1, false},
    {16, 16, 1, 5, 5, 1, 1, 0, 1, -3, 17, -11, 0, 1.0, ITGC_CLIP, false},
    {1, 1, 1, 1, 2, 1, 1, 0, 1, -7, -128, -7, 0, 0.0, -1, false},     /* K = 1 */
    {512, 4, 1, 3, 3, 3, 1, 1, 1, -6, -128, -9, 0, 3.0, -1, false},   /* K = 4608 */
    {8, 15, 1, 5, 5, 3, 1, 1, 1, -6, -100, -4, 14, 0.001, -1, false}, /* channels 2^14 apart */
    {6, 6, 1, 6, 6, 3, 1, 1, 1, -6, 3, -9, 1, 0.5, ITGC_LEAKY_RELU, false},
    {8, 8, 8, 9, 7, 3, 1, 1, 1, -6, -128, -7, 3, 0.5, ITGC_RELU, false},
    {8, 16, 8, 9, 7, 5, 2, 2, 1, -6, 5, -7, 3, 0.5, -1, false},
    {8, 8, 8, 9, 7, 3, 1, 2, 2, -6, 5, -7, 0, 0.5, ITGC_LEAKY_RELU, false},
    {16, 10, 1, 4, 4, 3, 1, 1, 1, -6, -128, -9, 0, 1.0, -1, true},
    {8, 8, 8, 5, 5, 3, 1, 1, 1, -6, 9, -7, 0, 0.5, -1, true},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        build_case(&b, &cases[i]);
        const double difference = compare_runs(&b);
        const itgc_step_kind *kind = cases[i].group > 1 && cases[i].group == cases[i].channels ? &itgc_step_depthwise : &itgc_step_conv;
        assert_ptr_equal(step_kind(&b, 0), kind);
        /* Steps of the accumulator that the bias is rounded to, and of float sums, are far below a step of the output. */
        if (difference > (cases[i].wide ? 0.8 : 0.52)) {
            fail_msg("case %zu differs by %.3f steps", i, difference);
        }
        end_bench(&b);
    }
}

/* Fused tables: half a step for the index, half for the entry. */
static void test_tables(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        itgc_unary_params params;
    } functions[] = {
        {"Sigmoid", {.kind = ITGC_SIGMOID}},       {"Tanh", {.kind = ITGC_TANH}},
        {"HardSwish", {.kind = ITGC_HARD_SWISH}},  {"HardSigmoid", {.kind = ITGC_HARD_SIGMOID, .alpha = 0.2, .beta = 0.5}},
        {"Elu", {.kind = ITGC_ELU, .alpha = 1.0}},
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(1, 6, 6, 4), 0x1p-6, 10);
        itgc_node *node = add_conv(&b, x, add_exact_weights(&b, DIMS(8, 4, 3, 3), -9, 2), add_reals(&b, DIMS(8), -1, 1), (conv_window){1, 1, 1, 1});
        add_output(&b, add_unary(&b, functions[i].type, functions[i].params, node->out[0], node));
        const double difference = compare_runs(&b);
        assert_int_equal(b.graph->step_count, 1);
        if (difference > 0.95) {
            fail_msg("%s differs by %.3f steps", functions[i].type, difference);
        }
        end_bench(&b);
    }
}

/* Dead channels keep their bias; a huge bias on tiny weights does not overflow; all-zero weights; an input that never changes. */
static void test_hard_channels(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const conv_window plain = {.stride = 1, .dilation = 1, .group = 1};
    itgc_tensor *x = add_input(&b, DIMS(1, 4, 4, 2), 0x1p-7, -128);
    itgc_tensor *weights = add_exact_weights(&b, DIMS(4, 2, 1, 1), -7, 0);
    itgc_tensor *bias = add_reals(&b, DIMS(4), -1, 1);
    float *w = weights->constant->f;
    w[2] = w[3] = 0.0f; /* channel 1 is dead, its bias 1.5 */
    w[4] *= 0x1p-20f;   /* channel 2: tiny weights, bias 100 */
    w[5] *= 0x1p-20f;
    bias->constant->f[1] = 1.5f;
    bias->constant->f[2] = 100.0f;
    add_output(&b, add_conv(&b, x, weights, bias, plain)->out[0]);
    assert_true(compare_runs(&b) < 0.55);
    end_bench(&b);

    start_bench(&b);
    x = add_input(&b, DIMS(1, 4, 4, 2), 0x1p-7, -128);
    for (int i = 0; i < 32; i++) {
        b.inputs[0]->f[i] = 0.75f;
    }
    weights = add_reals(&b, DIMS(4, 2, 1, 1), 0, 0);
    add_output(&b, add_conv(&b, x, weights, add_reals(&b, DIMS(4), -2, 2), plain)->out[0]);
    assert_true(compare_runs(&b) < 0.55);
    end_bench(&b);
}

/* Pixels with padding that stands for a grey level of each channel. */
static void test_pixel_padding(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    static const float grey[3] = {124.0f, 116.0f, 104.0f};
    itgc_tensor *x = add_input(&b, DIMS(1, 6, 6, 3), 1.0, -128);
    itgc_node *node = add_conv(&b, x, add_exact_weights(&b, DIMS(5, 3, 3, 3), -14, 0), add_reals(&b, DIMS(5), -1, 1), (conv_window){2, 1, 1, 1});
    ((itgc_conv_params *)node->params)->pad_values = grey;
    b.graph->input_is_pixels = true;
    add_output(&b, node->out[0]);
    assert_true(compare_runs(&b) < 0.52);
    assert_int_equal(x->format.type, ITG_U8);
    assert_int_equal(x->format.zero, -128);
    end_bench(&b);
}

/* What kernels stage, counted in 32 bits: all channels of the rows, or depthwise a whole block of 32 of a row. */
static void refuses_reach(void **state)
{
    (void)state;
    static const struct {
        int64_t channels, group, dilation;
    } refused[] = {{2048, 1, 1 << 19}, {2, 2, 1 << 24}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(1, 2, 2, refused[i].channels), 0x1p-5, 0);
        itgc_tensor *weights = add_exact_weights(&b, DIMS(2, refused[i].channels / refused[i].group, 1, 3), -7, 0);
        itgc_node *node = add_node(&b, "Conv", x, weights, NULL);
        const int64_t dilation = refused[i].dilation;
        *(itgc_conv_params *)node->params = (itgc_conv_params){.group = refused[i].group,
                                                               .window = {.rank = 2,
                                                                          .channels_last = true,
                                                                          .kernel = {1, 3},
                                                                          .stride = {1, 1},
                                                                          .dilation = {1, dilation},
                                                                          .before = {0, dilation},
                                                                          .after = {0, dilation}}};
        refuse_graph(&b, x, finish_node(&b, node), 419);
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),         cmocka_unit_test(test_tables),   cmocka_unit_test(test_hard_channels),
        cmocka_unit_test(test_pixel_padding), cmocka_unit_test(refuses_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
