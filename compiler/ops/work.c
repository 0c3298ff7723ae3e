/* SPDX-License-Identifier: Apache-2.0
 * How much one evaluation of a node costs, as an upper estimate from shapes: what bounds constant folding, whose shapes come from an
 * untrusted file. Called by op.c and the fuzzers. */
#include "compiler/ops/op.h"

#include <string.h>

#define MOST ((int64_t)1 << 60)

/* Saturating, for factors that are not negative. */
static int64_t multiply(int64_t a, int64_t b)
{
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) || product > MOST ? MOST : product;
}

static int64_t count_elements(const itgc_tensor *tensor)
{
    const int64_t elements = tensor == NULL ? 0 : itgc_elements(&tensor->shape);
    return elements < 0 ? MOST : elements;
}

static int64_t count_all(itgc_tensor *const *list, int count)
{
    int64_t sum = 0;
    for (int i = 0; i < count; i++) {
        const int64_t elements = count_elements(list[i]);
        sum = elements > MOST - sum ? MOST : sum + elements;
    }
    return sum;
}

/* Elements behind the first dimension. */
static int64_t count_taps(const itgc_tensor *tensor)
{
    const int64_t first = tensor == NULL || tensor->shape.rank < 1 ? 0 : tensor->shape.dim[0];
    return first < 1 ? count_elements(tensor) : count_elements(tensor) / first;
}

static int64_t most_taps(const itgc_node *node)
{
    int64_t most = 1;
    for (int i = 1; i < node->in_count; i++) {
        const int64_t taps = count_taps(node->in[i]);
        most = taps > most ? taps : most;
    }
    return most;
}

static int64_t longest_dimension(const itgc_tensor *tensor)
{
    int64_t longest = 1;
    for (int i = 0; tensor != NULL && i < tensor->shape.rank; i++)
        longest = tensor->shape.dim[i] > longest ? tensor->shape.dim[i] : longest;
    return longest;
}

static int64_t window_taps(const itgc_node *node)
{
    const itgc_pool_params *const pool = node->params;
    if (pool->global)
        return 1; /* every input element once: counted with them */
    int64_t taps = 1;
    for (int i = 0; i < pool->window.rank; i++)
        taps = multiply(taps, pool->window.kernel[i]);
    return taps;
}

static bool is_family(const itgc_node *node, const char *family)
{
    return strcmp(node->op->family, family) == 0;
}

/* The factor on the elements read and written. */
static int64_t factor_of(const itgc_node *node)
{
    if (is_family(node, "conv") || is_family(node, "convtranspose") || is_family(node, "integer_conv"))
        return most_taps(node);
    if (is_family(node, "pool"))
        return window_taps(node);
    if (is_family(node, "lrn") || is_family(node, "resize"))
        return longest_dimension(node->in[0]);
    if (is_family(node, "lstm"))
        return count_all(node->in, node->in_count);
    if (is_family(node, "einsum") || is_family(node, "attention")) {
        int64_t product = 1;
        for (int i = 1; i < node->in_count; i++)
            product = multiply(product, count_elements(node->in[i]) + 1);
        return product;
    }
    return 1;
}

/* Products behind one element of a matrix product; 0: node is none. */
static int64_t sum_length(const itgc_node *node)
{
    const itgc_shape *const x = node->in_count > 0 && node->in[0] != NULL ? &node->in[0]->shape : NULL;
    const bool is_gemm = is_family(node, "gemm");
    if (x == NULL || x->rank < 1 || !(is_gemm || is_family(node, "matmul") || is_family(node, "integer_matmul")))
        return 0;
    const int64_t rows = is_gemm && node->out_count > 0 && node->out[0] != NULL ? node->out[0]->shape.dim[0] : 0;
    return is_gemm ? count_elements(node->in[0]) / (rows > 0 ? rows : 1) : x->dim[x->rank - 1];
}

int64_t itgc_work_of(const itgc_node *node)
{
    const int64_t in = count_all(node->in, node->in_count), out = count_all(node->out, node->out_count);
    const int64_t touched = in > MOST - out ? MOST : in + out;
    const int64_t products = multiply(out, sum_length(node));
    if (products > 0)
        return products > MOST - touched ? MOST : products + touched;
    return multiply(touched, factor_of(node));
}
