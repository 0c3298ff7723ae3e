/* SPDX-License-Identifier: Apache-2.0
 * The float product against naive loops, and its compiled forms against one another: equal bits, not nearly equal values. */
#include "compiler/base/matmul.h"
#include "compiler/base/parallel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static float *random_floats(int64_t count)
{
    float *values = malloc((size_t)count * sizeof(float) + 1);
    for (int64_t i = 0; i < count; i++) {
        values[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    }
    return values;
}

static void multiply_naively(float *out, const float *a, const float *b, const float *start, int64_t m, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < m * n; i++) {
        float sum = start == NULL ? 0.0f : start[i % n];
        for (int64_t j = 0; j < k; j++) {
            sum += a[i / n * k + j] * b[j * n + i % n];
        }
        out[i] = sum;
    }
}

static const int64_t sizes[][3] = {{1, 1, 1},    {4, 16, 8},   {5, 17, 300}, {3, 15, 257},  {64, 33, 512}, {67, 1, 40},
                                   {1, 100, 64}, {130, 31, 9}, {2, 48, 256}, {100, 7, 255}, {6, 16, 0}};

static void test_matmul(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        const int64_t m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        float *const a = random_floats(m * k), *const b = random_floats(k * n), *const start = random_floats(n);
        float *const expected = random_floats(m * n), *const own = random_floats(m * n);
        for (int with_start = 0; with_start < 2; with_start++) {
            multiply_naively(expected, a, b, with_start != 0 ? start : NULL, m, n, k);
            itgc_matmul(own, n, a, k, b, n, with_start != 0 ? start : NULL, m, n, k);
            assert_memory_equal(own, expected, (size_t)(m * n) * sizeof(float));
        }
        free(a), free(b), free(start), free(expected), free(own);
    }
}

static void check_gathered(itgc_run_product *run, int64_t m, int64_t n, int segments, int64_t k_each)
{
    const int64_t k = segments * k_each;
    float *const a = random_floats(m * k), *const b = random_floats(k * n), *const start = random_floats(n);
    float *const expected = random_floats(m * n), *const own = random_floats(m * n), *const packed = random_floats(itgc_packed_floats(k, n));
    const float **const rows = malloc((size_t)(m * segments) * sizeof *rows);
    for (int64_t i = 0; i < m * segments; i++) {
        rows[i] = a + i % m * k + i / m * k_each;
    }
    itgc_pack_panels(packed, b, (const ptrdiff_t[]){k_each * n, n, 1}, segments, k_each, n);
    multiply_naively(expected, a, b, start, m, n, k);
    const itgc_product product = {.out = own,
                                  .out_stride = n,
                                  .rows = rows,
                                  .row_stride = m,
                                  .segments = segments,
                                  .k_each = k_each,
                                  .packed = packed,
                                  .start = start,
                                  .m = m,
                                  .n = n};
    run(&product);
    assert_memory_equal(own, expected, (size_t)(m * n) * sizeof(float));
    free(a), free(b), free(start), free(expected), free(own), free(packed), free(rows);
}

static void test_gathered_forms(void **state)
{
    (void)state;
    static const char *const names[] = {"baseline", "avx2"};
    for (size_t i = 0; i < 2; i++) {
        itgc_run_product *const run = itgc_find_product(names[i]);
        if (run == NULL) {
            print_message("skipped: %s is not of this host\n", names[i]);
            continue;
        }
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            check_gathered(run, sizes[s][0], sizes[s][1], (int)(s % 4) + 1, sizes[s][2]);
        }
    }
    assert_null(itgc_find_product("no such set"));
}

static void test_channels(void **state)
{
    (void)state;
    for (int64_t n = 1; n < 40; n++) {
        float *const a = random_floats(n * 9), *const b = random_floats(n * 9), *const start = random_floats(n);
        float own[40], expected[40];
        const float *rows[9];
        for (int64_t s = 0; s < 9; s++) {
            rows[s] = a + s * n;
        }
        for (int64_t i = 0; i < n; i++) {
            expected[i] = start[i];
            for (int64_t s = 0; s < 9; s++) {
                expected[i] += a[s * n + i] * b[s * n + i];
            }
        }
        itgc_multiply_channels(own, rows, 9, b, start, n);
        assert_memory_equal(own, expected, (size_t)n * sizeof(float));
        free(a), free(b), free(start);
    }
}

static void count_task(void *argument, int64_t begin, int64_t end)
{
    int *const counts = argument;
    for (int64_t i = begin; i < end; i++) {
        counts[i]++;
    }
}

static void test_parallel_covers_once(void **state)
{
    (void)state;
    for (int threads = 0; threads < 9; threads++) {
        for (int64_t count = 0; count < 20; count++) {
            int counts[20] = {0};
            itgc_parallel(threads, count, count_task, counts);
            for (int64_t i = 0; i < 20; i++) {
                assert_int_equal(counts[i], i < count ? 1 : 0);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_matmul), cmocka_unit_test(test_gathered_forms), cmocka_unit_test(test_channels),
                                       cmocka_unit_test(test_parallel_covers_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
