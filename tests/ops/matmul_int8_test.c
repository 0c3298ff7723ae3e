/* SPDX-License-Identifier: Apache-2.0
 * MatMul and Div of two activations: the steps against their definitions in 64 bits and wider, and against the float evaluator. */
#include "tests/support/quantizing.h"

#include "compiler/ops/quantizers.h"

enum { A_AT = 0, B_AT = 4096, OUT_AT = 12288, ARENA_BYTES = 16384 };

typedef struct step_arena {
    uint8_t bytes[ARENA_BYTES];
    uint32_t seed;
} step_arena;

static int32_t read_code(const step_arena *arena, size_t at, itg_type type, int64_t index)
{
    const uint8_t *bytes = arena->bytes + at;
    if (type == ITG_S16) {
        return (int16_t)(bytes[2 * index] | bytes[2 * index + 1] << 8);
    }
    return type == ITG_U8 ? bytes[index] - 128 : (int8_t)bytes[index];
}

/* Random bytes, one in four at an end of its range. */
static void fill_arena(step_arena *arena)
{
    static const uint8_t ends[4] = {0x80, 0x7f, 0x00, 0xff};
    for (size_t i = 0; i < ARENA_BYTES; i++) {
        arena->seed = arena->seed * 1664525u + 1013904223u;
        arena->bytes[i] = arena->seed >> 30 == 0 ? ends[arena->seed >> 28 & 3] : (uint8_t)(arena->seed >> 20);
    }
}

static void run_rows(step_arena *arena, const itg_step *step)
{
    for (uint32_t row = 0; row < step->rows; row++) {
        const itg_work work = {.kernels = &itg_kernels_scalar, .arena = arena->bytes, .row_begin = row, .row_end = row + 1};
        step->run(&work, step);
    }
}

/* floor(numerator / denominator + 1/2) clamped: by search, so that it shares nothing with the step. */
static int32_t search_quotient(__int128 numerator, __int128 denominator, int32_t zero, int32_t low, int32_t high)
{
    int32_t code = low;
    while (code < high && 2 * denominator * (code + 1 - zero) <= 2 * numerator + denominator) {
        code++;
    }
    return code;
}

static void expect_product(const itg_matmul *m, step_arena *arena)
{
    const itg_step step = {.run = itg_op_matmul, .params = m, .in = {A_AT, B_AT}, .out = OUT_AT, .rows = (uint32_t)(m->dim[0] * m->dim[1] * m->rows)};
    fill_arena(arena);
    run_rows(arena, &step);
    for (int32_t i = 0; i < (int32_t)step.rows * m->columns; i++) {
        const int32_t column = i % m->columns, row = i / m->columns % m->rows, batch = i / m->columns / m->rows;
        const int32_t outer = batch / m->dim[1], inner = batch % m->dim[1];
        __int128 sum = 0;
        for (int32_t k = 0; k < m->inner; k++) {
            const int64_t a = read_code(arena, A_AT, m->a_type, outer * m->stride_a[0] + inner * m->stride_a[1] + row * m->inner + k) - m->zero_a;
            const int64_t b =
                read_code(arena, B_AT, m->b_type, outer * m->stride_b[0] + inner * m->stride_b[1] + k * m->columns + column) - m->zero_b;
            sum += a * b;
        }
        const __int128 divisor = (__int128)1 << m->narrow;
        const __int128 doubled = 2 * sum + (m->narrow ? divisor : 0);
        const __int128 narrowed = doubled / (2 * divisor) - (doubled % (2 * divisor) < 0);
        const __int128 scaled = narrowed * ((__int128)1 << m->requant.left) * m->requant.multiplier;
        const int32_t expected = search_quotient(scaled, (__int128)1 << (31 + m->requant.shift), m->zero, m->low, m->high);
        assert_int_equal(read_code(arena, OUT_AT, m->out_type, i), expected);
    }
}

