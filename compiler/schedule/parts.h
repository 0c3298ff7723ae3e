/* SPDX-License-Identifier: Apache-2.0
 * What the files of this folder offer one another; schedule.c calls them in this order. */
#ifndef ITGC_SCHEDULE_PARTS_H
#define ITGC_SCHEDULE_PARTS_H

#include "compiler/schedule/place.h"
#include "compiler/schedule/schedule.h"

/* order.c: the order steps run in. False (900) if a step would read what no earlier step wrote. */
bool itgc_order_steps(itgc_graph *graph);

/* join_members.c: convolutions write where a Concat would have copied them to. */
void itgc_join_members(itgc_graph *graph);

/* join_members.c: the step that alone writes all of this tensor, if `reader` alone reads it and it is no input or output; else NULL. */
itgc_step *itgc_find_writer(const itgc_graph *graph, const itgc_step *reader, itgc_tensor *tensor);

/* storage.c: int8 codes stored as the target's kernels read them fastest (ITG_U8); ports keep their types. */
void itgc_choose_storage(itgc_graph *graph, itg_type storage);

/* pack_pairs.c: conv's weights, packed as ITG_PACK_16C4, as ITG_PACK_16C4P. */
int8_t *itgc_split_pairs(itgc_arena *arena, const itg_conv *conv, size_t *bytes);

/* pack_pairs.c: dots, in ITG_PACK_16C4, takes the array of pairs, the same layer in ITG_PACK_16C4P, where that serves for both. */
void itgc_share_weights(const itg_conv *pairs, itg_conv *dots);

/* pack_winograd.c: whether kernels may transform this convolution of `images` images (runtime/kernels/winograd.h); conv still has plain rows of
 * weights. */
bool itgc_can_transform(const itg_conv *conv, int32_t images);

/* choose_cascades.c: one step for several of which each alone reads what the one before it writes, where the arena is no larger for it; what costs
 * time only where the arena would take more than `most` bytes. */
void itgc_choose_cascades(itgc_graph *graph, uint64_t most);

/* cascade.c: whether a cascade's results may lie where `place` does, over rows that the cascade has read. Lifetimes are known. */
bool itgc_may_overwrite(const itgc_step *step, const itgc_tensor *place, uint32_t workers);

/* merge_constants.c: drops constants no step points to and keeps one of each set of equal arrays. */
void itgc_merge_constants(itgc_graph *graph);

/* lifetimes.c: bytes, first and last step of every tensor that has a place. False (503) if one is too large. */
bool itgc_find_lifetimes(itgc_graph *graph);

/* lifetimes.c: bytes of one code of this type as stored. */
uint32_t itgc_code_bytes(itg_type type);

/* arena.c: lifetimes and places of all tensors and scratch memory. False (503) if one or all are too large. */
bool itgc_place_tensors(itgc_graph *graph);

/* arena.c: bytes that these places take; UINT64_MAX if a tensor is too large, without an error. Changes lifetimes, no address. */
uint64_t itgc_measure_arena(itgc_graph *graph);

#endif
