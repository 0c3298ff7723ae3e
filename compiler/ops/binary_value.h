/* SPDX-License-Identifier: Apache-2.0
 * The arithmetic of two tensors with broadcasting: what binary.c's ops and reductions over several inputs evaluate. */
#ifndef ITGC_BINARY_VALUE_H
#define ITGC_BINARY_VALUE_H

#include "compiler/ops/op.h"
#include "compiler/ops/walk.h"

/* out = f(a, b), broadcast to out's shape; types as infer has checked them. out may be a if it has out's shape. */
void itgc_combine(const itgc_binary_params *params, itgc_value *out, const itgc_value *a, const itgc_value *b);

#endif
