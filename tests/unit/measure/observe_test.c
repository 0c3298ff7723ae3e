/* SPDX-License-Identifier: Apache-2.0
 * Histograms do not depend on batching or order, hold every value, and lead to sensible ranges; calibration files read back exactly. */
#include "tests/support/quantizing.h"

#include "compiler/measure/measure.h"

#define COUNT 20000

static void fill_values(bench *b, float *values)
{
    for (int i = 0; i < COUNT; i++) {
        const double uniform = (next_random(b) % 65536) / 65536.0 + (next_random(b) % 65536) / 65536.0 - 1.0;
        values[i] = (float)(i % 5 == 0 ? 0.0 : ldexp(uniform, (int)(next_random(b) % 6)));
    }
}

static void test_batching_and_order(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    float *values = ITGC_NEW_ARRAY(b.arena, float, COUNT);
    itgc_histogram *whole = ITGC_NEW(b.arena, itgc_histogram);
    itgc_histogram *pieces = ITGC_NEW(b.arena, itgc_histogram);
    itgc_histogram *backward = ITGC_NEW(b.arena, itgc_histogram);
    fill_values(&b, values);
    assert_int_equal(itgc_observe(whole, values, COUNT), 0);
    for (int i = 0; i < COUNT; i += 7) {
        itgc_observe(pieces, values + i, COUNT - i < 7 ? COUNT - i : 7);
    }
    for (int i = COUNT - 1; i >= 0; i--) {
        itgc_observe(backward, values + i, 1);
    }
    assert_memory_equal(whole, pieces, sizeof *whole);
    assert_memory_equal(whole->bin, backward->bin, sizeof whole->bin);
    assert_true(whole->width == backward->width && whole->low == backward->low);
    uint64_t total = 0;
    for (int i = 0; i < ITGC_BINS; i++) {
        total += whole->bin[i];
    }
    assert_int_equal(total, COUNT);
    assert_true(whole->zeros >= COUNT / 5);
    assert_true((double)whole->low * whole->width <= whole->min);
    assert_true((double)(whole->low + ITGC_BINS) * whole->width > whole->max);
    end_bench(&b);
}

static void test_extremes(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    static const float values[] = {0.0f, -0.0f, 1e-45f, -3.4e38f, 3.4e38f, 1e-20f, NAN, INFINITY};
    itgc_histogram *histogram = ITGC_NEW(b.arena, itgc_histogram);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_int_equal(itgc_observe(histogram, values + i, 1), i >= 6);
    }
    assert_int_equal(histogram->total, 6);
    assert_int_equal(histogram->zeros, 2);
    double low;
    double high;
    itgc_best_range(histogram, 255, 0.9999, &low, &high);
    assert_true(low <= 0 && high >= 0 && isfinite(low) && isfinite(high));
    end_bench(&b);
}

/* A few far values in a million: the range is cut, but not more than the coverage allows; without them it stays. */
static void test_best_range(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    itgc_histogram *histogram = ITGC_NEW(b.arena, itgc_histogram);
    float *values = ITGC_NEW_ARRAY(b.arena, float, COUNT);
    for (int i = 0; i < COUNT; i++) {
        values[i] = (float)(next_random(&b) % 65536) / 65536.0f;
    }
    itgc_observe(histogram, values, COUNT);
    double low;
    double high;
    itgc_best_range(histogram, 255, 0.9999, &low, &high);
    assert_true(low == 0.0 && high > 0.99);
    for (int i = 0; i < 50; i++) {
        itgc_observe(histogram, values, COUNT);
    }
    const float far = 20.0f;
    itgc_observe(histogram, &far, 1);
    itgc_best_range(histogram, 255, 0.9999, &low, &high);
    assert_true(high > 0.9 && high < 10.0);
    itgc_best_range(histogram, 255, 1.0, &low, &high);
    assert_true(high == 20.0);
    end_bench(&b);
}

static void build_graph(bench *b)
{
    itgc_tensor *x = add_input(b, DIMS(1, 40), 0x1p-4, 3);
    add_output(b, add_unary(b, "Exp", (itgc_unary_params){.kind = ITGC_EXP}, x, NULL));
    b->graph->outputs[0]->name = "name with 50%\nof odd bytes";
}

static void test_file(void **state)
{
    (void)state;
    bench b;
    bench back;
    start_bench(&b);
    start_bench(&back);
    build_graph(&b);
    build_graph(&back);
    run_float(&b);
    char path[] = "/tmp/itgc_ranges_XXXXXX";
    const int handle = mkstemp(path);
    assert_true(handle >= 0);
    assert_true(itgc_save_ranges(b.graph, path));
    if (!itgc_load_ranges(back.graph, path)) {
        fail_msg("%s", back.diag.error);
    }
    for (int i = 0; i < b.graph->tensor_count; i++) {
        assert_memory_equal(b.graph->tensors[i]->range.histogram, back.graph->tensors[i]->range.histogram, sizeof(itgc_histogram));
    }
    back.graph->outputs[0]->name = "another";
    assert_false(itgc_load_ranges(back.graph, path));
    assert_int_equal(back.diag.code, 336);
    remove(path);
    end_bench(&b);
    end_bench(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_batching_and_order), cmocka_unit_test(test_extremes), cmocka_unit_test(test_best_range),
                                       cmocka_unit_test(test_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
