/* SPDX-License-Identifier: Apache-2.0
 * Hosted builds only: which kernel tables this CPU can run, and the best of them. Bare-metal models name their own table.
 * A new table is one row here, later rows being better; the processor is asked in features.c. */
#include <intaglio/kernels.h>

static const itg_kernels *const tables[] = {
    &itg_kernels_scalar,
#if defined(__aarch64__) && defined(__linux__)
    &itg_kernels_neon,   &itg_kernels_dotprod, &itg_kernels_i8mm,
#endif
#if defined(__arm__) && defined(__linux__)
    &itg_kernels_neon32,
#endif
#ifdef __x86_64__
    &itg_kernels_sse41,  &itg_kernels_avx2,    &itg_kernels_avxvnni, &itg_kernels_avx512vnni, &itg_kernels_amx,
#endif
};

enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

const itg_kernels *itg_kernels_supported(uint32_t index)
{
    for (uint32_t i = 0; i < TABLE_COUNT; i++) {
        if (tables[i]->is_supported && !tables[i]->is_supported())
            continue;
        if (index == 0)
            return tables[i];
        index--;
    }
    return NULL;
}

const itg_kernels *itg_kernels_best(void)
{
    const itg_kernels *best = &itg_kernels_scalar;
    for (uint32_t i = 0; itg_kernels_supported(i); i++)
        best = itg_kernels_supported(i);
    return best;
}

const itg_kernels *itg_kernels_reading(uint32_t packing)
{
    const itg_kernels *best = NULL, *kernels = NULL;
    for (uint32_t i = 0; (kernels = itg_kernels_supported(i)) != NULL; i++)
        if (kernels->packing == packing)
            best = kernels;
    return best;
}

static bool same_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const itg_kernels *itg_kernels_named(const char *name)
{
    const itg_kernels *kernels = NULL;
    for (uint32_t i = 0; (kernels = itg_kernels_supported(i)) != NULL; i++)
        if (same_text(kernels->name, name))
            return kernels;
    return NULL;
}
