/* SPDX-License-Identifier: Apache-2.0
 * One part of a convolution: transformed (winograd.h) if the packer marked the layer, else tile by tile (tiles.h). Each ISA brings both.
 * Called by the conv.c of the x86 tables. */
#ifndef ITG_KERNELS_PART_H
#define ITG_KERNELS_PART_H

#include "runtime/kernels/tiles.h"
#include "runtime/kernels/winograd.h"

/* Of a marked layer; the job's blocks have an end. */
typedef void itg_transformed_part(const itg_conv *conv, const itg_conv_job *job);

/* The rows of one image that are not transformed, and the column. */
static inline void itg_compute_edges(const itg_tile_set *set, const itg_conv *conv, const itg_conv_job *job)
{
    const int32_t end = job->rows[0] + itg_winograd_cover(conv, job->rows[1] - job->rows[0]), width = itg_winograd_cover(conv, conv->out[1]);
    itg_conv_job edge = *job;
    edge.rows[0] = end;
    itg_walk_tiles(set, conv, &edge);
    if (width == conv->out[1])
        return;
    edge.rows[0] = job->rows[0];
    edge.rows[1] = end;
    edge.column = width;
    itg_walk_tiles(set, conv, &edge);
}

static inline void itg_compute_part(const itg_tile_set *set, itg_transformed_part *transformed, const itg_conv *conv, const itg_conv_job *job)
{
    const int32_t end = job->blocks[1] ? job->blocks[1] : (conv->out[2] + 15) / 16;
    if (!itg_is_transformed(conv)) {
        itg_walk_tiles(set, conv, job);
        return;
    }
    itg_conv_job part = *job;
    part.blocks[1] = end;
    transformed(conv, &part);
    itg_compute_edges(set, conv, &part);
    for (int32_t i = 1; i < job->images; i++) {
        part.in = (const uint8_t *)part.in + itg_in_image_bytes(conv);
        part.out = (uint8_t *)part.out + itg_out_image_bytes(conv);
        itg_compute_edges(set, conv, &part);
    }
}

/* An itg_conv_images by the same. */
static inline bool itg_compute_images(const itg_tile_set *set, itg_transformed_part *transformed, const itg_conv *conv, itg_conv_job job)
{
    if (!itg_is_transformed(conv))
        return false;
    job.rows[1] = conv->out[0];
    itg_compute_part(set, transformed, conv, &job);
    return true;
}

#endif
