/* SPDX-License-Identifier: Apache-2.0
 * A small plan by hand (conv, pool, fully connected, softmax on two images): the walk, the step API, threads, the self-test, itg_check. */
#include "runtime/host/pool.h"

#include <intaglio/intaglio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { IMAGES = 2, SIDE = 12, CHANNELS = 8, CLASSES = 10, POOLED = 6 };
enum { INPUT = 0, CONVOLVED = 1024, AVERAGED = 4096, LOGITS = 6144, OUTPUT = 6400, ARENA = 6656 };

static const int8_t conv_weights[CHANNELS * 27] = {11, -7, 5, 120, -127, 64, 3, 9, -31, 17, 2, -90, 45, 33, -12, 127, -1, 6, 77, -45};
static const int32_t conv_bias[CHANNELS] = {100, -200, 3000, 0, 7, -9, 12, 1};
static const int32_t conv_multiplier[CHANNELS] = {4000000, 5000000, 3000000, 7000000, 1000000, 2000000, 9000000, 6000000};
static const int8_t dense_weights[CLASSES * POOLED * POOLED * CHANNELS] = {1, -2, 3, -4, 5, -6, 7, 100, -100, 50, 25, -13, 8, 99, 98, -97};
static const int32_t dense_bias[CLASSES] = {5, 4, 3, 2, 1, 0, -1, -2, -3, -4};
static const int32_t dense_multiplier[CLASSES] = {1 << 28, 1 << 27, 1 << 28, 1 << 26, 1 << 28, 1 << 28, 1 << 25, 1 << 28, 1 << 28, 1 << 28};
static const int32_t pool_count = 4, pool_multiplier = 1 << 29;

static const itg_conv conv = {
    .in = {SIDE, SIDE, 3},
    .out = {SIDE, SIDE, CHANNELS},
    .kernel = {3, 3},
    .stride = {1, 1},
    .dilation = {1, 1},
    .before = {1, 1},
    .groups = 1,
    .weights = conv_weights,
    .pad_code = -3,
    .epilogue = {.bias = conv_bias, .multiplier = conv_multiplier, .low = -128, .high = 127},
    .in_type = ITG_U8,
    .out_type = ITG_S8,
    .packing = ITG_PACK_ROWS,
};
static const itg_pool average = {
    .in = {SIDE, SIDE, CHANNELS},
    .out = {POOLED, POOLED, CHANNELS},
    .kernel = {2, 2},
    .stride = {2, 2},
    .dilation = {1, 1},
    .average = true,
    .counts = &pool_count,
    .multipliers = &pool_multiplier,
    .count_entries = 1,
    .low = -128,
    .high = 127,
    .in_type = ITG_S8,
    .out_type = ITG_S8,
};
static const itg_conv dense = {
    .in = {1, IMAGES, POOLED *POOLED *CHANNELS},
    .out = {1, IMAGES, CLASSES},
    .kernel = {1, 1},
    .stride = {1, 1},
    .dilation = {1, 1},
    .groups = 1,
    .weights = dense_weights,
    .epilogue = {.bias = dense_bias, .multiplier = dense_multiplier, .low = -32768, .high = 32767},
    .in_type = ITG_S8,
    .out_type = ITG_S16,
    .packing = ITG_PACK_ROWS,
};
static const itg_softmax softmax = {.length = CLASSES, .multiplier = 1 << 20, .shift = 10, .in_type = ITG_S16, .out_type = ITG_U16};

static const itg_step steps[] = {
    {.run = itg_op_conv, .params = &conv, .in = {INPUT}, .out = CONVOLVED, .rows = IMAGES * SIDE},
    {.run = itg_op_pool, .params = &average, .in = {CONVOLVED}, .out = AVERAGED, .rows = IMAGES * POOLED},
    {.run = itg_op_conv, .params = &dense, .in = {AVERAGED}, .out = LOGITS, .rows = 1},
    {.run = itg_op_softmax, .params = &softmax, .in = {LOGITS}, .out = OUTPUT, .rows = IMAGES},
};
static const itg_port input = {.name = "x", .type = ITG_U8, .offset = INPUT, .bytes = IMAGES * SIDE * SIDE * 3, .rank = 4, .scale = 1.0f};
static const itg_port output = {
    .name = "y", .type = ITG_U16, .offset = OUTPUT, .bytes = IMAGES * CLASSES * 2, .rank = 2, .dim = {IMAGES, CLASSES}, .scale = 1.0f / 65536};

