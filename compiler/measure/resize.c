/* SPDX-License-Identifier: Apache-2.0
 * Pillow's Image.resize(size, BILINEAR) on 8-bit RGB, bit for bit: src/libImaging/Resample.c, triangle filter widened by the scale,
 * coefficients normalised in double and rounded to 22 bits, horizontal pass first, rounded to 8 bits between the passes.
 * In, out: a picture. Called by image.c. */
#include "compiler/measure/image.h"

#include <math.h>

#define PRECISION_BITS 22

typedef struct tap_table {
    int size;        /* room for each output position */
    int *first;      /* first input position */
    int *count;      /* input positions used */
    int32_t *weight; /* [out][size], sum about 2^22 */
} tap_table;

static double triangle(double x)
{
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static void fill_taps_at(tap_table *taps, int at, int in, double centre, double support, double *real)
{
    const double step = 1.0 / support;
    int first = (int)(centre - support + 0.5), last = (int)(centre + support + 0.5);
    first = first < 0 ? 0 : first;
    last = last > in ? in : last;
    double sum = 0.0;
    for (int i = 0; i < last - first; i++)
        sum += real[i] = triangle((i + first - centre + 0.5) * step);
    int32_t *weight = taps->weight + (size_t)at * (size_t)taps->size;
    for (int i = 0; i < last - first; i++) {
        if (sum != 0.0)
            real[i] /= sum;
        weight[i] = (int32_t)(0.5 + real[i] * (1 << PRECISION_BITS));
    }
    taps->first[at] = first;
    taps->count[at] = last - first;
}

static void make_taps(itgc_arena *arena, tap_table *taps, int in, int out)
{
    const double scale = (double)in / out, support = scale < 1.0 ? 1.0 : scale;
    taps->size = (int)ceil(support) * 2 + 1;
    taps->first = ITGC_NEW_ARRAY(arena, int, out);
    taps->count = ITGC_NEW_ARRAY(arena, int, out);
    taps->weight = ITGC_NEW_ARRAY(arena, int32_t, (size_t)out * (size_t)taps->size);
    double *real = ITGC_NEW_ARRAY(arena, double, taps->size);
    for (int at = 0; at < out; at++)
        fill_taps_at(taps, at, in, (at + 0.5) * scale, support, real);
}

static uint8_t clip(int32_t sum)
{
    sum >>= PRECISION_BITS;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* One pass along an axis: `lines` lines of `out` positions; strides in bytes. */
static void resample(uint8_t *dst, const uint8_t *src, const tap_table *taps, int out, int lines, const size_t step[2], const size_t line[2])
{
    for (int l = 0; l < lines; l++)
        for (int at = 0; at < out; at++) {
            const int32_t *weight = taps->weight + (size_t)at * (size_t)taps->size;
            const uint8_t *from = src + (size_t)l * line[1] + (size_t)taps->first[at] * step[1];
            int32_t sum[3] = {1 << (PRECISION_BITS - 1), 1 << (PRECISION_BITS - 1), 1 << (PRECISION_BITS - 1)};
            for (int i = 0; i < taps->count[at]; i++, from += step[1])
                for (int c = 0; c < 3; c++)
                    sum[c] += from[c] * weight[i];
            for (int c = 0; c < 3; c++)
                dst[(size_t)l * line[0] + (size_t)at * step[0] + (size_t)c] = clip(sum[c]);
        }
}

void itgc_resize_picture(itgc_arena *arena, itgc_picture *picture, int width, int height)
{
    tap_table taps;
    if (width != picture->width) {
        make_taps(arena, &taps, picture->width, width);
        uint8_t *rgb = itgc_alloc(arena, (size_t)width * (size_t)picture->height * 3);
        const size_t step[2] = {3, 3}, line[2] = {(size_t)width * 3, (size_t)picture->width * 3};
        resample(rgb, picture->rgb, &taps, width, picture->height, step, line);
        picture->rgb = rgb;
        picture->width = width;
    }
    if (height != picture->height) {
        make_taps(arena, &taps, picture->height, height);
        uint8_t *rgb = itgc_alloc(arena, (size_t)width * (size_t)height * 3);
        const size_t stride = (size_t)width * 3, step[2] = {stride, stride}, line[2] = {3, 3};
        resample(rgb, picture->rgb, &taps, height, width, step, line);
        picture->rgb = rgb;
        picture->height = height;
    }
}
