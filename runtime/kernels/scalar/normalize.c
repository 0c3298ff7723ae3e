/* SPDX-License-Identifier: Apache-2.0
 * Normalization of groups: the definition every other table must equal. Contract: runtime/kernels/normalize.h; docs/numerics.md 3. */
#include "runtime/kernels/normalize.h"
#include "runtime/kernels/groups.h"

enum { CHUNK = 65536 }; /* squares of int8 codes that fit 32 bits */

static void add_bytes(itg_moments *moments, const int8_t *codes, int32_t count)
{
    for (int32_t begin = 0; begin < count; begin += CHUNK) {
        const int32_t end = count - begin < CHUNK ? count : begin + CHUNK;
        int32_t sum = 0, squares = 0;
        for (int32_t i = begin; i < end; i++) {
            sum += codes[i];
            squares += codes[i] * codes[i];
        }
        moments->sum += sum;
        moments->measured += (uint32_t)squares;
    }
}

static void add_run(const itg_normalize *normalize, itg_moments *moments, const void *in)
{
    if (normalize->measure != ITG_MAGNITUDES && normalize->in_type == ITG_S8) {
        add_bytes(moments, in, normalize->width);
        return;
    }
    for (int32_t i = 0; i < normalize->width; i++) {
        const int32_t code = itg_load_code(in, normalize->in_type, (size_t)i);
        const int32_t distance = code < normalize->in_zero ? normalize->in_zero - code : code - normalize->in_zero;
        moments->sum += code;
        moments->measured += normalize->measure == ITG_MAGNITUDES ? (uint32_t)distance : (uint32_t)(code * code);
    }
}

static void write_run(const itg_normalize *normalize, const itg_group_run *run)
{
    if (normalize->in_type == ITG_S8 && normalize->out_type == ITG_S8)
        itg_write_elements(normalize, run, 0, ITG_S8, ITG_S8);
    else
        itg_write_elements(normalize, run, 0, normalize->in_type, normalize->out_type);
}

static void normalize_groups(const itg_normalize *normalize, void *out, const void *in, int32_t first, int32_t last)
{
    itg_walk_groups(normalize, out, in, (const int32_t[2]){first, last}, add_run, write_run);
}

const itg_normalize_kernels itg_normalize_scalar = {.groups = normalize_groups};
