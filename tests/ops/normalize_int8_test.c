/* SPDX-License-Identifier: Apache-2.0
 * Normalizations by what activations measure, int8 and int16, against the float evaluator: every code within rounding of the float result,
 * and the noise of a step no more than that of rounding the float result once. The integers themselves: tests/kernels/normalize_check.c. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

/* One input: random codes, behind them a row of equal values and one of two values a step apart where there are rows enough. */
static itgc_tensor *add_rows(bench *b, itgc_shape shape, double scale, int32_t zero)
{
    itgc_tensor *x = add_input(b, shape, scale, zero);
    itgc_value *value = b->inputs[0];
    const int64_t width = shape.dim[shape.rank - 1], rows = itgc_elements(&shape) / width;
    for (int64_t i = 0; i < width && rows >= 4; i++) {
        value->f[2 * width + i] = (float)(7 * scale);
        value->f[3 * width + i] = (float)((i % 2 ? 3 : 4) * scale);
    }
    return x;
}

/* Squared differences of the integer run, and of the float result rounded once to the output's codes. */
static void compare_noise(bench *b, double most, const char *what)
{
    const itgc_value *expected = run_float(b);
    const itgc_value *actual = run_integers(b);
    const itgc_format *format = &b->graph->outputs[0]->format;
    double largest = 0.0, noise = 0.0, ideal = 0.0;
    for (int64_t i = 0; i < itgc_elements(&expected->shape); i++) {
        const double real = (double)expected->f[i];
        const double difference = real - (double)actual->f[i];
        const double rounded = real - (itgc_code_of(format, real) - format->zero) * format->scale;
        largest = fmax(largest, fabs(difference) / format->scale);
        noise += difference * difference;
        ideal += rounded * rounded;
    }
    assert_ptr_equal(step_kind(b, b->graph->step_count - 1), &itgc_step_normalize);
    if (largest > most || noise > 1.02 * ideal) {
        fail_msg("%s, %s of %s: %.4f steps off, noise %.4f of the ideal one", what, itgc_shape_text(b->arena, &expected->shape),
                 format->type == ITG_S16 ? "int16" : "int8", largest, noise / ideal);
    }
}

typedef itgc_node *make_node(bench *b, itgc_tensor *x);

/* The node on inputs of several steps and zero points, to int8 and to int16. */
static void check_node(make_node *make, itgc_shape shape, const char *what)
{
    static const struct {
        double scale;
        int32_t zero;
    } grids[] = {{0x1p-5, 9}, {0x1p-5, -128}, {0x1p-12, 0}, {0x1p3, 100}};
    for (int i = 0; i < 8; i++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_rows(&b, shape, grids[i / 2].scale, grids[i / 2].zero);
        add_output(&b, finish_node(&b, make(&b, x)));
        b.options.wide_logits = i % 2;
        compare_noise(&b, i % 2 ? 0.53 : 0.505, what);
        assert_int_equal(b.graph->outputs[0]->format.type, i % 2 ? ITG_S16 : ITG_S8);
        end_bench(&b);
    }
}

static itgc_shape last_axes(const itgc_tensor *x, int axis)
{
    itgc_shape tail = {.rank = x->shape.rank - axis};
    memcpy(tail.dim, x->shape.dim + axis, (size_t)tail.rank * sizeof tail.dim[0]);
    return tail;
}

static itgc_node *set_norm(itgc_node *node, itgc_norm_params params)
{
    *(itgc_norm_params *)node->params = params;
    return node;
}

static itgc_node *make_layer(bench *b, itgc_tensor *x)
{
    const itgc_shape tail = last_axes(x, x->shape.rank - 1);
    itgc_node *node = add_node(b, "LayerNormalization", x, add_reals(b, tail, -0.5, 2.0), add_reals(b, tail, -1.0, 3.0));
    return set_norm(node, (itgc_norm_params){.epsilon = 1e-5f, .axis = -1});
}

