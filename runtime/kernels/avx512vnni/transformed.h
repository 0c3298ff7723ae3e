/* SPDX-License-Identifier: Apache-2.0
 * What winograd.c of this folder offers conv.c. */
#ifndef ITG_AVX512VNNI_TRANSFORMED_H
#define ITG_AVX512VNNI_TRANSFORMED_H

#include "runtime/kernels/conv.h"

/* Blocks [blocks[0], blocks[1]) of output rows [rows[0], rows[1]) of a layer that the packer marked (runtime/kernels/winograd.h). */
void itg_avx512_compute_transformed(const itg_conv *conv, void *out, const void *in, const int32_t rows[2], const int32_t blocks[2], void *scratch);

#endif
