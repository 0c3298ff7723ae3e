/* SPDX-License-Identifier: Apache-2.0
 * The final softmax: its table against exp2, its outputs against the real function, sums, extremes. */
#include "runtime/kernels/softmax.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { LENGTH = 50 };

/* scale * log2 e * 2^16 as multiplier / 2^shift. */
static itg_softmax make_softmax(double scale, int32_t length, itg_type out_type)
{
    const double ratio = scale * 1.4426950408889634 * 65536;
    int exponent = 0;
    const double fraction = frexp(ratio, &exponent);
    itg_softmax softmax = {.length = length, .in_type = ITG_S16, .out_type = out_type};
    softmax.multiplier = (int32_t)floor(ldexp(fraction, 30) + 0.5);
    softmax.shift = (uint8_t)(30 - exponent);
    return softmax;
}

static double real_probability(const int16_t *scores, int32_t length, double scale, int32_t index)
{
    double sum = 0;
    for (int32_t i = 0; i < length; i++)
        sum += exp((scores[i] - scores[index]) * scale);
    return 1 / sum;
}

static void close_to_the_real_function(void **unused)
{
    (void)unused;
    static const double scales[] = {1e-5, 3e-4, 1e-3, 0.01, 0.2};
    srand(7);
    for (int round = 0; round < 2000; round++) {
        const double scale = scales[round % 5];
        const itg_softmax words = make_softmax(scale, LENGTH, ITG_U16), bytes = make_softmax(scale, LENGTH, ITG_U8);
        const itg_softmax halves = make_softmax(scale, LENGTH, ITG_S16);
        int16_t scores[LENGTH], half_codes[LENGTH];
        uint16_t codes[LENGTH];
        uint8_t byte_codes[LENGTH];
        for (int i = 0; i < LENGTH; i++)
            scores[i] = (int16_t)(rand() % 65536 - 32768);
        itg_softmax_scalar.row(&words, codes, scores);
        itg_softmax_scalar.row(&bytes, byte_codes, scores);
        itg_softmax_scalar.row(&halves, half_codes, scores);
        for (int32_t i = 0; i < LENGTH; i++) {
            const double real = real_probability(scores, LENGTH, scale, i);
            assert_true(fabs(codes[i] - fmin(real * 65536, 65535)) < 0.6);
            assert_true(fabs(byte_codes[i] - fmin(real * 256, 255)) < 0.51);
            assert_true(fabs(half_codes[i] - fmin(real * 32768, 32767)) < 0.55);
        }
    }
}

static void equal_scores_share(void **unused)
{
    (void)unused;
    int16_t scores[256];
    uint16_t codes[256];
    for (int32_t length = 1; length <= 256; length++) {
        const itg_softmax softmax = make_softmax(0.01, length, ITG_U16);
        for (int32_t i = 0; i < length; i++)
            scores[i] = -32768;
        itg_softmax_scalar.row(&softmax, codes, scores);
        for (int32_t i = 0; i < length; i++)
            assert_true(fabs(codes[i] - fmin(65536.0 / length, 65535)) <= 0.5001);
    }
}

/* Walks one score down through every distance: with a second score fixed at the maximum the output is 65536 / (1 + 2^octaves). */
static void every_distance_of_the_table(void **unused)
{
    (void)unused;
    itg_softmax softmax = {.length = 2, .multiplier = 1 << 8, .shift = 3, .in_type = ITG_S16, .out_type = ITG_U16};
    for (int32_t below = 0; below < 65536; below++) {
        const int16_t scores[2] = {32767, (int16_t)(32767 - below)};
        uint16_t codes[2];
        itg_softmax_scalar.row(&softmax, codes, scores);
        const double small = exp2(-below * 32.0 / 65536);
        assert_true(fabs(codes[1] - 65536 * small / (1 + small)) < 0.6);
        assert_true(codes[0] >= codes[1]);
    }
}

static void far_scores_vanish(void **unused)
{
    (void)unused;
    const itg_softmax softmax = {.length = 3, .multiplier = INT32_MAX, .shift = 1, .in_type = ITG_S16, .out_type = ITG_U16};
    const int16_t scores[3] = {-32768, 32767, 32766};
    uint16_t codes[3];
    itg_softmax_scalar.row(&softmax, codes, scores);
    assert_int_equal(codes[0], 0);
    assert_int_equal(codes[1], 65535);
    assert_int_equal(codes[2], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_to_the_real_function),
        cmocka_unit_test(equal_scores_share),
        cmocka_unit_test(every_distance_of_the_table),
        cmocka_unit_test(far_scores_vanish),
    };
    return cmocka_run_group_tests_name("softmax", tests, NULL, NULL);
}
