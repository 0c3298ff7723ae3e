/* SPDX-License-Identifier: Apache-2.0
 * Tables: the definition every other table of kernels must equal. Contract: runtime/kernels/lookup.h. */
#include "runtime/kernels/lookup.h"

#include <intaglio/fixed.h>

static void map_bytes(uint8_t *out, const uint8_t *in, const uint8_t *table, uint8_t flip, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        out[i] = table[in[i] ^ flip];
}

static void map_words(uint16_t *out, const uint8_t *in, const uint16_t *table, uint8_t flip, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        out[i] = table[in[i] ^ flip];
}

static void interpolate(int16_t *out, const int16_t *in, const int16_t *table, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t u = in[i] + 32768;
        const int16_t *entry = table + (u >> 7);
        out[i] = (int16_t)(entry[0] + itg_shift_floor32((entry[1] - entry[0]) * (u & 127) + 64, 7));
    }
}

const itg_lookup_kernels itg_lookup_scalar = {.bytes = map_bytes, .words = map_words, .interpolate = interpolate};
