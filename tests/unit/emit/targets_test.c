/* SPDX-License-Identifier: Apache-2.0
 * The table of targets against the folders of targets/: same names, cores and budgets; and its kernel tables against the runtime's. */
#include "compiler/emit/targets.h"

#include <intaglio/kernels.h>
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
        assert_memory_equal(core->tables, rows[i].tables, sizeof core->tables);
        assert_int_equal(core->align, rows[i].align);
        assert_ptr_equal(itgc_find_target(rows[i].name), &rows[i]); /* no name twice */
    }
    assert_null(itgc_find_target("z80"));
}

/* What a plan shares between its tables must not depend on the table. */
static void stores_codes_alike_for_all_tables_of_a_target(void **state)
{
    (void)state;
    int count;
    const itgc_target *rows = itgc_target_rows(&count);
    for (int i = 0; i < count; i++) {
        assert_true(itgc_count_tables(&rows[i]) > 0);
        for (int t = 1; t < itgc_count_tables(&rows[i]); t++) {
            assert_int_equal(rows[i].tables[t]->storage, rows[i].tables[0]->storage);
        }
    }
}

static const itgc_kernel_table *find_table(const char *name)
{
    int count;
    const itgc_target *rows = itgc_target_rows(&count);
    for (int i = 0; i < count; i++) {
        for (int t = 0; t < itgc_count_tables(&rows[i]); t++) {
            if (strcmp(rows[i].tables[t]->name, name) == 0) {
                return rows[i].tables[t];
            }
        }
    }
    return NULL;
}

static void knows_the_tables_of_this_machine(void **state)
{
    (void)state;
    const itg_kernels *kernels = NULL;
    for (uint32_t k = 0; (kernels = itg_kernels_supported(k)) != NULL; k++) {
        const itgc_kernel_table *table = find_table(kernels->name);
        assert_non_null(table);
        assert_int_equal(table->packing, kernels->packing);
        assert_int_equal(table->storage, kernels->storage);
    }
}

static void lists_packings_once(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        itg_packing packings[ITGC_MOST_PACKINGS];
        uint32_t stack_bytes;
    } cases[] = {{"x86-64", {ITG_PACK_16C4P, ITG_PACK_16C4}, 16384},
                 {"aarch64", {ITG_PACK_16C4S, ITG_PACK_16C8S}, 8192},
                 {"aarch64-i8mm", {ITG_PACK_16C8S}, 8192},
                 {"cortex-m4", {ITG_PACK_ROWS}, 1024}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itg_packing packings[ITGC_MOST_PACKINGS];
        itgc_list_packings(itgc_find_target(cases[i].target), packings);
        assert_memory_equal(packings, cases[i].packings, sizeof packings);
        assert_int_equal(itgc_target_stack(itgc_find_target(cases[i].target)), cases[i].stack_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_folders), cmocka_unit_test(names_every_core_it_implies),
                                       cmocka_unit_test(stores_codes_alike_for_all_tables_of_a_target),
                                       cmocka_unit_test(knows_the_tables_of_this_machine), cmocka_unit_test(lists_packings_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
