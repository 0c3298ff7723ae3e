/* SPDX-License-Identifier: Apache-2.0
 * The windows of Conv and the pools in the runtime's terms. Called by the quantizers of those ops. */
#include "compiler/ops/window_quantize.h"

#define MOST_STAGED ((int64_t)1 << 28) /* inputs of a row of windows and the next, with padding: kernels count some times their bytes in 32 bits */

static int64_t reach_of(const itgc_window_shape *shape, int axis, int64_t count)
{
    return (count - 1) * shape->stride[axis] + (int64_t)(shape->kernel[axis] - 1) * shape->dilation[axis] + 1;
}

/* Depthwise kernels stage blocks of 32 channels (column.h), however few there are. */
bool itgc_check_staging(itgc_diag *diag, const itgc_window_shape *shape)
{
    const int64_t rows = reach_of(shape, 0, 2), columns = reach_of(shape, 1, shape->out[1]);
    if (rows > MOST_STAGED / columns || rows * columns > MOST_STAGED / (shape->in[2] > 32 ? shape->in[2] : 32)) {
        return itgc_fail(diag, 419, "two rows of windows reach over %lld x %lld positions of %d channels; use a smaller dilation, stride or padding",
                         (long long)rows, (long long)columns, shape->in[2]);
    }
    return true;
}

/* The window at `start`, which may be in the padding, along one axis. */
static bool sees_inside(const itgc_window_shape *shape, int axis, int64_t start)
{
    const int64_t dilation = shape->dilation[axis], first = start < 0 ? (dilation - 1 - start) / dilation : 0;
    return first < shape->kernel[axis] && start + first * dilation < shape->in[axis];
}

static bool check_inside(itgc_diag *diag, const itgc_window_shape *shape, int axis)
{
    for (int64_t i = 0; i < shape->out[axis]; i++) {
        if (!sees_inside(shape, axis, i * shape->stride[axis] - shape->before[axis])) {
            return itgc_fail(diag, 419, "window %lld along spatial dimension %d sees nothing but padding; use a smaller padding", (long long)i, axis);
        }
    }
    return true;
}

/* Kernels count places in 32 bits, those of the next row of windows too. */
static bool check_places(itgc_diag *diag, const itgc_window_shape *shape, int axis)
{
    const int64_t positions = reach_of(shape, axis, (int64_t)shape->out[axis] + 1), elements = (axis == 0 ? (int64_t)shape->in[1] : 1) * shape->in[2];
    if (positions > INT32_MAX / elements) {
        return itgc_fail(diag, 419,
                         "windows reach over %lld positions of %lld elements along spatial dimension %d; use a smaller dilation, stride or padding",
                         (long long)positions, (long long)elements, axis);
    }
    return true;
}

bool itgc_check_windows(itgc_diag *diag, const itgc_window_shape *shape)
{
    return check_inside(diag, shape, 0) && check_inside(diag, shape, 1) && check_places(diag, shape, 0) && check_places(diag, shape, 1);
}

bool itgc_read_window(itgc_diag *diag, const itgc_window *window, const itgc_shape *in, const itgc_shape *out, itgc_window_shape *shape)
{
    if (window->rank < 1 || window->rank > 2 || !window->channels_last || in->rank != window->rank + 2) {
        return itgc_fail(diag, 410, "a window over %d dimensions has no integer step; only 1-D and 2-D ones have", window->rank);
    }
    *shape = (itgc_window_shape){.batch = in->dim[0],
                                 .in = {1, 1, (int32_t)in->dim[in->rank - 1]},
                                 .out = {1, 1, (int32_t)out->dim[out->rank - 1]},
                                 .kernel = {1, 1},
                                 .stride = {1, 1},
                                 .dilation = {1, 1}};
    for (int i = 0; i < window->rank; i++) {
        const int to = 2 - window->rank + i;
        shape->in[to] = (int32_t)in->dim[1 + i];
        shape->out[to] = (int32_t)out->dim[1 + i];
        shape->kernel[to] = (int32_t)window->kernel[i];
        shape->stride[to] = (int32_t)window->stride[i];
        shape->dilation[to] = (int32_t)window->dilation[i];
        shape->before[to] = (int32_t)window->before[i];
        shape->after[to] = (int32_t)window->after[i];
    }
    return true;
}

const int8_t *itgc_pad_codes(itgc_quantizer *quantizer, const float *values, const itgc_window_shape *shape, const itgc_format *in)
{
    const bool is_padded = shape->before[0] || shape->before[1] || shape->after[0] || shape->after[1];
    if (!values || !is_padded || in->type == ITG_S16) {
        return NULL;
    }
    int8_t *codes = ITGC_NEW_ARRAY(quantizer->arena, int8_t, shape->in[2]);
    for (int c = 0; c < shape->in[2]; c++) {
        codes[c] = (int8_t)itgc_code_of(in, (double)values[c]);
    }
    return itgc_keep_constant(quantizer, "pad", codes, 1, true, (size_t)shape->in[2]);
}
