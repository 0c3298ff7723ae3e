# SPDX-License-Identifier: Apache-2.0
# MPS3 with AN547 (Cortex-M55, Helium): code in ITCM, stack in DTCM, constants and arena in DDR.
CORE         := cortex-m55
TARGET_CC    := arm-none-eabi-gcc
TARGET_FLAGS := -mcpu=cortex-m55 -mthumb -mfloat-abi=hard
MEMORY       := -DFLASH_ORIGIN=0x00000000 -DFLASH_LENGTH=512K \
                -DRAM_ORIGIN=0x20000000 -DRAM_LENGTH=512K \
                -DEXT_ORIGIN=0x60000000 -DEXT_LENGTH=64M
PLATFORM     := $(CORTEX_M_PLATFORM)
CPUS         := cortex-m55
EXEC          = qemu-system-arm -M mps3-an547 $(SEMIHOSTING) -kernel
# What a model may take: `intaglio compile --target mps3-an547` refuses more. External memory serves both.
RAM_BYTES    := 67108864
FLASH_BYTES  := 67108864
