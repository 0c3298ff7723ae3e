/* SPDX-License-Identifier: Apache-2.0
 * The four hooks on Cortex-M by Arm semihosting (BKPT 0xAB): works under QEMU and with any debugger that serves it.
 * Source: Arm semihosting for AArch32, release 2.0. */
#include "targets/platform.h"

#include <string.h>

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_CLOCK = 0x10, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_WRITE = 4, STOPPED_BY_APPLICATION = 0x20026 };

extern char platform_stack_end[]; /* sections.ld */

static uintptr_t call_host(uintptr_t operation, const void *argument)
{
    register uintptr_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

/* The host's standard output; opened anew where the handle is not known yet. */
static uintptr_t open_console(void)
{
    static uintptr_t handle;
    if (!handle) {
        static const char name[] = ":tt";
        const uintptr_t block[3] = {(uintptr_t)name, OPEN_WRITE, sizeof name - 1};
        handle = call_host(SYS_OPEN, block);
    }
    return handle;
}

void platform_write(const char *text)
{
    const uintptr_t block[3] = {open_console(), (uintptr_t)text, strlen(text)};
    (void)call_host(SYS_WRITE, block);
}

uint32_t platform_ticks(void)
{
    return (uint32_t)call_host(SYS_CLOCK, 0);
}

void platform_exit(int status)
{
    const uintptr_t block[2] = {STOPPED_BY_APPLICATION, (uintptr_t)status};
    (void)call_host(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

uintptr_t platform_stack_limit(void)
{
    return (uintptr_t)platform_stack_end;
}
