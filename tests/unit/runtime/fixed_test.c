/* SPDX-License-Identifier: Apache-2.0
 * include/intaglio/fixed.h against one-line definitions on 64 and 128 bits: exhaustive where small, ten million cases with forced ties
 * and extremes where not. */
#include <intaglio/fixed.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <cmocka.h>

typedef __int128 wide;

static wide floor_divide(wide a, wide b)
{
    return a / b - (a % b != 0 && a < 0);
}

static wide define_requantize(wide acc, wide multiplier, int shift)
{
    return floor_divide(acc * multiplier + ((wide)1 << (30 + shift)), (wide)1 << (31 + shift));
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 16 ^ *state >> 33;
}

static const int32_t extremes[] = {INT32_MIN, INT32_MIN + 1, -(1 << 30), -3, -1, 0, 1, 2, (1 << 30) - 1, 1 << 30, INT32_MAX - 1, INT32_MAX};

enum { EXTREMES = sizeof extremes / sizeof extremes[0] };

static void shift_is_floor_division(void **unused)
{
    (void)unused;
    for (int32_t value = -70000; value <= 70000; value++)
        for (int shift = 0; shift < 20; shift++) {
            assert_true(itg_shift_floor(value, shift) == (int64_t)floor_divide(value, (wide)1 << shift));
            assert_true(itg_shift_floor32(value, shift) == (int32_t)floor_divide(value, (wide)1 << shift));
        }
    for (int shift = 0; shift <= 63; shift++) {
        assert_true(itg_shift_floor(INT64_MIN, shift) == (int64_t)floor_divide(INT64_MIN, (wide)1 << shift));
        assert_true(itg_shift_floor(-1, shift) == -1);
        assert_true(itg_shift_floor(INT64_MAX, shift) == (int64_t)((wide)INT64_MAX >> shift));
    }
}

static void saturation_and_wrapping(void **unused)
{
    (void)unused;
    for (int32_t value = -70000; value <= 70000; value++) {
        assert_int_equal(itg_saturate_s8(value), value < -128 ? -128 : value > 127 ? 127 : value);
        assert_int_equal(itg_saturate_s16(value), value < -32768 ? -32768 : value > 32767 ? 32767 : value);
    }
    assert_int_equal(itg_add_wrap(INT32_MAX, 1), INT32_MIN);
    assert_int_equal(itg_add_wrap(INT32_MIN, -1), INT32_MAX);
    assert_int_equal(itg_mul_wrap(1 << 30, 4), 0);
    assert_int_equal(itg_mul_wrap(INT32_MIN, -1), INT32_MIN);
}

static void requantize_extremes(void **unused)
{
    (void)unused;
    for (int a = 0; a < EXTREMES; a++)
        for (int m = 0; m < EXTREMES; m++)
            for (int shift = 0; shift <= 31; shift++) {
                const int32_t acc = extremes[a], multiplier = extremes[m];
                const bool legal = shift ? multiplier >= 0 : multiplier > -(1 << 30) && multiplier < 1 << 30;
                if (legal)
                    assert_true(itg_requantize(acc, multiplier, shift) == (int32_t)define_requantize(acc, multiplier, shift));
            }
}

/* With multiplier 2^power every odd multiple of 2^(30 + shift - power) is a tie; one less must round down, one more up. */
static void requantize_ties_go_up(void **unused)
{
    (void)unused;
    for (int power = 4; power < 29; power++)
        for (int shift = 0; shift <= 7; shift++)
            for (int32_t steps = -6; steps <= 6; steps++) {
                const int64_t tie = ((int64_t)2 * steps - 1) * ((int64_t)1 << (30 + shift - power)); /* steps - 1/2 */
                if (tie <= INT32_MIN || tie >= INT32_MAX || tie % 2 != 0)
                    continue;
                assert_int_equal(itg_requantize((int32_t)tie, 1 << power, shift), steps);
                assert_int_equal(itg_requantize((int32_t)tie - 1, 1 << power, shift), steps - 1);
                assert_int_equal(itg_requantize((int32_t)tie + 1, 1 << power, shift), steps);
            }
}

