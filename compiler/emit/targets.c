/* SPDX-License-Identifier: Apache-2.0
 * The table of targets: the names of the command line (docs/architecture.md). tests/unit/emit/targets_test.c holds the folder rows
 * against targets/NAME/target.mk. */
#include "compiler/emit/targets.h"

#include <string.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

/* The kernel tables that models may name, in no file of the runtime together: a compiler on x86 writes models for Arm. Stack: the most that
 * targets/firmware measured was 592, 4620, 6672 and 13,888 bytes for scalar, neon32, 64-bit Arm and x86. */
static const itgc_kernel_table scalar = {"scalar", ITG_PACK_ROWS, ITG_S8, 1024};
static const itgc_kernel_table sse41 = {"sse41", ITG_PACK_16C4P, ITG_U8, 16384};
static const itgc_kernel_table avx2 = {"avx2", ITG_PACK_16C4P, ITG_U8, 16384};
static const itgc_kernel_table avxvnni = {"avxvnni", ITG_PACK_16C4, ITG_U8, 16384};
static const itgc_kernel_table avx512vnni = {"avx512vnni", ITG_PACK_16C4, ITG_U8, 16384};
static const itgc_kernel_table amx = {"amx", ITG_PACK_16C4, ITG_U8, 16384};
static const itgc_kernel_table neon = {"neon", ITG_PACK_16C4S, ITG_S8, 8192};
static const itgc_kernel_table dotprod = {"dotprod", ITG_PACK_16C4S, ITG_S8, 8192};
static const itgc_kernel_table i8mm = {"i8mm", ITG_PACK_16C8S, ITG_S8, 8192};
static const itgc_kernel_table neon32 = {"neon32", ITG_PACK_8C4S, ITG_S8, 6144};

/* What a processor is chosen from at run time, the best last (docs/decisions/0011-plans-of-several-packings.md). */
#define X86_TABLES &sse41, &avx2, &avxvnni, &avx512vnni, &amx
#define ARM_TABLES &neon, &dotprod, &i8mm
#if defined(__x86_64__)
#define HOST_TABLES X86_TABLES
#elif defined(__aarch64__)
#define HOST_TABLES ARM_TABLES
#elif defined(__arm__)
#define HOST_TABLES &neon32
#else
#define HOST_TABLES &scalar
#endif

static const itgc_target targets[] = {
    /* name              core             instructions      kernel tables align RAM        flash */
    {"generic", "generic", "any", {&scalar}, 64, 0, 0},
    {"host", "host", "this machine's", {HOST_TABLES}, 64, 0, 0},
    {"x86-64", "x86-64", "SSE4.1 and better", {X86_TABLES}, 64, 0, 0},
    {"x86-64-sse41", "x86-64-sse41", "SSE4.1", {&sse41}, 64, 0, 0},
    {"x86-64-avx2", "x86-64-avx2", "AVX2", {&avx2}, 64, 0, 0},
    {"x86-64-avxvnni", "x86-64-avxvnni", "AVX-VNNI", {&avxvnni}, 64, 0, 0},
    {"x86-64-avx512vnni", "x86-64-avx512vnni", "AVX-512 VNNI", {&avx512vnni}, 64, 0, 0},
    {"x86-64-amx", "x86-64-amx", "AMX-INT8", {&amx}, 64, 0, 0},
    {"aarch64", "aarch64", "any AArch64", {ARM_TABLES}, 64, 0, 0},
    {"aarch64-neon", "aarch64-neon", "Advanced SIMD", {&neon}, 64, 0, 0},
    {"aarch64-dotprod", "aarch64-dotprod", "SDOT", {&dotprod}, 64, 0, 0},
    {"aarch64-i8mm", "aarch64-i8mm", "SMMLA", {&i8mm}, 64, 0, 0},
    {"armv7", "armv7", "ARMv7-A NEON", {&neon32}, 64, 0, 0},
    {"cortex-m0", "cortex-m0", "ARMv6-M", {&scalar}, 16, 0, 0},
    {"cortex-m3", "cortex-m3", "ARMv7-M", {&scalar}, 16, 0, 0},
    {"cortex-m4", "cortex-m4", "ARMv7E-M DSP", {&scalar}, 16, 0, 0},
    {"cortex-m7", "cortex-m7", "ARMv7E-M DSP", {&scalar}, 16, 0, 0},
    {"cortex-m33", "cortex-m33", "ARMv8-M DSP", {&scalar}, 16, 0, 0},
    {"cortex-m55", "cortex-m55", "ARMv8.1-M Helium", {&scalar}, 16, 0, 0},
    {"linux-x86_64", "x86-64", "SSE4.1 and better", {X86_TABLES}, 64, 0, 0},
    {"linux-aarch64", "aarch64", "any AArch64", {ARM_TABLES}, 64, 0, 0},
    {"linux-armv7", "armv7", "ARMv7-A NEON", {&neon32}, 64, 0, 0},
    {"microbit", "cortex-m0", "ARMv6-M", {&scalar}, 16, 16 * KIB, 256 * KIB},
    {"mps2-an385", "cortex-m3", "ARMv7-M", {&scalar}, 16, 16 * MIB, 16 * MIB},
    {"mps2-an386", "cortex-m4", "ARMv7E-M DSP", {&scalar}, 16, 16 * MIB, 16 * MIB},
    {"mps2-an500", "cortex-m7", "ARMv7E-M DSP", {&scalar}, 16, 16 * MIB, 16 * MIB},
    {"mps2-an505", "cortex-m33", "ARMv8-M DSP", {&scalar}, 16, 16 * MIB, 16 * MIB},
    {"mps3-an547", "cortex-m55", "ARMv8.1-M Helium", {&scalar}, 16, 64 * MIB, 64 * MIB},
};

const itgc_target *itgc_target_rows(int *count)
{
    *count = (int)(sizeof targets / sizeof targets[0]);
    return targets;
}

const itgc_target *itgc_find_target(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return &targets[i];
        }
    }
    return NULL;
}

int itgc_count_tables(const itgc_target *target)
{
    int count = 0;
    while (count < ITGC_MOST_TABLES && target->tables[count]) {
        count++;
    }
    return count;
}

void itgc_list_packings(const itgc_target *target, itg_packing packings[ITGC_MOST_PACKINGS])
{
    int count = 0;
    memset(packings, 0, ITGC_MOST_PACKINGS * sizeof *packings);
    for (int i = 0; i < itgc_count_tables(target); i++) {
        const itg_packing packing = target->tables[i]->packing;
        int k = 0;
        while (k < count && packings[k] != packing) {
            k++;
        }
        packings[k] = packing;
        count = k == count ? count + 1 : count;
    }
}

uint32_t itgc_target_stack(const itgc_target *target)
{
    uint32_t most = 0;
    for (int i = 0; i < itgc_count_tables(target); i++) {
        most = target->tables[i]->stack_bytes > most ? target->tables[i]->stack_bytes : most;
    }
    return most;
}

const char *itgc_packing_name(itg_packing packing)
{
    switch (packing) {
    case ITG_PACK_ROWS:
        return "ITG_PACK_ROWS";
    case ITG_PACK_16C4:
        return "ITG_PACK_16C4";
    case ITG_PACK_16C4S:
        return "ITG_PACK_16C4S";
    case ITG_PACK_16C8S:
        return "ITG_PACK_16C8S";
    case ITG_PACK_8C4S:
        return "ITG_PACK_8C4S";
    case ITG_PACK_16C4P:
        return "ITG_PACK_16C4P";
    }
    return "0";
}
