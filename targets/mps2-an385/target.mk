# SPDX-License-Identifier: Apache-2.0
# MPS2 with AN385 (Cortex-M3): constants and arena in the 16 MB of PSRAM.
CORE         := cortex-m3
TARGET_CC    := arm-none-eabi-gcc
TARGET_FLAGS := -mcpu=cortex-m3 -mthumb -mfloat-abi=soft
MEMORY       := -DFLASH_ORIGIN=0x00000000 -DFLASH_LENGTH=4M \
                -DRAM_ORIGIN=0x20000000 -DRAM_LENGTH=4M \
                -DEXT_ORIGIN=0x21000000 -DEXT_LENGTH=16M
PLATFORM     := $(CORTEX_M_PLATFORM)
CPUS         := cortex-m3
EXEC          = qemu-system-arm -M mps2-an385 $(SEMIHOSTING) -kernel
# What a model may take: `intaglio compile --target mps2-an385` refuses more. External memory serves both.
RAM_BYTES    := 16777216
FLASH_BYTES  := 16777216
