/* SPDX-License-Identifier: Apache-2.0
 * From sums to codes: of a reduction (itg_reduce in plan.h), and what an average over a window is multiplied by (itg_pool). Used by the pool
 * kernels of every table. */
#ifndef ITG_KERNELS_REDUCE_H
#define ITG_KERNELS_REDUCE_H

#include "runtime/kernels/element.h"
#include "runtime/kernels/window.h"

#include <intaglio/fixed.h>

/* sum: of (code - in_zero), over reduce->count elements. */
static inline void itg_store_reduced(const itg_reduce *reduce, void *out, size_t index, int32_t sum)
{
    const itg_requant *requant = &reduce->requant;
    const int32_t code = reduce->out_zero + itg_requantize_left(sum, requant->left, requant->multiplier, requant->shift);
    itg_store_code(out, reduce->out_type, index, itg_clamp(code, reduce->low, reduce->high));
}

/* Positions of one dimension that count when padding is included: those no further out than before and after reach. */
static inline int32_t itg_count_padded(const itg_pool *pool, int dimension, int32_t first)
{
    const int32_t shifted = first + pool->before[dimension];
    const int32_t size = pool->before[dimension] + pool->in[dimension] + pool->after[dimension];
    const itg_taps taps = itg_clip_taps(shifted, pool->kernel[dimension], pool->dilation[dimension], size);
    return taps.end - taps.begin;
}

/* The multiplier of an average over the window of these taps: that of the number of positions that count. */
static inline int32_t itg_average_multiplier(const itg_pool *pool, const itg_taps taps[2])
{
    int32_t count = (taps[0].end - taps[0].begin) * (taps[1].end - taps[1].begin), k = 0;
    if (pool->include_pad)
        count = itg_count_padded(pool, 0, taps[0].first) * itg_count_padded(pool, 1, taps[1].first);
    while (k + 1 < pool->count_entries && pool->counts[k] != count)
        k++;
    return pool->multipliers[k];
}

/* Vector kernels sum bytes in 16 bits; this many codes cannot overflow. */
#define ITG_REDUCE_MOST 256

/* sums += the `count` codes from element `first` on. */
static inline void itg_add_codes(int32_t *sums, const void *in, itg_type type, size_t first, int32_t count)
{
    if (type == ITG_S8) {
        const int8_t *codes = (const int8_t *)in + first;
        for (int32_t c = 0; c < count; c++)
            sums[c] += codes[c];
        return;
    }
    for (int32_t c = 0; c < count; c++)
        sums[c] += itg_load_code(in, type, first + (size_t)c);
}

#endif
