/* SPDX-License-Identifier: Apache-2.0
 * What this processor and its operating system offer, one question for each kernel table: itg_kernels.is_supported, which itg_check asks.
 * Apart from cpu.c, so that a program that names its one table does not link the others. */
#include <intaglio/kernels.h>

#ifdef __x86_64__
#include <cpuid.h>

bool itg_runs_sse41(void)
{
    __builtin_cpu_init(); /* asks CPUID, and XCR0 for what the operating system saves */
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1");
}

bool itg_runs_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2");
}

bool itg_runs_avxvnni(void)
{
    unsigned eax = 0, ebx, ecx, edx;
    return itg_runs_avx2() && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax & 1u << 4) != 0;
}

bool itg_runs_avx512vnni(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
}

#ifdef __linux__
long syscall(long number, ...); /* declared by unistd.h, but not in C99 */

/* Linux gives a process tile registers when it asks for them. */
static bool may_use_tiles(void)
{
    enum { ARCH_PRCTL = 158, REQUEST_STATE = 0x1023, TILE_DATA = 18 };
    return syscall(ARCH_PRCTL, REQUEST_STATE, TILE_DATA) == 0;
}
#else
static bool may_use_tiles(void)
{
    return true;
}
#endif

bool itg_runs_amx(void)
{
    unsigned eax, ebx, ecx, edx = 0, saved, high;
    if (!itg_runs_avx512vnni() || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return false;
    if ((edx & 1u << 24) == 0 || (edx & 1u << 25) == 0) /* tiles, and products of bytes on them */
        return false;
    __asm__("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));
    return (saved & 3u << 17) == 3u << 17 && may_use_tiles();
}
#endif

#if defined(__linux__) && (defined(__aarch64__) || defined(__arm__))
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#ifdef __aarch64__
bool itg_runs_dotprod(void)
{
#ifdef __linux__
    return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return true;
#endif
}

bool itg_runs_i8mm(void)
{
#ifdef __linux__
    return itg_runs_dotprod() && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
#else
    return true;
#endif
}
#endif

#ifdef __arm__
bool itg_runs_neon32(void)
{
#ifdef __linux__
    return (getauxval(AT_HWCAP) & HWCAP_NEON) != 0;
#else
    return true;
#endif
}
#endif
