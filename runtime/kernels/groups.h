/* SPDX-License-Identifier: Apache-2.0
 * The walk over the groups of an itg_normalize: sums, then codes, a few groups at a time so that narrow groups are read along memory.
 * A table's normalize kernels give what is done with a run of one group's neighbours (runtime/kernels/normalize.h). */
#ifndef ITG_KERNELS_GROUPS_H
#define ITG_KERNELS_GROUPS_H

#include "runtime/kernels/element.h"
#include "runtime/kernels/moments.h"

#define ITG_GROUPS_AT_ONCE 16 /* half a kilobyte of stack */

/* Adds `width` neighbours to the moments of their group. */
typedef void itg_add_run(const itg_normalize *normalize, itg_moments *moments, const void *in);

/* `width` neighbours of one group, and what makes codes of them; gain and bias: theirs, or the only ones. out may equal in. */
typedef struct itg_group_run {
    const itg_normal *normal;
    void *out;
    const void *in;
    const int32_t *gain, *bias;
} itg_group_run;

typedef void itg_write_run(const itg_normalize *normalize, const itg_group_run *run);

/* Neighbours from `first` on, one at a time. Where the types are constants the loop does not ask for them. */
static inline void itg_write_elements(const itg_normalize *normalize, const itg_group_run *run, int32_t first, itg_type in_type, itg_type out_type)
{
    const int32_t step = normalize->per_channel ? 1 : 0;
    for (int32_t i = first; i < normalize->width; i++) {
        const int32_t element = itg_normalize_element(normalize, run->normal, itg_load_code(run->in, in_type, (size_t)i));
        const int32_t code = itg_scale_normalized(normalize, element, run->gain[i * step], run->bias[i * step]);
        itg_store_code(run->out, out_type, (size_t)i, code);
    }
}

static inline void itg_walk_block(const itg_normalize *normalize, void *out, const void *in, const int32_t groups[2], itg_add_run *add,
                                  itg_write_run *write)
{
    const size_t width = (size_t)normalize->width, in_bytes = itg_element_bytes(normalize->in_type),
                 out_bytes = itg_element_bytes(normalize->out_type);
    const size_t pitch = (size_t)normalize->groups * width, first = (size_t)groups[0] * width;
    const int32_t count = groups[1] - groups[0];
    itg_moments moments[ITG_GROUPS_AT_ONCE];
    itg_normal normals[ITG_GROUPS_AT_ONCE];
    for (int32_t g = 0; g < count; g++)
        moments[g] = (itg_moments){0, 0};
    for (int32_t s = 0; s < normalize->space; s++)
        for (int32_t g = 0; g < count; g++)
            add(normalize, &moments[g], (const uint8_t *)in + ((size_t)s * pitch + first + (size_t)g * width) * in_bytes);
    for (int32_t g = 0; g < count; g++)
        normals[g] = itg_find_normal(normalize, moments[g]);
    for (int32_t s = 0; s < normalize->space; s++)
        for (int32_t g = 0; g < count; g++) {
            const size_t channel = first + (size_t)g * width, place = (size_t)s * pitch + channel, c = normalize->per_channel ? channel : 0;
            const itg_group_run run = {&normals[g], (uint8_t *)out + place * out_bytes, (const uint8_t *)in + place * in_bytes, normalize->gain + c,
                                       normalize->bias + c};
            write(normalize, &run);
        }
}

static inline void itg_walk_groups(const itg_normalize *normalize, void *out, const void *in, const int32_t groups[2], itg_add_run *add,
                                   itg_write_run *write)
{
    for (int32_t first = groups[0]; first < groups[1]; first += ITG_GROUPS_AT_ONCE) {
        const int32_t last = groups[1] - first < ITG_GROUPS_AT_ONCE ? groups[1] : first + ITG_GROUPS_AT_ONCE;
        itg_walk_block(normalize, out, in, (const int32_t[2]){first, last}, add, write);
    }
}

#endif