static void requantize_random(void **unused)
{
    (void)unused;
    uint64_t state = 20240501;
    for (int i = 0; i < 10000000; i++) {
        const uint64_t bits = next_random(&state);
        const int shift = (int)(bits % 8 ? 0 : bits / 8 % 32);
        const int32_t acc = (int32_t)(uint32_t)next_random(&state) >> (bits >> 40 & 15);
        int32_t multiplier = (int32_t)(next_random(&state) & 0x3fffffff);
        if (bits >> 50 & 1)
            multiplier = shift ? multiplier * 2 : -multiplier;
        if ((bits >> 51 & 7) == 0)
            multiplier = 1 << (bits >> 54 & 15) << 14;
        const int32_t expected = (int32_t)define_requantize(acc, multiplier, shift);
        if (itg_requantize(acc, multiplier, shift) != expected)
            fail_msg("acc %d multiplier %d shift %d: %d, not %d", acc, multiplier, shift, itg_requantize(acc, multiplier, shift), expected);
    }
}

/* The left form is the plain one with acc * 2^left. */
static void requantize_left_form(void **unused)
{
    (void)unused;
    for (int left = 0; left < 16; left++)
        for (int32_t acc = -32767; acc <= 32767; acc += 7) {
            assert_true(itg_requantize_left(acc, left, 715827883, 0) == (int32_t)define_requantize((wide)acc * (1 << left), 715827883, 0));
            assert_true(itg_requantize_left(acc, left, 1 << 29, 3) == (int32_t)define_requantize((wide)acc * (1 << left), 1 << 29, 3));
        }
}

static void narrow_rounds_once(void **unused)
{
    (void)unused;
    for (int64_t acc = -5000; acc <= 5000; acc++)
        for (int shift = 1; shift < 12; shift++)
            assert_true(itg_narrow(acc, shift) == (int32_t)floor_divide(acc + (1 << (shift - 1)), 1 << shift));
    assert_int_equal(itg_narrow(12345, 0), 12345);
    assert_int_equal(itg_narrow((int64_t)INT32_MAX << 20, 20), INT32_MAX);
}

static void check_root(uint64_t value)
{
    const wide root = itg_root(value);
    if (root * root > (wide)value || (root + 1) * (root + 1) <= (wide)value)
        fail_msg("root of %llu is not %llu", (unsigned long long)value, (unsigned long long)root);
}

static void root_is_floor(void **unused)
{
    (void)unused;
    uint64_t state = 7;
    const uint64_t first = (uint64_t)1 << 62;
    for (uint64_t value = 0; value < 200000; value++) {
        check_root(first + value);
        check_root(UINT64_MAX - value);
        check_root(next_random(&state) | first << (value & 1));
    }
    for (uint64_t root = ((uint64_t)1 << 31) + 1; root <= UINT32_MAX; root += 1031) {
        check_root(root * root);
        check_root(root * root - 1);
        check_root(root * root + 2 * root);
    }
}

/* The relative error from (1 + e)^2 = R^2 value / 2^124, so that no other root is asked. */
static void check_inverse(uint64_t value)
{
    const int64_t inverse = itg_inverse_root(value);
    const wide square = (wide)inverse * inverse * (wide)(value >> 2) / ((wide)1 << 61); /* (1 + e)^2 in units of 2^-61 */
    const wide one = (wide)1 << 61;
    if (inverse < 1 << 30 || square <= one - one / (1 << 29) || square >= one + one / (1 << 30))
        fail_msg("inverse root of %llu is not %lld", (unsigned long long)value, (long long)inverse);
}

/* Evenly over the whole range with random offsets, densely at its ends, and where the root changes. */
static void inverse_root_bound(void **unused)
{
    (void)unused;
    const uint64_t first = (uint64_t)1 << 62, spacing = (uint64_t)3 << 40;
    uint64_t state = 11;
    for (uint64_t i = 0; i < (uint64_t)1 << 22; i++)
        check_inverse(first + i * spacing + next_random(&state) % spacing);
    for (uint64_t i = 0; i < 300000; i++) {
        const uint64_t root = ((uint64_t)1 << 31) + i * 7127;
        check_inverse(first + i);
        check_inverse(UINT64_MAX - i);
        check_inverse(root * root);
        check_inverse(root * root + 2 * root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shift_is_floor_division), cmocka_unit_test(saturation_and_wrapping), cmocka_unit_test(requantize_extremes),
        cmocka_unit_test(requantize_ties_go_up),   cmocka_unit_test(requantize_random),       cmocka_unit_test(requantize_left_form),
        cmocka_unit_test(narrow_rounds_once),      cmocka_unit_test(root_is_floor),           cmocka_unit_test(inverse_root_bound),
    };
    return cmocka_run_group_tests_name("fixed", tests, NULL, NULL);
}
