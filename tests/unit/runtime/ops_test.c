/* SPDX-License-Identifier: Apache-2.0
 * What the ops add to the kernels: batches, broadcasts, strided copies, gathers, parts, any cut of the rows. */
#include <intaglio/intaglio.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { ARENA = 4096, OUT = 2048 };

typedef struct test_arena {
    uint8_t bytes[ARENA] ITG_ALIGNED;
} test_arena;

static void fill(test_arena *arena)
{
    for (size_t i = 0; i < ARENA; i++)
        arena->bytes[i] = (uint8_t)(i * 73 + i / 5);
}

/* Runs the step whole, then cut into [0, cut) and [cut, rows) for every cut: the same bytes. */
static void run_cut(test_arena *arena, const itg_step *step)
{
    test_arena start = *arena;
    itg_work work = {.kernels = &itg_kernels_scalar, .arena = arena->bytes, .row_end = step->rows};
    step->run(&work, step);
    for (uint32_t cut = 0; cut <= step->rows; cut++) {
        test_arena other = start;
        itg_work upper = {.kernels = &itg_kernels_scalar, .arena = other.bytes, .row_begin = cut, .row_end = step->rows};
        itg_work lower = {.kernels = &itg_kernels_scalar, .arena = other.bytes, .row_end = cut};
        step->run(&upper, step);
        step->run(&lower, step);
        assert_memory_equal(arena->bytes, other.bytes, ARENA);
    }
}

static void add_broadcasts(void **unused)
{
    (void)unused;
    static const itg_add add = {
        .walk = {.dim = {2, 3, 4, 5}, .stride_a = {60, 20, 5, 1}, .stride_b = {0, 4, 1, 0}},
        .multiplier_a = 1 << 10,
        .multiplier_b = -(1 << 11),
        .constant = 512,
        .shift = 11,
        .low = -100,
        .high = 90,
        .a_type = ITG_S8,
        .b_type = ITG_S8,
        .out_type = ITG_S8,
    };
    const itg_step step = {.run = itg_op_add, .params = &add, .in = {0, 512}, .out = OUT, .rows = 6};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    const int8_t *codes = (const int8_t *)arena.bytes;
    for (int32_t i = 0; i < 120; i++) {
        const int32_t row = i / 20 % 3, column = i / 5 % 4;
        const int32_t sum = codes[i] * 1024 - codes[512 + row * 4 + column] * 2048 + 512;
        const int32_t code = sum / 2048 - (sum % 2048 < 0);
        assert_int_equal(codes[OUT + i], code < -100 ? -100 : code > 90 ? 90 : code);
    }
}

static void add_int16_with_constant(void **unused)
{
    (void)unused;
    static const int16_t constant[4] = {1000, -1000, 32767, -32768};
    static const itg_add add = {
        .walk = {.dim = {1, 1, 8, 4}, .stride_a = {32, 32, 4, 1}, .stride_b = {0, 0, 0, 1}},
        .multiplier_a = 1 << 29,
        .multiplier_b = 1 << 29,
        .left = 6,
        .low = -32768,
        .high = 32767,
        .b_constant = constant,
        .a_type = ITG_S16,
        .b_type = ITG_S16,
        .out_type = ITG_S16,
    };
    const itg_step step = {.run = itg_op_add, .params = &add, .out = OUT, .rows = 1};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    for (int32_t i = 0; i < 32; i++) {
        const int32_t sum = ((const int16_t *)arena.bytes)[i] + constant[i % 4];
        assert_int_equal(((const int16_t *)(arena.bytes + OUT))[i], sum < -32768 ? -32768 : sum > 32767 ? 32767 : sum);
    }
}