static itgc_node *make_plain_layer(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "LayerNormalization", x, add_reals(b, DIMS(1), 1.0, 1.0), NULL);
    return set_norm(node, (itgc_norm_params){.epsilon = 1e-12f, .axis = 1});
}

static itgc_node *make_two_axes(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "LayerNormalization", x, add_reals(b, last_axes(x, 1), 0.5, 2.0), add_reals(b, DIMS(1, 1), 0.25, 0.25));
    return set_norm(node, (itgc_norm_params){.epsilon = 1e-3f, .axis = 1});
}

static itgc_node *make_root_mean_square(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "RMSNormalization", x, add_reals(b, last_axes(x, x->shape.rank - 1), 0.1, 2.0), NULL);
    return set_norm(node, (itgc_norm_params){.epsilon = 1e-6f, .axis = -1});
}

static itgc_node *make_about_mean(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "RMSNormalization", x, add_reals(b, last_axes(x, x->shape.rank - 1), 0.1, 2.0), NULL);
    return set_norm(node, (itgc_norm_params){.epsilon = 1e-2f, .axis = -1, .about_mean = true});
}

static itgc_node *make_length(bench *b, itgc_tensor *x)
{
    return set_norm(add_node(b, "LpNormalization", x, NULL, NULL), (itgc_norm_params){.axis = -1, .p = 2, .epsilon = 1e-3f});
}

static itgc_node *make_length_along(bench *b, itgc_tensor *x)
{
    return set_norm(add_node(b, "LpNormalization", x, NULL, NULL), (itgc_norm_params){.axis = 1, .p = 2});
}

static itgc_node *make_magnitudes(bench *b, itgc_tensor *x)
{
    return set_norm(add_node(b, "LpNormalization", x, NULL, NULL), (itgc_norm_params){.axis = 1, .p = 1});
}

static itgc_node *make_mean_variance(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "MeanVarianceNormalization", x, NULL, NULL);
    return set_norm(node, (itgc_norm_params){.axis_count = 2, .axes = {0, 1}});
}

static itgc_node *make_tail_variance(bench *b, itgc_tensor *x)
{
    itgc_node *node = add_node(b, "MeanVarianceNormalization", x, NULL, NULL);
    return set_norm(node, (itgc_norm_params){.axis_count = 2, .axes = {2, 1}});
}

static itgc_node *add_groups(bench *b, itgc_tensor *x, const char *type, int64_t groups, int64_t entries, bool channels_last)
{
    itgc_node *node = add_node(b, type, x, add_reals(b, DIMS(entries), -0.5, 2.0), add_reals(b, DIMS(entries), -1.0, 2.0));
    return set_norm(node, (itgc_norm_params){.epsilon = 1e-5f, .groups = groups, .channels_last = channels_last});
}

static itgc_node *make_instance(bench *b, itgc_tensor *x)
{
    return add_groups(b, x, "InstanceNormalization", 0, x->shape.dim[2], true);
}

static itgc_node *make_groups(bench *b, itgc_tensor *x)
{
    return add_groups(b, x, "GroupNormalization", 4, x->shape.dim[2], true);
}

static itgc_node *make_one_group(bench *b, itgc_tensor *x)
{
    return add_groups(b, x, "GroupNormalization", 1, x->shape.dim[2], true);
}

static itgc_node *make_group_scales(bench *b, itgc_tensor *x)
{
    return add_groups(b, x, "GroupNormalization", 4, 4, true);
}

static itgc_node *make_channels_first(bench *b, itgc_tensor *x)
{
    return add_groups(b, x, "GroupNormalization", 2, x->shape.dim[1], false);
}

static void test_last_axes(void **state)
{
    (void)state;
    static const int64_t widths[] = {1, 2, 5, 40, 320, 1000};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        const itgc_shape shape = DIMS(2, 6, widths[i]);
        check_node(make_layer, shape, "LayerNormalization");
        check_node(make_root_mean_square, shape, "RMSNormalization");
        check_node(make_about_mean, shape, "RMSNormalization about the mean");
        check_node(make_length, shape, "LpNormalization");
    }
    check_node(make_two_axes, DIMS(6, 9, 12), "LayerNormalization of two axes");
    check_node(make_plain_layer, DIMS(30, 17), "LayerNormalization of one scale");
}

