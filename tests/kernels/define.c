/* SPDX-License-Identifier: Apache-2.0
 * What the families' definitions share: codes, clamps and requantization on plain 64-bit integers, and random constants for them.
 * Written from docs/numerics.md, not from include/intaglio/fixed.h. */
#include "tests/kernels/check.h"

#include <stdlib.h>
#include <string.h>

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

/* |acc * 2^left| < 2^31 and |multiplier| < 2^31, so nothing here leaves 64 bits. */
int64_t check_requantize(int64_t acc, int left, int64_t multiplier, int shift)
{
    return floor_divide(acc * ((int64_t)1 << left) * multiplier + ((int64_t)1 << (30 + shift)), (int64_t)1 << (31 + shift));
}

size_t check_bytes(itg_type type)
{
    return type == ITG_S8 || type == ITG_U8 ? 1 : type == ITG_S16 || type == ITG_U16 ? 2 : 4;
}

int32_t check_lowest(itg_type type)
{
    return type == ITG_S8 || type == ITG_U8 ? -128 : type == ITG_S16 ? -32768 : type == ITG_U16 ? 0 : INT32_MIN;
}

int32_t check_highest(itg_type type)
{
    return type == ITG_S8 || type == ITG_U8 ? 127 : type == ITG_S16 ? 32767 : type == ITG_U16 ? 65535 : INT32_MAX;
}

int64_t check_load(const void *data, itg_type type, size_t index)
{
    int64_t value = 0; /* the targets are little endian */
    memcpy(&value, (const uint8_t *)data + index * check_bytes(type), check_bytes(type));
    if (type == ITG_U8)
        return value - 128;
    return value > check_highest(type) ? value - ((int64_t)1 << (8 * check_bytes(type))) : value;
}

int32_t *check_decode(const void *data, itg_type type, size_t count)
{
    int32_t *codes = malloc((count + 1) * sizeof *codes);
    if (!codes)
        abort();
    for (size_t i = 0; i < count && data; i++)
        codes[i] = (int32_t)check_load(data, type, i);
    return codes;
}

void check_store(void *data, itg_type type, size_t index, int64_t value)
{
    const int64_t stored = type == ITG_U8 ? value + 128 : value;
    memcpy((uint8_t *)data + index * check_bytes(type), &stored, check_bytes(type));
}

int64_t check_clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void check_fill(check_state *state, void *data, itg_type type, size_t count, int32_t low, int32_t high)
{
    const int mode = check_between(state, 0, 9); /* 0: all low, 1: all high, 2: only the ends, else random */
    for (size_t i = 0; i < count; i++) {
        int32_t value = check_between(state, low, high);
        if (mode == 0 || mode == 1)
            value = mode == 0 ? low : high;
        else if (mode == 2)
            value = check_chance(state, 50) ? low : high;
        check_store(data, type, i, value);
    }
}

static uint8_t largest_left(int64_t bound)
{
    uint8_t left = 0;
    while (left < 15 && (bound << (left + 1)) < ((int64_t)1 << 31))
        left++;
    return left;
}

void check_make_requant(check_state *state, itg_requant *requant, int64_t bound)
{
    requant->left = (uint8_t)(check_chance(state, 50) ? 0 : check_between(state, 0, largest_left(bound)));
    requant->shift = (uint8_t)(check_chance(state, 50) ? 0 : check_between(state, 1, 24));
    requant->multiplier = requant->shift ? check_between(state, 0, INT32_MAX) : check_between(state, 1 - (1 << 30), (1 << 30) - 1);
    if (check_chance(state, 20)) /* a power of two: many exact ties */
        requant->multiplier = 1 << check_between(state, 10, 29);
    else if (check_chance(state, 70)) /* spread the results over the output's range instead of saturating them */
        requant->multiplier = (int32_t)(requant->multiplier / (1 + (bound >> 7)));
}

