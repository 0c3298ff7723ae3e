/* SPDX-License-Identifier: Apache-2.0
 * ITG_PACK_16C4 depthwise convolutions: 32 channels at a time, up to four vertical taps in one dot product of bytes.
 * The packer and the scheduler use the sizes, the kernels the rest. A column is one input position of a block: for each group of four
 * kernel rows 128 bytes, the four rows' bytes of every channel side by side, in the order that byte and word interleaving leave them:
 * quarter q holds channels 4q..4q+3 and 16+4q..16+4q+3. */
#ifndef ITG_KERNELS_COLUMN_H
#define ITG_KERNELS_COLUMN_H

#include "runtime/kernels/band.h"

#define ITG_COLUMN_CHANNELS 32
#define ITG_COLUMN_BYTES    128

/* The geometry band.h and stage.h work on; a depthwise convolution stages its rows as a convolution does. */
static inline itg_conv itg_depthwise_geometry(const itg_depthwise *depthwise)
{
    itg_conv conv = {
        .groups = 1, .pad = depthwise->pad, .pad_code = depthwise->pad_code, .in_type = depthwise->in_type, .packing = depthwise->packing};
    for (int axis = 0; axis < 2; axis++) {
        conv.kernel[axis] = depthwise->kernel[axis];
        conv.stride[axis] = depthwise->stride[axis];
        conv.dilation[axis] = depthwise->dilation[axis];
        conv.before[axis] = depthwise->before[axis];
    }
    for (int i = 0; i < 3; i++) {
        conv.in[i] = depthwise->in[i];
        conv.out[i] = depthwise->out[i];
    }
    return conv;
}

static inline int32_t itg_row_groups(const itg_depthwise *depthwise)
{
    return (depthwise->kernel[0] + 3) / 4;
}

static inline int32_t itg_column_blocks(const itg_depthwise *depthwise)
{
    return (depthwise->in[2] + ITG_COLUMN_CHANNELS - 1) / ITG_COLUMN_CHANNELS;
}

/* What the packing holds; the rest stays in ITG_PACK_ROWS. */
static inline bool itg_fits_columns(const itg_depthwise *depthwise)
{
    const bool bytes_in = depthwise->in_type == ITG_S8 || depthwise->in_type == ITG_U8;
    const bool bytes_out = depthwise->out_type == ITG_S8 || depthwise->out_type == ITG_U8;
    return bytes_in && bytes_out && depthwise->in[2] == depthwise->out[2] && !depthwise->epilogue.wide;
}

/* Bytes of the columns of one output row of one block. */
static inline uint32_t itg_columns_bytes(const itg_depthwise *depthwise)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    return (uint32_t)(itg_reach(&geometry, 1, geometry.out[1]) * itg_row_groups(depthwise)) * ITG_COLUMN_BYTES;
}

/* Byte offset, from the start of the block's weights, of tap (ky, kx) of channel `lane` of the block: [row group][kx][quarter][lane][tap]. */
static inline int32_t itg_column_weight_offset(const itg_depthwise *depthwise, int32_t ky, int32_t kx, int32_t lane)
{
    const int32_t quarter = lane % 16 / 4, place = lane / 16 * 4 + lane % 4;
    return (((ky / 4 * depthwise->kernel[1] + kx) * 4 + quarter) * 8 + place) * 4 + ky % 4;
}

/* Scratch of one worker: columns, then the staged band (a block's last load may read 31 bytes on). */
static inline uint32_t itg_column_scratch_bytes(const itg_depthwise *depthwise)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    return itg_columns_bytes(depthwise) + itg_band_plane_bytes(&geometry) + 64;
}

/* The signed packings work on blocks of 16 channels: a column is 64 bytes for each group of four kernel rows, [16][4]. */
#define ITG_SIGNED_COLUMN_BYTES 64

static inline bool itg_fits_signed_columns(const itg_depthwise *depthwise)
{
    return itg_fits_columns(depthwise) && depthwise->dilation[1] == 1;
}

/* Two output rows from one set of columns, by weights moved down a row, where that takes no more row groups. */
static inline bool itg_pairs_rows(const itg_depthwise *depthwise)
{
    return depthwise->stride[0] == 1 && depthwise->dilation[0] == 1 && depthwise->kernel[0] % 4 != 0;
}

/* Weights of one block. */
static inline size_t itg_signed_column_weight_bytes(const itg_depthwise *depthwise)
{
    return (size_t)(itg_row_groups(depthwise) * depthwise->kernel[1]) * ITG_SIGNED_COLUMN_BYTES;
}

/* Columns that all pixels of an output row reach. */
static inline uint32_t itg_signed_columns_bytes(const itg_depthwise *depthwise)
{
    const itg_conv geometry = itg_depthwise_geometry(depthwise);
    return (uint32_t)(itg_reach(&geometry, 1, geometry.out[1]) * itg_row_groups(depthwise)) * ITG_SIGNED_COLUMN_BYTES;
}

/* Scratch of one worker: columns, one block's weights of the second row of a pair, then one pixel of padding. */
static inline uint32_t itg_signed_column_scratch_bytes(const itg_depthwise *depthwise)
{
    return itg_signed_columns_bytes(depthwise) + (uint32_t)itg_signed_column_weight_bytes(depthwise) + (uint32_t)(depthwise->in[2] + 63) / 64 * 64;
}

#endif
