/* SPDX-License-Identifier: Apache-2.0
 * What --target accepts: cores, which fix kernel tables and packings, and the folders of targets/, which imply a core and have memory budgets.
 * `intaglio targets` prints the table; emit reads which kernels a model names. Nothing before schedule may ask. */
#ifndef ITGC_TARGETS_H
#define ITGC_TARGETS_H

#include "compiler/graph/graph.h"

#define ITGC_MOST_TABLES 5 /* of one target */

/* A kernel table as emitted models name it: itg_<family>_<name> are its families, itg_runs_<name> asks the processor. */
typedef struct itgc_kernel_table {
    const char *name;
    itg_packing packing;  /* of the weights it reads */
    itg_type storage;     /* of int8 codes between steps, as it reads them fastest */
    uint32_t stack_bytes; /* that itg_run takes at most */
} itgc_kernel_table;

typedef struct itgc_target {
    const char *name;
    const char *core;                                  /* its own name for a core */
    const char *isa;                                   /* what its kernels may use, for people */
    const itgc_kernel_table *tables[ITGC_MOST_TABLES]; /* chosen from at run time, the best last; one storage. NULL behind the last */
    uint32_t align;                                    /* of the arena and every tensor in it */
    uint64_t ram_bytes, flash_bytes;                   /* budgets: those of targets/NAME/target.mk; 0: none */
} itgc_target;

/* The table: cores first, then folders; *count rows. */
const itgc_target *itgc_target_rows(int *count);

/* NULL if there is no target of that name. */
const itgc_target *itgc_find_target(const char *name);

int itgc_count_tables(const itgc_target *target);

/* The packings that its tables read, each once, in their order; 0 behind the last. */
void itgc_list_packings(const itgc_target *target, itg_packing packings[ITGC_MOST_PACKINGS]);

/* The most that any of its tables takes. */
uint32_t itgc_target_stack(const itgc_target *target);

/* "ITG_PACK_ROWS" */
const char *itgc_packing_name(itg_packing packing);

#endif
