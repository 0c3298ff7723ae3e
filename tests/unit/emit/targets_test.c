/* SPDX-License-Identifier: Apache-2.0
 * The table of targets against the folders of targets/: same names, cores and budgets. */
#include "compiler/emit/targets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const folders[] = {"linux-x86_64", "linux-aarch64", "linux-armv7", "microbit",  "mps2-an385",
                                      "mps2-an386",   "mps2-an500",    "mps2-an505",  "mps3-an547"};

/* The value of NAME := value in a target.mk. */
static void read_variable(const char *folder, const char *variable, char *value)
{
    char path[128];
    char line[512];
    (void)snprintf(path, sizeof path, "targets/%s/target.mk", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    value[0] = 0;
    while (fgets(line, sizeof line, file)) {
        char name[64];
        char text[128];
        if (sscanf(line, "%63s := %127s", name, text) == 2 && strcmp(name, variable) == 0) {
            (void)strcpy(value, text);
        }
    }
    (void)fclose(file);
}

static void agrees_with_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const itgc_target *target = itgc_find_target(folders[i]);
        char value[128];
        assert_non_null(target);
        read_variable(folders[i], "CORE", value);
        assert_string_equal(target->core, value);
        read_variable(folders[i], "RAM_BYTES", value);
        assert_int_equal(target->ram_bytes, strtoull(value, NULL, 10));
        read_variable(folders[i], "FLASH_BYTES", value);
        assert_int_equal(target->flash_bytes, strtoull(value, NULL, 10));
    }
}

static void names_every_core_it_implies(void **state)
{
    (void)state;
    int count;
    const itgc_target *rows = itgc_target_rows(&count);
    for (int i = 0; i < count; i++) {
        const itgc_target *core = itgc_find_target(rows[i].core);
        assert_non_null(core);
        assert_string_equal(core->name, core->core);
        assert_string_equal(core->kernels, rows[i].kernels);
        assert_int_equal(core->packing, rows[i].packing);
        assert_int_equal(core->align, rows[i].align);
        assert_ptr_equal(itgc_find_target(rows[i].name), &rows[i]); /* no name twice */
    }
    assert_null(itgc_find_target("z80"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_folders), cmocka_unit_test(names_every_core_it_implies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
