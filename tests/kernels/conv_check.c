/* SPDX-License-Identifier: Apache-2.0
 * The conv family: random convolutions, grouped ones and fully connected layers, and their seven-loop definition. */
#include "tests/kernels/check.h"

#include "runtime/kernels/conv.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct bench_shape {
    int32_t in[3], outputs, kernel, stride, groups;
} bench_shape;

static const bench_shape bench_shapes[] = {
    {{56, 56, 64}, 64, 1, 1, 1}, {{56, 56, 64}, 64, 3, 1, 1},  {{28, 28, 128}, 128, 3, 1, 1}, {{14, 14, 256}, 256, 3, 1, 1},
    {{7, 7, 512}, 512, 3, 1, 1}, {{224, 224, 3}, 64, 7, 2, 1}, {{1, 1, 512}, 1000, 1, 1, 1},  {{28, 28, 64}, 64, 3, 1, 4},
};

enum { BENCH_SHAPES = sizeof bench_shapes / sizeof bench_shapes[0] };

static void choose_geometry(check_state *state, itg_conv *conv)
{
    for (int d = 0; d < 2; d++) {
        conv->kernel[d] = check_chance(state, 40) ? 1 : check_between(state, 1, 5);
        conv->stride[d] = check_chance(state, 60) ? 1 : check_between(state, 1, 3);
        conv->dilation[d] = check_chance(state, 80) ? 1 : check_between(state, 1, 3);
        conv->before[d] = check_chance(state, 50) ? conv->kernel[d] / 2 : check_between(state, 0, 4);
        conv->in[d] = check_between(state, 1, 11);
        conv->out[d] = check_between(state, 1, 9);
    }
    conv->groups = check_chance(state, 75) ? 1 : check_between(state, 2, 4);
    conv->in[2] = conv->groups * (check_chance(state, 70) ? check_between(state, 1, 40) : 16 * check_between(state, 1, 4));
    conv->out[2] = conv->groups * check_between(state, 1, 37);
}

/* 3x3 layers of stride 1 that kernels may transform (runtime/kernels/winograd.h), a few of them with sums up to the bound of the proof. */
static void choose_transformed(check_state *state, itg_conv *conv)
{
    const bool deep = check_chance(state, 5);
    for (int d = 0; d < 2; d++) {
        conv->kernel[d] = 3;
        conv->stride[d] = conv->dilation[d] = 1;
        conv->before[d] = check_between(state, 0, 2);
        conv->in[d] = check_between(state, 1, 18);
        conv->out[d] = check_between(state, 1, 18);
    }
    conv->groups = 1;
    conv->in[2] = 16 * (deep ? 14 : check_between(state, 1, check_chance(state, 80) ? 3 : 9));
    conv->out[2] = check_between(state, 1, deep ? 18 : 40);
}

static void copy_bench_geometry(itg_conv *conv, const bench_shape *shape)
{
    for (int d = 0; d < 2; d++) {
        conv->in[d] = shape->in[d];
        conv->kernel[d] = shape->in[d] == 1 ? 1 : shape->kernel;
        conv->stride[d] = shape->stride;
        conv->dilation[d] = 1;
        conv->before[d] = conv->kernel[d] / 2;
        conv->out[d] = (shape->in[d] + shape->stride - 1) / shape->stride;
    }
    conv->in[2] = shape->in[2];
    conv->out[2] = shape->outputs;
    conv->groups = shape->groups;
}

static void choose_types(check_state *state, itg_conv *conv)
{
    static const itg_type in_types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_S16}, out_types[] = {ITG_S8, ITG_S8, ITG_U8, ITG_S16, ITG_S32};
    conv->in_type = in_types[check_between(state, 0, 3)];
    conv->out_type = out_types[check_between(state, 0, 4)];
    conv->epilogue.wide = conv->in_type == ITG_S16 && check_chance(state, 50);
}

/* Weights, padding, epilogue and input. int16 inputs that are not wide get weights small enough for 32 bits, unless the output is the
 * accumulator itself, which may wrap. */
