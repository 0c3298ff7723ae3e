/* SPDX-License-Identifier: Apache-2.0
 * The windows of Conv and the pools in the runtime's terms. Called by the quantizers of those ops. */
#include "compiler/ops/window_quantize.h"

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
