/* SPDX-License-Identifier: Apache-2.0
 * Float products (matmul.h): panels of 16 columns by 4 rows, the rows' pieces gathered through pointers. matmul_tile.h holds the body;
 * here it is compiled for each instruction set, and b is packed. */
#include "compiler/base/matmul.h"

#include <stdbool.h>
#include <string.h>

typedef float floats8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float floats4 __attribute__((vector_size(16), aligned(4), may_alias));

/* Sums start from here: rows of the caller's bias, of out itself, or zeros. */
static void load_start(float *target, ptrdiff_t stride, const itgc_product *p, int64_t m, int64_t rows, int64_t n, int64_t columns)
{
    for (int64_t i = 0; i < rows; i++) {
        float *const row = target + i * stride;
        const float *const start = p->start == NULL ? NULL : p->start + (m + i) * p->start_stride + n;
        if (start != row) {
            memset(row, 0, ITGC_PANEL * sizeof(float));
        }
        if (start != NULL && start != row) {
            memcpy(row, start, (size_t)columns * sizeof(float));
        }
    }
}

#define TILE(name) name##_baseline
#define TILE_TARGET
#define TILE_VECTOR floats4
#include "compiler/base/matmul_tile.h"
#undef TILE
#undef TILE_TARGET
#undef TILE_VECTOR

#if defined(__x86_64__)
#define TILE(name)  name##_avx2
#define TILE_TARGET __attribute__((target("avx2")))
#define TILE_VECTOR floats8
#include "compiler/base/matmul_tile.h"
#undef TILE
#undef TILE_TARGET
#undef TILE_VECTOR
#endif

itgc_run_product *itgc_find_product(const char *isa)
{
#if defined(__x86_64__)
    if ((isa == NULL || strcmp(isa, "avx2") == 0) && __builtin_cpu_supports("avx2")) {
        return multiply_avx2;
    }
#endif
    return isa == NULL || strcmp(isa, "baseline") == 0 ? multiply_baseline : NULL;
}

void itgc_matmul_gathered(const itgc_product *product)
{
    itgc_find_product(NULL)(product);
}

int64_t itgc_packed_floats(int64_t k, int64_t n)
{
    return (n + ITGC_PANEL - 1) / ITGC_PANEL * ITGC_PANEL * k;
}

static void pack_panel(float *packed, const float *b, ptrdiff_t k_stride, ptrdiff_t n_stride, int64_t k, int64_t columns)
{
    for (int64_t i = 0; i < k; i++) {
        float *const row = packed + i * ITGC_PANEL;
        for (int64_t j = 0; j < ITGC_PANEL; j++) {
            row[j] = j < columns ? b[i * k_stride + j * n_stride] : 0.0f;
        }
    }
}

void itgc_pack_panels(float *packed, const float *b, const ptrdiff_t stride[3], int segments, int64_t k_each, int64_t n)
{
    for (int64_t j = 0; j < n; j += ITGC_PANEL) {
        const int64_t columns = n - j < ITGC_PANEL ? n - j : ITGC_PANEL;
        for (int s = 0; s < segments; s++) {
            pack_panel(packed, b + s * stride[0] + j * stride[2], stride[1], stride[2], k_each, columns);
            packed += k_each * ITGC_PANEL;
        }
    }
}

#define BLOCK_DEPTH 256
#define BLOCK_ROWS  64

/* Blocks of k and of rows keep what is packed in the first-level cache and on the stack; sums continue from out. */
void itgc_matmul(float *out, ptrdiff_t ldo, const float *a, ptrdiff_t lda, const float *b, ptrdiff_t ldb, const float *start, int64_t m, int64_t n,
                 int64_t k)
{
    float packed[BLOCK_DEPTH * ITGC_PANEL];
    const float *rows[BLOCK_ROWS];
    itgc_product product = {.out_stride = ldo, .rows = rows, .row_stride = BLOCK_ROWS, .segments = 1, .packed = packed};
    for (int64_t j = 0; j < n; j += ITGC_PANEL) {
        product.n = n - j < ITGC_PANEL ? n - j : ITGC_PANEL;
        for (int64_t depth = 0; depth < k || depth == 0; depth += BLOCK_DEPTH) {
            product.k_each = k - depth < BLOCK_DEPTH ? k - depth : BLOCK_DEPTH;
            pack_panel(packed, b + depth * ldb + j, ldb, 1, product.k_each, product.n);
            for (int64_t i = 0; i < m; i += BLOCK_ROWS) {
                product.m = m - i < BLOCK_ROWS ? m - i : BLOCK_ROWS;
                for (int64_t r = 0; r < product.m; r++) {
                    rows[r] = a + (i + r) * lda + depth;
                }
                product.out = out + i * ldo + j;
                product.start = depth > 0 ? product.out : start == NULL ? NULL : start + j;
                product.start_stride = depth > 0 ? ldo : 0;
                itgc_matmul_gathered(&product);
            }
        }
    }
}

void itgc_multiply_channels(float *out, const float *const *a, int segments, const float *b, const float *start, int64_t n_count)
{
    int64_t n = 0;
    for (; n + 8 <= n_count; n += 8) {
        floats4 s0 = {0}, s1 = {0};
        if (start != NULL) {
            s0 = *(const floats4 *)(start + n);
            s1 = *(const floats4 *)(start + n + 4);
        }
        for (int s = 0; s < segments; s++) {
            const float *const row = a[s] + n, *const factor = b + s * n_count + n;
            s0 += *(const floats4 *)row * *(const floats4 *)factor;
            s1 += *(const floats4 *)(row + 4) * *(const floats4 *)(factor + 4);
        }
        *(floats4 *)(out + n) = s0;
        *(floats4 *)(out + n + 4) = s1;
    }
    for (; n < n_count; n++) {
        float sum = start == NULL ? 0.0f : start[n];
        for (int s = 0; s < segments; s++) {
            sum += a[s][n] * b[s * n_count + n];
        }
        out[n] = sum;
    }
}
