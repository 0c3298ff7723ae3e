/* SPDX-License-Identifier: Apache-2.0
 * From an accumulator to the output code: what conv and depthwise do alike (itg_epilogue in plan.h, docs/numerics.md 1 and 3). */
#ifndef ITG_KERNELS_EPILOGUE_H
#define ITG_KERNELS_EPILOGUE_H

#include "runtime/kernels/element.h"

#include <intaglio/fixed.h>

/* sum: sum of q * w; only its low 32 bits count unless the epilogue is wide. */
static inline int32_t itg_finish_sum(const itg_epilogue *epilogue, int64_t sum, int32_t channel)
{
    if (epilogue->wide)
        return itg_narrow(sum + epilogue->bias[channel], epilogue->narrow);
    return itg_add_wrap((int32_t)(uint32_t)sum, epilogue->bias[channel]);
}

static inline int32_t itg_finish_code(const itg_epilogue *epilogue, int32_t acc, int32_t channel)
{
    const bool negative = acc < 0 && epilogue->negative_multiplier;
    const int32_t multiplier = negative ? epilogue->negative_multiplier[channel] : epilogue->multiplier[channel];
    const int32_t code = epilogue->zero + itg_requantize_left(acc, epilogue->left, multiplier, epilogue->shift);
    if (epilogue->table)
        return epilogue->table[itg_clamp(code, 0, epilogue->table_mask)];
    return itg_clamp(code, epilogue->low, epilogue->high);
}

/* True if four times any of these multipliers fits 32 bits: kernels may then shift by 30, round and shift by one more in 16 bits. */
static inline bool itg_leaves_two_bits(const int32_t *multiplier, int32_t count)
{
    uint32_t used = 0;
    for (int32_t i = 0; i < count; i++)
        used |= (uint32_t)multiplier[i] ^ (multiplier[i] < 0 ? UINT32_MAX : 0);
    return used < (uint32_t)1 << 29;
}

/* Element `index` of out, which is channel `channel`. */
static inline void itg_store_sum(const itg_epilogue *epilogue, void *out, itg_type type, size_t index, int64_t sum, int32_t channel)
{
    const int32_t acc = itg_finish_sum(epilogue, sum, channel);
    itg_store_code(out, type, index, type == ITG_S32 ? acc : itg_finish_code(epilogue, acc, channel));
}

#endif
