/* SPDX-License-Identifier: Apache-2.0
 * Sweeps the elementary functions of base/real.h against the C library's long double forms, with the bounds the header states. */
#include "compiler/base/real.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct sweep {
    const char *name;
    double (*own)(double);
    long double (*library)(long double);
    double low, high;
    bool logarithmic; /* steps of equal ratio from low to high, both signs */
} sweep;

static long double relative_error(double own, long double expected)
{
    if (isinf(expected) || expected == 0 || isnan(expected)) {
        return (isnan(own) && isnan(expected)) || (long double)own == expected ? 0 : 1;
    }
    return fabsl(((long double)own - expected) / expected);
}

static void test_double_forms(void **state)
{
    (void)state;
    static const sweep sweeps[] = {
        {"exp", itgc_exp, expl, -708, 709.7, false},  {"exp", itgc_exp, expl, 1e-300, 700, true},   {"log", itgc_log, logl, 1e-3, 4, false},
        {"log", itgc_log, logl, 1e-310, 1e308, true}, {"log", itgc_log, logl, 0.999, 1.001, false}, {"erf", itgc_erf, erfl, -7, 7, false},
        {"erf", itgc_erf, erfl, 1e-300, 7, true},     {"tanh", itgc_tanh, tanhl, -30, 30, false},   {"tanh", itgc_tanh, tanhl, 1e-300, 30, true},
        {"sin", itgc_sin, sinl, -100, 100, false},    {"cos", itgc_cos, cosl, -100, 100, false},    {"sin", itgc_sin, sinl, 1e-300, 1e18, true},
        {"cos", itgc_cos, cosl, 1e-300, 1e18, true},
    };
    const int steps = 100000;
    for (size_t s = 0; s < sizeof sweeps / sizeof sweeps[0]; s++) {
        const sweep *w = &sweeps[s];
        for (int i = 0; i <= steps; i++) {
            const double part = (double)i / steps;
            const double x = w->logarithmic ? exp(log(w->low) * (1 - part) + log(w->high) * part) : w->low * (1 - part) + w->high * part;
            const double sign = w->logarithmic && w->library != logl && i % 2 != 0 ? -1 : 1;
            const long double error = relative_error(w->own(sign * x), w->library((long double)(sign * x)));
            if (error > 1e-14L) {
                fail_msg("%s(%a): relative error %Lg", w->name, sign * x, error);
            }
        }
    }
}

static void test_power(void **state)
{
    (void)state;
    srand(1);
    for (int i = 0; i < 200000; i++) {
        const double x = exp((double)rand() / RAND_MAX * 40 - 20);
        const double y = ((double)rand() / RAND_MAX - 0.5) * 60;
        const long double error = relative_error(itgc_pow(x, y), powl((long double)x, (long double)y));
        if (error > 1e-14L) {
            fail_msg("pow(%a, %a): relative error %Lg", x, y, error);
        }
    }
    static const double special[] = {0.0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, 1e300, -1e300, HUGE_VAL, -HUGE_VAL, NAN};
    const size_t count = sizeof special / sizeof special[0];
    for (size_t i = 0; i < count * count; i++) {
        const double x = special[i / count], y = special[i % count], own = itgc_pow(x, y), expected = pow(x, y);
        if (relative_error(own, (long double)expected) > 1e-14L || (!isnan(expected) && signbit(own) != signbit(expected))) {
            fail_msg("pow(%g, %g) = %g, expected %g", x, y, own, expected);
        }
    }
}

static double ulps(float own, long double expected)
{
    const float nearest = (float)expected;
    return (double)(fabsl((long double)own - expected) / (long double)(nextafterf(fabsf(nearest), INFINITY) - fabsf(nearest)));
}

static void test_float_forms(void **state)
{
    (void)state;
    for (int i = -200000; i <= 200000; i++) {
        const float x = (float)i * (1.0f / 4096);
        const long double wide = (long double)x;
        assert_true(ulps(itgc_expf(x), expl(wide)) < 2);
        assert_true(ulps(itgc_sigmoidf(x), 1 / (1 + expl(-wide))) < 2);
        assert_true(ulps(itgc_tanhf(x), tanhl(wide)) < 2);
        assert_true(ulps(itgc_erff(x), erfl(wide)) < 2);
    }
}

static void test_limits(void **state)
{
    (void)state;
    assert_true(isinf(itgc_exp(710)) && itgc_exp(-746) == 0 && itgc_exp(-HUGE_VAL) == 0 && isinf(itgc_exp(HUGE_VAL)) && isnan(itgc_exp(NAN)));
    assert_true(itgc_exp(-745) == exp(-745) && itgc_exp(0) == 1);
    assert_true(isinf(itgc_log(0)) && isnan(itgc_log(-1)) && itgc_log(1) == 0 && isinf(itgc_log(HUGE_VAL)));
    assert_true(itgc_tanh(HUGE_VAL) == 1 && itgc_tanh(-HUGE_VAL) == -1 && itgc_erf(HUGE_VAL) == 1 && isnan(itgc_erf(NAN)) && isnan(itgc_tanh(NAN)));
    assert_true(isnan(itgc_sin(HUGE_VAL)) && isnan(itgc_cos(NAN)));
    assert_true(signbit(itgc_tanh(-0.0)) && signbit(itgc_erf(-0.0)) && signbit(itgc_sin(-0.0)));
}

/* Rows of 1 to 11 (vectors and what is left of them), in place; every value that may come, with its limits. */
static void test_rows_have_the_bits_of_one(void **state)
{
    (void)state;
    static const float special[] = {0.0f, -0.0f, HUGE_VALF, -HUGE_VALF, NAN, 1e-40f, -87.4f, -103.5f, -104.5f, 88.7f, 88.8f, -1e30f, 250.0f};
    const int count_special = (int)(sizeof special / sizeof special[0]);
    srand(3);
    for (int round = 0; round < 20000; round++) {
        const int count = round % 11 + 1;
        float in[11], row[11];
        double sum = 0.0;
        for (int i = 0; i < count; i++) {
            in[i] = rand() % 8 == 0 ? special[rand() % count_special] : ((float)rand() / (float)RAND_MAX - 0.7f) * 150.0f;
            row[i] = in[i];
        }
        const float largest = (float)(round % 3);
        const double own = itgc_exp_row(row, row, largest, count);
        for (int i = 0; i < count; i++) {
            const float expected = itgc_expf(in[i] - largest);
            assert_true(row[i] == expected || (isnan(row[i]) && isnan(expected)));
            sum += (double)expected;
        }
        assert_true(own == sum || (isnan(own) && isnan(sum)));
        itgc_divide_row(row, 3.7, count);
        for (int i = 0; i < count; i++) {
            const float expected = (float)((double)itgc_expf(in[i] - largest) / 3.7);
            assert_true(row[i] == expected || (isnan(row[i]) && isnan(expected)));
        }
    }
}

static void test_rounding(void **state)
{
    (void)state;
    static const double values[] = {0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, 0x1p52 + 1, -0x1p53, 1e300, 3.2, -3.7};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        assert_true(itgc_round_even(values[i]) == nearbyint(values[i]) && signbit(itgc_round_even(values[i])) == signbit(values[i]));
        assert_true(itgc_round(values[i]) == round(values[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_double_forms),
                                       cmocka_unit_test(test_power),
                                       cmocka_unit_test(test_float_forms),
                                       cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_rows_have_the_bits_of_one),
                                       cmocka_unit_test(test_rounding)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
