/* SPDX-License-Identifier: Apache-2.0
 * What winograd.c of this folder offers conv.c. */
#ifndef ITG_AVX512VNNI_TRANSFORMED_H
#define ITG_AVX512VNNI_TRANSFORMED_H

#include "runtime/kernels/conv.h"

/* A layer that the packer marked (runtime/kernels/winograd.h); the job's blocks have an end. */
void itg_avx512_compute_transformed(const itg_conv *conv, const itg_conv_job *job);

#endif
