/* SPDX-License-Identifier: Apache-2.0
 * Fused tables: their span, their ends, their step; and lookups of codes. */
#include "tests/support/quantizing.h"

static const itgc_unary_params sigmoid = {.kind = ITGC_SIGMOID};
static const itgc_unary_params hard_swish = {.kind = ITGC_HARD_SWISH};

/* Largest distance between the table's result and the ideal code over the calibrated range. */
static double table_error(const itgc_table *table, const itgc_unary_params *function, const itgc_format *out, double low, double high)
{
    double largest = 0.0;
    for (int i = 0; i <= 10000; i++) {
        const double x = low + (high - low) * i / 10000;
        const double index = floor(x / table->scale + 0.5) + table->zero;
        const int entry = index < 0 ? 0 : index > table->mask ? table->mask : (int)index;
        const double ideal = itgc_unary_value(function, x) / out->scale + out->zero;
        const double clamped = fmin(fmax(ideal, -128.0), 127.0);
        largest = fmax(largest, fabs(table->entries[entry] - clamped));
    }
    return largest;
}

static void test_within_a_step(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    static const double ranges[][2] = {{-8, 8}, {-100, 100}, {-1, 3}, {2, 5}, {-6, -4}, {0, 0.25}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        for (int k = 0; k < 2; k++) {
            const itgc_unary_params *function = k ? &hard_swish : &sigmoid;
            const double low = ranges[i][0];
            const double high = ranges[i][1];
            double least = 0.0;
            double most = 0.0;
            for (int p = 0; p <= 1000; p++) {
                const double y = itgc_unary_value(function, low + (high - low) * p / 1000);
                least = fmin(least, y);
                most = fmax(most, y);
            }
            const itgc_format out = itgc_format_s8(least, most);
            itgc_table table;
            assert_true(itgc_choose_table(b.arena, &b.diag, function, low, high, &out, &table));
            assert_true(table.mask == 1023 || table.mask == 2047 || table.mask == 4095);
            assert_true(table_error(&table, function, &out, low, high) < 0.95);
        }
    }
    end_bench(&b);
}

/* Ends where the output is constant are not spent entries on: a range of +-1000 is as good as one of +-10. */
static void test_span_leaves_out_constant_ends(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_format out = itgc_format_s8(0.0, 1.0);
    itgc_table table;
    assert_true(itgc_choose_table(b.arena, &b.diag, &sigmoid, -1000, 1000, &out, &table));
    assert_true(table.scale * table.mask < 20.0);
    assert_int_equal(table.entries[0], -128);
    assert_int_equal(table.entries[table.mask], 127);
    end_bench(&b);
}

static void test_steep_functions_get_longer_tables(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_unary_params exponential = {.kind = ITGC_EXP};
    const itgc_format out = itgc_format_s8(0.0, exp(4.0));
    itgc_table table;
    assert_true(itgc_choose_table(b.arena, &b.diag, &exponential, -8, 4, &out, &table));
    assert_true(table.mask > 1023);
    end_bench(&b);
}

/* A file may prescribe a scale at which what tanh saturates to lies just between two codes. */
static void test_ends_between_codes(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_unary_params hyperbolic = {.kind = ITGC_TANH};
    itgc_table table;
    for (int32_t zero = -128; zero <= 127; zero++) {
        const itgc_format out = {.type = ITG_S8, .scale = 2.0, .zero = zero};
        assert_true(itgc_choose_table(b.arena, &b.diag, &hyperbolic, -24.97, 23.62, &out, &table));
    }
    end_bench(&b);
}

static void test_inputs_far_from_zero(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_unary_params sine = {.kind = ITGC_SIN};
    const itgc_format out = itgc_format_s8(-1.0, 1.0);
    itgc_table table;
    assert_false(itgc_choose_table(b.arena, &b.diag, &sine, 1e12, 1e12 + 1.0, &out, &table));
    assert_int_equal(b.diag.code, 404);
    end_bench(&b);
}

static void test_constant_input(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_format out = itgc_format_s8(0.0, 0.7);
    itgc_table table;
    assert_true(itgc_choose_table(b.arena, &b.diag, &sigmoid, 0.5, 0.5, &out, &table));
    const double index = floor(0.5 / table.scale + 0.5) + table.zero;
    assert_true(index >= 0 && index <= table.mask);
    assert_int_equal(table.entries[(int)index], itgc_code_of(&out, itgc_unary_value(&sigmoid, 0.5)));
    end_bench(&b);
}

static void test_lookups(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    const itgc_format in = itgc_format_s8(-4.0, 4.0);
    const itgc_format out = {.type = ITG_U8, .scale = 1.0 / 255, .zero = -128};
    const uint8_t *bytes = itgc_lookup_bytes(b.arena, &sigmoid, &in, &out);
    for (int code = -128; code < 128; code++) {
        const double y = itgc_unary_value(&sigmoid, (code - in.zero) * in.scale);
        assert_true(fabs(bytes[code + 128] - y * 255) <= 0.5 + 1e-9);
    }
    const itgc_format wide = itgc_format_s16(4.0, 0);
    const itgc_format finest = itgc_format_s16(1.0, 0);
    const int16_t *words = itgc_lookup_words(b.arena, &sigmoid, &wide, &finest);
    assert_int_equal(words[256], itgc_code_of(&finest, 0.5));
    assert_true(words[0] < words[512] && words[512] <= 32767);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_within_a_step),
                                       cmocka_unit_test(test_span_leaves_out_constant_ends),
                                       cmocka_unit_test(test_steep_functions_get_longer_tables),
                                       cmocka_unit_test(test_inputs_far_from_zero),
                                       cmocka_unit_test(test_ends_between_codes),
                                       cmocka_unit_test(test_constant_input),
                                       cmocka_unit_test(test_lookups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
