/* SPDX-License-Identifier: Apache-2.0
 * The exact sign test against sums of binomials, and the interval of paired accuracies worked out by hand. */
#include "compiler/evaluate/significance.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>

static void sign_test(void **state)
{
    (void)state;
    assert_float_equal(itgc_sign_test(0, 0), 1.0, 0.0);
    assert_float_equal(itgc_sign_test(0, 5), 0.0625, 1e-12);        /* 2 / 2^5 */
    assert_float_equal(itgc_sign_test(1, 9), 22.0 / 1024.0, 1e-12); /* 2 (1 + 10) / 2^10 */
    assert_float_equal(itgc_sign_test(9, 1), 22.0 / 1024.0, 1e-12);
    assert_float_equal(itgc_sign_test(4, 4), 1.0, 0.0);              /* more than 1 is 1 */
    assert_float_equal(itgc_sign_test(2, 8), 112.0 / 1024.0, 1e-12); /* 2 (1 + 10 + 45) / 2^10 */
    /* 2^-3000 is below the smallest double. Expected: the sum in integers. */
    assert_float_equal(itgc_sign_test(1450, 1550), 0.07066904481175774, 1e-9);
}

static void add_pairs(itgc_paired *paired, int64_t count, int64_t first, int64_t second)
{
    for (int64_t i = 0; i < count; i++)
        itgc_add_pair(paired, &(itgc_pair){1, first, second});
}

/* 1, 1, 7 and 12 of 21: (8 + 2) / 23 - (6 / 23)^2 = 0.3233; -6 / 23 -+ 1.96 sqrt(0.3233 / 23) = -0.5084, -0.0134. */
static void interval(void **state)
{
    (void)state;
    itgc_paired paired = {0};
    add_pairs(&paired, 1, 1, 1);
    add_pairs(&paired, 1, 0, 1);
    add_pairs(&paired, 7, 1, 0);
    add_pairs(&paired, 12, 0, 2);
    itgc_finish_paired(&paired);
    assert_int_equal(paired.labelled, 21);
    assert_int_equal(paired.only_first, 7);
    assert_int_equal(paired.only_second, 1);
    assert_int_equal(paired.different, 20); /* wrong in two ways is different, too */
    assert_float_equal(paired.difference, -28.571, 1e-3);
    assert_float_equal(paired.p_value, 18.0 / 256.0, 1e-12);
    assert_float_equal(paired.low, -50.8, 0.1);
    assert_float_equal(paired.high, -1.3, 0.1);
}

static void unlabelled(void **state)
{
    (void)state;
    itgc_paired paired = {0};
    itgc_add_pair(&paired, &(itgc_pair){-1, 3, 4});
    itgc_add_pair(&paired, &(itgc_pair){-1, 3, 3});
    itgc_finish_paired(&paired);
    assert_int_equal(paired.samples, 2);
    assert_int_equal(paired.different, 1);
    assert_int_equal(paired.labelled, 0);
    assert_float_equal(paired.p_value, 1.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sign_test), cmocka_unit_test(interval), cmocka_unit_test(unlabelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
