/* SPDX-License-Identifier: Apache-2.0
 * ITG_PACK_16C4P: products of u8 by s8 that are added in pairs to int16 (vpmaddubsw). 255 * 128 fits, so a pair is exact for every input
 * if its positive weights sum up to at most 128, and its negative ones too. What a pair has beyond that is multiplied once more, from a
 * second list: one entry stands for 4 neighbouring inputs of 8 channels. A block where that would not pay keeps its weights whole and
 * is multiplied in int16. The packer writes these structures, the AVX2 tiles read them. */
#ifndef ITG_KERNELS_PAIRS_H
#define ITG_KERNELS_PAIRS_H

#include "runtime/kernels/band.h"

#define ITG_PAIR_LIMIT     128
#define ITG_EXTRAS_PERCENT 40 /* of a block's entries: with more, int16 is faster */

/* One block's part of the second list: entries of its first 8 channels from `first` on, then those of its last 8. */
typedef struct itg_pair_head {
    int32_t count[2], first;
    int32_t whole; /* 1: no entries, the block's weights are whole */
} itg_pair_head;

/* An entry's place: which segment, and which byte of its run. */
static inline int32_t itg_pair_place(int32_t segment, int32_t byte)
{
    return segment * 65536 + byte;
}

static inline size_t itg_pair_heads_bytes(const itg_runs *runs)
{
    return ((size_t)runs->blocks * sizeof(itg_pair_head) + 63) / 64 * 64;
}

/* Entries of one group as stored: so many that the next group is aligned. */
static inline size_t itg_pair_extras(const itg_runs *runs, const itg_pair_head *heads)
{
    const itg_pair_head *last = &heads[runs->blocks - 1];
    return ((size_t)last->first + (size_t)last->count[0] + (size_t)last->count[1] + 15) / 16 * 16;
}

#define ITG_PAIR_ENTRY_BYTES 36 /* place and weights */

#endif
