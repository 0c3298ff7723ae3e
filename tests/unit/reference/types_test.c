/* SPDX-License-Identifier: Apache-2.0
 * Half types are rounded behind every op, ties to even; inputs may be empty. */
#include "compiler/reference/reference.h"
#include "tests/unit/onnx/importing.h"

enum { ONNX_BFLOAT = 16 };

/* y of a graph of one input x [count] with these values. */
static const itgc_value *run(importing *f, const float *values, int64_t count)
{
    const itgc_graph *const graph = import_good(f);
    const itgc_shape shape = {.rank = 1, .dim = {count}};
    itgc_value *const x = itgc_new_value(f->arena, graph->inputs[0]->type, &shape);
    const itgc_value *const inputs[1] = {x};
    for (int64_t i = 0; i < count; i++)
        x->f[i] = values[i];
    itgc_executor *const executor = itgc_new_executor(graph, 1);
    assert_true(itgc_run_float(executor, inputs, NULL, NULL));
    return itgc_value_of(executor, graph->outputs[0]);
}

static void add_one(importing *f, int type, uint16_t one)
{
    add_input(&f->writer, "x", type, "3");
    add_output(&f->writer, "y");
    add_initializer(&f->writer, "one", type, "1", &one, sizeof one);
    add_node(&f->writer, "Add", "add", "x|one", "y");
}

static void float16_has_eleven_bits(void **state)
{
    importing *const f = *state;
    const float values[3] = {2048.0f, 2050.0f, 65504.0f};
    add_one(f, ONNX_HALF, 0x3c00);
    const itgc_value *const y = run(f, values, 3);
    assert_int_equal(y->type, ITGC_F16);
    assert_true(y->f[0] == 2048.0f); /* 2049 lies between: to even */
    assert_true(y->f[1] == 2052.0f);
    assert_true(y->f[2] == 65504.0f);
}

static void bfloat16_has_eight(void **state)
{
    importing *const f = *state;
    const float values[3] = {256.0f, 258.0f, 255.0f};
    add_one(f, ONNX_BFLOAT, 0x3f80);
    const itgc_value *const y = run(f, values, 3);
    assert_true(y->f[0] == 256.0f);
    assert_true(y->f[1] == 260.0f);
    assert_true(y->f[2] == 256.0f);
}

static void inputs_may_be_empty(void **state)
{
    importing *const f = *state;
    const itgc_shape empty = {.rank = 1, .dim = {0}};
    add_input(&f->writer, "x", ONNX_FLOAT, "n");
    add_output(&f->writer, "y");
    add_node(&f->writer, "ReduceSum", "sum", "x", "y");
    give_shape(f, "x", empty);
    const itgc_value *const y = run(f, NULL, 0);
    assert_int_equal(itgc_elements(&y->shape), 1);
    assert_true(y->f[0] == 0.0f);
}

static void a_negative_size_is_refused(void **state)
{
    importing *const f = *state;
    const itgc_shape shape = {.rank = 1, .dim = {-2}};
    add_input(&f->writer, "x", ONNX_FLOAT, "n");
    add_output(&f->writer, "y");
    add_node(&f->writer, "Relu", "relu", "x", "y");
    give_shape(f, "x", shape);
    import_bad(f, 207, "the shape [-2] given for it is impossible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IMPORT_TEST(float16_has_eleven_bits),
        IMPORT_TEST(bfloat16_has_eight),
        IMPORT_TEST(inputs_may_be_empty),
        IMPORT_TEST(a_negative_size_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
