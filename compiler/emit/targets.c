/* SPDX-License-Identifier: Apache-2.0
 * The table of targets: the names of the command line (docs/architecture.md). tests/unit/emit/targets_test.c holds the folder rows
 * against targets/NAME/target.mk. */
#include "compiler/emit/targets.h"

#include <string.h>

#define KIB 1024u
#define MIB (1024u * 1024u)

static const itgc_target targets[] = {
    /* name              core             instructions      packing     storage  align kernels    RAM        flash */
    {"generic", "generic", "any", ITG_PACK_ROWS, ITG_S8, 64, "scalar", 0, 0},
    {"host", "host", "this machine's", ITG_PACK_ROWS, ITG_S8, 64, "scalar", 0, 0},
    {"x86-64", "x86-64", "any x86-64", ITG_PACK_ROWS, ITG_S8, 64, "scalar", 0, 0},
    {"x86-64-sse41", "x86-64-sse41", "SSE4.1", ITG_PACK_16C4P, ITG_U8, 64, "sse41", 0, 0},
    {"x86-64-avx2", "x86-64-avx2", "AVX2", ITG_PACK_16C4P, ITG_U8, 64, "avx2", 0, 0},
    {"x86-64-avxvnni", "x86-64-avxvnni", "AVX-VNNI", ITG_PACK_16C4, ITG_U8, 64, "avxvnni", 0, 0},
    {"x86-64-avx512vnni", "x86-64-avx512vnni", "AVX-512 VNNI", ITG_PACK_16C4, ITG_U8, 64, "avx512vnni", 0, 0},
    {"x86-64-amx", "x86-64-amx", "AMX-INT8", ITG_PACK_16C4, ITG_U8, 64, "amx", 0, 0},
    {"aarch64", "aarch64", "any AArch64", ITG_PACK_16C4S, ITG_S8, 64, "neon", 0, 0},
    {"aarch64-neon", "aarch64-neon", "Advanced SIMD", ITG_PACK_16C4S, ITG_S8, 64, "neon", 0, 0},
    {"aarch64-dotprod", "aarch64-dotprod", "SDOT", ITG_PACK_16C4S, ITG_S8, 64, "dotprod", 0, 0},
    {"aarch64-i8mm", "aarch64-i8mm", "SMMLA", ITG_PACK_16C8S, ITG_S8, 64, "i8mm", 0, 0},
    {"armv7", "armv7", "ARMv7-A NEON", ITG_PACK_8C4S, ITG_S8, 64, "neon32", 0, 0},
    {"cortex-m0", "cortex-m0", "ARMv6-M", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 0, 0},
    {"cortex-m3", "cortex-m3", "ARMv7-M", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 0, 0},
    {"cortex-m4", "cortex-m4", "ARMv7E-M DSP", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 0, 0},
    {"cortex-m7", "cortex-m7", "ARMv7E-M DSP", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 0, 0},
    {"cortex-m33", "cortex-m33", "ARMv8-M DSP", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 0, 0},
    {"cortex-m55", "cortex-m55", "ARMv8.1-M Helium", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 0, 0},
    {"linux-x86_64", "x86-64", "any x86-64", ITG_PACK_ROWS, ITG_S8, 64, "scalar", 0, 0},
    {"linux-aarch64", "aarch64", "any AArch64", ITG_PACK_16C4S, ITG_S8, 64, "neon", 0, 0},
    {"linux-armv7", "armv7", "ARMv7-A NEON", ITG_PACK_8C4S, ITG_S8, 64, "neon32", 0, 0},
    {"microbit", "cortex-m0", "ARMv6-M", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 16 * KIB, 256 * KIB},
    {"mps2-an385", "cortex-m3", "ARMv7-M", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 16 * MIB, 16 * MIB},
    {"mps2-an386", "cortex-m4", "ARMv7E-M DSP", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 16 * MIB, 16 * MIB},
    {"mps2-an500", "cortex-m7", "ARMv7E-M DSP", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 16 * MIB, 16 * MIB},
    {"mps2-an505", "cortex-m33", "ARMv8-M DSP", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 16 * MIB, 16 * MIB},
    {"mps3-an547", "cortex-m55", "ARMv8.1-M Helium", ITG_PACK_ROWS, ITG_S8, 16, "scalar", 64 * MIB, 64 * MIB},
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
