/* SPDX-License-Identifier: Apache-2.0
 * What --target accepts: cores, which fix ISA and packing, and the folders of targets/, which imply a core and have memory budgets.
 * `intaglio targets` prints the table; emit reads which kernels a model names. Nothing before schedule may ask. */
#ifndef ITGC_TARGETS_H
#define ITGC_TARGETS_H

#include <intaglio/plan.h>

typedef struct itgc_target {
    const char *name;
    const char *core; /* its own name for a core */
    const char *isa;  /* what its kernels may use, for people */
    itg_packing packing;
    itg_type storage;                /* of int8 codes between steps */
    uint32_t align;                  /* of the arena and every tensor in it */
    const char *kernels;             /* itg_<family>_<kernels> are the families an emitted model names */
    uint64_t ram_bytes, flash_bytes; /* budgets: those of targets/NAME/target.mk; 0: none */
} itgc_target;

/* The table: cores first, then folders; *count rows. */
const itgc_target *itgc_target_rows(int *count);

/* NULL if there is no target of that name. */
const itgc_target *itgc_find_target(const char *name);

/* "ITG_PACK_ROWS" */
const char *itgc_packing_name(itg_packing packing);

#endif
