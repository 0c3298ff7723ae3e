/* SPDX-License-Identifier: Apache-2.0
 * One part of a convolution: transformed (winograd.h) if the packer marked the layer, else tile by tile (tiles.h). Each ISA brings both.
 * Called by the conv.c of the x86 tables. */
#ifndef ITG_KERNELS_PART_H
#define ITG_KERNELS_PART_H

#include "runtime/kernels/tiles.h"
#include "runtime/kernels/winograd.h"

/* Blocks [blocks[0], blocks[1]) of output rows [rows[0], rows[1]) of a marked layer. */
typedef void itg_transformed_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch);

static inline void itg_compute_part(const itg_tile_set *set, itg_transformed_part *transformed, const itg_conv *conv, const itg_conv_job *job)
{
    const int32_t end = job->blocks[1] ? job->blocks[1] : (conv->out[2] + 15) / 16;
    if (itg_is_transformed(conv))
        transformed(conv, job->out, job->in, job->rows, (const int32_t[2]){job->blocks[0], end}, job->scratch);
    else
        itg_walk_tiles(set, conv, job);
}

#endif
