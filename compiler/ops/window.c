/* SPDX-License-Identifier: Apache-2.0
 * Windows as ONNX defines them (Conv, MaxPool, AveragePool, opsets 1 to 22), ceil_mode as ONNX Runtime computes it: the last window
 * must start inside the input or its padding in front. Called by the parse and infer of conv.c, convtranspose.c and pool.c. */
#include "compiler/ops/window.h"

#include <inttypes.h>
#include <string.h>

#define LARGEST ((int64_t)1 << 24)

/* A list attribute of window->rank values in [low, LARGEST], `otherwise` everywhere if absent. */
static bool parse_list(const itgc_node *node, itgc_diag *diag, const char *name, int64_t *values, int64_t low, int64_t otherwise, int *rank)
{
    for (int i = 0; i < ITGC_MAX_SPATIAL; i++) {
        values[i] = otherwise;
    }
    const int count = itgc_ints_attribute(node, name, values, ITGC_MAX_SPATIAL);
    if (count == -1) {
        return true;
    }
    if (count < 1 || (*rank != 0 && count != *rank)) {
        return itgc_fail(diag, 220, "attribute \"%s\" does not have one integer for each of 1 to 3 spatial dimensions; export the model again", name);
    }
    *rank = count;
    for (int i = 0; i < count; i++) {
        if (values[i] < low || values[i] > LARGEST) {
            return itgc_fail(diag, 220, "attribute \"%s\" has the value %" PRId64 "; values from %" PRId64 " on are supported", name, values[i], low);
        }
    }
    return true;
}

static bool parse_pads(const itgc_node *node, itgc_diag *diag, itgc_window *window)
{
    int64_t pads[2 * ITGC_MAX_SPATIAL] = {0};
    const int count = itgc_ints_attribute(node, "pads", pads, 2 * ITGC_MAX_SPATIAL);
    if (count == -1) {
        return true;
    }
    if (count < 2 || count % 2 != 0 || (window->rank != 0 && count != 2 * window->rank)) {
        return itgc_fail(diag, 220, "attribute \"pads\" does not have two integers for each of 1 to 3 spatial dimensions; export the model again");
    }
    window->rank = count / 2;
    for (int i = 0; i < count; i++) {
        if (pads[i] < 0 || pads[i] > LARGEST) {
            return itgc_fail(diag, 221, "a padding of %" PRId64 " is not supported here; crop with Slice or Pad before", pads[i]);
        }
    }
    for (int i = 0; i < window->rank; i++) {
        window->before[i] = pads[i];
        window->after[i] = pads[window->rank + i];
    }
    return true;
}

static bool parse_auto_pad(const itgc_node *node, itgc_diag *diag, itgc_window *window)
{
    static const char *const names[] = {
        [ITGC_PAD_EXPLICIT] = "NOTSET", [ITGC_PAD_SAME_UPPER] = "SAME_UPPER", [ITGC_PAD_SAME_LOWER] = "SAME_LOWER", [ITGC_PAD_VALID] = "VALID"};
    const char *const given = itgc_string_attribute(node, "auto_pad", "NOTSET");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(given, names[i]) == 0 || given[0] == '\0') {
            window->auto_pad = given[0] == '\0' ? ITGC_PAD_EXPLICIT : (itgc_auto_pad)i;
            return true;
        }
    }
    return itgc_fail(diag, 222, "auto_pad \"%.40s\" is unknown; re-export with explicit pads", given);
}

bool itgc_parse_window(const itgc_node *node, itgc_diag *diag, itgc_window *window)
{
    window->ceil_mode = itgc_int_attribute(node, "ceil_mode", 0) != 0;
    return parse_list(node, diag, "kernel_shape", window->kernel, 1, 0, &window->rank) &&
           parse_list(node, diag, "strides", window->stride, 1, 1, &window->rank) &&
           parse_list(node, diag, "dilations", window->dilation, 1, 1, &window->rank) && parse_pads(node, diag, window) &&
           parse_auto_pad(node, diag, window);
}

int itgc_spatial_dim(const itgc_window *window, int axis)
{
    return window->channels_last ? 1 + axis : 2 + axis;
}

int itgc_channel_dim(const itgc_window *window)
{
    return window->channels_last ? 1 + window->rank : 1;
}

int64_t itgc_window_extent(const itgc_window *window, int axis)
{
    return (window->kernel[axis] - 1) * window->dilation[axis] + 1;
}