/* tame: none is large, so that kernels may take what they can prove for all channels together. */
static int32_t make_multiplier(check_state *state, int shift, int64_t bound, int64_t range, bool tame)
{
    const int64_t most = shift ? INT32_MAX : (1 << 30) - 1;
    if (!tame && check_chance(state, 20)) /* a power of two: many exact ties */
        return 1 << check_between(state, 15, 29);
    const int bits = 31 + shift > 40 ? 40 : 31 + shift;
    const int64_t useful = range > INT64_MAX >> bits ? most : (range << bits) / (bound + 1) + 1;
    return check_between(state, 0, (int32_t)((tame || check_chance(state, 85)) && useful < most ? useful : most));
}

void check_make_epilogue(check_state *state, itg_epilogue *epilogue, itg_type out_type, int32_t channels, int64_t bound)
{
    const size_t bytes = (size_t)channels * sizeof(int32_t);
    int32_t *bias = check_new(state, bytes, 4), *multiplier = check_new(state, bytes, 4), *negative = NULL;
    const int32_t most = out_type == ITG_S16 ? 1 << 15 : 1 << 7;
    const bool tame = check_chance(state, 50);
    const int32_t biases = tame ? check_between(state, 0, 12) : 0;
    const int64_t range = (int64_t)2 * most << (tame ? check_between(state, 0, 12) : 0);
    int64_t acc_bound = 2 * bound + 2;
    while (epilogue->wide && acc_bound >> epilogue->narrow >= INT32_MAX)
        epilogue->narrow++;
    acc_bound = (acc_bound >> epilogue->narrow) + 1;
    epilogue->left = (uint8_t)(check_chance(state, 70) ? 0 : check_between(state, 0, largest_left(acc_bound)));
    epilogue->shift = (uint8_t)(check_chance(state, 70) ? 0 : check_between(state, 1, 12));
    if (epilogue->shift == 0 && check_chance(state, 20))
        negative = check_new(state, bytes, 4);
    for (int32_t c = 0; c < channels; c++) {
        const int32_t reach = (int32_t)((bound < INT32_MAX / 2 ? bound : INT32_MAX / 2) >> biases);
        bias[c] = check_between(state, -reach, reach);
        multiplier[c] = make_multiplier(state, epilogue->shift, acc_bound << epilogue->left, range, tame);
        if (negative)
            negative[c] = check_between(state, -multiplier[c], multiplier[c]);
    }
    epilogue->bias = bias;
    epilogue->multiplier = multiplier;
    epilogue->negative_multiplier = negative;
    epilogue->zero = out_type == ITG_S16 && check_chance(state, 50) ? 0 : check_between(state, -most, most);
    epilogue->low = check_chance(state, 70) ? check_lowest(out_type) : check_between(state, -most, 0);
    epilogue->high = check_chance(state, 70) ? check_highest(out_type) : check_between(state, 0, most - 1);
    if (out_type == ITG_S8 && check_chance(state, 20)) {
        epilogue->table_mask = (uint16_t)((1024 << check_between(state, 0, 2)) - 1);
        epilogue->table = check_new(state, (size_t)epilogue->table_mask + 1, 1);
        epilogue->zero = check_between(state, 0, 1023);
    }
}

void check_plain_epilogue(itg_epilogue *epilogue)
{
    epilogue->negative_multiplier = NULL;
    epilogue->table = NULL;
    epilogue->shift = epilogue->left = 0;
    epilogue->low = -128;
    epilogue->high = 127;
}

int64_t check_finish(const itg_epilogue *epilogue, itg_type out_type, int64_t sum, int32_t channel)
{
    const int64_t whole = sum + epilogue->bias[channel];
    const int64_t half = epilogue->narrow ? (int64_t)1 << (epilogue->narrow - 1) : 0;
    const int64_t acc = epilogue->wide ? floor_divide(whole + half, (int64_t)1 << epilogue->narrow) : (int32_t)(uint32_t)whole;
    if (out_type == ITG_S32)
        return acc;
    const bool negative = acc < 0 && epilogue->negative_multiplier != NULL;
    const int64_t multiplier = negative ? epilogue->negative_multiplier[channel] : epilogue->multiplier[channel];
    const int64_t index = epilogue->zero + check_requantize(acc, epilogue->left, multiplier, epilogue->shift);
    if (epilogue->table)
        return epilogue->table[check_clamp(index, 0, epilogue->table_mask)];
    return check_clamp(index, epilogue->low, epilogue->high);
}