static void test_matmul_definition(void **state)
{
    (void)state;
    static const itg_matmul products[] = {
        {.dim = {2, 3},
         .stride_a = {105, 35},
         .stride_b = {0, 77},
         .rows = 5,
         .inner = 7,
         .columns = 11,
         .zero_a = 3,
         .zero_b = -128,
         .zero = -5,
         .low = -128,
         .high = 127,
         .requant = {1 << 24, 0, 0},
         .a_type = ITG_S8,
         .b_type = ITG_U8,
         .out_type = ITG_S8},
        {.dim = {1, 1},
         .rows = 3,
         .inner = 40,
         .columns = 70,
         .zero_b = 127,
         .low = -32768,
         .high = 32767,
         .requant = {1 << 28, 7, 0},
         .a_type = ITG_S16,
         .b_type = ITG_S8,
         .out_type = ITG_S16},
        {.dim = {1, 2},
         .stride_a = {0, 33},
         .stride_b = {0, 33},
         .rows = 1,
         .inner = 33,
         .columns = 1,
         .low = -32768,
         .high = 32767,
         .requant = {1 << 25, 0, 0},
         .narrow = 6,
         .wide = 1,
         .a_type = ITG_S16,
         .b_type = ITG_S16,
         .out_type = ITG_S16},
    };
    step_arena *arena = calloc(1, sizeof *arena);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        expect_product(&products[i], arena);
    }
    free(arena);
}

static void expect_quotient(const itg_div *d, step_arena *arena)
{
    const itg_walk *walk = &d->walk;
    const itg_step step = {.run = itg_op_div, .params = d, .in = {A_AT, B_AT}, .out = OUT_AT, .rows = (uint32_t)(walk->dim[0] * walk->dim[1])};
    fill_arena(arena);
    run_rows(arena, &step);
    const int32_t count = walk->dim[0] * walk->dim[1] * walk->dim[2] * walk->dim[3];
    for (int32_t i = 0; i < count; i++) {
        int32_t rest = i, at_a = 0, at_b = 0;
        for (int k = 3; k >= 0; k--) {
            at_a += rest % walk->dim[k] * walk->stride_a[k];
            at_b += rest % walk->dim[k] * walk->stride_b[k];
            rest /= walk->dim[k];
        }
        const int64_t a = read_code(arena, A_AT, d->a_type, at_a) - d->zero_a, b = read_code(arena, B_AT, d->b_type, at_b) - d->zero_b;
        const __int128 numerator = (__int128)(b < 0 ? -a : a) * d->multiplier, denominator = (__int128)(b < 0 ? -b : b) << d->shift;
        const int32_t expected = search_quotient(numerator, denominator, d->zero, d->low, d->high);
        const int32_t by_zero = a > 0 ? d->high : a < 0 ? d->low : d->zero;
        assert_int_equal(read_code(arena, OUT_AT, d->out_type, i), b == 0 ? by_zero : expected);
    }
}

static void test_div_definition(void **state)
{
    (void)state;
    static const itg_div quotients[] = {
        {.walk = {{2, 3, 4, 5}, {60, 20, 5, 1}, {15, 5, 0, 1}},
         .zero_a = 3,
         .zero_b = -7,
         .zero = 20,
         .low = -100,
         .high = 110,
         .multiplier = 715827883,
         .shift = 26,
         .a_type = ITG_S8,
         .b_type = ITG_S8,
         .out_type = ITG_S8},
        {.walk = {{1, 2, 6, 10}, {0, 60, 10, 1}, {0, 6, 1, 0}},
         .zero_a = -128,
         .low = -32768,
         .high = 32767,
         .multiplier = (1 << 30) - 1,
         .shift = 16,
         .a_type = ITG_U8,
         .b_type = ITG_S16,
         .out_type = ITG_S16},
        {.walk = {{1, 1, 1, 120}, {0, 0, 0, 1}, {0, 0, 0, 1}},
         .zero = -128,
         .low = -128,
         .high = 127,
         .multiplier = 1,
         .shift = 0,
         .a_type = ITG_S16,
         .b_type = ITG_S16,
         .out_type = ITG_U8},
        {.walk = {{1, 1, 1, 120}, {0, 0, 0, 1}, {0, 0, 0, 1}},
         .low = -32768,
         .high = 32767,
         .multiplier = (1 << 30) - 1,
         .shift = 40,
         .a_type = ITG_S16,
         .b_type = ITG_S16,
         .out_type = ITG_S16},
    };
    step_arena *arena = calloc(1, sizeof *arena);
    for (size_t i = 0; i < sizeof quotients / sizeof quotients[0]; i++) {
        expect_quotient(&quotients[i], arena);
    }
    free(arena);
}

