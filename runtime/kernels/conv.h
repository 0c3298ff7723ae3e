/* SPDX-License-Identifier: Apache-2.0
 * Contract of the conv family: rows [y0, y1) of one image of a convolution, grouped convolution or fully connected layer.
 * runtime/ops/conv.c and the ops with a convolution inside call it; itg_conv in plan.h says what is computed. */
#ifndef ITG_KERNELS_CONV_H
#define ITG_KERNELS_CONV_H

#include "runtime/kernels/element.h"

#include <intaglio/kernels.h>

/* Elements from one output pixel to the next. */
static inline int32_t itg_out_pitch(const itg_conv *conv)
{
    return conv->out_pitch ? conv->out_pitch : conv->out[2];
}

/* Bytes from one image of a batch to the next. */
static inline size_t itg_in_image_bytes(const itg_conv *conv)
{
    return itg_image_bytes(conv->in, conv->in_type);
}

static inline size_t itg_out_image_bytes(const itg_conv *conv)
{
    return itg_image_bytes((const int32_t[3]){conv->out[0], conv->out[1], itg_out_pitch(conv)}, conv->out_type);
}

/* Shapes: in [H,W,C] of in_type (ITG_S8, ITG_U8, ITG_S16), out [OH,OW,Cout] of out_type (ITG_S8, ITG_U8, ITG_S16, ITG_S32), channels last,
 * dense but for itg_out_pitch;
 * both point at the image's first element; weights in the packing that the params name.
 * scratch: as many bytes as the scheduler reserved for this step (band.h), aligned to 16; NULL where none are needed.
 * Alignment: in and out that of their element; constants that of theirs. Over-read: none. Over-write: none; rows outside [y0, y1) stay.
 * Values: weights in [-127,127]; |acc * 2^left| < 2^31 proven by the compiler unless wide; sums in between may wrap. 0 <= y0 <= y1 <= OH.
 * Aliasing: out does not overlap in or any constant.
 * Result: bit-equal to runtime/kernels/scalar/conv.c on every input that meets this contract. */
typedef void itg_conv_rows(const itg_conv *conv, void *out, const void *in, int32_t y0, int32_t y1, void *scratch);

/* The same for blocks [blocks[0], blocks[1]) of 16 output channels alone; others stay. One group, weights in the table's packing. */
typedef void itg_conv_part(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch);

/* The same for `images` whole images that lie one behind the other, in and out; end 0: all blocks. False, and nothing done, where the layer gains
 * nothing from its neighbours. scratch: reserved for as many images (winograd.h). */
typedef bool itg_conv_images(const itg_conv *conv, void *out, const void *in, int32_t images, const int32_t blocks[2], void *scratch);

/* Three planes of bytes, `plane` bytes apart, to `count` pixels of three channels: out[3 i + c] = in[c * plane + i] XOR flip. What a picture with
 * channels first has to go through before its first convolution; runtime/ops/copy.c calls it. Alignment, over-read, over-write: none. */
typedef void itg_zip_planes(uint8_t *out, const uint8_t *in, ptrdiff_t plane, int32_t count, uint8_t flip);

struct itg_conv_kernels {
    itg_conv_rows *rows;
    itg_conv_part *part;        /* NULL: whole rows only */
    itg_conv_images *images;    /* NULL: one image at a time */
    itg_zip_planes *zip_planes; /* NULL: byte by byte */
};

/* What one call computes. */
typedef struct itg_conv_job {
    void *out;
    const void *in;
    void *scratch;
    int32_t rows[2], blocks[2]; /* blocks of each group; end 0: all */
    int32_t column;             /* the only one; 0: all */
    int32_t images;             /* whole ones, one behind the other; 0: rows of one */
} itg_conv_job;

#endif
