/* SPDX-License-Identifier: Apache-2.0
 * Tables on AVX2: bytes by shuffles, int16 by a gather. Contract: runtime/kernels/lookup.h.
 * Words are the scalar table's: two shuffles for each slice would be no faster. */
#include "runtime/kernels/avx2/lanes.h"

#include "runtime/kernels/avx2/slices.h"
#include "runtime/kernels/lanes/lookup.h"

static void map_words(uint16_t *out, const uint8_t *in, const uint16_t *table, uint8_t flip, int32_t count)
{
    itg_lookup_scalar.words(out, in, table, flip, count);
}

const itg_lookup_kernels itg_lookup_avx2 = {.bytes = itg_avx2_map_bytes, .words = map_words, .interpolate = itg_lanes_interpolate};