/* Squeeze-Excite: an int8 map times an int16 gate in Q0.15 per image and channel. */
static void mul_by_a_gate(void **unused)
{
    (void)unused;
    static const itg_mul mul = {
        .walk = {.dim = {2, 3, 3, 7}, .stride_a = {63, 21, 7, 1}, .stride_b = {7, 0, 0, 1}},
        .zero_a = 5,
        .zero = -9,
        .low = -128,
        .high = 127,
        .requant = {.multiplier = 1 << 16},
        .a_type = ITG_S8,
        .b_type = ITG_S16,
        .out_type = ITG_S8,
    };
    const itg_step step = {.run = itg_op_mul, .params = &mul, .in = {0, 512}, .out = OUT, .rows = 6};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    const int8_t *codes = (const int8_t *)arena.bytes;
    for (int32_t i = 0; i < 126; i++) {
        const int32_t gate = ((const int16_t *)(arena.bytes + 512))[i / 63 * 7 + i % 7];
        const int64_t scaled = ((int64_t)codes[i] - 5) * gate * 65536 + (1 << 30);
        const int64_t code = -9 + scaled / 2147483648 - (scaled % 2147483648 < 0);
        assert_int_equal(codes[OUT + i], code < -128 ? -128 : code > 127 ? 127 : code);
    }
}

static void copy_transposes_words(void **unused)
{
    (void)unused;
    /* [5][3][4] int16 to [4][5][3] */
    static const itg_copy copy = {.dim = {4, 1, 1, 1, 5, 3}, .in_stride = {1, 0, 0, 0, 12, 4}, .out_stride = {15, 0, 0, 0, 3, 1}, .element_bytes = 2};
    const itg_step step = {.run = itg_op_copy, .params = &copy, .out = OUT, .rows = 4};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    const int16_t *in = (const int16_t *)arena.bytes, *out = (const int16_t *)(arena.bytes + OUT);
    for (int32_t i = 0; i < 4; i++)
        for (int32_t j = 0; j < 15; j++)
            assert_int_equal(out[i * 15 + j], in[j * 4 + i]);
}

/* A member of a Concat along channels: 3 of 8, through a table, from a reversed Slice. */
static void copy_reverses_and_rescales(void **unused)
{
    (void)unused;
    int8_t table[256];
    for (int32_t i = 0; i < 256; i++)
        table[i] = (int8_t)((i - 128) / 2);
    const itg_copy copy = {.dim = {2, 3, 1, 2, 2, 3},
                           .in_stride = {36, -12, 0, 6, 3, 1},
                           .out_stride = {96, 32, 0, 16, 8, 1},
                           .in_start = 24,
                           .out_start = 5,
                           .table = table,
                           .element_bytes = 1};
    const itg_step step = {.run = itg_op_copy, .params = &copy, .out = OUT, .rows = 2};
    test_arena arena, before;
    fill(&arena);
    before = arena;
    run_cut(&arena, &step);
    const int8_t *in = (const int8_t *)arena.bytes, *out = in + OUT;
    for (int32_t i = 0; i < 192; i++) {
        const int32_t pixel = i / 8, row = pixel / 4, y = row % 3;
        const int32_t source = ((row / 3 * 3 + 2 - y) * 4 + pixel % 4) * 3 + i % 8 - 5;
        if (i % 8 >= 5)
            assert_int_equal(out[i], in[source] / 2);
        else
            assert_int_equal(out[i], (int8_t)before.bytes[OUT + i]);
    }
}

static void gather_pads_and_repeats(void **unused)
{
    (void)unused;
    static const int32_t index[6] = {-1, 2, 0, 0, -1, 1};
    for (uint8_t bytes = 1; bytes <= 4; bytes = (uint8_t)(bytes * 2))
        for (int32_t inner = 1; inner <= 3; inner += 2) {
            const itg_gather gather = {.index = index, .in_count = 3, .out_count = 6, .inner = inner, .fill = 0x04030201, .element_bytes = bytes};
            const itg_step step = {.run = itg_op_gather, .params = &gather, .out = OUT, .rows = 4};
            static const uint8_t fill_bytes[4] = {1, 2, 3, 4};
            test_arena arena;
            fill(&arena);
            run_cut(&arena, &step);
            const int32_t size = inner * bytes;
            for (int32_t i = 0; i < 4 * 6 * size; i++) {
                const int32_t source = index[i / size % 6], outer = i / (6 * size);
                const uint8_t expected = source < 0 ? fill_bytes[i % bytes] : arena.bytes[(outer * 3 + source) * size + i % size];
                assert_int_equal(arena.bytes[OUT + i], expected);
            }
        }
}

