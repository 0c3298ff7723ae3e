# SPDX-License-Identifier: Apache-2.0
# MPS2 with AN386 (Cortex-M4F): constants and arena in the 16 MB of PSRAM.
CORE         := cortex-m4
TARGET_CC    := arm-none-eabi-gcc
TARGET_FLAGS := -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=auto
MEMORY       := -DFLASH_ORIGIN=0x00000000 -DFLASH_LENGTH=4M \
                -DRAM_ORIGIN=0x20000000 -DRAM_LENGTH=4M \
                -DEXT_ORIGIN=0x21000000 -DEXT_LENGTH=16M
PLATFORM     := $(CORTEX_M_PLATFORM)
CPUS         := cortex-m4
EXEC          = qemu-system-arm -M mps2-an386 $(SEMIHOSTING) -kernel
# What a model may take: `intaglio compile --target mps2-an386` refuses more. External memory serves both.
RAM_BYTES    := 16777216
FLASH_BYTES  := 16777216
