/* SPDX-License-Identifier: Apache-2.0
 * Attention's operands as heads, and the fast evaluation of what classifiers use of it. Shared by attention.c and attention_plain.c. */
#ifndef ITGC_ATTENTION_H
#define ITGC_ATTENTION_H

#include "compiler/ops/op.h"

enum {
    ITGC_ATTENTION_Q,
    ITGC_ATTENTION_K,
    ITGC_ATTENTION_V,
    ITGC_ATTENTION_MASK,
    ITGC_ATTENTION_PAST_KEY,
    ITGC_ATTENTION_PAST_VALUE,
    ITGC_ATTENTION_LENGTHS
};

/* One operand as [batch][head][position][size], wherever its elements lie. */
typedef struct itgc_heads {
    int64_t batch, count, length, size;
    int64_t batch_stride, head_stride, row_stride;
} itgc_heads;

typedef struct itgc_attention_geometry {
    itgc_heads q, k, v;
    int64_t past, total; /* keys before k, and all */
} itgc_attention_geometry;

/* No cache, cap or window, at most a float mask of all keys, and nothing but the first output wanted. */
bool itgc_is_plain_attention(const itgc_eval *eval, const itgc_attention_geometry *g);
/* Computes that one with the float products of base/matmul.h, heads shared out over threads. */
void itgc_eval_plain_attention(const itgc_eval *eval, const itgc_attention_geometry *g);

#endif
