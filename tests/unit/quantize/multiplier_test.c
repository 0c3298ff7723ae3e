/* SPDX-License-Identifier: Apache-2.0
 * Ratios → multipliers: how close, how fine, and what is refused. */
#include "tests/support/quantizing.h"

#include <intaglio/fixed.h>

typedef struct choice {
    int32_t multiplier[4];
    uint8_t shift, left;
} choice;

static bool choose(itgc_diag *diag, choice *c, const double *ratio, int64_t count, int64_t max_acc, itg_type type)
{
    const itgc_ratios ratios = {.ratio = ratio, .count = count, .max_acc = max_acc, .type = type};
    return itgc_choose_multipliers(diag, &ratios, c->multiplier, &c->shift, &c->left);
}

/* Over 60 octaves of ratios: the code of an accumulator within half a step and 1/256 (int8), or 1/2^-9 of int16's range. */
static void test_every_ratio(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    for (int octave = -50; octave <= 8; octave++) {
        for (int part = 0; part < 16; part++) {
            const double ratio = ldexp(1.0 + part / 16.0, octave);
            const bool wide = part % 2 == 1;
            const double reach = wide ? 32768.0 : 128.0;
            const double top = fmin(reach / ratio, 1 << 30);
            const int64_t acc = (int64_t)fmax(1.0, floor(top));
            choice c;
            assert_true(choose(&b.diag, &c, &ratio, 1, acc, wide ? ITG_S16 : ITG_S8));
            assert_true(c.multiplier[0] > 0 && c.multiplier[0] < 1 << 30);
            const int32_t code = itg_requantize_left((int32_t)acc, c.left, c.multiplier[0], c.shift);
            assert_true(fabs(code - (double)acc * ratio) <= 0.5 + 0x1p-8);
        }
    }
    end_bench(&b);
}

static void test_plain_form_where_fine_enough(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    choice c;
    const double usual[2] = {0.004, 0.004 * 0x1p-6};
    assert_true(choose(&b.diag, &c, usual, 2, 1 << 20, ITG_S8));
    assert_int_equal(c.shift, 0);
    assert_true(choose(&b.diag, &c, usual, 2, 1 << 20, ITG_S16));
    assert_true(c.shift > 0 && c.multiplier[1] >= 1 << 22 && c.multiplier[0] < 1 << 30);
    const double signs[2] = {0.004, -0.001};
    assert_true(choose(&b.diag, &c, signs, 2, 1 << 20, ITG_S16));
    assert_true(c.multiplier[1] < 0);
    assert_int_equal(c.shift, 0); /* negative multipliers have the plain form only */
    end_bench(&b);
}

static void test_bounds(void **state)
{
    (void)state;
    bench b;
    start_bench(&b);
    choice c;
    const double large = 100.0;
    assert_true(choose(&b.diag, &c, &large, 1, 1 << 20, ITG_S8));
    assert_true(c.left > 0);
    assert_false(choose(&b.diag, &c, &large, 1, 1 << 26, ITG_S8));
    assert_int_equal(b.diag.code, 401);
    const double bad = NAN;
    assert_false(choose(&b.diag, &c, &bad, 1, 1, ITG_S8));
    const double none[2] = {0.0, 0.0};
    assert_true(choose(&b.diag, &c, none, 2, 1, ITG_S8));
    assert_int_equal(c.multiplier[0], 0);
    const double edge = nextafter(0.5, 0.0); /* rounds to 2^30 at h = 0: must stay below */
    assert_true(choose(&b.diag, &c, &edge, 1, 1 << 10, ITG_S8));
    assert_true(c.multiplier[0] < 1 << 30);
    end_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_ratio), cmocka_unit_test(test_plain_form_where_fine_enough),
                                       cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
