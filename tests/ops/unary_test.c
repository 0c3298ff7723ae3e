/* SPDX-License-Identifier: Apache-2.0
 * Elementwise functions of one variable: attribute and input forms, ends of their ranges, integers, what is refused. */
#include "tests/ops/node_case.h"

static void follow_onnx(void **state)
{
    static const node_case cases[] = {
        {"Relu", 14, "", {"f32[4] -1 0 2 nan"}, {"f32[4] 0 0 2 nan"}, 0},
        {"Relu", 14, "", {"i32[3] -1 0 2"}, {"i32[3] 0 0 2"}, 0},
        {"Relu", 14, "", {"f32[2,0]"}, {"f32[2,0]"}, 0},
        {"LeakyRelu", 16, "", {"f32[2] -2 2"}, {"f32[2] -0.02 2"}, 0},
        {"LeakyRelu", 7, "alpha=0.5", {"f32[] -2"}, {"f32[] -1"}, 0},
        {"Clip", 6 + 1, "min=-1.0 max=1.0", {"f32[3] -5 0.5 5"}, {"f32[3] -1 0.5 1"}, 0},
        {"Clip", 7, "", {"f32[2] -1e38 1e38"}, {"f32[2] -1e38 1e38"}, 0},
        {"Clip", 13, "", {"f32[3] -5 0.5 5", "", "f32[] 1"}, {"f32[3] -5 0.5 1"}, 0},
        {"Clip", 13, "", {"f32[3] -5 0.5 5", "f32[] 2", "f32[] 1"}, {"f32[3] 1 1 1"}, 0},
        {"Clip", 12, "", {"i8[3] -5 0 5", "i8[] -2", "i8[] 3"}, {"i8[3] -2 0 3"}, 0},
        {"Clip", 12, "", {"u64[2] 18446744073709551615 1", "", "u64[] 9"}, {"u64[2] 9 1"}, 0},
        {"Clip", 13, "", {"f32[1] 0", "?f32[] 1"}, {NULL}, 213},
        {"Clip", 13, "", {"f32[1] 0", "i32[] 1"}, {NULL}, 215},
        {"Elu", 22, "alpha=2.0", {"f32[3] -1 0 1"}, {"f32[3] -1.26424112 0 1"}, 0},
        {"Selu", 7, "", {"f32[2] -1 1"}, {"f32[2] -1.11133074 1.05070102"}, 0},
        {"Celu", 12, "alpha=2.0", {"f32[2] -1 1"}, {"f32[2] -0.786938681 1"}, 0},
        {"ThresholdedRelu", 10, "", {"f32[3] 0.5 1 1.5"}, {"f32[3] 0 0 1.5"}, 0},
        {"Sigmoid", 13, "", {"f32[3] -200 0 200"}, {"f32[3] 0 0.5 1"}, 0},
        {"HardSigmoid", 7, "", {"f32[4] -9 -1 0 9"}, {"f32[4] 0 0.3 0.5 1"}, 0},
        {"HardSwish", 14, "", {"f32[4] -4 -1 1 4"}, {"f32[4] 0 -0.333333333 0.666666667 4"}, 0},
        {"Tanh", 13, "", {"f32[2] 0.5 -90"}, {"f32[2] 0.462117157 -1"}, 0},
        {"Softplus", 7, "", {"f32[4] -30 0 1 100"}, {"f32[4] 9.35762297e-14 0.693147181 1.31326169 100"}, 0},
        {"Softsign", 7, "", {"f32[2] -3 1"}, {"f32[2] -0.75 0.5"}, 0},
        {"Mish", 18, "", {"f32[2] -1 2"}, {"f32[2] -0.303401461 1.943959"}, 0},
        {"Gelu", 20, "", {"f32[2] -1 1"}, {"f32[2] -0.158655254 0.841344746"}, 0},
        {"Gelu", 20, "approximate='tanh'", {"f32[2] -1 1"}, {"f32[2] -0.158808010 0.841191990"}, 0},
        {"Gelu", 20, "approximate='erf'", {"f32[1] 1"}, {NULL}, 216},
        {"Swish", 24, "alpha=2.0", {"f32[1] 1"}, {"f32[1] 0.880797078"}, 0},
        {"Erf", 13, "", {"f32[2] 0.5 -9"}, {"f32[2] 0.520499878 -1"}, 0},
        {"Exp", 13, "", {"f32[3] 0 1 -inf"}, {"f32[3] 1 2.71828183 0"}, 0},
        {"Log", 13, "", {"f32[3] 1 10 -1"}, {"f32[3] 0 2.30258509 nan"}, 0},
        {"Sqrt", 13, "", {"f32[2] 9 -1"}, {"f32[2] 3 nan"}, 0},
        {"Reciprocal", 13, "", {"f32[2] 4 0"}, {"f32[2] 0.25 inf"}, 0},
        {"Abs", 13, "", {"i8[3] -128 -1 1"}, {"i8[3] -128 1 1"}, 0},
        {"Neg", 13, "", {"i64[2] -9223372036854775808 5"}, {"i64[2] -9223372036854775808 -5"}, 0},
        {"Neg", 13, "", {"f32[] 1"}, {"f32[] -1"}, 0},
        {"Sign", 13, "", {"i32[3] -7 0 7"}, {"i32[3] -1 0 1"}, 0},
        {"Sign", 9, "", {"f32[3] -7 0 7"}, {"f32[3] -1 0 1"}, 0},
        {"Floor", 13, "", {"f32[2] -1.5 1.5"}, {"f32[2] -2 1"}, 0},
        {"Ceil", 13, "", {"f32[2] -1.5 1.5"}, {"f32[2] -1 2"}, 0},
        {"Round", 11, "", {"f32[5] 0.5 1.5 2.5 -0.5 -2.5"}, {"f32[5] 0 2 2 0 -2"}, 0},
        {"Sin", 7, "", {"f32[2] 1 1000"}, {"f32[2] 0.841470985 0.826879541"}, 0},
        {"Cos", 7, "", {"f32[1] 1"}, {"f32[1] 0.540302306"}, 0},
        {"Tan", 7, "", {"f32[1] 1"}, {"f32[1] 1.55740772"}, 0},
        {"Atan", 7, "", {"f32[6] 0 1e-6 1 -3 1e30 -inf"}, {"f32[6] 0 1e-6 0.785398163 -1.24904577 1.57079633 -1.57079633"}, 0},
        {"Asin", 7, "", {"f32[4] 0.5 -1 1 2"}, {"f32[4] 0.523598776 -1.57079633 1.57079633 nan"}, 0},
        {"Acos", 7, "", {"f32[4] 0.5 -1 1 -2"}, {"f32[4] 1.04719755 3.14159265 0 nan"}, 0},
        {"Sinh", 9, "", {"f32[2] 1e-5 1"}, {"f32[2] 1e-5 1.17520119"}, 0},
        {"Asinh", 9, "", {"f32[2] 1e-5 -2"}, {"f32[2] 1e-5 -1.44363548"}, 0},
        {"Atanh", 9, "", {"f32[2] 1e-5 0.5"}, {"f32[2] 1e-5 0.549306144"}, 0},
        {"Shrink", 9, "lambd=1.5 bias=1.0", {"f32[3] -2 1 2"}, {"f32[3] -1 0 1"}, 0},
        {"Not", 7, "", {"bool[2] 0 1"}, {"bool[2] 1 0"}, 0},
        {"Not", 7, "", {"i32[1] 0"}, {NULL}, 215},
        {"Exp", 13, "", {"i32[1] 0"}, {NULL}, 215},
        {"Exp", 13, "base=2", {"f32[1] 0"}, {NULL}, 209},
        {"LeakyRelu", 16, "alpha=1", {"f32[1] 0"}, {NULL}, 210},
    };
    (void)state;
    CHECK_CASES(cases);
}