static const itg_model model = {
    .name = "small",
    .version = ITG_PLAN_VERSION,
    .packing = ITG_PACK_ROWS,
    .arena_bytes = ARENA,
    .arena_align = 16,
    .kernels = &itg_kernels_scalar,
    .steps = steps,
    .inputs = &input,
    .outputs = &output,
    .step_count = 4,
    .input_count = 1,
    .output_count = 1,
    .workers = 3,
    .families = ITG_FAMILY_CONV | ITG_FAMILY_POOL | ITG_FAMILY_SOFTMAX,
};

typedef struct test_arena {
    uint8_t bytes[ARENA + 16] ITG_ALIGNED;
} test_arena;

static void fill_input(uint8_t *arena)
{
    memset(arena, 0x5a, ARENA);
    for (size_t i = 0; i < input.bytes; i++)
        arena[INPUT + i] = (uint8_t)(i * 37 + i / 11);
}

/* The convolution of image 1 at row 5, column 0, by its definition. */
static int32_t define_convolved(const uint8_t *arena, int32_t channel)
{
    int64_t acc = conv_bias[channel];
    for (int32_t ky = 0; ky < 3; ky++)
        for (int32_t kx = 0; kx < 3; kx++)
            for (int32_t c = 0; c < 3; c++) {
                const int32_t y = 5 + ky - 1, x = kx - 1;
                const int32_t code = x < 0 ? -3 : arena[INPUT + ((SIDE + y) * SIDE + x) * 3 + c] - 128;
                acc += code * conv_weights[((channel * 3 + ky) * 3 + kx) * 3 + c];
            }
    const int64_t scaled = acc * conv_multiplier[channel] + ((int64_t)1 << 30);
    const int64_t code = scaled / ((int64_t)1 << 31) - (scaled % ((int64_t)1 << 31) < 0);
    return (int32_t)(code < -128 ? -128 : code > 127 ? 127 : code);
}

static void runs_every_step(void **unused)
{
    (void)unused;
    test_arena arena;
    fill_input(arena.bytes);
    assert_int_equal(itg_check(&model, NULL, arena.bytes, ARENA), ITG_OK);
    itg_run(&model, arena.bytes);
    const int8_t *convolved = (const int8_t *)arena.bytes + CONVOLVED;
    for (int32_t c = 0; c < CHANNELS; c++)
        assert_int_equal(convolved[((SIDE + 5) * SIDE) * CHANNELS + c], define_convolved(arena.bytes, c));
    const itg_view probabilities = itg_output(&model, arena.bytes, 0);
    const uint16_t *codes = probabilities.data;
    for (int32_t image = 0; image < IMAGES; image++) {
        int32_t sum = 0;
        for (int32_t c = 0; c < CLASSES; c++)
            sum += codes[image * CLASSES + c];
        assert_in_range(sum, 65536 - CLASSES, 65536 + CLASSES);
    }
    for (size_t i = 0; i < 16; i++)
        assert_int_equal(arena.bytes[OUTPUT + output.bytes + i], 0x5a);
}

static void steps_equal_run(void **unused)
{
    (void)unused;
    test_arena whole, stepped;
    fill_input(whole.bytes);
    fill_input(stepped.bytes);
    itg_run(&model, whole.bytes);
    for (uint32_t i = 0; i < model.step_count; i++)
        itg_run_step(&model, NULL, stepped.bytes, i);
    assert_memory_equal(whole.bytes, stepped.bytes, ARENA);
}

static void threads_change_nothing(void **unused)
{
    (void)unused;
    test_arena single, many;
    fill_input(single.bytes);
    itg_run(&model, single.bytes);
    for (uint32_t count = 1; count <= 3; count++) {
        itg_workers *workers = itg_start_workers(count);
        assert_non_null(workers);
        assert_in_range(itg_worker_count(workers), 1, count);
        const itg_exec exec = {.parallel_for = itg_share_work, .pool = workers, .workers = itg_worker_count(workers)};
        for (int round = 0; round < 300; round++) {
            fill_input(many.bytes);
            assert_int_equal(itg_run_with(&model, &exec, many.bytes), ITG_OK);
            assert_memory_equal(single.bytes, many.bytes, ARENA);
        }
        itg_stop_workers(workers);
    }
    itg_stop_workers(NULL);
}

