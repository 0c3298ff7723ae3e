/* SPDX-License-Identifier: Apache-2.0
 * How ops cut the rows they are asked for: into rows of one image, and into parts of a flat run.
 * conv, depthwise, pool, cascade, lookup and rescale share it. */
#ifndef ITG_OPS_PARTS_H
#define ITG_OPS_PARTS_H

#include "runtime/kernels/element.h"

/* This worker's scratch slot, NULL if the step has none. */
static inline void *itg_scratch_of(const itg_work *work, const itg_step *step)
{
    return step->scratch_bytes ? work->arena + step->scratch + (size_t)work->worker * step->scratch_bytes : NULL;
}

/* Rows [y0, y1) of image `image`: the next stretch of work row `row` that lies in one image of `height` rows. */
typedef struct itg_image_rows {
    uint32_t image;
    int32_t y0, y1;
} itg_image_rows;

static inline itg_image_rows itg_next_rows(uint32_t row, uint32_t row_end, int32_t height)
{
    const uint32_t image = row / (uint32_t)height;
    const uint32_t y0 = row - image * (uint32_t)height;
    const uint32_t left = (uint32_t)height - y0;
    const uint32_t count = row_end - row < left ? row_end - row : left;
    return (itg_image_rows){image, (int32_t)y0, (int32_t)(y0 + count)};
}

/* Elements [first, first + count) of a run of `length` cut into parts of `part`: what rows [row_begin, row_end) stand for. */
typedef struct itg_part {
    size_t first;
    int32_t count;
} itg_part;

static inline itg_part itg_part_of(const itg_work *work, int32_t length, int32_t part)
{
    const size_t first = (size_t)work->row_begin * (size_t)part;
    const size_t end = (size_t)work->row_end * (size_t)part;
    return (itg_part){first, (int32_t)((end < (size_t)length ? end : (size_t)length) - first)};
}

#endif
