/* SPDX-License-Identifier: Apache-2.0
 * intaglio targets: what --target accepts, the kernel tables of this machine; with --matrix the op x ISA table of the README.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"

#include "compiler/ops/op.h"

#include <stdio.h>
#include <string.h>

static void print_targets(void)
{
    int count;
    const itgc_target *rows = itgc_target_rows(&count);
    printf("%-20s %-18s %-18s %-8s %-11s %12s %12s\n", "target", "core", "isa", "packing", "kernels", "RAM bytes", "flash bytes");
    for (int t = 0; t < count; t++) {
        printf("%-20s %-18s %-18s %-8s %-11s", rows[t].name, rows[t].core, rows[t].isa, itgc_packing_name(rows[t].packing) + sizeof "ITG_PACK_" - 1,
               rows[t].kernels);
        if (rows[t].ram_bytes)
            printf(" %12llu %12llu\n", (unsigned long long)rows[t].ram_bytes, (unsigned long long)rows[t].flash_bytes);
        else
            printf(" %12s %12s\n", "-", "-");
    }
    printf("\nkernel tables of this machine (--isa):");
    for (uint32_t k = 0; itg_kernels_supported(k); k++)
        printf(" %s", itg_kernels_supported(k)->name);
    printf("\n");
}

/* Distinct values of runs that are runtime ops, in the order of the op table. */
static void print_matrix(void)
{
    int count;
    const itgc_op_row *rows = itgc_op_rows(&count);
    printf("| ONNX op | opsets | runs as |");
    for (uint32_t k = 0; itg_kernels_supported(k); k++)
        printf(" %s |", itg_kernels_supported(k)->name);
    printf("\n|---|---|---|");
    for (uint32_t k = 0; itg_kernels_supported(k); k++)
        printf("---|");
    printf("\n");
    for (int r = 0; r < count; r++) {
        printf("| %s | %d to %d | %s |", rows[r].name, rows[r].first_opset, rows[r].last_opset, rows[r].runs);
        const bool is_step = strncmp(rows[r].runs, "itg_op_", 7) == 0 || strstr(rows[r].runs, "table");
        for (uint32_t k = 0; itg_kernels_supported(k); k++)
            printf(" %s |", is_step ? "yes" : "");
        printf("\n");
    }
}

int cli_targets(const cli_options *options)
{
    if (options->matrix)
        print_matrix();
    else
        print_targets();
    return CLI_DONE;
}
