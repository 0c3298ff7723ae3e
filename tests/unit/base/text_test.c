/* SPDX-License-Identifier: Apache-2.0
 * Text: shortest numbers that read back, in any locale; quoting for C and JSON; SHA-256 vectors of FIPS 180-4; reading files. */
#include "compiler/base/text.h"
#include "compiler/base/files.h"
#include "compiler/base/sha256.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int open_arena(void **state)
{
    *state = itgc_new_arena(0);
    return *state == NULL;
}

static int close_arena(void **state)
{
    itgc_release_arena(*state);
    return 0;
}

static const char *print_float(itgc_arena *arena, float value)
{
    itgc_text text;
    itgc_init_text(&text, arena);
    itgc_add_float(&text, value);
    return text.bytes;
}

static const char *print_double(itgc_arena *arena, double value)
{
    itgc_text text;
    itgc_init_text(&text, arena);
    itgc_add_double(&text, value);
    return text.bytes;
}

static void numbers_are_shortest(void **state)
{
    assert_string_equal(print_float(*state, 0.1f), "0.1");
    assert_string_equal(print_float(*state, 16777216.0f), "16777216");
    assert_string_equal(print_float(*state, -0.0f), "-0");
    assert_string_equal(print_double(*state, 0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(print_double(*state, HUGE_VAL), "inf");
    assert_string_equal(print_double(*state, -HUGE_VAL), "-inf");
    assert_string_equal(print_float(*state, NAN), "nan");
}

static void every_float_reads_back(void **state)
{
    uint32_t bits = 12345;
    for (int i = 0; i < 2000; i++) {
        float value;
        bits = bits * 1664525u + 1013904223u;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        assert_true(strtof(print_float(*state, value), NULL) == value);
        assert_true(strtod(print_double(*state, (double)value / 3), NULL) == (double)value / 3);
    }
}

static void locale_does_not_matter(void **state)
{
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL && setlocale(LC_NUMERIC, "fr_FR.UTF-8") == NULL) {
        print_message("skipped: no locale with a decimal comma is installed\n");
        skip();
    }
    assert_string_equal(print_float(*state, 1.5f), "1.5");
    setlocale(LC_NUMERIC, "C");
}

static void strings_are_quoted(void **state)
{
    itgc_text text;
    itgc_init_text(&text, *state);
    itgc_add_c_string(&text, "a\"b\\c\n?\xc3\xa9"
                             "1");
    assert_string_equal(text.bytes, "\"a\\\"b\\\\c\\012\\?\\303\\2511\"");
    itgc_init_text(&text, *state);
    itgc_add_json_string(&text, "a\"b\\\n\xc3\xa9\xff\xed\xa0\x80");
    assert_string_equal(text.bytes, "\"a\\\"b\\\\\\u000a\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void numbers_are_grouped(void **state)
{
    itgc_text text;
    itgc_init_text(&text, *state);
    itgc_add_grouped(&text, 1234567);
    itgc_add(&text, " ");
    itgc_add_grouped(&text, -999);
    itgc_add(&text, " ");
    itgc_add_grouped(&text, INT64_MIN);
    assert_string_equal(text.bytes, "1,234,567 -999 -9,223,372,036,854,775,808");
}

static void text_grows(void **state)
{
    itgc_text text;
    itgc_init_text(&text, *state);
    for (int i = 0; i < 10000; i++)
        itgc_addf(&text, "%d,", i % 10);
    assert_int_equal(text.count, 20000);
    assert_string_equal(text.bytes + 19996, "8,9,");
}

static void sha256_vectors(void **state)
{
    (void)state;
    char hash[ITGC_SHA256_TEXT];
    itgc_sha256(hash, "", 0);
    assert_string_equal(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    itgc_sha256(hash, "abc", 3);
    assert_string_equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    itgc_sha256(hash, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
    assert_string_equal(hash, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void sha256_of_pieces_is_that_of_the_whole(void **state)
{
    (void)state;
    char whole[ITGC_SHA256_TEXT], pieces[ITGC_SHA256_TEXT], bytes[300];
    memset(bytes, 'a', sizeof bytes);
    itgc_sha256(whole, bytes, 56); /* the first length whose padding takes a block more */
    assert_string_equal(whole, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(7 * i + 1);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        itgc_sha256(whole, bytes, size);
        for (size_t step = 1; step < 140; step += 9) {
            itgc_sha256_sum sum;
            itgc_start_sha256(&sum);
            for (size_t at = 0; at < size; at += step)
                itgc_add_sha256(&sum, bytes + at, size - at < step ? size - at : step);
            itgc_end_sha256(&sum, pieces);
            assert_string_equal(pieces, whole);
        }
    }
}

static int read_code(itgc_arena *arena, const char *path, uint64_t limit)
{
    itgc_diag diag = {.arena = arena};
    size_t count = 0;
    return itgc_read_file(arena, &diag, path, limit, &count) == NULL ? diag.code : 0;
}

static void files_fail_by_cause(void **state)
{
    char folder[] = "/tmp/text_test_XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *const path = itgc_sprint(*state, "%s/file", folder);
    assert_int_equal(read_code(*state, path, 0), 110);
    assert_int_equal(read_code(*state, folder, 0), 111);
    FILE *const file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite("12345", 1, 5, file), 5);
    fclose(file);
    itgc_diag diag = {.arena = *state};
    size_t count = 0;
    assert_string_equal((const char *)itgc_read_file(*state, &diag, path, 5, &count), "12345");
    assert_int_equal(count, 5);
    assert_int_equal(read_code(*state, path, 4), 113);
    char part[3];
    assert_true(itgc_read_file_part(&diag, path, 2, part, 3));
    assert_memory_equal(part, "345", 3);
    assert_false(itgc_read_file_part(&diag, path, 3, part, 3));
    assert_int_equal(diag.code, 114);
    char whole[ITGC_SHA256_TEXT], digest[ITGC_SHA256_TEXT];
    itgc_sha256(whole, "12345", 5);
    diag = (itgc_diag){.arena = *state};
    assert_true(itgc_digest_file(&diag, path, digest));
    assert_string_equal(digest, whole);
    assert_false(itgc_digest_file(&diag, folder, digest));
    assert_int_equal(diag.code, 111);
    if (geteuid() != 0) {
        assert_int_equal(chmod(path, 0), 0);
        assert_int_equal(read_code(*state, path, 0), 112);
    }
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_shortest),   cmocka_unit_test(every_float_reads_back),
        cmocka_unit_test(locale_does_not_matter), cmocka_unit_test(strings_are_quoted),
        cmocka_unit_test(numbers_are_grouped),    cmocka_unit_test(text_grows),
        cmocka_unit_test(sha256_vectors),         cmocka_unit_test(sha256_of_pieces_is_that_of_the_whole),
        cmocka_unit_test(files_fail_by_cause),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
