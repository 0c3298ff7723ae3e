/* SPDX-License-Identifier: Apache-2.0
 * itg_quantize and itg_dequantize: rounding, ties, saturation, NaN, every storage type. */
#include <intaglio/intaglio.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void rounds_to_nearest_ties_away(void **unused)
{
    (void)unused;
    const itg_port port = {.type = ITG_S8, .scale = 0.5f, .zero = 3};
    const float values[] = {0.0f, 0.25f, -0.25f, 0.24f, -0.24f, 0.75f, -0.75f, 1.0f, 62.0f, 62.3f, -65.5f, -70.0f};
    const int8_t expected[] = {3, 4, 2, 3, 3, 5, 1, 5, 127, 127, -128, -128};
    int8_t codes[12];
    itg_quantize(&port, codes, values, 12);
    for (int i = 0; i < 12; i++)
        assert_int_equal(codes[i], expected[i]);
}

static void special_values(void **unused)
{
    (void)unused;
    const itg_port port = {.type = ITG_S16, .scale = 1e-3f, .zero = 7};
    const float values[] = {NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f};
    const int16_t expected[] = {7, 32767, -32768, 32767, -32768};
    int16_t codes[5];
    itg_quantize(&port, codes, values, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(codes[i], expected[i]);
    const itg_port words = {.type = ITG_S32, .scale = 1.0f, .zero = -1};
    const float large[] = {2147483648.0f, -2147483648.0f, 2147483520.0f, 16777215.5f};
    const int32_t large_codes[] = {INT32_MAX, INT32_MIN, 2147483519, 16777215};
    int32_t stored[4];
    itg_quantize(&words, stored, large, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(stored[i], large_codes[i]);
}

/* A camera byte: code = byte - 128, zero -128, so the value is byte * scale. */
static void bytes_of_pictures(void **unused)
{
    (void)unused;
    const itg_port port = {.type = ITG_U8, .scale = 1.0f, .zero = -128};
    for (int byte = 0; byte < 256; byte++) {
        const uint8_t stored = (uint8_t)byte;
        float value = -1.0f;
        uint8_t back = 0;
        itg_dequantize(&port, &value, &stored, 1);
        assert_true(value == (float)byte);
        itg_quantize(&port, &back, &value, 1);
        assert_int_equal(back, byte);
    }
}

static void every_code_returns(void **unused)
{
    (void)unused;
    const itg_port port = {.type = ITG_S16, .scale = 0.0123f, .zero = -5};
    const itg_port probabilities = {.type = ITG_U16, .scale = 1.0f / 65536, .zero = 0};
    for (int32_t code = -32768; code <= 32767; code++) {
        const int16_t stored = (int16_t)code;
        const uint16_t probability = (uint16_t)code;
        int16_t back = 0;
        uint16_t probability_back = 0;
        float value = 0.0f;
        itg_dequantize(&port, &value, &stored, 1);
        itg_quantize(&port, &back, &value, 1);
        assert_int_equal(back, code);
        itg_dequantize(&probabilities, &value, &probability, 1);
        assert_true(value >= 0.0f && value < 1.0f);
        itg_quantize(&probabilities, &probability_back, &value, 1);
        assert_int_equal(probability_back, probability);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_to_nearest_ties_away),
        cmocka_unit_test(special_values),
        cmocka_unit_test(bytes_of_pictures),
        cmocka_unit_test(every_code_returns),
    };
    return cmocka_run_group_tests_name("convert", tests, NULL, NULL);
}
