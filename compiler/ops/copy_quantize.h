/* SPDX-License-Identifier: Apache-2.0
 * What the quantizers of ops that move elements share. */
#ifndef ITGC_COPY_QUANTIZE_H
#define ITGC_COPY_QUANTIZE_H

#include "compiler/quantize/quantize.h"

/* A walk over the elements moved, outermost dimension first; strides and starts in elements. */
typedef struct itgc_moves {
    int rank;
    int64_t dim[ITGC_MAX_RANK], in_stride[ITGC_MAX_RANK], out_stride[ITGC_MAX_RANK];
    int64_t in_start, out_start;
    const int8_t *table;  /* rescales codes; NULL: not */
    const void *constant; /* codes in the output's format, moved instead of a tensor; NULL: none */
} itgc_moves;

/* One itg_copy step; in is NULL where a constant is moved. NULL with error 418 if it takes more than six dimensions. */
itgc_step *itgc_add_copy_step(itgc_quantizer *quantizer, itgc_node *node, itgc_tensor *in, itgc_tensor *out, itgc_moves *moves);

uint8_t itgc_stored_bytes(itg_type type);

#endif
