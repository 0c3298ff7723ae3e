/* SPDX-License-Identifier: Apache-2.0
 * intaglio targets --matrix: the op x kernel table of the README. In: the op table (compiler/ops/ops.inc), and what include/intaglio/kernels.h says
 * each table takes from which other, on every machine the same. Called by targets.c; tools/check_matrix.sh holds the README and the folders of
 * runtime/kernels against it. */
#include "tools/cli/commands.h"

#include "compiler/ops/op.h"

#include <intaglio/kernels.h>

#include <stdio.h>
#include <string.h>

/* "avx2" of itg_pool_avxvnni, which kernels.h defines as itg_pool_avx2. */
#define TEXT(name)           #name
#define EXPANDED(name)       TEXT(name)
#define OWNER(family, table) EXPANDED(itg_##family##_##table) + sizeof "itg_" #family "_" - 1
#define TABLE(table)                                                                                                                                 \
    {                                                                                                                                                \
        OWNER(conv, table), OWNER(depthwise, table), OWNER(pool, table), OWNER(elementwise, table), OWNER(lookup, table), OWNER(softmax, table),     \
            OWNER(normalize, table), OWNER(matmul, table), #table                                                                                    \
    }

enum { CONV, DEPTHWISE, POOL, ELEMENTWISE, LOOKUP, SOFTMAX, NORMALIZE, MATMUL, NAME, ENTRIES };

/* Whose kernels of each family a table has, then its name. */
static const char *const tables[][ENTRIES] = {TABLE(scalar), TABLE(sse41),  TABLE(avx2), TABLE(avxvnni), TABLE(avx512vnni),
                                              TABLE(amx),    TABLE(neon32), TABLE(neon), TABLE(dotprod), TABLE(i8mm)};

enum { TABLES = sizeof tables / sizeof tables[0] };

/* The kernels an op of the runtime calls; an op without a row has none, and is the same code on every processor. */
static const struct {
    const char *op;
    int family;
} families[] = {
    {"conv", CONV},       {"depthwise", DEPTHWISE}, {"pool", POOL},       {"reduce", POOL},         {"add", ELEMENTWISE},
    {"mul", ELEMENTWISE}, {"lookup", LOOKUP},       {"softmax", SOFTMAX}, {"normalize", NORMALIZE}, {"matmul", MATMUL},
};

/* Whose code serves the op whose name begins at `op`, for table t. */
static const char *find_owner(int t, const char *op)
{
    const size_t length = strcspn(op, ", ");
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strlen(families[i].op) == length && memcmp(families[i].op, op, length) == 0)
            return tables[t][families[i].family];
    return tables[0][NAME];
}

/* The owners of all steps that an ONNX op runs as, each once. */
static void print_cell(int t, const char *runs)
{
    bool is_listed[TABLES] = {false};
    printf(" ");
    const char *space = "";
    for (const char *at = strstr(runs, "itg_op_"); at; at = strstr(at, "itg_op_")) {
        at += sizeof "itg_op_" - 1;
        const char *owner = find_owner(t, at);
        int k = 0;
        while (strcmp(tables[k][NAME], owner) != 0)
            k++;
        if (!is_listed[k])
            printf("%s%s", space, k == t ? "+" : owner);
        is_listed[k] = true;
        space = " ";
    }
    printf(" |");
}

void cli_print_matrix(void)
{
    int count;
    const itgc_op_row *rows = itgc_op_rows(&count);
    printf("| ONNX op | opsets | runs as |");
    for (int t = 0; t < TABLES; t++)
        printf(" %s |", tables[t][NAME]);
    printf("\n|---|---|---|");
    for (int t = 0; t < TABLES; t++)
        printf("---|");
    printf("\n");
    for (int r = 0; r < count; r++) {
        printf("| %s | %d to %d | %s |", rows[r].name, rows[r].first_opset, rows[r].last_opset, rows[r].runs);
        for (int t = 0; t < TABLES; t++)
            print_cell(t, rows[r].runs);
        printf("\n");
    }
}