static void parts_cover_the_run(void **unused)
{
    (void)unused;
    int16_t table[256];
    for (int32_t i = 0; i < 256; i++)
        table[i] = (int16_t)(i * 100 - 12800);
    const itg_lookup lookup = {.table = table, .length = 103, .part = 10, .in_type = ITG_S8, .out_type = ITG_S16};
    const itg_rescale rescale = {.length = 103,
                                 .part = 20,
                                 .in_zero = 0,
                                 .zero = 3,
                                 .low = -128,
                                 .high = 127,
                                 .requant = {.multiplier = 1 << 24},
                                 .in_type = ITG_S16,
                                 .out_type = ITG_U8};
    const itg_step widen = {.run = itg_op_lookup, .params = &lookup, .out = 1024, .rows = 11};
    const itg_step narrow = {.run = itg_op_rescale, .params = &rescale, .in = {1024}, .out = OUT, .rows = 6};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &widen);
    run_cut(&arena, &narrow);
    for (int32_t i = 0; i < 103; i++) {
        const int32_t word = (int8_t)arena.bytes[i] * 100, scaled = word + 64;
        assert_int_equal(((const int16_t *)(arena.bytes + 1024))[i], word);
        assert_int_equal(arena.bytes[OUT + i] - 128, 3 + scaled / 128 - (scaled % 128 < 0));
    }
    assert_int_equal(arena.bytes[OUT + 103], (uint8_t)((OUT + 103) * 73 + (OUT + 103) / 5));
}

static void reduce_walks_outer_rows(void **unused)
{
    (void)unused;
    static const itg_reduce reduce = {.count = 4,
                                      .inner = 5,
                                      .in_zero = -7,
                                      .out_zero = 2,
                                      .low = -128,
                                      .high = 127,
                                      .requant = {.multiplier = 1 << 29},
                                      .in_type = ITG_S8,
                                      .out_type = ITG_S8};
    const itg_step step = {.run = itg_op_reduce, .params = &reduce, .out = OUT, .rows = 6};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    const int8_t *in = (const int8_t *)arena.bytes;
    for (int32_t i = 0; i < 30; i++) {
        int32_t sum = 0;
        for (int32_t k = 0; k < 4; k++)
            sum += in[(i / 5 * 4 + k) * 5 + i % 5] + 7;
        const int32_t code = 2 + (sum + 2) / 4 - ((sum + 2) % 4 < 0);
        assert_int_equal(in[OUT + i], code < -128 ? -128 : code > 127 ? 127 : code);
    }
}

/* Three images of depthwise and pooling, rows cut anywhere, the second image's first output by its definition. */
static void images_of_a_batch(void **unused)
{
    (void)unused;
    static const int8_t weights[12] = {1, 2, 3, -4, 5, -6, 7, -8, 9, 10, -11, 12};
    static const int32_t bias[3] = {10, 20, 30};
    static const itg_depthwise depthwise = {.in = {4, 3, 3},
                                            .out = {3, 2, 3},
                                            .kernel = {2, 2},
                                            .stride = {1, 1},
                                            .dilation = {1, 1},
                                            .weights = weights,
                                            .epilogue = {.bias = bias},
                                            .in_type = ITG_S8,
                                            .out_type = ITG_S32,
                                            .packing = ITG_PACK_ROWS};
    static const itg_pool maximum = {
        .in = {4, 3, 3}, .out = {2, 2, 3}, .kernel = {2, 2}, .stride = {2, 1}, .dilation = {1, 1}, .in_type = ITG_S8, .out_type = ITG_S8};
    const itg_step spread = {.run = itg_op_depthwise, .params = &depthwise, .out = OUT, .rows = 9};
    const itg_step largest = {.run = itg_op_pool, .params = &maximum, .out = 1024, .rows = 6};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &spread);
    run_cut(&arena, &largest);
    const int8_t *in = (const int8_t *)arena.bytes, *image = in + 36;
    for (int32_t c = 0; c < 3; c++) {
        const int32_t corner[4] = {image[c], image[3 + c], image[9 + c], image[12 + c]};
        int32_t sum = bias[c], most = -128;
        for (int32_t k = 0; k < 4; k++) {
            sum += corner[k] * weights[k * 3 + c];
            most = corner[k] > most ? corner[k] : most;
        }
        assert_int_equal(((const int32_t *)(arena.bytes + OUT))[18 + c], sum);
        assert_int_equal(in[1024 + 12 + c], most);
    }
}

