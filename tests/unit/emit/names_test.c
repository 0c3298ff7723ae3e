/* SPDX-License-Identifier: Apache-2.0
 * Pieces of emitted C: foreign names made safe for comments, identifiers, integer lists, octal rows, floats. */
#include "compiler/emit/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static int set_up(void **state)
{
    itgc_arena *arena = itgc_new_arena(0);
    *state = arena;
    return arena && setjmp(*itgc_arm_arena(arena)) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    itgc_release_arena(*state);
    return 0;
}

static void makes_comments_safe(void **state)
{
    static const struct {
        const char *name, *comment;
    } cases[] = {
        {"layer1/conv.0", "layer1/conv.0"},
        {"evil*/ int x;", "evil* / int x;"},
        {"nested/*open", "nested/ *open"},
        {"two\nlines\r\t", "two<U+000A>lines<U+000D><U+0009>"},
        {"tri?\?/graph?\?\?", "tri? ?/graph? ? ?"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"cut\xc3", "cut<C3>"},
        {"over\xc0\xaf", "over<C0><AF>"},
        {"surrogate\xed\xa0\x80", "surrogate<ED><A0><80>"},
        {"bidi\xe2\x80\xae", "bidi<U+202E>"},
        {"*\x01/", "*<U+0001>/"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itgc_text text;
        itgc_init_text(&text, *state);
        itgc_add_comment(&text, cases[i].name);
        assert_string_equal(text.bytes, cases[i].comment);
    }
}

static void knows_identifiers(void **state)
{
    (void)state;
    assert_true(itgc_is_identifier("kws"));
    assert_true(itgc_is_identifier("_a9"));
    assert_false(itgc_is_identifier(""));
    assert_false(itgc_is_identifier("9a"));
    assert_false(itgc_is_identifier("a-b"));
    assert_false(itgc_is_identifier("\xc3\xa4"));
}

static void prints_floats_as_c(void **state)
{
    static const struct {
        float value;
        const char *text;
    } cases[] = {{1.0f, "1.0f"}, {0.5f, "0.5f"}, {1e-10f, "1e-10f"}, {-3.0f, "-3.0f"}, {0.1f, "0.1f"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itgc_text text;
        itgc_init_text(&text, *state);
        itgc_add_c_float(&text, cases[i].value);
        assert_string_equal(text.bytes, cases[i].text);
    }
}

/* Reads "\ooo" rows back; returns how many bytes there were. */
static size_t read_octal(const char *text, uint8_t *bytes)
{
    size_t count = 0;
    for (; *text; text++) {
        if (*text == '\\') {
            bytes[count++] = (uint8_t)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
            text += 3;
        }
    }
    return count;
}

static void prints_large_arrays_as_octal_rows(void **state)
{
    enum { COUNT = 70001 };
    uint8_t *bytes = itgc_alloc(*state, COUNT);
    uint8_t *back = itgc_alloc(*state, COUNT + 1);
    for (size_t i = 0; i < COUNT; i++) {
        bytes[i] = (uint8_t)(i * i >> 3);
    }
    const itgc_constant array = {bytes, "weights", 1, true, COUNT, 0};
    assert_int_equal(itgc_constant_entries(&array), COUNT + 1); /* the NUL of the string */
    itgc_text text;
    itgc_init_text(&text, *state);
    itgc_add_array(&text, &array);
    assert_int_equal(read_octal(text.bytes, back), COUNT);
    assert_memory_equal(bytes, back, COUNT);
}

static void prints_small_arrays_as_lists(void **state)
{
    static const int32_t words[] = {INT32_MIN, -1, 0, INT32_MAX};
    static const uint16_t halves[] = {0, 65535};
    static const int8_t bytes[] = {-128, 127};
    static const struct {
        itgc_constant array;
        const char *text;
    } cases[] = {{{words, "", 4, true, 4, 0}, "{\n    -2147483648, -1, 0, 2147483647,\n}"},
                 {{halves, "", 2, false, 2, 0}, "{\n    0u, 65535u,\n}"},
                 {{bytes, "", 1, true, 2, 0}, "{\n    -128, 127,\n}"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itgc_text text;
        itgc_init_text(&text, *state);
        itgc_add_array(&text, &cases[i].array);
        assert_string_equal(text.bytes, cases[i].text);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(makes_comments_safe), TEST(knows_identifiers), TEST(prints_floats_as_c),
                                       TEST(prints_large_arrays_as_octal_rows), TEST(prints_small_arrays_as_lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
