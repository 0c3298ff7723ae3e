# SPDX-License-Identifier: Apache-2.0
# 64-bit x86 Linux, native.
CORE         := x86-64
TARGET_CC    := gcc
TARGET_FLAGS :=
TARGET_LINK  :=
PLATFORM     := targets/linux/platform.c
CPUS         := native
EXEC          =
# No budgets: 0.
RAM_BYTES    := 0
FLASH_BYTES  := 0