/* y = 32 (x - mean) / deviation of [4][5 groups][3], twice. */
static void normalize_by_groups(void **unused)
{
    (void)unused;
    static const int32_t gain = 12 * 32 << 9, bias = 128;
    static const itg_normalize normalize = {.space = 4,
                                            .groups = 5,
                                            .width = 3,
                                            .gain = &gain,
                                            .bias = &bias,
                                            .low = -128,
                                            .high = 127,
                                            .fraction = 22,
                                            .exponent = 78 + 22 - 31,
                                            .narrow = 8,
                                            .measure = ITG_VARIANCE,
                                            .centered = true,
                                            .in_type = ITG_S8,
                                            .out_type = ITG_S8};
    const itg_step step = {.run = itg_op_normalize, .params = &normalize, .out = OUT, .rows = 10};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    const int8_t *codes = (const int8_t *)arena.bytes;
    for (int32_t group = 0; group < 10; group++) {
        const int32_t start = group / 5 * 60 + group % 5 * 3;
        int32_t sum = 0, squares = 0;
        for (int32_t i = 0; i < 12; i++) {
            const int32_t x = codes[start + i / 3 * 15 + i % 3];
            sum += x;
            squares += x * x;
        }
        const double deviation = sqrt(12.0 * squares - sum * sum);
        for (int32_t i = 0; i < 12; i++) {
            const int32_t place = start + i / 3 * 15 + i % 3;
            assert_int_equal(codes[OUT + place], floor(32.0 * (12 * codes[place] - sum) / deviation + 0.5));
        }
    }
}

/* Windows of up to four channels; a table that falls evenly, entry by entry. */
static void lrn_sums_its_neighbours(void **unused)
{
    (void)unused;
    static int32_t table[16 * 32 + 1];
    for (int32_t i = 0; i <= 16 * 32; i++)
        table[i] = (1 << 30) - 2000000 * i;
    const itg_lrn lrn = {.channels = 7,
                         .below = 1,
                         .above = 2,
                         .table = table,
                         .in_zero = -5,
                         .zero = 4,
                         .low = -128,
                         .high = 127,
                         .epsilon = 1 << 20,
                         .requant = {.multiplier = 1 << 23, .shift = 15},
                         .octave = 20,
                         .narrow = 8,
                         .in_type = ITG_S8,
                         .out_type = ITG_S8};
    const itg_step step = {.run = itg_op_lrn, .params = &lrn, .out = OUT, .rows = 9};
    test_arena arena;
    fill(&arena);
    run_cut(&arena, &step);
    const int8_t *codes = (const int8_t *)arena.bytes;
    for (int32_t i = 0; i < 63; i++) {
        const int32_t channel = i % 7, from = channel < 1 ? 0 : -1, to = channel > 4 ? 6 - channel : 2;
        double value = 1 << 20;
        for (int32_t k = from; k <= to; k++)
            value += 65536.0 * (codes[i + k] + 5) * (codes[i + k] + 5);
        int exponent;
        const double entry = (frexp(value, &exponent) * 2 - 1) * 32 + 32 * (exponent - 21), power = 1.0 - 2000000 * entry / (1 << 30);
        const double expected = 4 + (codes[i] + 5) * power / 2; /* of 2^30 (x 2^-8) 2^23 / 2^46 */
        assert_true(fabs(fmin(fmax(expected, -128), 127) - codes[OUT + i]) < 0.51);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_broadcasts),        cmocka_unit_test(add_int16_with_constant),    cmocka_unit_test(mul_by_a_gate),
        cmocka_unit_test(copy_transposes_words), cmocka_unit_test(copy_reverses_and_rescales), cmocka_unit_test(gather_pads_and_repeats),
        cmocka_unit_test(parts_cover_the_run),   cmocka_unit_test(reduce_walks_outer_rows),    cmocka_unit_test(images_of_a_batch),
        cmocka_unit_test(normalize_by_groups),   cmocka_unit_test(lrn_sums_its_neighbours),
    };
    return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