static void run_matmul(itgc_shape a, itgc_shape b_shape, bool wide, double tolerance)
{
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, a, 0x1p-6, 7);
    itgc_tensor *y = add_input(&b, b_shape, 0x1p-5, -128);
    add_output(&b, finish_node(&b, add_node(&b, "MatMul", x, y, NULL)));
    b.options.wide_logits = wide;
    const double difference = compare_runs(&b);
    assert_ptr_equal(step_kind(&b, 0), &itgc_step_matmul);
    if (difference > tolerance) {
        fail_msg("a product differs by %.3f steps", difference);
    }
    end_bench(&b);
}

static void test_matmul(void **state)
{
    (void)state;
    run_matmul(DIMS(5, 9), DIMS(9, 35), false, 0.52);
    run_matmul(DIMS(2, 3, 5, 9), DIMS(2, 3, 9, 4), false, 0.52);
    run_matmul(DIMS(2, 3, 5, 9), DIMS(9, 4), true, 0.6);
    run_matmul(DIMS(3, 5, 9), DIMS(2, 1, 9, 4), false, 0.52);
    run_matmul(DIMS(2, 3, 1, 9), DIMS(1, 3, 9, 1), false, 0.52);
}

/* A matrix of constants for each batch lies in the arena like a computed one. */
static void test_constant_matrices(void **state)
{
    (void)state;
    for (int is_first = 0; is_first < 2; is_first++) {
        bench b;
        start_bench(&b);
        itgc_tensor *x = add_input(&b, DIMS(2, 3, 5, 5), 0x1p-6, 7), *constant = add_exact_weights(&b, DIMS(1, 3, 5, 5), -7, 0);
        constant->constant->f[0] = -1.0f; /* -128 and 127 steps: the operand's own grid */
        constant->constant->f[1] = 0x7fp-7f;
        add_output(&b, finish_node(&b, add_node(&b, "MatMul", is_first ? constant : x, is_first ? x : constant, NULL)));
        assert_true(compare_runs(&b) < 0.52);
        assert_ptr_equal(step_kind(&b, 0), &itgc_step_copy);
        assert_ptr_equal(step_kind(&b, 1), &itgc_step_matmul);
        end_bench(&b);
    }
}

/* Divisors away from 0; in int16 they have steps enough. */
static void run_div(itgc_shape divisor, bool negative, bool wide)
{
    bench b;
    start_bench(&b);
    itgc_tensor *x = add_input(&b, DIMS(2, 4, 5, 6), 0x1p-6, 11);
    itgc_tensor *y = add_input(&b, divisor, 0x1p-5, -128);
    itgc_node *shifted = add_node(&b, negative ? "Sub" : "Add", y, add_reals(&b, DIMS(1), negative ? 9.0 : 1.0, negative ? 9.0 : 1.0), NULL);
    *(itgc_binary_params *)shifted->params = (itgc_binary_params){.kind = negative ? ITGC_SUB : ITGC_ADD, .legacy_axis = -1};
    itgc_node *node = add_node(&b, "Div", x, finish_node(&b, shifted), NULL);
    *(itgc_binary_params *)node->params = (itgc_binary_params){.kind = ITGC_DIV, .legacy_axis = -1};
    add_output(&b, finish_node(&b, node));
    b.options.wide_logits = wide;
    const double difference = compare_runs(&b);
    assert_int_equal(shifted->out[0]->format.type, ITG_S16);
    assert_ptr_equal(step_kind(&b, b.graph->step_count - 1), &itgc_step_div);
    if (difference > (wide ? 20.0 : 0.6)) {
        fail_msg("a quotient differs by %.3f steps", difference);
    }
    end_bench(&b);
}

static void test_div(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        run_div(DIMS(2, 4, 5, 6), false, wide != 0);
        run_div(DIMS(2, 4, 5, 1), true, wide != 0);
        run_div(DIMS(1, 1, 1, 6), false, wide != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matmul_definition), cmocka_unit_test(test_div_definition), cmocka_unit_test(test_matmul),
                                       cmocka_unit_test(test_constant_matrices), cmocka_unit_test(test_div)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
