/* SPDX-License-Identifier: Apache-2.0
 * Tables on SSE4.1: bytes by shuffles, the AVX2 source on pairs of registers (wide.h). Contract: runtime/kernels/lookup.h.
 * Words and, without a gather, int16 are the scalar table's. */
#include "runtime/kernels/sse41/wide.h"

#include "runtime/kernels/avx2/slices.h"

static void map_words(uint16_t *out, const uint8_t *in, const uint16_t *table, uint8_t flip, int32_t count)
{
    itg_lookup_scalar.words(out, in, table, flip, count);
}

static void interpolate(int16_t *out, const int16_t *in, const int16_t *table, int32_t count)
{
    itg_lookup_scalar.interpolate(out, in, table, count);
}

const itg_lookup_kernels itg_lookup_sse41 = {.bytes = itg_avx2_map_bytes, .words = map_words, .interpolate = interpolate};
