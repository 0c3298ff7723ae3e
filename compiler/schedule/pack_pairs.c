/* SPDX-License-Identifier: Apache-2.0
 * From ITG_PACK_16C4 to ITG_PACK_16C4P: proves, pair by pair, where products of bytes cannot saturate in int16, takes back what goes
 * beyond and lists it (runtime/kernels/pairs.h). The sum of both lists is the weights as they were; where nothing was taken back one array is
 * both packings. Called by pack.c. */
#include "compiler/schedule/parts.h"

#include "runtime/kernels/pairs.h"
#include "runtime/kernels/winograd.h"

#include <string.h>

typedef struct pair_list {
    int32_t *places;
    int8_t *weights; /* 32 an entry */
    int32_t count;
} pair_list;

/* What a pair has beyond the limit; its first weight can always give it. */
static int32_t find_excess(int32_t first, int32_t second)
{
    const int32_t sum = first + second;
    if (first > 0 && second > 0 && sum > ITG_PAIR_LIMIT) {
        return sum - ITG_PAIR_LIMIT;
    }
    return first < 0 && second < 0 && sum < -ITG_PAIR_LIMIT ? sum + ITG_PAIR_LIMIT : 0;
}

/* Takes the excess of 8 channels of one step to `entry`; false if there is none. */
static bool split_step(int8_t *weights, int8_t *entry)
{
    bool any = false;
    for (int i = 0; i < 32; i += 2) {
        const int32_t excess = find_excess(weights[i], weights[i + 1]);
        weights[i] = (int8_t)(weights[i] - excess);
        entry[i] = (int8_t)excess;
        entry[i + 1] = 0;
        any = any || excess != 0;
    }
    return any;
}

static int32_t split_half(const itg_runs *runs, int8_t *block, int half, pair_list *list)
{
    const int32_t before = list->count;
    for (int32_t s = 0; s < runs->segments; s++) {
        for (int32_t k = 0; k < runs->steps; k++) {
            int8_t *weights = block + ((size_t)s * (size_t)runs->steps + (size_t)k) * 64 + 32 * half;
            if (split_step(weights, list->weights + (size_t)list->count * 32)) {
                list->places[list->count++] = itg_pair_place(s, 4 * k);
            }
        }
    }
    return list->count - before;
}

/* Splits one block, or leaves it whole if the second list would be too long. */
static itg_pair_head split_block(const itg_runs *runs, int8_t *block, const int8_t *whole, pair_list *list)
{
    const int32_t steps = runs->segments * runs->steps;
    itg_pair_head head = {.first = list->count};
    for (int half = 0; half < 2; half++) {
        head.count[half] = split_half(runs, block, half, list);
    }
    const bool addressable = runs->steps * 4 <= 65536;
    if (!addressable || (int64_t)(list->count - head.first) * 100 > (int64_t)steps * 2 * ITG_EXTRAS_PERCENT) {
        memcpy(block, whole, (size_t)steps * 64);
        list->count = head.first;
        head = (itg_pair_head){.first = list->count, .whole = 1};
    }
    return head;
}

/* How many entries the second list would have, in percent of the blocks'. */
static int64_t measure_excess(const itg_runs *runs, const int8_t *blocks)
{
    const size_t entries = (size_t)runs->blocks * (size_t)runs->segments * (size_t)runs->steps * 2;
    int64_t count = 0;
    for (size_t i = 0; i < entries; i++) {
        int8_t weights[32], excess[32];
        memcpy(weights, blocks + i * 32, sizeof weights);
        count += split_step(weights, excess);
    }
    return count * 100 / (int64_t)entries;
}

/* One group; returns the bytes it takes. list: its room. A layer that kernels may transform or widen keeps all its weights whole. */
static size_t split_group(const itg_conv *conv, const itg_runs *runs, int8_t *out, const int8_t *in, pair_list *list)
{
    const size_t block_bytes = (size_t)runs->segments * (size_t)runs->steps * 64, head = itg_head_bytes(conv, runs);
    const size_t start = head + (size_t)runs->blocks * block_bytes;
    const bool is_transformed = (in[(size_t)runs->blocks * 64] & ITG_WINOGRAD_MARK) != 0;
    const bool is_widened = !is_transformed && itg_can_widen(conv) && measure_excess(runs, in + head) > ITG_WIDENED_PERCENT;
    itg_pair_head *heads = (itg_pair_head *)(void *)(out + start);
    memcpy(out, in, start);
    if (is_widened) {
        out[(size_t)runs->blocks * 64] |= ITG_WIDENED_MARK;
    }
    list->count = 0;
    for (int32_t block = 0; block < runs->blocks; block++) {
        const size_t at = head + (size_t)block * block_bytes;
        heads[block] = is_transformed || is_widened ? (itg_pair_head){.whole = 1} : split_block(runs, out + at, in + at, list);
    }
    const size_t extras = itg_pair_extras(runs, heads), places = start + itg_pair_heads_bytes(runs);
    memcpy(out + places, list->places, (size_t)list->count * sizeof(int32_t));
    memcpy(out + places + extras * sizeof(int32_t), list->weights, (size_t)list->count * 32);
    return places + extras * ITG_PAIR_ENTRY_BYTES;
}

int8_t *itgc_split_pairs(itgc_arena *arena, const itg_conv *conv, size_t *bytes)
{
    const itg_runs runs = itg_cut_runs(conv);
    const size_t steps = (size_t)runs.segments * (size_t)runs.steps * (size_t)runs.blocks;
    const size_t group_bytes = itg_head_bytes(conv, &runs) + steps * 64;
    const size_t most = group_bytes + itg_pair_heads_bytes(&runs) + (2 * steps + 16) * ITG_PAIR_ENTRY_BYTES;
    itgc_arena *scratch = itgc_new_child_arena(arena);
    int8_t *split = ITGC_NEW_ARRAY(scratch, int8_t, most * (size_t)conv->groups);
    pair_list list = {ITGC_NEW_ARRAY(scratch, int32_t, 2 * steps + 1), ITGC_NEW_ARRAY(scratch, int8_t, (2 * steps + 1) * 32), 0};
    *bytes = 0;
    for (int32_t group = 0; group < conv->groups; group++) {
        *bytes += split_group(conv, &runs, split + *bytes, conv->weights + (size_t)group * group_bytes, &list);
    }
    int8_t *kept = memcpy(itgc_alloc(arena, *bytes), split, *bytes);
    itgc_release_arena(scratch);
    return kept;
}

/* What may differ are marks, of which pairs have more. */
void itgc_share_weights(const itg_conv *pairs, itg_conv *dots)
{
    const itg_runs runs = itg_cut_runs(dots);
    const size_t marks = (size_t)runs.blocks * 64, head = itg_head_bytes(dots, &runs);
    const size_t bytes = head + (size_t)runs.blocks * (size_t)runs.segments * (size_t)runs.steps * 64;
    const bool are_alike = dots->groups == 1 && memcmp(pairs->weights, dots->weights, marks) == 0 &&
                           memcmp(pairs->weights + head, dots->weights + head, bytes - head) == 0;
    const bool transforms_pairs = itg_is_transformed(pairs), transforms_dots = itg_is_transformed(dots);
    if (!are_alike || (transforms_dots && !transforms_pairs)) {
        return;
    }
    if (transforms_pairs && !transforms_dots) {
        ((int8_t *)pairs->weights)[marks] |= ITG_PAIRS_MARK; /* the packer's own array, not yet seen by anybody */
    }
    dots->weights = pairs->weights;
}
