/* SPDX-License-Identifier: Apache-2.0
 * Coordinates and weights of Resize (ONNX opset 19 and its reference implementation), one axis at a time. Called by resize.c; the integer
 * nearest form in quantize reads the same table. */
#include "compiler/ops/resize.h"

#include <math.h>

float itgc_resize_coordinate(const itgc_resize_params *params, int axis, int64_t position, int64_t in, int64_t out)
{
    const float x = (float)position, scale = (float)params->scale[axis], from = (float)in, to = (float)out;
    const float half = (x + 0.5f) / scale - 0.5f;
    switch (params->coordinates) {
    case ITGC_PYTORCH_HALF_PIXEL:
        return out > 1 ? half : 0.0f;
    case ITGC_ALIGN_CORNERS: /* with the whole output length, as the text of ONNX, PyTorch and ONNX Runtime have it; ONNX's reference code differs */
        return out > 1 ? x * (from - 1.0f) / (to - 1.0f) : 0.0f;
    case ITGC_ASYMMETRIC:
        return x / scale;
    case ITGC_HALF_PIXEL_SYMMETRIC: {
        const float adjustment = to / (scale * from), center = from / 2.0f;
        return center * (1.0f - adjustment) + half;
    }
    case ITGC_CROP_AND_RESIZE: {
        const float start = params->region_start[axis], end = params->region_end[axis];
        return out > 1 ? start * (from - 1.0f) + x * (end - start) * (from - 1.0f) / (to - 1.0f) : 0.5f * (start + end) * (from - 1.0f);
    }
    case ITGC_HALF_PIXEL_FOR_NEAREST:
        return (x + 0.5f) / scale;
    default:
        return half;
    }
}

static int64_t clamp_position(double position, int64_t in)
{
    return position < 0 ? 0 : position > (double)(in - 1) ? in - 1 : (int64_t)position;
}

static int64_t find_nearest(const itgc_resize_params *params, int axis, float x, int64_t in)
{
    const double at = (double)x, below = floor(at);
    switch (params->nearest) {
    case ITGC_ROUND_PREFER_CEIL:
        return clamp_position(at - below >= 0.5 ? below + 1 : below, in);
    case ITGC_NEAREST_FLOOR:
        return clamp_position(below, in);
    case ITGC_NEAREST_CEIL:
        return clamp_position(ceil(at), in);
    case ITGC_NEAREST_SIMPLE:
        return clamp_position(params->scale[axis] < 1 ? ceil(at) : below, in);
    default:
        return clamp_position(at - below > 0.5 ? below + 1 : below, in);
    }
}

static double weigh_linear(double distance)
{
    return fabs(distance) < 1 ? 1 - fabs(distance) : 0;
}

static double weigh_cubic(double distance, double a)
{
    const double x = fabs(distance);
    if (x <= 1) {
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/* The taps around x; a shrinking antialiased axis stretches the filter. Weights are divided by their sum where some of it may be lost. */
static void fill_position(itgc_resize_taps *taps, const itgc_resize_params *params, int64_t position, float x, int64_t in, double stretch)
{
    int64_t *const source = taps->source + position * taps->count;
    float *const weight = taps->weight + position * taps->count;
    const double below = floor((double)x), reach = params->mode == ITGC_RESIZE_LINEAR ? 1 : 2;
    const double first = below + floor(-reach / stretch) + 1;
    double sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t t = 0; t < taps->count; t++) {
            const double at = first + (double)t, distance = (at - (double)x) * stretch;
            const bool is_outside = at < 0 || at > (double)(in - 1);
            const double full = params->mode == ITGC_RESIZE_LINEAR ? weigh_linear(distance) : weigh_cubic(distance, (double)params->cubic_a);
            const double share = params->exclude_outside && is_outside ? 0 : full;
            source[t] = clamp_position(at, in);
            weight[t] = (float)(pass == 0 ? share : share / sum);
            sum += pass == 0 ? share : 0;
        }
        if (stretch == 1 && !params->exclude_outside) {
            break;
        }
    }
}

void itgc_fill_resize_taps(itgc_resize_taps *taps, itgc_arena *arena, const itgc_resize_params *params, int axis, int64_t in, int64_t out)
{
    const double scale = params->scale[axis], stretch = params->antialias && scale < 1 ? scale : 1;
    const double reach = params->mode == ITGC_RESIZE_LINEAR ? 1 : 2;
    taps->count = params->mode == ITGC_RESIZE_NEAREST ? 1 : 2 - 2 * ((int64_t)floor(-reach / stretch) + 1);
    taps->source = ITGC_NEW_ARRAY(arena, int64_t, taps->count * out + 1);
    taps->weight = ITGC_NEW_ARRAY(arena, float, taps->count *out + 1);
    for (int64_t i = 0; i < out; i++) {
        const float x = itgc_resize_coordinate(params, axis, i, in, out);
        if (params->mode == ITGC_RESIZE_NEAREST) {
            taps->source[i] = find_nearest(params, axis, x, in);
            taps->weight[i] = 1;
        } else {
            fill_position(taps, params, i, x, in, stretch);
        }
        if (params->coordinates == ITGC_CROP_AND_RESIZE && (x < 0 || x > (float)(in - 1))) {
            taps->source[i * taps->count] = -1;
        }
    }
}
