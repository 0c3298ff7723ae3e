/* SPDX-License-Identifier: Apache-2.0
 * Local response normalization: each channel times a power of the squares of its neighbours.
 * In: an itg_lrn step (plan.h), one position's channels a work row. Out: the same shape, elsewhere. Called by run.c. */
#include "runtime/kernels/element.h"

#include <intaglio/fixed.h>

static int find_octave(uint64_t value)
{
    int octave = 0;
    for (int step = 32; step > 0; step /= 2)
        octave += value >> octave >> step != 0 ? step : 0;
    return octave;
}

/* 2^30 (value / 2^octave)^-beta, from the table of 32 entries an octave. */
static int32_t raise_value(const itg_lrn *lrn, uint64_t value)
{
    const int octave = find_octave(value);
    const uint64_t first = value << (63 - octave);
    const int32_t *entry = lrn->table + 32 * (octave - lrn->octave) + (first >> 58 & 31);
    const int64_t fraction = first >> 43 & 0x7fff;
    return (int32_t)(entry[0] - (((entry[0] - entry[1]) * fraction + (1 << 14)) >> 15));
}

static uint64_t square_of(const itg_lrn *lrn, const void *in, int32_t channel)
{
    if (channel < 0 || channel >= lrn->channels)
        return 0;
    const int64_t distance = (int64_t)itg_load_code(in, lrn->in_type, (size_t)channel) - lrn->in_zero;
    return (uint64_t)(distance * distance);
}

static void normalize_position(const itg_lrn *lrn, void *out, const void *in)
{
    const uint64_t least = (uint64_t)lrn->epsilon << lrn->epsilon_shift;
    uint64_t sum = 0;
    for (int32_t c = -lrn->above; c < lrn->channels; c++) {
        sum += square_of(lrn, in, c + lrn->above) - square_of(lrn, in, c - lrn->below - 1);
        if (c < 0)
            continue;
        const int64_t distance = (int64_t)itg_load_code(in, lrn->in_type, (size_t)c) - lrn->in_zero;
        const int32_t scaled = itg_narrow(distance * raise_value(lrn, (sum << 16) + least), lrn->narrow);
        const int32_t code = lrn->zero + itg_requantize_left(scaled, lrn->requant.left, lrn->requant.multiplier, lrn->requant.shift);
        itg_store_code(out, lrn->out_type, (size_t)c, itg_clamp(code, lrn->low, lrn->high));
    }
}

void itg_op_lrn(const itg_work *work, const itg_step *step)
{
    const itg_lrn *lrn = step->params;
    const size_t in_bytes = (size_t)lrn->channels * itg_element_bytes(lrn->in_type),
                 out_bytes = (size_t)lrn->channels * itg_element_bytes(lrn->out_type);
    for (uint32_t row = work->row_begin; row < work->row_end; row++)
        normalize_position(lrn, work->arena + step->out + row * out_bytes, work->arena + step->in[0] + row * in_bytes);
}
