# SPDX-License-Identifier: Apache-2.0
# 64-bit x86 Linux: under qemu-user Nehalem has SSE4.1 and Haswell AVX2; native is this machine's processor.
CORE         := x86-64
TARGET_CC    := gcc
TARGET_FLAGS :=
TARGET_LINK  :=
PLATFORM     := targets/linux/platform.c
CPUS         := Nehalem Haswell native
EXEC          = $(if $(filter native,$(CPU)),,qemu-x86_64 -cpu $(CPU))
# No budgets: 0.
RAM_BYTES    := 0
FLASH_BYTES  := 0
