/* SPDX-License-Identifier: Apache-2.0
 * Byte tables on Advanced SIMD: 256 entries are four look-ups of 64. Contract: runtime/kernels/lookup.h.
 * The other functions of the family are the scalar table's. */
#include "runtime/kernels/lookup.h"

#include <arm_neon.h>

static inline uint8x16_t map_sixteen(const uint8x16x4_t *part, uint8x16_t index)
{
    const uint8x16_t quarter = vdupq_n_u8(64);
    uint8x16_t value = vqtbl4q_u8(part[0], index);
    for (int i = 1; i < 4; i++) {
        index = vsubq_u8(index, quarter); /* below 64 only in its own quarter: indices beyond a table leave the value */
        value = vqtbx4q_u8(value, part[i], index);
    }
    return value;
}

static void map_bytes(uint8_t *out, const uint8_t *in, const uint8_t *table, uint8_t flip, int32_t count)
{
    const int32_t whole = count / 16 * 16;
    const uint8x16_t flips = vdupq_n_u8(flip);
    const uint8x16x4_t part[4] = {vld1q_u8_x4(table), vld1q_u8_x4(table + 64), vld1q_u8_x4(table + 128), vld1q_u8_x4(table + 192)};
    for (int32_t i = 0; i < whole; i += 16)
        vst1q_u8(out + i, map_sixteen(part, veorq_u8(vld1q_u8(in + i), flips)));
    itg_lookup_scalar.bytes(out + whole, in + whole, table, flip, count - whole);
}

static void map_words(uint16_t *out, const uint8_t *in, const uint16_t *table, uint8_t flip, int32_t count)
{
    itg_lookup_scalar.words(out, in, table, flip, count);
}

static void interpolate(int16_t *out, const int16_t *in, const int16_t *table, int32_t count)
{
    itg_lookup_scalar.interpolate(out, in, table, count);
}

const itg_lookup_kernels itg_lookup_neon = {.bytes = map_bytes, .words = map_words, .interpolate = interpolate};
