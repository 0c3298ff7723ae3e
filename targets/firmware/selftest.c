/* SPDX-License-Identifier: Apache-2.0
 * Firmware for every target: runs an emitted model's self-test, with each kernel table of the model that the processor has, then one itg_run
 * of the best between marker instructions, so that an emulator can count it without knowing symbols. Prints `tables …`, the best last,
 * `arena N bytes`, `crc X`, `stack N bytes`, `ticks N of 10 ms`, `PASS` or `FAIL …`; exit status 0 or 1.
 * Built with MODEL_HEADER and the macros of targets/firmware.mk; MODEL_LIST and MODEL_COUNT name the emitted list, where there is one. */
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

#if MODEL_COUNT > 1 /* 0 where the header has no list, and so no such macro */
#define MODELS MODEL_LIST
#else
#undef MODEL_COUNT
#define MODEL_COUNT 1
static const itg_model *const MODELS[] = {&MODEL_FIRST};
#endif

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

static void load_inputs(const itg_model *model)
{
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
__attribute__((noinline)) static uint32_t run_once(const itg_model *model, uint32_t *ticks)
{
    const uintptr_t top = (uintptr_t)__builtin_frame_address(0);
    const uintptr_t lowest = platform_stack_limit();
    const uintptr_t limit = top - lowest > PAINT_BYTES ? top - PAINT_BYTES : lowest;
    load_inputs(model);
    *ticks = platform_ticks(); /* outside the painting, which it would spoil */
    paint_stack(limit);
    MARK_START();
    itg_run(model, arena);
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

/* The self-test with every table that this processor has, the best last: -1, or the first step that differs. */
static int32_t test_tables(uint32_t *crc)
{
    int32_t step = -1;
    platform_write("tables");
    for (uint32_t i = 0; i < MODEL_COUNT && step < 0; i++) {
        const itg_kernels *kernels = MODELS[i]->kernels;
        if (!kernels->is_supported || kernels->is_supported()) {
            itg_selftest test = MODEL_SELFTEST;
            test.model = MODELS[i];
            platform_write(" ");
            platform_write(kernels->name);
            step = itg_run_selftest(&test, NULL, arena, crc);
        }
    }
    platform_write("\n");
    return step;
}

int main(void)
{
    const itg_model *model = itg_choose_model(MODELS, MODEL_COUNT);
    const itg_status status = itg_check(model, NULL, arena, sizeof arena);
    if (status != ITG_OK) {
        platform_write("FAIL ");
        platform_write(itg_status_text(status));
        platform_write("\n");
        return 1;
    }
    uint32_t crc;
    const int32_t step = test_tables(&crc);
    write_number("arena ", model->arena_bytes, 10, " bytes\n");
    write_number("crc ", crc, 16, "\n");
    if (step >= 0) {
        return report_difference(step);
    }
    uint32_t ticks;
    write_number("stack ", run_once(model, &ticks), 10, " bytes\n");
    write_number("ticks ", ticks, 10, " of 10 ms\n");
    platform_write("PASS\n");
    return 0;
}