/* eval in float and the definition in double agree over the whole useful range. */
static void agree_with_the_definition(void **state)
{
    static const char *const types[] = {"Sigmoid", "Tanh", "Exp", "HardSwish", "HardSigmoid", "LeakyRelu", "Relu"};
    itgc_arena *const arena = itgc_new_arena(0);
    (void)state;
    for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
        itgc_diag diag = {.arena = arena};
        itgc_graph *const graph = itgc_new_graph(arena, &diag);
        const itgc_shape shape = {.rank = 1, .dim = {4001}};
        itgc_value *const x = itgc_new_value(arena, ITGC_F32, &shape);
        for (int i = 0; i < 4001; i++)
            x->f[i] = (float)(i - 2000) * 0.01f;
        itgc_tensor *in = itgc_new_constant(graph, "x", x), *out = itgc_new_tensor(graph, "y", ITGC_NO_TYPE, NULL);
        itgc_node *const node = itgc_append_node(graph, itgc_find_op(types[k], 28, NULL), types[k], "n", &in, 1, &out, 1);
        node->opset = 28;
        assert_true(itgc_parse_node(graph, node) && itgc_infer_node(graph, node) && itgc_fold_node(graph, node, 1));
        for (int i = 0; i < 4001; i++)
            assert_true(fabs((double)out->constant->f[i] - itgc_unary_value(node->params, (double)x->f[i])) <=
                        3e-7 * (0.2 + fabs((double)out->constant->f[i])));
    }
    itgc_release_arena(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(follow_onnx), cmocka_unit_test(agree_with_the_definition)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
