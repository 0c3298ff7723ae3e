/* SPDX-License-Identifier: Apache-2.0
 * Firmware for every target: runs an emitted model's self-test, then one itg_run between marker instructions, so that an emulator can
 * count it without knowing symbols. Prints `arena N bytes`, `crc X`, `stack N bytes`, `ticks N of 10 ms`, `PASS` or `FAIL …`; exit status 0 or 1.
 * Built with MODEL_HEADER, MODEL_SELFTEST and MODEL_ARENA_BYTES (targets/firmware.mk). */
#include MODEL_HEADER

#include "targets/platform.h"

#include <string.h>

#if defined(__arm__)
#define MARK_START() __asm__ volatile("mov r10, r10" ::: "memory")
#define MARK_STOP()  __asm__ volatile("mov r11, r11" ::: "memory")
#elif defined(__aarch64__)
#define MARK_START() __asm__ volatile("mov x27, x27" ::: "memory")
#define MARK_STOP()  __asm__ volatile("mov x28, x28" ::: "memory")
#else
#define MARK_START() __asm__ volatile("xchg %%bx, %%bx" ::: "memory")
#define MARK_STOP()  __asm__ volatile("xchg %%cx, %%cx" ::: "memory")
#endif

#define PAINT       0xA5u
#define PAINT_BYTES 65536u /* far more than itg_run takes */
#define OWN_MARGIN  256u   /* below this frame: the painter's own frame and, on hosted targets, the red zone */

__attribute__((section(".bss.arena"))) static uint8_t arena[MODEL_ARENA_BYTES] ITG_ALIGNED;

/* Decimal, or as eight hexadecimal digits. */
static void write_number(const char *name, uint32_t value, uint32_t base, const char *unit)
{
    char digits[12];
    char *const end = digits + sizeof digits - 1;
    char *at = end;
    *at = 0;
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value || (base == 16 && end - at < 8));
    platform_write(name);
    platform_write(at);
    platform_write(unit);
}

static void load_inputs(void)
{
    const itg_model *model = MODEL_SELFTEST.model;
    for (uint32_t i = 0; i < model->input_count; i++) {
        memcpy(arena + model->inputs[i].offset, MODEL_SELFTEST.inputs[i], model->inputs[i].bytes);
    }
}

__attribute__((noinline)) static void paint_stack(uintptr_t limit)
{
    const uintptr_t end = (uintptr_t)__builtin_frame_address(0) - OWN_MARGIN;
    for (uintptr_t at = limit; at < end; at++) {
        *(volatile uint8_t *)at = PAINT;
    }
}

/* Bytes from `top` down to the lowest one that was written to since painting. */
__attribute__((noinline)) static uint32_t measure_stack(uintptr_t limit, uintptr_t top)
{
    while (limit < top && *(volatile const uint8_t *)limit == PAINT) {
        limit++;
    }
    return (uint32_t)(top - limit);
}

/* One inference as an application runs it; returns what it took of the stack. */
__attribute__((noinline)) static uint32_t run_once(uint32_t *ticks)
{
    const uintptr_t top = (uintptr_t)__builtin_frame_address(0);
    const uintptr_t lowest = platform_stack_limit();
    const uintptr_t limit = top - lowest > PAINT_BYTES ? top - PAINT_BYTES : lowest;
    load_inputs();
    *ticks = platform_ticks(); /* outside the painting, which it would spoil */
    paint_stack(limit);
    MARK_START();
    itg_run(MODEL_SELFTEST.model, arena);
    MARK_STOP();
    const uint32_t stack = measure_stack(limit, top);
    *ticks = platform_ticks() - *ticks;
    return stack;
}

static int report_difference(int32_t step)
{
    if ((uint32_t)step >= MODEL_SELFTEST.model->step_count) {
        platform_write("FAIL the output differs, though every step's CRC is right\n");
        return 1;
    }
    platform_write("FAIL first difference in ");
    platform_write(MODEL_SELFTEST.step_name ? MODEL_SELFTEST.step_name[step] : "");
    write_number(" step ", (uint32_t)step, 10, "\n");
    return 1;
}

int main(void)
{
    const itg_model *model = MODEL_SELFTEST.model;
    const itg_status status = itg_check(model, NULL, arena, sizeof arena);
    if (status != ITG_OK) {
        platform_write("FAIL ");
        platform_write(itg_status_text(status));
        platform_write("\n");
        return 1;
    }
    uint32_t crc;
    const int32_t step = itg_run_selftest(&MODEL_SELFTEST, NULL, arena, &crc);
    write_number("arena ", model->arena_bytes, 10, " bytes\n");
    write_number("crc ", crc, 16, "\n");
    if (step >= 0) {
        return report_difference(step);
    }
    uint32_t ticks;
    write_number("stack ", run_once(&ticks), 10, " bytes\n");
    write_number("ticks ", ticks, 10, " of 10 ms\n");
    platform_write("PASS\n");
    return 0;
}
