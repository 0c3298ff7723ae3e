/* SPDX-License-Identifier: Apache-2.0
 * The transformed 3x3 convolution: its matrices and constants in plain C against the sum itself, its ranges, and what the packer marks. */
#include "compiler/schedule/parts.h"

#include "runtime/kernels/winograd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static const int32_t inputs[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
                                     {0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
static const int32_t weights[6][3] = {{1, 0, 0}, {1, 1, 1}, {1, -1, 1}, {1, 2, 4}, {1, -2, 4}, {0, 0, 1}};
static const int32_t outputs[4][6] = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
static const int32_t scales[6] = {6, -4, -4, 1, 1, 24};

/* One place of matrix * values * matrix', values [size][size]. */
static int32_t transform(const int32_t *matrix, int size, const int8_t *values, int i, int j)
{
    int32_t sum = 0;
    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            sum += matrix[i * size + y] * values[y * size + x] * matrix[j * size + x];
        }
    }
    return sum;
}

/* Modulo 2^32, from sums that may have wrapped. */
static int32_t finish(uint32_t m[6][6], int y, int x)
{
    uint32_t sum = 0;
    for (int i = 0; i < 6; i++) {
        for (int j = 0; j < 6; j++) {
            sum += (uint32_t)(outputs[y][i] * scales[i]) * m[i][j] * (uint32_t)(outputs[x][j] * scales[j]);
        }
    }
    return (int32_t)(sum * ITG_WINOGRAD_NINTH) >> ITG_WINOGRAD_SHIFT;
}

enum { CHANNELS = 200 };

static int8_t choose(int extreme, int low)
{
    return (int8_t)(extreme ? (rand() % 2 ? low : 127) : rand() % (128 - low) + low);
}

static void equals_the_sum_of_products(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 200; round++) {
        static int8_t codes[CHANNELS][36], taps[CHANNELS][9];
        uint32_t m[6][6] = {{0}};
        const int32_t bias = rand() % 2000000 - 1000000;
        m[ITG_WINOGRAD_BIAS_AT / 6][ITG_WINOGRAD_BIAS_AT % 6] = (uint32_t)bias * ITG_WINOGRAD_BIAS;
        for (int c = 0; c < CHANNELS; c++) {
            for (int i = 0; i < 36; i++) {
                codes[c][i] = choose(round & 1, -128);
            }
            for (int i = 0; i < 9; i++) {
                taps[c][i] = choose(round & 2, -127);
            }
            for (int i = 0; i < 36; i++) {
                const int32_t v = transform(&inputs[0][0], 6, codes[c], i / 6, i % 6), u = transform(&weights[0][0], 3, taps[c], i / 6, i % 6);
                assert_true(abs(v) <= 12800 && abs(u) <= 6223);
                m[i / 6][i % 6] += (uint32_t)v * (uint32_t)u;
            }
        }
        for (int at = 0; at < 16; at++) {
            int32_t sum = bias;
            for (int c = 0; c < CHANNELS; c++) {
                for (int tap = 0; tap < 9; tap++) {
                    sum += taps[c][tap] * codes[c][(at / 4 + tap / 3) * 6 + at % 4 + tap % 3];
                }
            }
            assert_int_equal(finish(m, at / 4, at % 4), sum);
        }
    }
}

/* A layer of `channels` inputs whose weights are all `weight`. */
static bool marks_images(int32_t images, int32_t channels, int8_t weight, int32_t bias, int32_t size)
{
    static int8_t rows[16 * 9 * 512];
    static int32_t biases[16];
    for (int32_t i = 0; i < 16 * 9 * channels; i++) {
        rows[i] = weight;
    }
    biases[15] = bias;
    const itg_conv conv = {.in = {size, size, channels},
                           .out = {size, size, 16},
                           .kernel = {3, 3},
                           .stride = {1, 1},
                           .dilation = {1, 1},
                           .before = {1, 1},
                           .groups = 1,
                           .weights = rows,
                           .epilogue.bias = biases,
                           .in_type = ITG_S8,
                           .out_type = ITG_S8,
                           .packing = ITG_PACK_16C4S};
    return itgc_can_transform(&conv, images);
}

static bool marks(int32_t channels, int8_t weight, int32_t bias, int32_t size)
{
    return marks_images(1, channels, weight, bias, size);
}

static void marks_what_it_can_prove(void **state)
{
    (void)state;
    const int32_t limit = 1 << ITG_WINOGRAD_SUM_BITS, sum = 9 * 64 * 100 * 128;
    assert_true(marks(64, 100, 0, 16));
    assert_true(marks(64, -100, limit - 1 - sum, 16));
    assert_false(marks(64, -100, limit - sum, 16));
    assert_true(marks(64, 100, sum - limit + 1, 16));
    assert_false(marks(64, 100, sum - limit, 16));
    assert_false(marks(512, 127, 0, 16));
    assert_false(marks(64, 100, 0, 2));           /* the transforms would take more than they save */
    assert_false(marks_images(1, 64, 100, 0, 4)); /* one tile for the weights' transform */
    assert_true(marks_images(8, 64, 100, 0, 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(equals_the_sum_of_products), cmocka_unit_test(marks_what_it_can_prove)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