static void test_inner_axes(void **state)
{
    (void)state;
    check_node(make_length_along, DIMS(3, 20, 9), "LpNormalization along an axis");
    check_node(make_magnitudes, DIMS(3, 20, 9), "LpNormalization with p = 1");
    check_node(make_mean_variance, DIMS(3, 20, 9), "MeanVarianceNormalization");
    check_node(make_tail_variance, DIMS(3, 20, 9), "MeanVarianceNormalization of the last axes");
}

static void test_groups(void **state)
{
    (void)state;
    const itgc_shape shape = DIMS(2, 50, 20);
    check_node(make_instance, shape, "InstanceNormalization");
    check_node(make_groups, shape, "GroupNormalization");
    check_node(make_one_group, shape, "GroupNormalization with one group");
    check_node(make_group_scales, shape, "GroupNormalization with a scale for each group");
    check_node(make_channels_first, DIMS(2, 6, 40), "GroupNormalization of channels first");
    check_node(make_one_group, DIMS(1, 56 * 56, 64), "GroupNormalization over 200704 elements");
}

/* A layer whose result is int16, normalized to int8 and to int16. */
static void test_wide_input(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(5, 32), 0x1p-5, 9);
        itgc_node *gemm = add_node(&b, "Gemm", x, add_exact_weights(&b, DIMS(48, 32), -9, 0), NULL);
        *(itgc_gemm_params *)gemm->params = (itgc_gemm_params){.alpha = 1.0f, .beta = 1.0f, .transpose_b = true};
        gemm->in_gate = true;
        itgc_tensor *sum = finish_node(&b, gemm);
        add_output(&b, finish_node(&b, make_layer(&b, sum)));
        b.options.wide_gates = true;
        b.options.wide_logits = wide;
        const double difference = compare_runs(&b);
        assert_int_equal(sum->format.type, ITG_S16);
        assert_int_equal(b.graph->outputs[0]->format.type, wide ? ITG_S16 : ITG_S8);
        assert_true(difference < (wide ? 4.0 : 0.52)); /* int16: the steps of the layer's own result */
        end_bench(&b);
    }
}

/* A clamp behind it costs no step. */
static void test_fused_clamp(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_node *node = make_layer(&b, add_rows(&b, DIMS(6, 40), 0x1p-5, 9));
    itgc_tensor *sum = finish_node(&b, node);
    add_output(&b, add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, sum, node));
    compare_noise(&b, 0.505, "Relu behind LayerNormalization");
    assert_int_equal(b.graph->step_count, 1);
    end_bench(&b);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        itgc_norm_params params;
        const char *type, *says;
    } cases[] = {
        {{.axis_count = 2, .axes = {0, 2}}, "MeanVarianceNormalization", "only neighbouring axes"},
        {{.axis_count = 0}, "MeanVarianceNormalization", "no axes"},
        {{.axis = -1, .epsilon = 3e38f, .p = 1}, "LpNormalization", "epsilon is enormous"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        start_bench(&b);
        itgc_node *node = set_norm(add_node(&b, cases[i].type, add_input(&b, DIMS(3, 4, 5), 0x1p-12, 0), NULL, NULL), cases[i].params);
        add_output(&b, finish_node(&b, node));
        run_float(&b);
        assert_false(itgc_quantize_graph(b.graph, &b.options));
        assert_non_null(strstr(b.diag.error, cases[i].says));
        assert_non_null(strstr(b.diag.error, "E424"));
        end_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_last_axes),  cmocka_unit_test(test_inner_axes),  cmocka_unit_test(test_groups),
                                       cmocka_unit_test(test_wide_input), cmocka_unit_test(test_fused_clamp), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