static void fill_operands(check_state *state, check_case *test, itg_conv *conv)
{
    const int32_t depth = conv->kernel[0] * conv->kernel[1] * (conv->in[2] / conv->groups);
    const size_t weight_count = (size_t)(depth * conv->out[2]);
    const int64_t largest = conv->in_type == ITG_S16 ? 32768 : 128;
    int32_t weight = check_chance(state, 70) ? 127 : 63; /* four products of the smaller ones fit 16 bits */
    while (conv->out_type != ITG_S32 && !conv->epilogue.wide && depth * largest * weight >= (int64_t)1 << 29)
        weight /= 2;
    void *weights = check_new(state, weight_count, 1);
    if (weight > 72 && check_chance(state, 40)) /* pairs that may saturate are the exception, as in trained layers */
        weight = 72;
    check_fill(state, weights, ITG_S8, weight_count, -weight, weight);
    conv->weights = weights;
    conv->pad_code = check_between(state, check_lowest(conv->in_type), check_highest(conv->in_type));
    if (conv->in_type != ITG_S16 && check_chance(state, 30))
        conv->pad = check_new(state, (size_t)conv->in[2], 1);
    check_make_epilogue(state, &conv->epilogue, conv->out_type, conv->out[2], depth * largest * weight);
    const size_t in_count = (size_t)test->images * (size_t)conv->in[0] * (size_t)conv->in[1] * (size_t)conv->in[2];
    void *in = check_new(state, in_count * check_bytes(conv->in_type), check_bytes(conv->in_type));
    check_fill(state, in, conv->in_type, in_count, check_lowest(conv->in_type), check_highest(conv->in_type));
    test->in[0] = in;
    if (check_chance(state, 20))
        conv->out_pitch = conv->out[2] + check_between(state, 1, 9);
    test->out_bytes = (size_t)test->images * (size_t)conv->out[0] * (size_t)conv->out[1] * (size_t)itg_out_pitch(conv) * check_bytes(conv->out_type);
    test->out = check_new(state, test->out_bytes, check_bytes(conv->out_type));
    test->work = (int64_t)test->images * depth * conv->out[0] * conv->out[1] * conv->out[2];
}

static bool make_conv(check_state *state, check_case *test, int bench)
{
    if (bench >= BENCH_SHAPES)
        return false;
    itg_conv *conv = check_new(state, sizeof *conv, 8);
    *conv = (itg_conv){.in_type = ITG_S8, .out_type = ITG_S8, .packing = ITG_PACK_ROWS};
    test->images = bench < 0 && check_chance(state, 20) ? check_between(state, 2, 5) : 1;
    if (bench < 0) {
        choose_types(state, conv);
        (check_chance(state, 75) ? choose_geometry : choose_transformed)(state, conv);
    } else {
        copy_bench_geometry(conv, &bench_shapes[bench]);
    }
    fill_operands(state, test, conv);
    if (bench >= 0)
        check_plain_epilogue(&conv->epilogue);
    test->params = conv;
    check_pack(state, test, itg_op_conv);
    const bool some = bench < 0 && test->images == 1;
    test->rows[0] = some && check_chance(state, 30) ? check_between(state, 0, conv->out[0]) : 0;
    test->rows[1] = some && check_chance(state, 30) ? check_between(state, test->rows[0], conv->out[0]) : conv->out[0];
    test->kind = bench < 0 ? check_between(state, 0, 2) : 0;
    snprintf(test->text, sizeof test->text,
             "images %d in %dx%dx%d out %dx%dx%d kernel %dx%d stride %dx%d dilation %dx%d groups %d types %d>%d wide %d", test->images, conv->in[0],
             conv->in[1], conv->in[2], conv->out[0], conv->out[1], conv->out[2], conv->kernel[0], conv->kernel[1], conv->stride[0], conv->stride[1],
             conv->dilation[0], conv->dilation[1], conv->groups, (int)conv->in_type, (int)conv->out_type, conv->epilogue.wide);
    return true;
}

