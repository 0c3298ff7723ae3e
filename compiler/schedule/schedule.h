/* SPDX-License-Identifier: Apache-2.0
 * quantized graph → order, lifetimes, addresses; and the plan in memory. May only move, merge or re-store what yields exactly the
 * quantized integers. */
#ifndef ITGC_SCHEDULE_H
#define ITGC_SCHEDULE_H

#include "compiler/graph/graph.h"

typedef struct itgc_schedule_options {
    uint32_t align;                           /* of every tensor: 16, or 64 on hosted targets */
    uint64_t ram_budget, flash_budget;        /* bytes; 0: none; error 501/502 if exceeded */
    itg_packing packings[ITGC_MOST_PACKINGS]; /* of the weights: what the target's tables read, up to the first 0; none: ITG_PACK_ROWS */
    itg_type storage;                         /* of int8 codes, where a tensor is no port: ITG_U8, or else ITG_S8 */
    bool keep_results;                        /* every step of the quantizer's stays one, its result in the arena: for those that look at each */
    uint32_t workers;                         /* scratch slots */
    uint32_t stack_bytes;                     /* that itg_run takes with the target's tables; 0: with scalar kernels */
} itgc_schedule_options;

/* Fills every tensor's place and the graph's arena_bytes and lower bound. The placer is one function behind a seam (place.h). */
bool itgc_schedule_graph(itgc_graph *graph, const itgc_schedule_options *options);

/* pack.c, part of scheduling: weights in the graph's packings, and the scratch that the kernels of all of them find enough. */
void itgc_pack_weights(itgc_graph *graph);

/* The scheduled graph as the structure the runtime executes; lives in the graph's arena. kernels: table to name in it, whose packing's params
 * are taken, or weights in rows where the graph has not been packed so.
 * NULL with error 505 if an input or output has too many dimensions for a port. */
const itg_model *itgc_build_plan(itgc_graph *graph, const itg_kernels *kernels);

/* Bytes of the plan's structs where a pointer takes 4 bytes (Cortex-M, armv7). */
uint64_t itgc_plan_bytes(const itgc_graph *graph);

/* What budgets count beside the arena and the constants, rounded up from what every Cortex-M target was measured at (targets/firmware):
 * itg_run with scalar kernels takes up to 764 bytes of stack, 1224 where it normalizes. */
#define ITGC_STACK_BYTES           1024u
#define ITGC_NORMALIZE_STACK_BYTES 1536u

#endif
