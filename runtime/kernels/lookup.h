/* SPDX-License-Identifier: Apache-2.0
 * Contract of the lookup family: runs of elements through a table.
 * runtime/ops/lookup.c calls it; itg_lookup in plan.h says what the tables hold. */
#ifndef ITG_KERNELS_LOOKUP_H
#define ITG_KERNELS_LOOKUP_H

#include <intaglio/kernels.h>

/* 8-bit input: out[i] = table[in[i] ^ flip], flip 0x80 for ITG_S8 and 0 for ITG_U8 input; 256 entries as stored in the output.
 * Alignment: that of the element. Over-read, over-write: none. Aliasing: bytes may run in place (out == in); otherwise no overlap.
 * Result: bit-equal to runtime/kernels/scalar/lookup.c. */
typedef void itg_lookup_bytes(uint8_t *out, const uint8_t *in, const uint8_t *table, uint8_t flip, int32_t count);
typedef void itg_lookup_words(uint16_t *out, const uint8_t *in, const uint16_t *table, uint8_t flip, int32_t count);

/* int16 input: u = x + 32768; y = T[u >> 7] + (((T[(u >> 7) + 1] - T[u >> 7]) * (u & 127) + 64) >> 7) (numerics.md 6).
 * 513 entries. May run in place. The rest as above. */
typedef void itg_lookup_interpolate(int16_t *out, const int16_t *in, const int16_t *table, int32_t count);

struct itg_lookup_kernels {
    itg_lookup_bytes *bytes;
    itg_lookup_words *words;
    itg_lookup_interpolate *interpolate;
};

#endif