typedef struct tile_log {
    uint32_t calls, workers_seen;
} tile_log;

/* A parallel_for that runs the tasks backwards and logs them. */
static bool run_backwards(void *pool, uint32_t count, void (*task)(void *argument, uint32_t index, uint32_t worker), void *argument)
{
    tile_log *log = pool;
    while (count--) {
        task(argument, count, count % 3);
        log->calls++;
        log->workers_seen |= 1u << (count % 3);
    }
    return true;
}

/* Hooks that fail: one has no threads, one names a worker that has no scratch memory. */
static bool run_nothing(void *pool, uint32_t count, void (*task)(void *argument, uint32_t index, uint32_t worker), void *argument)
{
    (void)pool, (void)count, (void)task, (void)argument;
    return false;
}

static bool run_elsewhere(void *pool, uint32_t count, void (*task)(void *argument, uint32_t index, uint32_t worker), void *argument)
{
    (void)pool;
    for (uint32_t i = 0; i < count; i++)
        task(argument, i, i == 1 ? 1000 : 0);
    return true;
}

static void tiles_in_any_order(void **unused)
{
    (void)unused;
    test_arena single, tiled;
    tile_log log = {0, 0};
    const itg_exec exec = {.parallel_for = run_backwards, .pool = &log, .workers = 3};
    fill_input(single.bytes);
    fill_input(tiled.bytes);
    itg_run(&model, single.bytes);
    assert_int_equal(itg_run_with(&model, &exec, tiled.bytes), ITG_OK);
    assert_memory_equal(single.bytes, tiled.bytes, ARENA);
    assert_int_equal(log.workers_seen, 7);
    assert_in_range(log.calls, 3 * 3, 3 * 12 + 2);
}

static void refuses_what_cannot_run(void **unused)
{
    (void)unused;
    test_arena arena = {{0}};
    itg_kernels partial = itg_kernels_scalar, other = itg_kernels_scalar;
    partial.softmax = NULL;
    other.packing = 77;
    const itg_exec lacks_softmax = {.kernels = &partial, .workers = 1}, reads_other = {.kernels = &other, .workers = 1};
    itg_model old = model, bare = model, wild = model;
    old.version++;
    bare.kernels = NULL;
    wild.arena_bytes = OUTPUT + 8;
    assert_int_equal(itg_check(NULL, NULL, arena.bytes, ARENA), ITG_BAD_MODEL);
    assert_int_equal(itg_check(&old, NULL, arena.bytes, ARENA), ITG_BAD_VERSION);
    assert_int_equal(itg_check(&bare, NULL, arena.bytes, ARENA), ITG_NO_KERNEL);
    assert_int_equal(itg_check(&wild, NULL, arena.bytes, ARENA), ITG_BAD_MODEL);
    assert_int_equal(itg_check(&model, &lacks_softmax, arena.bytes, ARENA), ITG_NO_KERNEL);
    assert_int_equal(itg_check(&model, &reads_other, arena.bytes, ARENA), ITG_BAD_PACKING);
    assert_int_equal(itg_check(&model, NULL, arena.bytes, ARENA - 1), ITG_SMALL_ARENA);
    assert_int_equal(itg_check(&model, NULL, NULL, ARENA), ITG_SMALL_ARENA);
    assert_int_equal(itg_check(&model, NULL, arena.bytes + 1, ARENA), ITG_MISALIGNED);
    assert_int_equal(itg_run_with(&model, &lacks_softmax, arena.bytes), ITG_NO_KERNEL);
    assert_string_equal(itg_status_text(ITG_OK), "ok");
    assert_string_not_equal(itg_status_text(ITG_MISALIGNED), itg_status_text(ITG_SMALL_ARENA));
    assert_non_null(itg_status_text((itg_status)99));
}

static bool runs_nowhere(void)
{
    return false;
}

