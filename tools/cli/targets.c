/* SPDX-License-Identifier: Apache-2.0
 * intaglio targets: what --target accepts, the kernel tables of this machine; with --matrix the op x ISA table of the README.
 * Called by tools/intaglio.c. */
#include "tools/cli/commands.h"

#include "compiler/ops/op.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

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

/* The kernels an op of the runtime calls; an op without a row has none, and is the same code on every processor. */
static const struct {
    const char *op;
    size_t offset; /* of their family in itg_kernels */
} families[] = {
    {"itg_op_conv", offsetof(itg_kernels, conv)},           {"itg_op_depthwise", offsetof(itg_kernels, depthwise)},
    {"itg_op_pool", offsetof(itg_kernels, pool)},           {"itg_op_reduce", offsetof(itg_kernels, pool)},
    {"itg_op_add", offsetof(itg_kernels, elementwise)},     {"itg_op_mul", offsetof(itg_kernels, elementwise)},
    {"itg_op_lookup", offsetof(itg_kernels, lookup)},       {"itg_op_softmax", offsetof(itg_kernels, softmax)},
    {"itg_op_normalize", offsetof(itg_kernels, normalize)}, {"itg_op_matmul", offsetof(itg_kernels, matmul)},
};

static const void *find_family(const itg_kernels *kernels, size_t offset)
{
    const void *family;
    memcpy(&family, (const char *)kernels + offset, sizeof family);
    return family;
}

/* "yes" if the table has kernels of its own for any of the steps, "scalar" if it takes the scalar table's. */
static const char *describe_cell(const itg_kernels *kernels, const char *runs)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strstr(runs, families[i].op) && find_family(kernels, families[i].offset) != find_family(&itg_kernels_scalar, families[i].offset))
            return "yes";
    return kernels == &itg_kernels_scalar ? "yes" : "scalar";
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
            printf(" %s |", is_step ? describe_cell(itg_kernels_supported(k), rows[r].runs) : "");
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
