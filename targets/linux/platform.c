/* SPDX-License-Identifier: Apache-2.0
 * The four hooks on Linux, native or under qemu-user. */
#include "targets/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SAFE_BYTES 131072u /* less than any thread's stack has left here */

void platform_write(const char *text)
{
    (void)fputs(text, stdout);
}

uint32_t platform_ticks(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 100u + (uint32_t)(now.tv_nsec / 10000000);
}

void platform_exit(int status)
{
    exit(status);
}

uintptr_t platform_stack_limit(void)
{
    return (uintptr_t)__builtin_frame_address(0) - SAFE_BYTES;
}
