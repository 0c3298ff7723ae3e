/* SPDX-License-Identifier: Apache-2.0
 * Hosted builds only: which kernel tables this CPU can run, and the best of them. Bare-metal models name their own table.
 * A new table is one row here, later rows being better, with a function that asks the CPU and the operating system. */
#include <intaglio/kernels.h>

#ifdef __x86_64__
#include <cpuid.h>
#endif

#if (defined(__aarch64__) || defined(__arm__)) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

typedef struct cpu_table {
    const itg_kernels *kernels;
    bool (*is_supported)(void);
} cpu_table;

static bool is_always(void)
{
    return true;
}

#ifdef __x86_64__
static bool has_sse41(void)
{
    __builtin_cpu_init(); /* asks CPUID, and XCR0 for what the operating system saves */
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
}

static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
}

static bool has_avxvnni(void)
{
    unsigned eax = 0, ebx, ecx, edx;
    return has_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & 1u << 4) != 0;
}

static bool has_avx512vnni(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}
#endif

#if defined(__aarch64__) && defined(__linux__)
static bool has_dotprod(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
}

static bool has_i8mm(void)
{
    return has_dotprod() && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
}
#endif

#if defined(__arm__) && defined(__linux__)
static bool has_neon(void)
{
    return (getauxval(AT_HWCAP) & HWCAP_NEON) != 0;
}
#endif

static const cpu_table tables[] = {
    {&itg_kernels_scalar, is_always},
#if defined(__aarch64__) && defined(__linux__)
    {&itg_kernels_neon, is_always}, /* part of every AArch64 */
    {&itg_kernels_dotprod, has_dotprod}, {&itg_kernels_i8mm, has_i8mm},
#endif
#if defined(__arm__) && defined(__linux__)
    {&itg_kernels_neon32, has_neon},
#endif
#ifdef __x86_64__
    {&itg_kernels_sse41, has_sse41},
    {&itg_kernels_avx2, has_avx2},       {&itg_kernels_avxvnni, has_avxvnni}, {&itg_kernels_avx512vnni, has_avx512vnni},
#endif
};

enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

const itg_kernels *itg_kernels_supported(uint32_t index)
{
    for (uint32_t i = 0; i < TABLE_COUNT; i++) {
        if (!tables[i].is_supported())
            continue;
        if (index == 0)
            return tables[i].kernels;
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