static void refuses_the_table_of_another_processor(void **unused)
{
    (void)unused;
    test_arena arena = {{0}};
    itg_kernels foreign = itg_kernels_scalar;
    foreign.is_supported = runs_nowhere;
    const itg_exec exec = {.kernels = &foreign, .workers = 1};
    assert_int_equal(itg_check(&model, &exec, arena.bytes, ARENA), ITG_BAD_CPU);
    assert_int_equal(itg_run_with(&model, &exec, arena.bytes), ITG_BAD_CPU);
    for (uint32_t i = 0; itg_kernels_supported(i); i++)
        assert_true(!itg_kernels_supported(i)->is_supported || itg_kernels_supported(i)->is_supported());
}

static void reports_hooks_that_fail(void **unused)
{
    (void)unused;
    test_arena arena;
    itg_exec exec = {.parallel_for = run_nothing, .workers = 3};
    fill_input(arena.bytes);
    assert_int_equal(itg_run_with(&model, &exec, arena.bytes), ITG_BAD_HOOK);
    assert_int_equal(itg_run_step(&model, &exec, arena.bytes, 0), ITG_BAD_HOOK);
    exec.parallel_for = run_elsewhere;
    assert_int_equal(itg_run_with(&model, &exec, arena.bytes), ITG_BAD_HOOK);
    exec.workers = 4;
    assert_int_equal(itg_run_with(&model, &exec, arena.bytes), ITG_MANY_WORKERS);
    assert_string_not_equal(itg_status_text(ITG_BAD_HOOK), itg_status_text(ITG_BAD_CPU));
}

static void selftest_names_the_first_wrong_step(void **unused)
{
    (void)unused;
    static const itg_selftest_view views[] = {{CONVOLVED, IMAGES * SIDE * SIDE * CHANNELS, ITG_S8},
                                              {AVERAGED, IMAGES * POOLED * POOLED * CHANNELS, ITG_S8},
                                              {LOGITS, IMAGES * CLASSES, ITG_S16},
                                              {OUTPUT, IMAGES * CLASSES, ITG_U16}};
    test_arena arena, expected;
    uint32_t crc[4], output_crc = 0;
    fill_input(expected.bytes);
    itg_run(&model, expected.bytes);
    for (int i = 0; i < 4; i++)
        crc[i] = itg_crc_view(&views[i], expected.bytes);
    const void *inputs[] = {expected.bytes + INPUT}, *outputs[] = {expected.bytes + OUTPUT};
    const itg_selftest test = {.model = &model, .inputs = inputs, .outputs = outputs, .step_crc = crc, .step_view = views};
    assert_int_equal(itg_run_selftest(&test, NULL, arena.bytes, &output_crc), -1);
    assert_int_equal(output_crc, itg_crc32(0, expected.bytes + OUTPUT, output.bytes));
    crc[1]++;
    crc[2]++;
    assert_int_equal(itg_run_selftest(&test, NULL, arena.bytes, NULL), 1);
    crc[1]--;
    crc[2]--;
    expected.bytes[OUTPUT + 5] ^= 1;
    assert_int_equal(itg_run_selftest(&test, NULL, arena.bytes, NULL), 4);
}

static void tables_of_this_machine(void **unused)
{
    (void)unused;
    assert_ptr_equal(itg_kernels_supported(0), &itg_kernels_scalar);
    assert_ptr_equal(itg_kernels_named("scalar"), &itg_kernels_scalar);
    assert_null(itg_kernels_named("scala"));
    assert_null(itg_kernels_named("scalar2"));
    assert_non_null(itg_kernels_best());
    assert_ptr_equal(itg_kernels_named(itg_kernels_best()->name), itg_kernels_best());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_every_step),         cmocka_unit_test(steps_equal_run),
        cmocka_unit_test(threads_change_nothing),  cmocka_unit_test(tiles_in_any_order),
        cmocka_unit_test(refuses_what_cannot_run), cmocka_unit_test(selftest_names_the_first_wrong_step),
        cmocka_unit_test(tables_of_this_machine),  cmocka_unit_test(refuses_the_table_of_another_processor),
        cmocka_unit_test(reports_hooks_that_fail),
    };
    return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
