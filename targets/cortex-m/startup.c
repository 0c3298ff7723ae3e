/* SPDX-License-Identifier: Apache-2.0
 * Reset and faults for every Cortex-M: vector table, FPU and Helium on, .data and .bss, main, exit.
 * A fault prints where it happened and why and ends with status 3; without a handler QEMU would lock up. */
#include "targets/platform.h"

#include <string.h>

#define CPACR (*(volatile uint32_t *)0xE000ED88u) /* coprocessor access: bits 20 to 23 for FPU and Helium */
#define CCR   (*(volatile uint32_t *)0xE000ED14u) /* configuration: bit 19 lets low-overhead loops be cached */
#define CFSR  (*(volatile uint32_t *)0xE000ED28u)
#define BFAR  (*(volatile uint32_t *)0xE000ED38u)

int main(void);
void reset_handler(void);
void fault_handler(void);
void report_fault(const uint32_t *frame);

extern uint32_t platform_stack_top[], platform_data_load[], platform_data_begin[], platform_data_end[], platform_bss_begin[], platform_bss_end[];

typedef void handler(void);

/* Word 0 is the initial stack pointer; 16 system exceptions, no interrupts are used. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler *exceptions[15];
} vectors = {platform_stack_top,
             {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, 0, 0, 0, fault_handler,
              fault_handler, 0, fault_handler, fault_handler}};

static void write_hex(const char *name, uint32_t value)
{
    char text[] = "00000000";
    for (int i = 7; i >= 0; i--) {
        text[i] = "0123456789abcdef"[value & 15];
        value >>= 4;
    }
    platform_write(name);
    platform_write(text);
}

void report_fault(const uint32_t *frame)
{
    write_hex("FAULT pc=0x", frame[6]);
#ifndef __ARM_ARCH_6M__
    write_hex(" cfsr=0x", CFSR);
    write_hex(" bfar=0x", BFAR);
#endif
    platform_write("\n");
    platform_exit(3);
}

__attribute__((naked)) void fault_handler(void)
{
    __asm__ volatile("mrs r0, msp\n ldr r1, =report_fault\n bx r1\n");
}

void reset_handler(void)
{
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    CPACR |= 0xFu << 20;
#if defined(__ARM_FEATURE_MVE)
    CCR |= 1u << 19;
#endif
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    memcpy(platform_data_begin, platform_data_load, (size_t)((char *)platform_data_end - (char *)platform_data_begin));
    memset(platform_bss_begin, 0, (size_t)((char *)platform_bss_end - (char *)platform_bss_begin));
    platform_exit(main());
}
