/* SPDX-License-Identifier: Apache-2.0
 * Stages a band of input rows as padded rows of bytes in scratch memory, so that kernels of packed tables never see a border (band.h).
 * ITG_PACK_16C4: int8 codes are XORed with 0x80, int16 codes become two planes: low bytes, and high bytes XOR 0x80.
 * The signed packings: the same bytes, each XORed with 0x80 once more. */
#ifndef ITG_KERNELS_STAGE_H
#define ITG_KERNELS_STAGE_H

#include "runtime/kernels/band.h"
#include "runtime/kernels/element.h"

#include <string.h>

/* Staged rows, or the input itself where it can be read in place. */
typedef struct itg_staged {
    const uint8_t *rows;
    int32_t first_row; /* input row (negative in the padding) that `rows` starts with */
    ptrdiff_t row_bytes;
    ptrdiff_t high_plane; /* bytes from the low plane to the high one; 0 without */
} itg_staged;

static inline size_t itg_row_bytes(const int32_t shape[3], itg_type type)
{
    return (size_t)shape[1] * (size_t)shape[2] * itg_element_bytes(type);
}

/* 1x1, stride 1, whole rows read in place: they follow one another, so a band is one long row. */
static inline bool itg_is_flat(const itg_conv *conv)
{
    const bool pointwise = conv->kernel[0] == 1 && conv->kernel[1] == 1 && conv->stride[0] == 1 && conv->stride[1] == 1;
    return pointwise && conv->out[1] == conv->in[1] && itg_reads_in_place(conv);
}

/* Byte `plane` (0 low, 1 high) of a code, as the kernels read it. */
static inline uint8_t itg_plane_byte(const itg_conv *conv, int32_t code, int plane)
{
    const uint32_t flip = itg_staged_type(conv) == ITG_S8 ? 0x80u : 0u;
    if (conv->in_type != ITG_S16)
        return (uint8_t)((uint32_t)(code + 128) ^ flip);
    return (uint8_t)(plane ? ((uint32_t)code >> 8) ^ 0x80u ^ flip : (uint32_t)code ^ flip);
}

static inline void itg_stage_padding(const itg_conv *conv, uint8_t *row, int32_t columns, int plane)
{
    const int32_t channels = conv->in[2];
    if (!conv->pad) {
        memset(row, itg_plane_byte(conv, conv->pad_code, plane), (size_t)columns * (size_t)channels);
        return;
    }
    for (int32_t x = 0; x < columns; x++)
        for (int32_t c = 0; c < channels; c++)
            row[x * channels + c] = itg_plane_byte(conv, conv->pad[c], plane);
}

/* count elements of one input row into bytes. */
static inline void itg_stage_run(const itg_conv *conv, uint8_t *row, const void *in, size_t first, size_t count, int plane)
{
    if (conv->in_type == itg_staged_type(conv)) {
        memcpy(row, (const uint8_t *)in + first, count);
    } else if (conv->in_type != ITG_S16) {
        for (size_t i = 0; i < count; i++)
            row[i] = (uint8_t)(((const uint8_t *)in)[first + i] ^ 0x80u);
    } else {
        const int16_t *from = (const int16_t *)in + first;
        const uint8_t flip = itg_plane_byte(conv, 0, plane); /* of every code */
        for (size_t i = 0; i < count; i++)
            row[i] = (uint8_t)((uint8_t)((uint32_t)from[i] >> 8 * plane) ^ flip);
    }
}

static inline void itg_stage_row(const itg_conv *conv, uint8_t *row, const void *in, int32_t y, int plane)
{
    const int32_t columns = itg_reach(conv, 1, conv->out[1]), channels = conv->in[2];
    if (y < 0 || y >= conv->in[0]) {
        itg_stage_padding(conv, row, columns, plane);
        return;
    }
    const int32_t left = conv->before[1] < columns ? conv->before[1] : columns;
    const int32_t inside = columns - left < conv->in[1] ? columns - left : conv->in[1];
    itg_stage_padding(conv, row, left, plane);
    itg_stage_run(conv, row + left * channels, in, (size_t)y * (size_t)conv->in[1] * (size_t)channels, (size_t)inside * (size_t)channels, plane);
    itg_stage_padding(conv, row + (left + inside) * channels, columns - left - inside, plane);
}

/* Copies what output rows [y0, y1) read, padding included. */
static inline itg_staged itg_copy_rows(const itg_conv *conv, const void *in, int32_t y0, int32_t y1, uint8_t *scratch)
{
    const int planes = conv->in_type == ITG_S16 ? 2 : 1;
    const itg_staged staged = {.rows = scratch,
                               .first_row = y0 * conv->stride[0] - conv->before[0],
                               .row_bytes = itg_band_row_bytes(conv),
                               .high_plane = planes == 2 ? (ptrdiff_t)itg_band_plane_bytes(conv) : 0};
    const int32_t count = itg_reach(conv, 0, y1 - y0);
    for (int plane = 0; plane < planes; plane++)
        for (int32_t r = 0; r < count; r++)
            itg_stage_row(conv, scratch + plane * staged.high_plane + r * staged.row_bytes, in, staged.first_row + r, plane);
    return staged;
}

/* The input itself, all rows of it. */
static inline itg_staged itg_read_rows(const itg_conv *conv, const void *in)
{
    return (itg_staged){.rows = in, .row_bytes = (ptrdiff_t)conv->in[1] * conv->in[2]};
}

/* What output rows [y0, y1) read: the input itself where it needs no padding, else a copy. */
static inline itg_staged itg_stage_rows(const itg_conv *conv, const void *in, int32_t y0, int32_t y1, void *scratch)
{
    return itg_reads_in_place(conv) ? itg_read_rows(conv, in) : itg_copy_rows(conv, in, y0, y1, scratch);
}

/* Where the runs of output row y's first pixel start, for one group. */
static inline void itg_point_segments(const uint8_t **segment, const itg_conv *conv, const itg_runs *runs, const itg_staged *staged, int32_t y,
                                      int32_t group)
{
    const int32_t row = y * conv->stride[0] - conv->before[0] - staged->first_row; /* before is 0 where the input is read in place */
    for (int32_t s = 0; s < runs->segments; s++) {
        const int32_t ky = runs->merged ? s : s / conv->kernel[1], kx = runs->merged ? 0 : s % conv->kernel[1];
        segment[s] = staged->rows + (row + ky * conv->dilation[0]) * staged->row_bytes + (ptrdiff_t)kx * conv->dilation[1] * conv->in[2] +
                     group * (conv->in[2] / conv->groups);
    }
}

#endif
