/* SPDX-License-Identifier: Apache-2.0
 * Softmax of one vector of scores, a vector of lanes at a time: maximum, exponentials and their sum, outputs. Exponentials of up to ITG_LANES_KEPT
 * scores are kept, of longer vectors computed twice. Contract: runtime/kernels/softmax.h. Included by softmax.c of a folder behind its lanes.h. */
#ifndef ITG_LANES_SOFTMAX_H
#define ITG_LANES_SOFTMAX_H

#include "runtime/kernels/softmax.h"

#define ITG_LANES_KEPT 1024 /* four kilobytes of stack */

/* Exponentials of some neighbours, zeros behind them. */
typedef struct itg_lanes_powers {
    uint32_t value[ITG_LANES_KEPT + ITG_LANES];
} itg_lanes_powers;

/* Scores, and what makes distances below the largest one: limit is the least whose exponential is 0. */
typedef struct itg_lanes_scores {
    const void *in;
    itg_type type;
    int shift;
    itg_lanes largest, limit, multiplier;
} itg_lanes_scores;

static inline int32_t itg_lanes_find_largest(const itg_softmax *softmax, const void *in)
{
    int32_t largest = itg_load_code(in, softmax->in_type, 0), i = 0;
    itg_lanes most = itg_lanes_set(largest);
    for (; i <= softmax->length - ITG_LANES; i += ITG_LANES)
        most = itg_lanes_max(most, itg_lanes_load(in, softmax->in_type, (size_t)i));
    int32_t lanes[ITG_LANES];
    itg_lanes_store(lanes, ITG_S32, 0, most);
    for (int lane = 0; lane < ITG_LANES; lane++)
        largest = lanes[lane] > largest ? lanes[lane] : largest;
    for (; i < softmax->length; i++) {
        const int32_t score = itg_load_code(in, softmax->in_type, (size_t)i);
        largest = score > largest ? score : largest;
    }
    return largest;
}

/* 31 octaves in steps of the input, rounded up; with shifts beyond 42 no distance gets there (softmax.h). */
static inline uint32_t itg_lanes_find_limit(const itg_softmax *softmax)
{
    if (softmax->shift > 42)
        return UINT32_MAX;
    const uint64_t least = ((uint64_t)31 << (16 + softmax->shift)) - ((uint64_t)1 << (softmax->shift - 1));
    const uint32_t multiplier = (uint32_t)softmax->multiplier;
    const uint64_t limit = (least + multiplier - 1) / multiplier;
    return limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

static inline itg_lanes itg_lanes_raise(const itg_lanes_scores *scores, itg_lanes score)
{
    const itg_lanes below = itg_lanes_min_unsigned(itg_lanes_subtract(scores->largest, score), scores->limit);
    const itg_lanes distance = itg_lanes_scale(below, scores->multiplier, (uint64_t)1 << (scores->shift - 1), scores->shift);
    const itg_lanes byte = itg_lanes_set(255), index = itg_lanes_and(itg_lanes_shift(distance, 8), byte), fraction = itg_lanes_and(distance, byte);
    const itg_lanes here = itg_lanes_look_up(itg_powers_of_two, index), next = itg_lanes_look_up(itg_powers_of_two + 1, index);
    const itg_lanes fall = itg_lanes_add(itg_lanes_multiply(itg_lanes_subtract(here, next), fraction), itg_lanes_set(128));
    return itg_lanes_shift_each(itg_lanes_subtract(here, itg_lanes_shift(fall, 8)), itg_lanes_shift(distance, 16));
}

/* The exponentials of scores [first, first + count), and their sum. */
static uint64_t itg_lanes_raise_scores(itg_lanes_powers *powers, const itg_lanes_scores *scores, size_t first, int32_t count)
{
    int32_t i = 0;
    for (; i <= count - ITG_LANES; i += ITG_LANES)
        itg_lanes_store(powers->value, ITG_S32, (size_t)i, itg_lanes_raise(scores, itg_lanes_load(scores->in, scores->type, first + (size_t)i)));
    if (i < count) {
        const itg_lanes score = itg_lanes_load_part(scores->in, scores->type, first + (size_t)i, count - i);
        itg_lanes_store(powers->value, ITG_S32, (size_t)i, itg_lanes_raise(scores, score));
        itg_lanes_store(powers->value, ITG_S32, (size_t)count, itg_lanes_set(0));
    }
    itg_lanes sums = itg_lanes_set(0);
    for (i = 0; i < count; i += ITG_LANES)
        sums = itg_lanes_add_unsigned(sums, itg_lanes_load(powers->value, ITG_S32, (size_t)i));
    return itg_lanes_total(sums);
}

static void itg_lanes_write_probabilities(const itg_softmax *softmax, void *out, const itg_lanes_powers *powers, size_t first, int32_t count,
                                          uint32_t reciprocal)
{
    const int bits = softmax->out_type == ITG_U8 ? 8 : softmax->out_type == ITG_S16 ? 15 : 16;
    const itg_lanes most = itg_lanes_set((1 << bits) - 1), offset = itg_lanes_set(softmax->out_type == ITG_U8 ? 128 : 0);
    const itg_lanes multiplier = itg_lanes_set((int32_t)reciprocal);
    for (int32_t i = 0; i < count; i += ITG_LANES) {
        const itg_lanes power = itg_lanes_load(powers->value, ITG_S32, (size_t)i);
        const itg_lanes rounded = itg_lanes_scale(power, multiplier, (uint64_t)1 << (61 - bits), 62 - bits);
        const itg_lanes code = itg_lanes_subtract(itg_lanes_min_unsigned(rounded, most), offset);
        itg_lanes_store_part(out, softmax->out_type, first + (size_t)i, code, count - i);
    }
}

static void itg_lanes_softmax(const itg_softmax *softmax, void *out, const void *in)
{
    const int32_t length = softmax->length;
    itg_lanes_powers powers;
    const itg_lanes_scores scores = {in,
                                     softmax->in_type,
                                     softmax->shift,
                                     itg_lanes_set(itg_lanes_find_largest(softmax, in)),
                                     itg_lanes_set((int32_t)itg_lanes_find_limit(softmax)),
                                     itg_lanes_set(softmax->multiplier)};
    uint64_t sum = 0;
    for (int32_t first = 0; first < length; first += ITG_LANES_KEPT)
        sum += itg_lanes_raise_scores(&powers, &scores, (size_t)first, length - first < ITG_LANES_KEPT ? length - first : ITG_LANES_KEPT);
    const uint32_t reciprocal = (uint32_t)((((uint64_t)1 << 62) - 1) / sum);
    for (int32_t first = 0; first < length; first += ITG_LANES_KEPT) {
        const int32_t count = length - first < ITG_LANES_KEPT ? length - first : ITG_LANES_KEPT;
        if (length > ITG_LANES_KEPT)
            itg_lanes_raise_scores(&powers, &scores, (size_t)first, count);
        itg_lanes_write_probabilities(softmax, out, &powers, (size_t)first, count, reciprocal);
    }
}

#endif
