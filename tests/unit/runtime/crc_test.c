/* SPDX-License-Identifier: Apache-2.0
 * CRC-32 against known answers and a bitwise definition; views of stored codes. */
#include <intaglio/intaglio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static uint32_t define_crc(uint32_t crc, const uint8_t *bytes, size_t count)
{
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void known_answers(void **unused)
{
    (void)unused;
    assert_int_equal(itg_crc32(0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(itg_crc32(0, "", 0), 0);
    assert_int_equal(itg_crc32(0, "a", 1), 0xe8b7be43u);
}

static void continues_and_equals_definition(void **unused)
{
    (void)unused;
    uint8_t bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 89 + i / 7);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 13) {
        assert_int_equal(itg_crc32(0, bytes, cut), define_crc(0, bytes, cut));
        assert_int_equal(itg_crc32(itg_crc32(0, bytes, cut), bytes + cut, sizeof bytes - cut), define_crc(0, bytes, sizeof bytes));
    }
}

static void views_hash_codes(void **unused)
{
    (void)unused;
    static const uint8_t stored[8] = {0x80, 0x81, 0x7f, 0x00, 0xff, 0x12, 0x34, 0x56};
    static const uint8_t codes[4] = {0x00, 0x01, 0xff, 0x80};
    const itg_selftest_view unsigned_view = {0, 4, ITG_U8}, signed_view = {0, 4, ITG_S8}, words = {2, 3, ITG_S16}, empty = {0, 0, ITG_S8};
    assert_int_equal(itg_crc_view(&unsigned_view, stored), define_crc(0, codes, 4));
    assert_int_equal(itg_crc_view(&signed_view, stored), define_crc(0, stored, 4));
    assert_int_equal(itg_crc_view(&words, stored), define_crc(0, stored + 2, 6));
    assert_int_equal(itg_crc_view(&empty, stored), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(continues_and_equals_definition),
        cmocka_unit_test(views_hash_codes),
    };
    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
