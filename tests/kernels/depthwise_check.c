/* SPDX-License-Identifier: Apache-2.0
 * The depthwise family: random depthwise convolutions with channel multipliers, and their definition. */
#include "tests/kernels/check.h"

#include "runtime/kernels/depthwise.h"

#include <stdio.h>

typedef struct bench_shape {
    int32_t in[3], kernel, stride;
} bench_shape;

static const bench_shape bench_shapes[] = {
    {{56, 56, 64}, 3, 1}, {{112, 112, 32}, 3, 1}, {{28, 28, 144}, 3, 2}, {{14, 14, 384}, 3, 1}, {{14, 14, 240}, 5, 1}, {{7, 7, 960}, 5, 1},
};

enum { BENCH_SHAPES = sizeof bench_shapes / sizeof bench_shapes[0] };

static void choose_geometry(check_state *state, itg_depthwise *step)
{
    for (int d = 0; d < 2; d++) {
        step->kernel[d] = check_chance(state, 60) ? 3 : check_between(state, 1, 7);
        step->stride[d] = check_chance(state, 60) ? 1 : check_between(state, 1, 3);
        step->dilation[d] = check_chance(state, 80) ? 1 : check_between(state, 1, 3);
        step->before[d] = check_chance(state, 50) ? step->kernel[d] / 2 : check_between(state, 0, 4);
        step->in[d] = check_between(state, 1, 11);
        step->out[d] = check_between(state, 1, 9);
    }
    step->in[2] = check_chance(state, 60) ? check_between(state, 1, 70) : 16 * check_between(state, 1, 6);
    step->out[2] = step->in[2] * (check_chance(state, 75) ? 1 : check_between(state, 2, 4));
}

static void copy_bench_geometry(itg_depthwise *step, const bench_shape *shape)
{
    for (int d = 0; d < 2; d++) {
        step->in[d] = shape->in[d];
        step->kernel[d] = shape->kernel;
        step->stride[d] = shape->stride;
        step->dilation[d] = 1;
        step->before[d] = shape->kernel / 2;
        step->out[d] = (shape->in[d] + shape->stride - 1) / shape->stride;
    }
    step->in[2] = step->out[2] = shape->in[2];
}

static void choose_types(check_state *state, itg_depthwise *step)
{
    static const itg_type in_types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_S16}, out_types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_S16, ITG_S32};
    step->in_type = in_types[check_between(state, 0, 3)];
    step->out_type = out_types[check_between(state, 0, 4)];
    step->epilogue.wide = step->in_type == ITG_S16 && check_chance(state, 50);
}

static void fill_operands(check_state *state, check_case *test, itg_depthwise *step)
{
    const int32_t depth = step->kernel[0] * step->kernel[1];
    const size_t weight_count = (size_t)(depth * step->out[2]);
    const int64_t largest = step->in_type == ITG_S16 ? 32768 : 128;
    void *weights = check_new(state, weight_count, 1);
    check_fill(state, weights, ITG_S8, weight_count, -127, 127);
    step->weights = weights;
    step->pad_code = check_between(state, check_lowest(step->in_type), check_highest(step->in_type));
    if (step->in_type != ITG_S16 && check_chance(state, 30))
        step->pad = check_new(state, (size_t)step->in[2], 1);
    check_make_epilogue(state, &step->epilogue, step->out_type, step->out[2], depth * largest * 127);
    const size_t in_count = (size_t)step->in[0] * (size_t)step->in[1] * (size_t)step->in[2];
    void *in = check_new(state, in_count * check_bytes(step->in_type), check_bytes(step->in_type));
    check_fill(state, in, step->in_type, in_count, check_lowest(step->in_type), check_highest(step->in_type));
    test->in[0] = in;
    test->out_bytes = (size_t)step->out[0] * (size_t)step->out[1] * (size_t)step->out[2] * check_bytes(step->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(step->out_type));
    test->work = (int64_t)depth * step->out[0] * step->out[1] * step->out[2];
}

static bool make_depthwise(check_state *state, check_case *test, int bench)
{
    if (bench >= BENCH_SHAPES)
        return false;
    itg_depthwise *step = check_new(state, sizeof *step, 8);
    *step = (itg_depthwise){.in_type = ITG_S8, .out_type = ITG_S8, .packing = ITG_PACK_ROWS};
    if (bench < 0) {
        choose_geometry(state, step);
        choose_types(state, step);
    } else {
        copy_bench_geometry(step, &bench_shapes[bench]);
    }
    fill_operands(state, test, step);
    if (bench >= 0)
        check_plain_epilogue(&step->epilogue);
    test->params = step;
    check_pack(state, test, itg_op_depthwise);
    test->rows[0] = bench < 0 && check_chance(state, 30) ? check_between(state, 0, step->out[0]) : 0;
    test->rows[1] = bench < 0 && check_chance(state, 30) ? check_between(state, test->rows[0], step->out[0]) : step->out[0];
    snprintf(test->text, sizeof test->text, "in %dx%dx%d out %dx%dx%d kernel %dx%d stride %dx%d dilation %dx%d types %d>%d wide %d", step->in[0],
             step->in[1], step->in[2], step->out[0], step->out[1], step->out[2], step->kernel[0], step->kernel[1], step->stride[0], step->stride[1],
             step->dilation[0], step->dilation[1], (int)step->in_type, (int)step->out_type, step->epilogue.wide);
    return true;
}

static void run_depthwise(const itg_kernels *kernels, const check_case *test)
{
    kernels->depthwise->rows(test->packed[kernels->packing], test->out, test->in[0], test->rows[0], test->rows[1], test->scratch[kernels->packing]);
}

static int64_t define_sum(const itg_depthwise *step, const void *in, int32_t y, int32_t x, int32_t channel)
{
    const int32_t source = channel / (step->out[2] / step->in[2]);
    int64_t sum = 0;
    for (int32_t ky = 0; ky < step->kernel[0]; ky++)
        for (int32_t kx = 0; kx < step->kernel[1]; kx++) {
            const int32_t iy = y * step->stride[0] - step->before[0] + ky * step->dilation[0];
            const int32_t ix = x * step->stride[1] - step->before[1] + kx * step->dilation[1];
            const bool outside = iy < 0 || iy >= step->in[0] || ix < 0 || ix >= step->in[1];
            const int64_t pad = step->pad ? step->pad[source] : step->pad_code;
            const int64_t code = outside ? pad : check_load(in, step->in_type, (size_t)((iy * step->in[1] + ix) * step->in[2] + source));
            sum += code * step->weights[(ky * step->kernel[1] + kx) * step->out[2] + channel];
        }
    return sum;
}

static void define_depthwise(const check_case *test, void *out)
{
    const itg_depthwise *step = test->params;
    for (int32_t y = test->rows[0]; y < test->rows[1]; y++)
        for (int32_t x = 0; x < step->out[1]; x++)
            for (int32_t c = 0; c < step->out[2]; c++) {
                const int64_t sum = define_sum(step, test->in[0], y, x, c);
                const size_t index = (size_t)((y * step->out[1] + x) * step->out[2] + c);
                check_store(out, step->out_type, index, check_finish(&step->epilogue, step->out_type, sum, c));
            }
}

const check_family check_depthwise = {"depthwise", "MAC", make_depthwise, run_depthwise, define_depthwise};