/* Some blocks, or with end 0 all, of all images: together if the table takes them so. */
static void run_blocks(const itg_kernels *kernels, const check_case *test, const int32_t blocks[2])
{
    const itg_conv *conv = test->packed[kernels->packing];
    void *scratch = test->scratch[kernels->packing];
    if (test->images > 1 && kernels->conv->images && kernels->conv->images(conv, test->out, test->in[0], test->images, blocks, scratch))
        return;
    for (int32_t image = 0; image < test->images; image++) {
        void *out = (uint8_t *)test->out + (size_t)image * itg_out_image_bytes(conv);
        const void *in = (const uint8_t *)test->in[0] + (size_t)image * itg_in_image_bytes(conv);
        if (blocks[1])
            kernels->conv->part(conv, out, in, test->rows, blocks, scratch);
        else
            kernels->conv->rows(conv, out, in, test->rows[0], test->rows[1], scratch);
    }
}

/* In two parts where the table can, cut at block `kind`; else whole. */
static void run_conv(const itg_kernels *kernels, const check_case *test)
{
    const itg_conv *conv = test->packed[kernels->packing];
    const int32_t blocks = (conv->out[2] + 15) / 16, cut = test->kind;
    if (kernels->conv->part && conv->groups == 1 && conv->packing == kernels->packing && cut > 0 && cut < blocks) {
        run_blocks(kernels, test, (const int32_t[2]){cut, blocks});
        run_blocks(kernels, test, (const int32_t[2]){0, cut});
        return;
    }
    run_blocks(kernels, test, (const int32_t[2]){0, 0});
}

/* Input codes and a pixel of padding, as plain integers. */
typedef struct plain_input {
    int32_t *codes, *pad;
} plain_input;

static const int32_t *input_pixel(const itg_conv *conv, const plain_input *input, int32_t y, int32_t x)
{
    if (y < 0 || y >= conv->in[0] || x < 0 || x >= conv->in[1])
        return input->pad;
    return input->codes + (ptrdiff_t)(y * conv->in[1] + x) * conv->in[2];
}

static int64_t define_sum(const itg_conv *conv, const plain_input *input, int32_t y, int32_t x, int32_t channel)
{
    const int32_t depth = conv->in[2] / conv->groups, group = channel / (conv->out[2] / conv->groups);
    int64_t sum = 0;
    for (int32_t ky = 0; ky < conv->kernel[0]; ky++)
        for (int32_t kx = 0; kx < conv->kernel[1]; kx++) {
            const int32_t iy = y * conv->stride[0] - conv->before[0] + ky * conv->dilation[0];
            const int32_t ix = x * conv->stride[1] - conv->before[1] + kx * conv->dilation[1];
            const int32_t *codes = input_pixel(conv, input, iy, ix) + group * depth;
            const int8_t *weights = conv->weights + ((channel * conv->kernel[0] + ky) * conv->kernel[1] + kx) * depth;
            for (int32_t c = 0; c < depth; c++)
                sum += (int64_t)codes[c] * weights[c];
        }
    return sum;
}

static void define_image(const check_case *test, void *out, int32_t image)
{
    const itg_conv *conv = test->params;
    const size_t in_bytes = itg_in_image_bytes(conv), first = (size_t)image * itg_out_image_bytes(conv) / check_bytes(conv->out_type);
    const plain_input input = {
        check_decode((const uint8_t *)test->in[0] + (size_t)image * in_bytes, conv->in_type, (size_t)(conv->in[0] * conv->in[1] * conv->in[2])),
        check_decode(conv->pad, ITG_S8, (size_t)conv->in[2])};
    for (int32_t c = 0; c < conv->in[2] && !conv->pad; c++)
        input.pad[c] = conv->pad_code;
    for (int32_t y = test->rows[0]; y < test->rows[1]; y++)
        for (int32_t x = 0; x < conv->out[1]; x++)
            for (int32_t c = 0; c < conv->out[2]; c++) {
                const int64_t sum = define_sum(conv, &input, y, x, c);
                const size_t index = first + (size_t)((y * conv->out[1] + x) * itg_out_pitch(conv) + c);
                check_store(out, conv->out_type, index, check_finish(&conv->epilogue, conv->out_type, sum, c));
            }
    free(input.codes);
    free(input.pad);
}

static void define_conv(const check_case *test, void *out)
{
    for (int32_t image = 0; image < test->images; image++)
        define_image(test, out, image);
}

const check_family check_conv = {"conv", "MAC", make_conv, run_conv, define_conv};
