/* SPDX-License-Identifier: Apache-2.0
 * Three planes to pixels: every table that brings a function for it against the definition, with guard bytes on both sides. */
#include "runtime/kernels/conv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 100, GUARD = 16, PLANE = MOST + 5 };

static void check_count(const itg_conv_kernels *kernels, const uint8_t *in, int32_t count, uint8_t flip)
{
    uint8_t expected[3 * MOST + 2 * GUARD], out[sizeof expected];
    memset(expected, 0xA5, sizeof expected);
    memcpy(out, expected, sizeof out);
    for (int32_t i = 0; i < 3 * count; i++)
        expected[GUARD + i] = in[i % 3 * PLANE + i / 3] ^ flip;
    kernels->zip_planes(out + GUARD, in, PLANE, count, flip);
    assert_memory_equal(out, expected, sizeof out);
}

static void test_every_table(void **state)
{
    (void)state;
    uint8_t in[3 * PLANE];
    for (int32_t i = 0; i < 3 * PLANE; i++)
        in[i] = (uint8_t)(i * 7 + i / 3);
    const itg_kernels *table;
    for (uint32_t i = 0; (table = itg_kernels_supported(i)) != NULL; i++)
        for (int32_t count = 0; table->conv->zip_planes && count <= MOST; count++)
            check_count(table->conv, in, count, (uint8_t)(count % 2 * 0x80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
