/* SPDX-License-Identifier: Apache-2.0
 * Product of two activations: the definition every other table must equal. Contract: runtime/kernels/matmul.h.
 * Columns are summed in blocks over the inner dimension, so that the inner loop runs along memory. */
#include "runtime/kernels/matmul.h"
#include "runtime/kernels/element.h"

#include <intaglio/fixed.h>

enum { BLOCK = 32 }; /* columns kept at once: half a kilobyte of stack */

/* Codes [first, first + count) less their zero point. */
static void load_distances(int32_t *to, const void *data, itg_type type, size_t first, int32_t count, int32_t zero)
{
    if (type == ITG_S8) {
        const int8_t *codes = (const int8_t *)data + first;
        for (int32_t i = 0; i < count; i++)
            to[i] = codes[i] - zero;
        return;
    }
    if (type == ITG_U8) {
        const uint8_t *codes = (const uint8_t *)data + first;
        for (int32_t i = 0; i < count; i++)
            to[i] = codes[i] - 128 - zero;
        return;
    }
    for (int32_t i = 0; i < count; i++)
        to[i] = itg_load_code(data, type, first + (size_t)i) - zero;
}

/* One row's operands: a points at it, b at its batch's matrix. */
typedef struct row_pair {
    const void *a, *b;
} row_pair;

/* Columns [first, first + count) of one row on their way. */
typedef struct column_block {
    int32_t first, count;
    int32_t sums[BLOCK], distances[BLOCK]; /* distances: one row of b, less its zero point */
    int64_t wide[BLOCK];
} column_block;

typedef void sum_function(const itg_matmul *matmul, column_block *block, const row_pair *pair);

/* Loads row k of b; gives the element of a that it is multiplied by. */
static int32_t load_input(const itg_matmul *matmul, column_block *block, const row_pair *pair, int32_t k)
{
    const size_t first = (size_t)k * (size_t)matmul->columns + (size_t)block->first;
    load_distances(block->distances, pair->b, matmul->b_type, first, block->count, matmul->zero_b);
    return itg_load_code(pair->a, matmul->a_type, (size_t)k) - matmul->zero_a;
}

static void sum_products(const itg_matmul *matmul, column_block *block, const row_pair *pair)
{
    for (int32_t i = 0; i < block->count; i++)
        block->sums[i] = 0;
    for (int32_t k = 0; k < matmul->inner; k++) {
        const int32_t a = load_input(matmul, block, pair, k);
        for (int32_t i = 0; i < block->count; i++)
            block->sums[i] += a * block->distances[i];
    }
}

static void sum_wide_products(const itg_matmul *matmul, column_block *block, const row_pair *pair)
{
    for (int32_t i = 0; i < block->count; i++)
        block->wide[i] = 0;
    for (int32_t k = 0; k < matmul->inner; k++) {
        const int32_t a = load_input(matmul, block, pair, k);
        for (int32_t i = 0; i < block->count; i++)
            block->wide[i] += (int64_t)a * block->distances[i];
    }
    for (int32_t i = 0; i < block->count; i++)
        block->sums[i] = itg_narrow(block->wide[i], matmul->narrow);
}

static void multiply_row(const itg_matmul *matmul, void *out, const row_pair *pair)
{
    const itg_requant *requant = &matmul->requant;
    sum_function *const sum = matmul->wide ? sum_wide_products : sum_products;
    column_block block;
    for (block.first = 0; block.first < matmul->columns; block.first += BLOCK) {
        block.count = matmul->columns - block.first < BLOCK ? matmul->columns - block.first : BLOCK;
        sum(matmul, &block, pair);
        for (int32_t i = 0; i < block.count; i++) {
            const int32_t code = matmul->zero + itg_requantize_left(block.sums[i], requant->left, requant->multiplier, requant->shift);
            itg_store_code(out, matmul->out_type, (size_t)(block.first + i), itg_clamp(code, matmul->low, matmul->high));
        }
    }
}

static void multiply_rows(const itg_matmul *matmul, void *out, const void *a, const void *b, int32_t rows)
{
    const size_t a_bytes = (size_t)matmul->inner * itg_element_bytes(matmul->a_type);
    const size_t out_bytes = (size_t)matmul->columns * itg_element_bytes(matmul->out_type);
    for (int32_t row = 0; row < rows; row++) {
        const row_pair pair = {(const uint8_t *)a + (size_t)row * a_bytes, b};
        multiply_row(matmul, (uint8_t *)out + (size_t)row * out_bytes, &pair);
    }
}

const itg_matmul_kernels itg_matmul_scalar = {.rows = multiply_rows};
