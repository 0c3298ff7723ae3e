# SPDX-License-Identifier: Apache-2.0
# 64-bit Arm Linux under qemu-user: a53 has plain NEON, a76 dot products, max also 8-bit matrix products.
CORE         := aarch64
TARGET_CC    := aarch64-linux-gnu-gcc
TARGET_FLAGS :=
TARGET_LINK  := -static
PLATFORM     := targets/linux/platform.c
CPUS         := cortex-a53 cortex-a76 max
EXEC          = qemu-aarch64 -cpu $(CPU)
# No budgets: 0.
RAM_BYTES    := 0
FLASH_BYTES  := 0
