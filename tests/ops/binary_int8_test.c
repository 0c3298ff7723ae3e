/* SPDX-License-Identifier: Apache-2.0
 * Add, Sub, Mul, Div and PRelu in integers against the float evaluator: scales far apart, broadcasting, constants, int16. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

typedef struct binary_case {
    const char *type;
    itgc_binary_kind kind;
    int exponent_a, zero_a, exponent_b, zero_b;
    bool wide, relu;
    double tolerance; /* Add: 128.5 / 2^S steps beside the rounding */
} binary_case;

static const binary_case cases[] = {
    {"Add", ITGC_ADD, -6, 0, -6, 0, false, false, 0.52},     {"Add", ITGC_ADD, -6, -128, -8, 20, false, true, 0.52},
    {"Add", ITGC_ADD, -2, 5, -12, -100, false, false, 0.52}, {"Sub", ITGC_SUB, -6, 127, -5, -128, false, false, 0.53},
    {"Mul", ITGC_MUL, -6, 0, -7, 0, false, false, 0.52},     {"Mul", ITGC_MUL, -6, -128, -7, -128, false, true, 0.52},
    {"Mul", ITGC_MUL, -3, 127, -9, 30, true, false, 0.6},    {"Add", ITGC_ADD, -6, 0, -8, 3, true, false, 0.7},
    {"Sub", ITGC_SUB, -6, -128, -6, -128, true, false, 0.7},
};

static itgc_node *add_binary(bench *b, const char *type, itgc_binary_kind kind, itgc_tensor *x, itgc_tensor *y)
{
    itgc_node *node = add_node(b, type, x, y, NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = kind, .legacy_axis = -1};
    finish_node(b, node);
    return node;
}

static void run_case(const binary_case *c, itgc_shape other)
{
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(2, 4, 5, 6), ldexp(1.0, c->exponent_a), c->zero_a);
    itgc_tensor *y = add_input(&b, other, ldexp(1.0, c->exponent_b), c->zero_b);
    itgc_node *node = add_binary(&b, c->type, c->kind, x, y);
    add_output(&b, c->relu ? add_unary(&b, "Relu", (itgc_unary_params){.kind = ITGC_RELU}, node->out[0], node) : node->out[0]);
    b.options.wide_logits = c->wide;
    const double difference = compare_runs(&b);
    if (difference > c->tolerance) {
        fail_msg("%s of 2^%d and 2^%d differs by %.3f steps", c->type, c->exponent_a, c->exponent_b, difference);
    }
    end_bench(&b);
}

static void test_two_tensors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_case(&cases[i], DIMS(2, 4, 5, 6));
        run_case(&cases[i], DIMS(2, 1, 1, 6));
        run_case(&cases[i], DIMS(4, 1, 6));
        run_case(&cases[i], DIMS(2, 4, 5, 1));
    }
}

/* One constant, or one for each channel: y = gain x + bias in one step; others are operands of their own. */
static void test_constants(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        itgc_binary_kind kind;
        bool is_first;
    } kinds[] = {{"Add", ITGC_ADD, false}, {"Sub", ITGC_SUB, false}, {"Sub", ITGC_SUB, true},
                 {"Mul", ITGC_MUL, false}, {"Div", ITGC_DIV, false}, {"PRelu", ITGC_PRELU, false}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (int single = 0; single < 2; single++) {
            bench b;
            start_bench(&b);
            itgc_tensor *x = add_input(&b, DIMS(1, 4, 5, 6), 0x1p-6, 11);
            itgc_tensor *y = add_reals(&b, single ? DIMS(1) : DIMS(1, 1, 6), 0.5, 2.0);
            add_output(&b, add_binary(&b, kinds[i].type, kinds[i].kind, kinds[i].is_first ? y : x, kinds[i].is_first ? x : y)->out[0]);
            const double difference = compare_runs(&b);
            assert_ptr_equal(step_kind(&b, 0), &itgc_step_depthwise);
            if (difference > 0.53) {
                fail_msg("%s (one constant: %d) differs by %.3f steps", kinds[i].type, single, difference);
            }
            end_bench(&b);
        }
    }
}

static void test_constant_map(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(1, 4, 5, 6), 0x1p-6, 11);
    itgc_tensor *y = add_exact_weights(&b, DIMS(1, 4, 5, 6), -6, 0);
    y->constant->f[1] = -2.0f; /* -128 and 127 steps: the operand's own grid */
    add_output(&b, add_binary(&b, "Sub", ITGC_SUB, y, x)->out[0]);
    assert_true(compare_runs(&b) < 0.53);
    assert_ptr_equal(step_kind(&b, 0), &itgc_step_add);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_tensors), cmocka_unit_test(test_constants), cmocka_unit_test(test_constant_map)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
