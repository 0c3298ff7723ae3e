/* SPDX-License-Identifier: Apache-2.0
 * intaglio targets: what --target accepts, the kernel tables of this machine; with --matrix the table of matrix.c.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"

#include <stdio.h>

static void print_target(const itgc_target *target)
{
    printf("%-20s %-18s %-18s", target->name, target->core, target->isa);
    if (target->ram_bytes)
        printf(" %10llu %12llu", (unsigned long long)target->ram_bytes, (unsigned long long)target->flash_bytes);
    else
        printf(" %10s %12s", "-", "-");
    for (int k = 0; k < itgc_count_tables(target); k++)
        printf("%s %s", k ? "," : " ", target->tables[k]->name);
    itg_packing packings[ITGC_MOST_PACKINGS];
    itgc_list_packings(target, packings);
    for (int k = 0; k < ITGC_MOST_PACKINGS && packings[k]; k++)
        printf("%s %s", k ? "," : ":", itgc_packing_name(packings[k]) + sizeof "ITG_PACK_" - 1);
    printf("\n");
}

static void print_targets(void)
{
    int count;
    const itgc_target *rows = itgc_target_rows(&count);
    printf("%-20s %-18s %-18s %10s %12s  %s\n", "target", "core", "isa", "RAM bytes", "flash bytes", "kernels: packings");
    for (int t = 0; t < count; t++)
        print_target(&rows[t]);
    printf("\nkernel tables of this machine (--isa):");
    for (uint32_t k = 0; itg_kernels_supported(k); k++)
        printf(" %s", itg_kernels_supported(k)->name);
    printf("\n");
}

int cli_targets(const cli_options *options)
{
    if (options->matrix)
        cli_print_matrix();
    else
        print_targets();
    return CLI_DONE;
}