bool itgc_check_window(itgc_window *window, itgc_diag *diag, const itgc_shape *x)
{
    if (x->rank < 3 || x->rank > 2 + ITGC_MAX_SPATIAL) {
        return itgc_fail(diag, 223, "its input has %d dimensions; 3 to 5 are supported", x->rank);
    }
    if (window->rank != 0 && window->rank != x->rank - 2) {
        return itgc_fail(diag, 223, "its attributes are for %d spatial dimensions but its input has %d; check the input shape", window->rank,
                         x->rank - 2);
    }
    window->rank = x->rank - 2;
    return true;
}

static int64_t count_windows(const itgc_window *window, int axis, int64_t in)
{
    const int64_t before = window->before[axis], stride = window->stride[axis];
    const int64_t room = in + before + window->after[axis] - itgc_window_extent(window, axis);
    if (room < 0) {
        return 0;
    }
    if (!window->ceil_mode) {
        return room / stride + 1;
    }
    const int64_t windows = (room + stride - 1) / stride + 1;
    return (windows - 1) * stride >= in + before ? windows - 1 : windows;
}

static void resolve_padding(itgc_window *window, int axis, int64_t in)
{
    int64_t needed = 0;
    if (window->auto_pad != ITGC_PAD_VALID) {
        const int64_t stride = window->stride[axis], windows = (in + stride - 1) / stride;
        needed = (windows - 1) * stride + itgc_window_extent(window, axis) - in;
        needed = needed < 0 ? 0 : needed;
    }
    window->before[axis] = window->auto_pad == ITGC_PAD_SAME_LOWER ? (needed + 1) / 2 : needed / 2;
    window->after[axis] = needed - window->before[axis];
}

bool itgc_infer_window(itgc_window *window, itgc_diag *diag, const itgc_shape *x, int64_t *out)
{
    if (!itgc_check_window(window, diag, x)) {
        return false;
    }
    for (int i = 0; i < window->rank; i++) {
        const int64_t in = x->dim[itgc_spatial_dim(window, i)];
        if (in > LARGEST) {
            return itgc_fail(diag, 223, "a spatial size of %" PRId64 " is too large; check the input shape", in);
        }
        if (window->auto_pad != ITGC_PAD_EXPLICIT) {
            resolve_padding(window, i, in);
        }
        out[i] = count_windows(window, i, in);
        if (out[i] <= 0 && in > 0) {
            return itgc_fail(diag, 224,
                             "its window of %" PRId64 " does not fit an input of %" PRId64 " with padding %" PRId64 " + %" PRId64
                             "; check the input shape",
                             itgc_window_extent(window, i), in, window->before[i], window->after[i]);
        }
    }
    window->auto_pad = ITGC_PAD_EXPLICIT;
    return true;
}

static void fill_steps(ptrdiff_t *step, ptrdiff_t *channel, ptrdiff_t *batch, const itgc_window *window, const itgc_shape *shape)
{
    const int channel_dim = itgc_channel_dim(window), first = itgc_spatial_dim(window, 0);
    ptrdiff_t elements = 1;
    step[0] = step[1] = step[2] = 0;
    for (int i = shape->rank - 1; i > 0; i--) {
        if (i == channel_dim) {
            *channel = elements;
        } else {
            step[i - first + 3 - window->rank] = elements;
        }
        elements *= (ptrdiff_t)shape->dim[i];
    }
    *batch = elements;
}

void itgc_fill_geometry(itgc_geometry *geometry, const itgc_window *window, const itgc_shape *x, const itgc_shape *y)
{
    *geometry = (itgc_geometry){.batch = x->dim[0], .channels = y->dim[itgc_channel_dim(window)]};
    for (int i = 0; i < 3; i++) {
        const int axis = i - (3 - window->rank);
        geometry->in[i] = axis < 0 ? 1 : x->dim[itgc_spatial_dim(window, axis)];
        geometry->out[i] = axis < 0 ? 1 : y->dim[itgc_spatial_dim(window, axis)];
        geometry->kernel[i] = axis < 0 ? 1 : window->kernel[axis];
        geometry->stride[i] = axis < 0 ? 1 : window->stride[axis];
        geometry->dilation[i] = axis < 0 ? 1 : window->dilation[axis];
        geometry->before[i] = axis < 0 ? 0 : window->before[axis];
        geometry->after[i] = axis < 0 ? 0 : window->after[axis];
    }
    fill_steps(geometry->in_step, &geometry->in_channel, &geometry->in_batch, window, x);
    fill_steps(geometry->out_step, &geometry->out_channel, &geometry->out_batch, window, y);
}
