/* SPDX-License-Identifier: Apache-2.0
 * What convolutions and poolings see: weights, and attributes of windows. Half of the windows are small; the others lie as far apart, reach as
 * far or stand as deep in padding as the importer allows, and yet give few results, so that they come through every phase.
 * Called by values.c. */
#include "tests/fuzz/generator.h"

#define MOST_KERNEL 7

static int64_t dimension(const itgc_shape *shape, int index)
{
    return index >= 0 && index < shape->rank && shape->dim[index] > 0 ? shape->dim[index] : 1;
}

static bool is_convolution(const char *op)
{
    return strncmp(op, "Conv", 4) == 0;
}

static int64_t choose_group(fuzz_generator *g, char kind, int64_t channels)
{
    return kind == 'd' || (strchr("wW", kind) != NULL && fuzz_choose(&g->bytes, 3) == 2) ? channels : 1;
}

static int64_t choose_outputs(fuzz_generator *g, char kind, int64_t channels, int64_t group)
{
    if (kind == 'j')
        return channels;
    return group == 1 ? 1 + fuzz_choose(&g->bytes, 20) : group * (1 + fuzz_choose(&g->bytes, 2));
}

/* [M, C/group, k…] for Conv, [C, M/group, k…] for ConvTranspose; the group goes with the attributes. */
const char *fuzz_add_conv_weights(fuzz_generator *g, char kind, const itgc_shape *x)
{
    static const int64_t kernels[] = {1, 2, 3, 1, 3, 5, MOST_KERNEL};
    const int64_t channels = dimension(x, 1), kernel = kind == 'f' ? 1 : kernels[fuzz_choose(&g->bytes, 7)];
    const bool is_line = kind != 'f' && fuzz_choose(&g->bytes, 8) == 7; /* along the last dimension alone */
    itgc_shape shape = *x;
    g->group = choose_group(g, kind, channels);
    g->outputs = choose_outputs(g, kind, channels, g->group);
    shape.dim[0] = kind == 'W' ? channels : g->outputs;
    shape.dim[1] = (kind == 'W' ? g->outputs : channels) / g->group;
    for (int i = 2; i < shape.rank; i++)
        shape.dim[i] = g->kernel[i - 2] = is_line && i < shape.rank - 1 ? 1 : kernel;
    return fuzz_add_floats(g, &shape, false);
}

typedef struct axis {
    int64_t kernel, stride, dilation, before, after;
} axis;

/* Where something may begin or end: of vectors, blocks, 8, 16, 24 and, with what is multiplied by it, 32 bits. */
static int64_t choose_size(fuzz_bytes *bytes)
{
    static const int64_t sizes[] = {2,      3, 7, 8, 15, 16, 33, 64, 129, 255, 4096, 65535, 1 << 16, 1 << 19, 1 << 22, (1 << 23) + 1, (1 << 24) - 1,
                                    1 << 24};
    return sizes[fuzz_choose(bytes, sizeof sizes / sizeof sizes[0])];
}

/* As many results as inputs, or a few less. */
static void pad_to_same(fuzz_bytes *bytes, axis *a)
{
    const int64_t all = (a->kernel - 1) * a->dilation;
    a->before = fuzz_choose(bytes, 4) == 3 ? 0 : all / 2;
    a->after = all - a->before - (fuzz_choose(bytes, 4) == 3 && all > a->before);
}

/* Padding of about a window, so that the first or the last may see nothing else. */
static void pad_by_window(fuzz_bytes *bytes, axis *a)
{
    const int64_t reach = (a->kernel - 1) * a->dilation, least = reach > 0 ? reach - 1 : 0;
    a->before = least + fuzz_choose(bytes, 3);
    a->after = fuzz_choose(bytes, 2) == 0 ? 0 : least + fuzz_choose(bytes, 3);
}

/* kind 0: dilation, 1: dilation and stride, 2: stride and padding, 3: padding, 4: nothing. */
static axis choose_axis(fuzz_bytes *bytes, int kind, int64_t in, int64_t kernel)
{
    axis a = {.kernel = kernel, .stride = 1, .dilation = 1};
    if (kind <= 1)
        a.dilation = fuzz_choose(bytes, 4) == 3 ? in + fuzz_choose(bytes, 3) - 1 + (in == 1) : choose_size(bytes);
    if (kind == 1 || kind == 2)
        a.stride = choose_size(bytes);
    if (kind <= 1)
        pad_to_same(bytes, &a);
    if (kind == 2)
        a.before = a.after = a.stride - fuzz_choose(bytes, 3);
    if (kind == 3)
        pad_by_window(bytes, &a);
    return a;
}

static void set_axes(fuzz_generator *g, const axis *axes, int count, bool with_kernel)
{
    int64_t kernel[ITGC_MAX_RANK] = {0}, stride[ITGC_MAX_RANK] = {0}, dilation[ITGC_MAX_RANK] = {0}, pads[2 * ITGC_MAX_RANK] = {0};
    for (int i = 0; i < count; i++) {
        kernel[i] = axes[i].kernel;
        stride[i] = axes[i].stride;
        dilation[i] = axes[i].dilation;
        pads[i] = axes[i].before;
        pads[count + i] = axes[i].after;
    }
    if (with_kernel)
        set_ints(&g->writer, "kernel_shape", kernel, (size_t)count);
    set_ints(&g->writer, "strides", stride, (size_t)count);
    set_ints(&g->writer, "dilations", dilation, (size_t)count);
    set_ints(&g->writer, "pads", pads, 2 * (size_t)count);
}

bool fuzz_set_far_windows(fuzz_generator *g, const char *op, const itgc_shape *x)
{
    const int choice = fuzz_choose(&g->bytes, 16), kind = choice % 4, count = x->rank - 2;
    const int only = choice / 4 == 3 ? fuzz_choose(&g->bytes, 3) : -1; /* one axis is like that, the others see what they stand on */
    axis axes[ITGC_MAX_RANK];
    if (choice < 8 || count < 1)
        return false;
    for (int i = 0; i < count; i++) {
        const int64_t in = dimension(x, 2 + i), kernels[] = {3, 2, 1, in, 2 * in + 1};
        const bool is_far = only < 0 || only == i;
        const int64_t kernel = is_convolution(op) ? (g->kernel[i] > 0 ? g->kernel[i] : 1) : is_far ? kernels[fuzz_choose(&g->bytes, 5)] : 1;
        axes[i] = choose_axis(&g->bytes, is_far ? kind : 4, in, kernel);
    }
    set_axes(g, axes, count, !is_convolution(op));
    return true;
}
