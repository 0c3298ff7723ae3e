# SPDX-License-Identifier: Apache-2.0
# micro:bit (nRF51, Cortex-M0): 16 KB of RAM, 256 KB of flash.
CORE         := cortex-m0
TARGET_CC    := arm-none-eabi-gcc
TARGET_FLAGS := -mcpu=cortex-m0 -mthumb -mfloat-abi=soft
MEMORY       := -DFLASH_ORIGIN=0x00000000 -DFLASH_LENGTH=256K \
                -DRAM_ORIGIN=0x20000000 -DRAM_LENGTH=16K
PLATFORM     := $(CORTEX_M_PLATFORM)
CPUS         := cortex-m0
EXEC          = qemu-system-arm -M microbit $(SEMIHOSTING) -kernel
# What a model may take: `intaglio compile --target microbit` refuses more.
RAM_BYTES    := 16384
FLASH_BYTES  := 262144
