/* SPDX-License-Identifier: Apache-2.0
 * What firmware needs of the place it runs in: four hooks, implemented in targets/linux and targets/cortex-m.
 * A new board supplies these, a linker script and a target.mk (docs/add-a-target.md). */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stdint.h>

/* Text to whoever watches: standard output, or the debugger by semihosting. */
void platform_write(const char *text);

/* Hundredths of a second since some start. */
uint32_t platform_ticks(void);

/* Ends the program with this status. Does not return. */
void platform_exit(int status);

/* The stack mark: the lowest address the stack may grow to, for painting. */
uintptr_t platform_stack_limit(void);

#endif
