/* SPDX-License-Identifier: Apache-2.0
 * Dense products (product.h): tiles of 64 rows by 128 columns, each a gathered product of one piece a row. */
#include "compiler/ops/product.h"
#include "compiler/base/matmul.h"
#include "compiler/base/parallel.h"

#define TILE_ROWS    64
#define TILE_COLUMNS (8 * ITGC_PANEL)

void itgc_pack_dense(float *packed, const float *b, int64_t k, int64_t n, bool transposed)
{
    const ptrdiff_t stride[] = {0, transposed ? 1 : (ptrdiff_t)n, transposed ? (ptrdiff_t)k : 1};
    itgc_pack_panels(packed, b, stride, 1, k, n);
}

const float *itgc_pack_operand(const itgc_eval *eval, int64_t k, int64_t n, bool transposed)
{
    const bool keep = eval->kept != NULL && eval->node->in[1]->constant != NULL;
    if (keep && *eval->kept != NULL) {
        return *eval->kept;
    }
    float *const packed = ITGC_NEW_ARRAY(keep ? eval->keep : eval->scratch, float, itgc_packed_floats(k, n));
    itgc_pack_dense(packed, eval->in[1]->f, k, n, transposed);
    if (keep) {
        *eval->kept = packed;
    }
    return packed;
}

static void multiply_tile(const itgc_dense *dense, int64_t tile)
{
    const int64_t across = (dense->n + TILE_COLUMNS - 1) / TILE_COLUMNS;
    const int64_t m = tile / across * TILE_ROWS, n = tile % across * TILE_COLUMNS;
    const float *rows[TILE_ROWS];
    const itgc_product product = {.out = dense->out + m * dense->n + n,
                                  .out_stride = (ptrdiff_t)dense->n,
                                  .rows = rows,
                                  .row_stride = TILE_ROWS,
                                  .segments = 1,
                                  .k_each = dense->k,
                                  .packed = dense->packed + n * dense->k,
                                  .m = dense->m - m < TILE_ROWS ? dense->m - m : TILE_ROWS,
                                  .n = dense->n - n < TILE_COLUMNS ? dense->n - n : TILE_COLUMNS};
    for (int64_t i = 0; i < product.m; i++) {
        rows[i] = dense->a + (m + i) * dense->k;
    }
    itgc_matmul_gathered(&product);
}

static void multiply_tiles(void *argument, int64_t begin, int64_t end)
{
    for (int64_t tile = begin; tile < end; tile++) {
        multiply_tile(argument, tile);
    }
}

void itgc_multiply_dense(const itgc_dense *dense, int threads)
{
    itgc_dense own = *dense;
    const int64_t down = (dense->m + TILE_ROWS - 1) / TILE_ROWS, across = (dense->n + TILE_COLUMNS - 1) / TILE_COLUMNS;
    itgc_parallel(itgc_useful_threads(threads, dense->m * dense->n * dense->k), down * across, multiply_tiles, &own);
}
