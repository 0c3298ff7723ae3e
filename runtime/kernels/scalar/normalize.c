/* SPDX-License-Identifier: Apache-2.0
 * Normalization of groups: the definition every other table must equal. Contract: runtime/kernels/normalize.h; docs/numerics.md 3.
 * Two passes over a few groups at a time, so that groups one channel wide are read along memory. */
#include "runtime/kernels/normalize.h"
#include "runtime/kernels/element.h"
#include "runtime/kernels/moments.h"

enum {
    BLOCK = 16,   /* groups kept at once: about 0.5 KB of stack */
    CHUNK = 65536 /* squares of int8 codes that fit 32 bits */
};

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

static void add_run(const itg_normalize *normalize, itg_moments *moments, const void *in, size_t first, int32_t count)
{
    if (normalize->measure != ITG_MAGNITUDES && normalize->in_type == ITG_S8) {
        add_bytes(moments, (const int8_t *)in + first, count);
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        const int32_t code = itg_load_code(in, normalize->in_type, first + (size_t)i);
        const int32_t distance = code < normalize->in_zero ? normalize->in_zero - code : code - normalize->in_zero;
        moments->sum += code;
        moments->measured += normalize->measure == ITG_MAGNITUDES ? (uint32_t)distance : (uint32_t)(code * code);
    }
}

static void write_run(const itg_normalize *normalize, const itg_normal *normal, void *out, const void *in, size_t first, int32_t channel)
{
    const int32_t *gain = normalize->gain + (normalize->per_channel ? channel : 0);
    const int32_t *bias = normalize->bias + (normalize->per_channel ? channel : 0);
    const int32_t step = normalize->per_channel ? 1 : 0;
    for (int32_t i = 0; i < normalize->width; i++) {
        const int32_t code = itg_load_code(in, normalize->in_type, first + (size_t)i);
        const int32_t element = itg_normalize_element(normalize, normal, code);
        itg_store_code(out, normalize->out_type, first + (size_t)i, itg_scale_normalized(normalize, element, gain[i * step], bias[i * step]));
    }
}

static void normalize_block(const itg_normalize *normalize, void *out, const void *in, int32_t first, int32_t count)
{
    const size_t pitch = (size_t)normalize->groups * (size_t)normalize->width, width = (size_t)normalize->width;
    itg_moments moments[BLOCK];
    itg_normal normals[BLOCK];
    for (int32_t g = 0; g < count; g++)
        moments[g] = (itg_moments){0, 0};
    for (int32_t s = 0; s < normalize->space; s++)
        for (int32_t g = 0; g < count; g++)
            add_run(normalize, &moments[g], in, (size_t)s * pitch + (size_t)(first + g) * width, normalize->width);
    for (int32_t g = 0; g < count; g++)
        normals[g] = itg_find_normal(normalize, moments[g]);
    for (int32_t s = 0; s < normalize->space; s++)
        for (int32_t g = 0; g < count; g++)
            write_run(normalize, &normals[g], out, in, (size_t)s * pitch + (size_t)(first + g) * width, (first + g) * normalize->width);
}

static void normalize_groups(const itg_normalize *normalize, void *out, const void *in, int32_t first, int32_t last)
{
    for (int32_t g = first; g < last; g += BLOCK)
        normalize_block(normalize, out, in, g, last - g < BLOCK ? last - g : BLOCK);
}

const itg_normalize_kernels itg_normalize_scalar = {.groups = normalize_groups};
