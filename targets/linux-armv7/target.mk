# SPDX-License-Identifier: Apache-2.0
# 32-bit Arm Linux with NEON under qemu-user.
CORE         := armv7
TARGET_CC    := arm-linux-gnueabihf-gcc
TARGET_FLAGS := -march=armv7-a -mfpu=neon -mfloat-abi=hard
TARGET_LINK  := -static
PLATFORM     := targets/linux/platform.c
CPUS         := cortex-a7 max
EXEC          = qemu-arm -cpu $(CPU)
# No budgets: 0.
RAM_BYTES    := 0
FLASH_BYTES  := 0
