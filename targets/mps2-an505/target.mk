# SPDX-License-Identifier: Apache-2.0
# MPS2 with AN505 (Cortex-M33): starts in the secure alias at 0x10000000; constants and arena in the 16 MB of PSRAM.
CORE         := cortex-m33
TARGET_CC    := arm-none-eabi-gcc
TARGET_FLAGS := -mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=auto
MEMORY       := -DFLASH_ORIGIN=0x10000000 -DFLASH_LENGTH=4M \
                -DRAM_ORIGIN=0x38000000 -DRAM_LENGTH=4M \
                -DEXT_ORIGIN=0x80000000 -DEXT_LENGTH=16M
PLATFORM     := $(CORTEX_M_PLATFORM)
CPUS         := cortex-m33
EXEC          = qemu-system-arm -M mps2-an505 $(SEMIHOSTING) -kernel
# What a model may take: `intaglio compile --target mps2-an505` refuses more. External memory serves both.
RAM_BYTES    := 16777216
FLASH_BYTES  := 16777216
