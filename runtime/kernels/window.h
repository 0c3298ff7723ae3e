/* SPDX-License-Identifier: Apache-2.0
 * Which taps of a kernel, along one dimension, fall inside the image.
 * conv, depthwise and pool kernels use it to keep border checks out of their inner loops. */
#ifndef ITG_KERNELS_WINDOW_H
#define ITG_KERNELS_WINDOW_H

#include <stdint.h>

/* Taps [begin, end) lie inside; begin == end when none does. first: position of tap 0, negative in the padding before the image. */
typedef struct itg_taps {
    int32_t first, begin, end;
} itg_taps;

static inline itg_taps itg_clip_taps(int32_t first, int32_t count, int32_t dilation, int32_t size)
{
    itg_taps taps = {first, 0, count};
    while (taps.begin < taps.end && first + taps.begin * dilation < 0)
        taps.begin++;
    while (taps.end > taps.begin && first + (taps.end - 1) * dilation >= size)
        taps.end--;
    return taps;
}

#endif
