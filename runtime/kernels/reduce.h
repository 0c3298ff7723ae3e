/* SPDX-License-Identifier: Apache-2.0
 * From a sum to the code of a reduction (itg_reduce in plan.h). Used by the pool kernels of every table. */
#ifndef ITG_KERNELS_REDUCE_H
#define ITG_KERNELS_REDUCE_H

#include "runtime/kernels/element.h"

#include <intaglio/fixed.h>

/* sum: of (code - in_zero), over reduce->count elements. */
static inline void itg_store_reduced(const itg_reduce *reduce, void *out, size_t index, int32_t sum)
{
    const itg_requant *requant = &reduce->requant;
    const int32_t code = reduce->out_zero + itg_requantize_left(sum, requant->left, requant->multiplier, requant->shift);
    itg_store_code(out, reduce->out_type, index, itg_clamp(code, reduce->low, reduce->high));
}

/* Vector kernels sum bytes as unsigned, the code plus 128, in 16 bits; this many cannot overflow. */
#define ITG_REDUCE_MOST 256

static inline bool itg_sums_bytes(const itg_reduce *reduce)
{
    return (reduce->in_type == ITG_S8 || reduce->in_type == ITG_U8) && reduce->count <= ITG_REDUCE_MOST;
}

#endif
