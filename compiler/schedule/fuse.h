/* SPDX-License-Identifier: Apache-2.0
 * A convolution and the one step that reads its result, in one step that computes some rows of the convolution at a time: what fuse.c asks of the
 * files that know the readers. */
#ifndef ITGC_SCHEDULE_FUSE_H
#define ITGC_SCHEDULE_FUSE_H

#include "compiler/schedule/parts.h"

/* Two steps, by their places in the list, and the one that may stand for both. */
typedef struct itgc_fusion {
    int conv, reader;
    itgc_step *step;   /* NULL: there is none */
    bool is_preferred; /* where the arena is as large without it */
} itgc_fusion;

/* fuse_sums.c, fuse_windows.c: what can be made of step `reader` and a convolution; step NULL if nothing. */
itgc_fusion itgc_fuse_sum(const itgc_graph *graph, int reader);
itgc_fusion itgc_fuse_windows(const itgc_graph *graph, int reader);

/* fuse.c: bytes of a row of results; those of an image fit int32 where itgc_find_inner found the convolution. */
int64_t itgc_row_bytes(const itg_conv *conv);

/* fuse.c: the place of the convolution that alone writes `tensor`, which `reader` alone reads; -1: there is none. */
int itgc_find_inner(const itgc_graph *graph, const itgc_step *reader, itgc_tensor *tensor);

/* fuse.c: rows that the kernels of one variant want to compute at a time: whole groups of tiles, or a list of pixels; scalar ones take a row. */
int32_t itgc_choose_band(const itg_conv *conv);

/* Params of the new step for one packing, of the convolution's and the reader's, their band behind `offset` bytes of scratch memory, and the
 * band's bytes. */
typedef void *itgc_join_params(const itgc_graph *graph, const itg_conv *conv, const void *reader, uint32_t offset, uint32_t *bytes);

/* fuse.c: the new step's params for every packing, and scratch memory for any of them. */
void itgc_join_variants(const itgc_graph *graph, const itgc_step *conv, const itgc_step *reader, itgc_join_params *join, itgc_step *step);

#endif
